//! Tools that may be missing on a developer's machine, but not in CI.

use std::path::Path;
use std::process::Command;

/// The program that an environment variable names. Where it is missing the test is skipped and says
/// so; in CI it fails, and so it does in `make test-interop`.
pub(crate) fn named(variable: &str, what: &str) -> Option<String> {
    found(variable, what, std::env::var_os("CI").is_some())
}

/// The same of a tool that only `make test-interop` installs: CI skips what needs it.
pub(crate) fn optional(variable: &str, what: &str) -> Option<String> {
    found(variable, what, false)
}

fn found(variable: &str, what: &str, needed: bool) -> Option<String> {
    match std::env::var(variable) {
        Ok(program) if !program.is_empty() => Some(program),
        _ if needed || std::env::var_os("FILEBACKED_INTEROP").is_some() => {
            panic!("{what} is missing: {variable} is not set")
        }
        _ => {
            println!("skipped: {what} is missing, {variable} is not set");
            None
        }
    }
}

/// What h5dump prints, or `None` where it is missing.
pub fn h5dump(arguments: &[&str], file: &Path) -> Option<String> {
    let program = named("FILEBACKED_H5DUMP", "h5dump")?;
    let output = Command::new(program).args(arguments).arg(file).output().expect("h5dump runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "h5dump failed:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(text)
}
