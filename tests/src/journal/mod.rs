//! A journal on a simulated disk: every change is recorded, so that the process can be killed and
//! power be lost afterwards, at any of them.

mod image;
mod pair;
mod random;

pub use image::Image;
pub use pair::{Fault, Op, Pair, Snapshot};
pub use random::Random;
