//! [`Disk`]: what a machine may find after its power went, made from the calls of a program.

use super::call::Call;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A directory and its files, as the system has them and as they are on the disk.
///
/// What was written to a file is there for sure when the file has been flushed; before that, any of
/// it may be missing. Names change in the order of the calls, and are there for sure when the
/// directory has been flushed.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    /// What is on the disk of each file.
    files: BTreeMap<u64, Vec<u8>>,
    /// What may be.
    pending: Vec<(u64, Change)>,
    names: BTreeMap<PathBuf, u64>,
    /// Changes of names that may be on the disk: as many of them as one likes, from the first on.
    renames: Vec<Rename>,
    /// The names as the system has them.
    current: BTreeMap<PathBuf, u64>,
    next: u64,
    /// The files of this model by their numbers in the system.
    known: BTreeMap<u64, u64>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Resize(u64),
}

#[derive(Debug, Clone)]
enum Rename {
    Name(PathBuf, u64),
    Move(PathBuf, PathBuf),
    Remove(PathBuf),
}

impl Disk {
    /// The files of a directory, all of them on the disk.
    pub fn of(directory: &Path) -> io::Result<Self> {
        let mut disk = Disk::default();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let file = disk.create(entry.path());
                disk.known.insert(entry.metadata()?.ino(), file);
                disk.files.insert(file, fs::read(entry.path())?);
            }
        }
        disk.names = disk.current.clone();
        disk.renames.clear();
        Ok(disk)
    }

    fn create(&mut self, path: PathBuf) -> u64 {
        self.next += 1;
        self.files.insert(self.next, Vec::new());
        self.current.insert(path.clone(), self.next);
        self.renames.push(Rename::Name(path, self.next));
        self.next
    }

    /// The file of a number, the newest one if that has no name yet that is known.
    fn file(&mut self, number: u64) -> u64 {
        *self.known.entry(number).or_insert(self.next)
    }

    /// A call was made.
    pub fn after(&mut self, call: &Call) {
        match call {
            Call::Write { file, offset, bytes } => {
                let file = self.file(*file);
                self.pending.push((file, Change::Write(*offset, bytes.clone())));
            }
            Call::Resize { file, len } => {
                let file = self.file(*file);
                self.pending.push((file, Change::Resize(*len)));
            }
            Call::Empty { file } => {
                let file = self.file(*file);
                self.pending.push((file, Change::Resize(0)));
            }
            Call::Create { path } => {
                let before = self.next;
                self.create(path.clone());
                // A number of the system may come again when its file is gone.
                let live: BTreeSet<u64> = self.current.values().copied().collect();
                self.known.retain(|_, file| *file <= before && live.contains(file));
            }
            Call::Rename { from, to } => {
                if let Some(file) = self.current.remove(from) {
                    self.current.insert(to.clone(), file);
                    self.renames.push(Rename::Move(from.clone(), to.clone()));
                }
            }
            Call::Remove { path } => {
                self.current.remove(path);
                self.renames.push(Rename::Remove(path.clone()));
            }
            Call::Sync { file } => {
                let file = self.file(*file);
                let pending = std::mem::take(&mut self.pending);
                for (changed, change) in pending {
                    match changed == file {
                        true => apply(self.files.entry(file).or_default(), &change),
                        false => self.pending.push((changed, change)),
                    }
                }
            }
            Call::SyncDirectory { .. } => {
                let renames = std::mem::take(&mut self.renames);
                renames.iter().for_each(|rename| renamed(&mut self.names, rename));
            }
            Call::Other { .. } => {}
        }
    }

    /// Writes one of the states that the disk may be in into an empty directory; `choose` picks a
    /// number below another.
    pub fn lose_power(
        &self,
        from: &Path,
        into: &Path,
        choose: &mut dyn FnMut(usize) -> usize,
    ) -> io::Result<()> {
        let (mut files, mut names) = (self.files.clone(), self.names.clone());
        let kept = choose(self.renames.len() + 1);
        self.renames.iter().take(kept).for_each(|rename| renamed(&mut names, rename));
        // All of it, nothing of it, or any part.
        let way = choose(4);
        for (file, change) in &self.pending {
            if way == 0 || (way > 1 && choose(2) == 0) {
                continue;
            }
            let content = files.entry(*file).or_default();
            match change {
                // A disk writes sectors, not calls.
                Change::Write(offset, bytes) if way == 3 => {
                    let mut at = 0;
                    while at < bytes.len() {
                        let end = bytes.len().min(at + 512 - (*offset as usize + at) % 512);
                        if choose(2) == 1 {
                            apply(
                                content,
                                &Change::Write(offset + at as u64, bytes[at..end].to_vec()),
                            );
                        }
                        at = end;
                    }
                }
                change => apply(content, change),
            }
        }
        for (path, file) in names {
            let Ok(name) = path.strip_prefix(from) else { continue };
            fs::write(into.join(name), files.get(&file).map_or(&[][..], Vec::as_slice))?;
        }
        Ok(())
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Resize(len) => content.resize(*len as usize, 0),
        Change::Write(offset, bytes) => {
            let (start, end) = (*offset as usize, *offset as usize + bytes.len());
            content.resize(content.len().max(end), 0);
            content[start..end].copy_from_slice(bytes);
        }
    }
}

fn renamed(names: &mut BTreeMap<PathBuf, u64>, rename: &Rename) {
    match rename {
        Rename::Name(path, file) => {
            names.insert(path.clone(), *file);
        }
        Rename::Move(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Rename::Remove(path) => {
            names.remove(path);
        }
    }
}
