//! Tokens of `#[filebacked(...)]` to typed attributes.

mod container;
mod field;
mod value;
mod variant;
pub(crate) mod words;

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;

pub(crate) use container::{Container, Repr, Upgrade};
pub(crate) use field::{Default, Field, Filter};
pub(crate) use value::{Layout, Name, RenameRule};
pub(crate) use variant::Variant;

use crate::context::Context;
use words::Place;

/// An attribute that may be given once. Says so itself when it is given again.
pub(crate) struct Attr<T>(Option<(Span, T)>);

impl<T> std::default::Default for Attr<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Attr<T> {
    /// Keeps the value; `None` is a value whose error has been reported.
    fn set(&mut self, cx: &Context, meta: &ParseNestedMeta<'_>, value: Option<T>) {
        let span = meta.path.span();
        if self.0.is_some() {
            cx.error(span, format_args!("duplicate attribute `{}`", word(meta)));
        } else if let Some(value) = value {
            self.0 = Some((span, value));
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Where the attribute was written.
    pub(crate) fn span(&self) -> Option<Span> {
        self.0.as_ref().map(|(span, _)| *span)
    }
}

/// Goes through all `#[filebacked(...)]` of one place; `take` knows the words and says whether it
/// knew this one.
fn parse(
    cx: &Context,
    attributes: &[syn::Attribute],
    place: Place,
    mut take: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<bool>,
) {
    for attribute in
        attributes.iter().filter(|attribute| attribute.path().is_ident(words::FILEBACKED))
    {
        let parsed = attribute.parse_nested_meta(|meta| {
            let word = word(&meta);
            if !take(&word, &meta)? {
                cx.error(meta.path.span(), words::unknown(&word, place));
                value::discard(&meta)?;
            }
            Ok(())
        });
        if let Err(error) = parsed {
            cx.push(error);
        }
    }
}

/// The attribute's word, as text.
fn word(meta: &ParseNestedMeta<'_>) -> String {
    let segments: Vec<_> =
        meta.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    segments.join("::")
}
