//! Compound datasets: one made of the columns that a value writes, and cells taken out of one.
//!
//! ```text
//! x            {id: u32, pos: {x: f64, y: f64}, tag: str[8]} (n)
//! ```
//!
//! [`Capture`] is a sink that takes the place of an engine while a value writes its groups and
//! columns, and makes one dataset of them. [`gather`] is the way back: the cells of one member,
//! side by side.

mod capture;
mod cells;
mod records;

pub use capture::Capture;
pub use cells::references;
pub use cells::{Strings, gather};
pub use records::Records;
