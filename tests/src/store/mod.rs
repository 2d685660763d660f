//! Stores that do what disks and networks do on bad days.

mod faults;
mod journal;

pub use faults::{Fault, Faulty};
pub use journal::{Change, Journal};
