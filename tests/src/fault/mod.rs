//! Faults at every system call that changes files: a program is traced, and stopped, or told of an
//! error, at one of them.
//!
//! [`Run`] starts a program under ptrace and counts the calls below a directory that change
//! something there. What happens at which of them is a [`Fault`]; what the calls were comes back as
//! a list of [`Call`]s, from which [`Disk`] makes what a machine may find after its power went.

mod call;
mod disk;
mod scene;
mod tracer;

pub use call::Call;
pub use disk::Disk;
pub use scene::Scene;
pub use tracer::{Ended, Fault, Outcome, Run};

/// Whether tests take all points that there are, because `FILEBACKED_FAULTS` is set; otherwise they
/// take some.
pub fn takes_all_points() -> bool {
    std::env::var_os("FILEBACKED_FAULTS").is_some()
}
