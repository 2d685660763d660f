//! Every type in files of its own, read by the tools and the recipes of docs/INTEROP.md.

mod document;
mod kinds;
mod table;
mod tools;

pub use document::{Document, Recipes};
pub use kinds::{Kind, kinds};
pub use table::{Reading, readings, table};
pub use tools::{Outcome, Outcomes, TOOLS, Tool};
