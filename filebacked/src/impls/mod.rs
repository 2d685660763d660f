//! `Save` and `FileBacked` for types of the standard library and of other crates: thin, each calls
//! one layout.

mod borrowed;
mod cell;
pub(crate) mod collection;
pub(crate) mod ext;
pub(crate) mod iterator;
mod map;
mod net;
mod number;
mod option;
pub(crate) mod pointer;
mod product;
mod range;
mod sum;
mod text;
mod time;
mod weak;
mod wrapper;
