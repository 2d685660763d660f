//! Every type in files of its own, read by the tools and the recipes of docs/INTEROP.md and
//! docs/GUIDE.md.

mod document;
mod guide;
mod h5dump;
mod kinds;
mod table;
mod tools;

pub use document::{Document, Recipes};
pub use guide::{Line, guide_lines};
pub use h5dump::h5dump_readings;
pub use kinds::{Kind, kinds};
pub use table::{Reading, readings, table};
pub use tools::{Attempt, Outcome, TOOLS, Tool};
