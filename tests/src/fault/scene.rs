//! [`Scene`]: a directory with a file that the actor changes.

use super::{Fault, Outcome, Run};
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

    /// What lies in the directory.
    pub fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.directory()).expect("the directory is there");
        names
            .map(|entry| entry.expect("a name").file_name().into_string().expect("a name of ours"))
            .collect()
    }
}
