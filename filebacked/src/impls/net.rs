//! Addresses of the internet, as the text they are written as.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::scalar::{Element, element_shaped};
use crate::layout::text;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Types that are stored as the text of `Display`, which `FromStr` reads without loss.
macro_rules! printed_is_backed {
    ($($t:ty),*) => {
        $(
            impl Save for $t {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    text::write(&self.to_string(), slot)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    Self::write_array(rows, &[rows.len() as u64], slot)
                }
                fn is_flat(_: u32) -> bool {
                    true
                }
                fn is_link_name() -> bool {
                    true
                }
                fn name(&self) -> Option<Cow<'_, str>> {
                    Some(self.to_string().into())
                }
                fn key() -> Option<Key<Self>> {
                    Some(Key::new())
                }
                element_shaped!(save);
            }

            impl FileBacked for $t {
                fn schema() -> Schema {
                    Schema::Text
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    $crate::impls::net::parse(&text::read(&node)?)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(Self::read_array(&node, Some(1))?.0)
                }
                fn from_name(name: &str) -> Option<Self> {
                    name.parse().ok()
                }
                element_shaped!(read);
            }

            impl Element for $t {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    let texts: Vec<String> = rows.iter().map(ToString::to_string).collect();
                    text::write_array(shape, || texts.iter().map(String::as_str), slot)
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    let (texts, shape) = text::read_array(node, rank)?;
                    let values = texts.iter().map(|text| $crate::impls::net::parse(text)).collect::<Result<_>>()?;
                    Ok((values, shape))
                }
            }
        )*
    };
}
#[cfg(any(feature = "uuid", feature = "chrono"))]
pub(crate) use printed_is_backed;

/// Reads what `Display` printed.
pub(crate) fn parse<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T> {
    text.parse().map_err(|source: T::Err| {
        let name = std::any::type_name::<T>();
        Error::new(ErrorKind::Invalid(format!("{text:?} is not a valid `{name}`")))
            .with_source(source)
    })
}

printed_is_backed!(IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6);
