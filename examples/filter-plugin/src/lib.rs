//! A separate crate with filters for filebacked: for glam's vectors, and for single precision.
//!
//! ```
//! use filebacked::FileBacked;
//! use filter_plugin::GlamVec3;
//! use glam::Vec3;
//!
//! #[derive(FileBacked)]
//! struct Particle {
//!     mass: f64,
//!     #[filebacked(with = GlamVec3)]
//!     position: Vec3,
//! }
//! ```
//!
//! Many particles are one dataset of masses and one of positions, of shape `(n, 3)`.

mod glam_vec3;
mod single_precision;

pub use glam_vec3::GlamVec3;
pub use single_precision::SinglePrecision;

use filebacked::Registry;
use filebacked::filter::Registration;

/// Registers all filters of this crate for single types.
pub fn register(registry: &mut Registry) -> Vec<Registration> {
    vec![registry.register(GlamVec3)]
}

/// The guide to filters, whose code is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/FILTERS.md")]
struct Guide;
