//! Types of other crates, a file a crate, behind the feature of its name.

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "half")]
mod half;
#[cfg(feature = "indexmap")]
mod indexmap;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "complex")]
mod num_complex;
#[cfg(feature = "sprs")]
pub(crate) mod sprs;
#[cfg(feature = "uuid")]
mod uuid;
