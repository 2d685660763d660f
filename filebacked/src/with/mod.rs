//! Ready-made filters: for `#[filebacked(with = ...)]` on a field, and for the registry.
//!
//! | filter | for | stored as |
//! |---|---|---|
//! | [`AsString`] | `Display + FromStr` | text |
//! | `Serde` (feature `serde`) | any serde type | groups and datasets |
//! | `Json` (feature `json`) | any serde type | text |
//! | `Bincode`, `Postcard` (features) | any serde type | bytes of that codec |
//! | [`via`]`::<U>()` | `Clone + Into<U>`, back by `TryInto` | a `U` |
//! | [`Gzip`], [`Compressed`], [`Chunk`] | any type here | the type's own form, compressed or with chunks of a given shape |
//! | [`DataFrame`]` { index }` | `Vec` of structs | an AnnData data frame |
//! | [`Categorical`] | text | in columns: codes and categories |
//! | [`Encoded`] | any type here | the type's own form, with AnnData's marks for `read_elem` |
//! | [`Each`]`(filter)` | `Vec`, `VecDeque`, `Box<[T]>` | each element by the filter |
//! | [`whole`]`(filter)` | `Option` | the `Option` itself by the filter, absence included |
//! | `Csc`, `Csr` (feature `sprs`) | `CsMat` | a sparse matrix; chooses the orientation for files that do not tell it |
//! | [`Matlab`] | any type here | MATLAB's form: matrices column by column, text as UTF-16 |
//! | `SharedDyn` (feature `dynamic`) | `Arc<dyn Trait>`, `Rc<dyn Trait>` | the concrete type's own form |
//! | [`Registered`] | any type | the form of the registered filter |
//! | [`Raw`] | any type here | the type's own form; ignores the filters that the file names |
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::{FileBacked, with::{AsString, Each, Gzip}};
//! use std::num::NonZeroU8;
//!
//! #[derive(FileBacked, Debug, PartialEq)]
//! struct Host {
//!     #[filebacked(with = AsString)]
//!     priority: NonZeroU8,
//!     #[filebacked(with = Each(AsString))]
//!     ports: Vec<u16>,
//!     #[filebacked(with = Gzip(6))]
//!     samples: Vec<f64>,
//! }
//!
//! let host = Host { priority: NonZeroU8::MIN, ports: vec![80, 443], samples: vec![0.5; 1000] };
//! assert_eq!(filebacked::from_bytes::<Host>(&filebacked::to_bytes(&host)?)?, host);
//! # Ok(()) }
//! ```
//!
//! Filters that change the stored form record their names in the file. The others do not, since
//! their data can be read without them. To write a filter, see [`Filter`](crate::Filter) and
//! [`testing`](crate::testing).

mod as_string;
#[cfg(feature = "bincode")]
mod bincode;
mod categorical;
#[cfg(any(feature = "bincode", feature = "postcard"))]
mod codec;
mod data_frame;
mod each;
mod encoded;
#[cfg(feature = "json")]
mod json;
mod matlab;
#[cfg(feature = "postcard")]
mod postcard;
mod raw;
mod registered;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "dynamic")]
mod shared_dyn;
#[cfg(feature = "sprs")]
mod sparse;
mod stored;
mod via;

#[cfg(feature = "serde")]
pub use self::serde::Serde;
pub use crate::impls::iterator::{Pairs, Sequence};
pub use as_string::AsString;
#[cfg(feature = "bincode")]
pub use bincode::Bincode;
pub use categorical::Categorical;
pub use data_frame::DataFrame;
pub use each::Each;
pub use encoded::Encoded;
#[cfg(feature = "json")]
pub use json::Json;
pub use matlab::{MATLAB_HEADER, Matlab};
#[cfg(feature = "postcard")]
pub use postcard::Postcard;
pub use raw::Raw;
pub use registered::Registered;
#[cfg(feature = "dynamic")]
pub use shared_dyn::SharedDyn;
#[cfg(feature = "sprs")]
pub use sparse::{Csc, Csr};
pub use stored::{Chunk, Compressed, Gzip};
pub use via::{Via, via};

/// Passes the whole `Option` of a field to a filter: `#[filebacked(with = whole(Json))]`.
///
/// Without it, a `None` has no member in the file, and the filter only gets inner values. The
/// derive recognizes this function by its name; the function returns the filter unchanged.
///
/// ```
/// use filebacked::with::{AsString, whole};
/// assert_eq!(whole(AsString), AsString);
/// ```
pub fn whole<F>(filter: F) -> F {
    filter
}
