//! The example `checkpoint` as a module, for tests that kill it at any system call.

#[allow(dead_code)]
#[path = "../../filebacked/examples/checkpoint.rs"]
mod example;

use std::path::Path;
use std::time::Duration;

/// Runs the example in a folder to its last step, or continues it.
///
/// # Errors
///
/// Those of the example.
pub fn run(folder: &Path) -> filebacked::Result<()> {
    example::run(folder, 120, 10, Duration::ZERO)
}

/// Returns what a finished run left in its folder.
///
/// # Errors
///
/// Those of loading it.
pub fn result(folder: &Path) -> filebacked::Result<impl PartialEq + use<>> {
    example::result(folder)
}
