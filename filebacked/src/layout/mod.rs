//! The forms of values on disk: one file per form, with its tree in its doc.

pub(crate) mod absent;
pub(crate) mod blob;
pub(crate) mod categorical;
pub(crate) mod frame;
pub(crate) mod map;
pub(crate) mod number;
pub(crate) mod python;
pub(crate) mod scalar;
pub(crate) mod sequence;
pub(crate) mod shared;
#[cfg(feature = "sprs")]
pub(crate) mod sparse;
pub(crate) mod text;
pub mod variant;
