//! Text and bytes of text.

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::impls::pointer::owner;
use crate::layout::scalar::{Element, element_shaped};
use crate::layout::text;
use crate::node::Node;
use crate::object::Bare;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::shared;
use crate::slot::{Slot, Written};
use std::borrow::Cow;
use std::ffi::{CString, OsString};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

impl Save for str {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        text::write(self, slot)
    }

    fn name(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

/// Types that are a `str` in another container.
macro_rules! text_is_saved {
    ($($t:ty: $key:expr, { $($save:tt)* };)*) => {
        $(
            impl Save for $t {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    text::write(self, slot)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    text::write_rows(rows.len(), || rows.iter().map(|text| &**text), slot)
                }
                fn is_flat(_: u32) -> bool {
                    true
                }
                fn filler() -> Option<Self> {
                    Some(String::new().into())
                }
                fn optional_concept() -> Option<Concept> {
                    Some(Concept::OptionalTexts)
                }
                fn is_link_name() -> bool {
                    true
                }
                fn name(&self) -> Option<Cow<'_, str>> {
                    Some(Cow::Borrowed(self))
                }
                fn key() -> Option<Key<Self>> {
                    $key
                }
                fn write_shaped(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    text::write_array(shape, || rows.iter().map(|text| &**text), slot)
                }
                $($save)*
            }
        )*
    };
}
text_is_saved! {
    String: Some(Key::new()), {};
    Box<str>: Some(Key::new()), {};
    // One that borrows is saved too, so none of them is known by its type.
    Cow<'_, str>: None, {};
    Arc<str>: Some(Key::new()), { owner!(Arc); };
    Rc<str>: Some(Key::new()), { owner!(Rc); };
}

/// The way back.
macro_rules! text_is_backed {
    ($($t:ty: |$node:ident| $read:expr, { $($load:tt)* };)*) => {
        $(
            impl FileBacked for $t {
                fn schema() -> Schema {
                    Schema::Text
                }
                fn read($node: Node<'_>) -> Result<Self> {
                    $read
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(Self::read_array(&node, Some(1))?.0)
                }
                $($load)*
                fn from_name(name: &str) -> Option<Self> {
                    Some(name.to_string().into())
                }
                element_shaped!(read);
            }

            impl Element for $t {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    text::write_array(shape, || rows.iter().map(|text| &**text), slot)
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    let (texts, shape) = text::read_array(node, rank)?;
                    Ok((texts.into_iter().map(Into::into).collect(), shape))
                }
            }
        )*
    };
}

/// Texts without other owners are read in one step if possible.
macro_rules! read_at_once {
    () => {
        fn read_bare(bare: &Bare<'_>) -> Result<Option<Self>> {
            Ok(text::read_bare(bare)?.map(Into::into))
        }
    };
}
text_is_backed! {
    String: |node| text::read(&node), { read_at_once!(); };
    Box<str>: |node| text::read(&node).map(Into::into), { read_at_once!(); };
    Cow<'static, str>: |node| text::read(&node).map(Into::into), { read_at_once!(); };
    Arc<str>: |node| shared::read(node, |node| text::read(&node).map(Into::into)), {};
    Rc<str>: |node| shared::read(node, |node| text::read(&node).map(Into::into)), {};
}

/// Types that are stored as text and checked while reading.
macro_rules! converted_text {
    ($($t:ty, $to:expr, $from:expr;)*) => {
        $(
            impl Save for $t {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    let to: fn(&$t) -> Result<&str> = $to;
                    text::write(to(self)?, slot)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    let to: fn(&$t) -> Result<&str> = $to;
                    let texts: Vec<&str> = rows.iter().map(to).collect::<Result<_>>()?;
                    text::write_rows(texts.len(), || texts.iter().copied(), slot)
                }
                fn is_flat(_: u32) -> bool {
                    true
                }
                fn filler() -> Option<Self> {
                    Some(Self::default())
                }
                fn optional_concept() -> Option<Concept> {
                    Some(Concept::OptionalTexts)
                }
                fn key() -> Option<Key<Self>> {
                    Some(Key::new())
                }
            }

            impl FileBacked for $t {
                fn schema() -> Schema {
                    Schema::Text
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    let from: fn(String) -> Result<$t> = $from;
                    from(text::read(&node)?)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    let from: fn(String) -> Result<$t> = $from;
                    text::read_array(&node, Some(1))?.0.into_iter().map(from).collect()
                }
            }
        )*
    };
}
converted_text! {
    PathBuf, |path| path.to_str().ok_or_else(|| not_unicode("path")), |text| Ok(text.into());
    OsString, |text| text.to_str().ok_or_else(|| not_unicode("string")), |text| Ok(text.into());
    CString, |text| text.to_str().map_err(|_| not_unicode("C string")),
        |text| CString::new(text).map_err(|_| Error::new(ErrorKind::Invalid("a C string that \
            contains NUL".into())));
}

#[cold]
fn not_unicode(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported(format!(
        "a {what} that is not UTF-8 cannot be stored as text"
    )))
    .with_help("store its bytes: `Vec<u8>`")
}
