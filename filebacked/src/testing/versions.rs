//! Detects types that changed without a new version.

use crate::backed::FileBacked;
use crate::fingerprint;
use std::collections::BTreeSet;
use std::fmt;

/// The differences from the list of [`check_versions`], where there is an example.
pub struct Changed {
    report: String,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

/// Shows the same text as `Display`, so that a test that returns it shows what is wrong.
impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Changed {}

/// Checks that no type changes on disk without a new version. It compares `T`, and every type
/// inside it that has a version, with a list of names, versions and
/// [fingerprints](crate::Schema::fingerprint). Call it in a test; the error explains what to do,
/// and contains the new list.
///
/// ```
/// use filebacked::FileBacked;
/// use filebacked::testing::{Changed, check_versions};
///
/// #[derive(FileBacked)]
/// struct Layer { width: u32 }
///
/// #[derive(FileBacked)]
/// #[filebacked(version = 2)]
/// struct Model { step: u64, layers: Vec<Layer> }
///
/// # fn main() -> Result<(), Changed> {
/// check_versions::<Model>(&[("Layer", 1, 0x53ddd3902b05d865), ("Model", 2, 0xd9807ee388ec856e)])
/// # }
/// ```
///
/// # Errors
///
/// [`Changed`], if anything differs.
pub fn check_versions<T: FileBacked>(known: &[(&str, u32, u64)]) -> Result<(), Changed> {
    let found = fingerprint::versions(T::schema());
    let expected: BTreeSet<_> = known.iter().copied().collect();
    if found == expected {
        return Ok(());
    }
    let mut report = String::new();
    for (name, version, fingerprint) in &found {
        // A name may stand for several types: instances of a generic one.
        let of_name = || expected.iter().filter(|known| known.0 == *name);
        if of_name().any(|known| known.2 == *fingerprint && known.1 == *version) {
            continue;
        }
        report += &match of_name().next() {
            None => format!("`{name}` is not in the list\n"),
            Some((.., version_then, fingerprint_then)) if fingerprint_then == fingerprint => {
                format!("`{name}` has got version {version} instead of {version_then}\n")
            }
            Some((_, version_then, _)) if version_then == version => format!(
                "`{name}` has changed, and its version is still {version}: raise it, and name what reads files of version \
                 {version} by `#[filebacked(version = {}, upgrade(from = {version}, via = ...))]`, unless defaults, aliases \
                 and conversions do\n",
                version + 1
            ),
            Some((_, version_then, _)) => {
                format!(
                    "`{name}` has changed, and has got version {version} instead of {version_then}\n"
                )
            }
        };
    }
    for (name, ..) in expected.iter().filter(|known| !found.iter().any(|found| found.0 == known.0))
    {
        report += &format!("`{name}` is in the list and no longer part of the type\n");
    }
    report += "what is there now:\n&[";
    for (place, (name, version, fingerprint)) in found.iter().enumerate() {
        report += &format!(
            "{}({name:?}, {version}, {fingerprint:#018x})",
            if place == 0 { "" } else { ", " }
        );
    }
    Err(Changed { report: report + "]" })
}
