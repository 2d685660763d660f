//! Damaged files of every origin, and what it costs to look at them: in processes of their own,
//! since the C library may crash.

mod corpus;
mod look;
mod trial;

pub use corpus::{Corpus, Original};
pub use look::{Reader, Subject, look};
pub use trial::{Trial, Verdict, serve};
