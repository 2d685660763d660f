//! Every type in files of its own, read by the tools and the recipes of docs/INTEROP.md and
//! README.md.

mod document;
mod h5dump;
mod kinds;
mod readme;
mod table;
mod tools;

pub use document::{Document, Recipes};
pub use h5dump::h5dump_readings;
pub use kinds::{Kind, kinds};
pub use readme::{Line, readme_lines};
pub use table::{Reading, readings, table};
pub use tools::{Attempt, Outcome, TOOLS, Tool};
