//! [`Scene`]: a directory with a file that the actor changes.

use super::{Disk, Ended, Fault, Outcome, Run, takes_all_points};
use crate::actor::saved;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory with nothing but the file of step 1 in it.
#[derive(Debug)]
pub struct Scene {
    directory: tempfile::TempDir,
}

impl Default for Scene {
    fn default() -> Self {
        let scene = Scene { directory: tempfile::tempdir().expect("a temporary directory") };
        filebacked::save(scene.path(), &saved(1)).expect("it is saved");
        scene
    }
}

impl Scene {
    /// Makes one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the file lies.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.directory().join("state.h5")
    }

    /// Lets the program `actor` do something to the file.
    pub fn run(&self, actor: impl AsRef<OsStr>, action: &str, fault: Fault) -> Outcome {
        let mut command = Command::new(actor);
        command.arg(action).arg(self.path()).stdout(Stdio::null());
        Run { below: self.directory(), fault }.of(&mut command).expect("the actor runs")
    }

    /// Lets the program `actor` do something to the file, and loses the power before each of its
    /// calls and after the last: `rounds` times each, or 50 times where `FILEBACKED_FAULTS` is set.
    /// `look` gets the file that is there then, the number of calls before, and that of all calls.
    pub fn lose_power(
        &self,
        actor: impl AsRef<OsStr>,
        action: &str,
        rounds: usize,
        look: &mut dyn FnMut(&Path, usize, usize),
    ) {
        let mut disk = Disk::of(self.directory()).expect("the directory is read");
        let whole = self.run(actor, action, Fault::None);
        assert_eq!(whole.ended, Ended::Exited(0), "{action}");
        let n = whole.calls.len();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut choose = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as usize
        };
        let rounds = if takes_all_points() { 50 } else { rounds };
        for at in 0..=n {
            for _ in 0..rounds {
                let after = tempfile::tempdir().expect("a temporary directory");
                let lost = disk.lose_power(self.directory(), after.path(), &mut choose);
                lost.expect("the files are written");
                look(&after.path().join("state.h5"), at, n);
            }
            if let Some(call) = whole.calls.get(at) {
                disk.after(call);
            }
        }
    }

    /// What lies in the directory.
    pub fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.directory()).expect("the directory is there");
        names
            .map(|entry| entry.expect("a name").file_name().into_string().expect("a name of ours"))
            .collect()
    }
}
