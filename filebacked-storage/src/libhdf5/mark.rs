//! The mark of a file that is being changed: there from before the first change until everything is
//! written, so that a process that is killed in between leaves a file that says so.
//!
//! It is the first of the flags of a superblock. HDF5 itself sets it when a file is opened to be
//! changed, of some versions only, and takes it away when that is closed, as the last of all. Here
//! it is taken away and set in between too, by writing these few bytes over: no kill can interrupt
//! that, and nothing else in the file changes.

use super::file::locked_elsewhere;
use super::holders::holders_of;
use super::id::Id;
use super::journaled;
use crate::checksum::lookup3;
use crate::error::Result;
use crate::signature::{SIGNATURE, places};
use crate::store::fill;
use crate::temporary;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// A device, and a file of it.
pub(super) type Place = (u64, u64);

/// Whether a file has the mark.
pub fn is_marked(path: &Path) -> bool {
    let found = File::open(path).and_then(|file| superblock(&file));
    found.is_ok_and(|found| found.is_some_and(|(_, flags)| flags.is_set()))
}

/// Takes the flags of a killed writer from a file that the library refuses because of them, as
/// `h5clear -s` does; of an older version none.
pub fn clear(path: &Path) -> Result<()> {
    journaled::repaired(path)?;
    match superblock(&File::open(path)?)? {
        Some((_, flags)) if flags.is_refused() => {}
        _ => return Ok(()),
    }
    let mut file = File::options().read(true).write(true).open(path)?;
    if temporary::lock(&file, true)? == Some(false) {
        // A file that this process has open needs no recovery.
        return if holders_of(path)?.is_empty() { Err(locked_elsewhere()) } else { Ok(()) };
    }
    if let Some((base, mut flags)) = superblock(&file)?
        && flags.is_refused()
    {
        file.seek(SeekFrom::Start(base))?;
        file.write_all(flags.without(WRITTEN | SWMR_WRITTEN))?;
        file.sync_all()?;
    }
    Ok(())
}

/// Whether libhdf5 refuses a file because of its flags.
#[cfg(all(unix, hdf5_drivers))]
pub(super) fn is_refused(file: &File) -> bool {
    superblock(file).is_ok_and(|found| found.is_some_and(|(_, flags)| flags.is_refused()))
}

/// The flags of a file, and where its superblock is.
fn superblock(file: &File) -> std::io::Result<Option<(u64, Flags)>> {
    for base in places(file.metadata()?.len()) {
        let mut bytes = [0; 48];
        let len = fill(file, base, &mut bytes)?;
        if bytes.starts_with(&SIGNATURE) {
            return Ok(Flags::of(&bytes[..len]).map(|flags| (base, flags)));
        }
    }
    Ok(None)
}

/// Another process writes the file.
const WRITTEN: u8 = 1;

/// And others may read it at the same time.
const SWMR_WRITTEN: u8 = 4;

/// The flags of a superblock.
struct Flags {
    /// The bytes of the superblock that are written over.
    bytes: [u8; 48],
    len: usize,
    /// Where the flags are.
    at: usize,
    /// Where the checksum is, if there is one.
    checksum: Option<usize>,
}

impl Flags {
    /// The flags of a superblock that begins with these bytes; `None` if it is not a known
    /// superblock.
    fn of(bytes: &[u8]) -> Option<Flags> {
        if !bytes.starts_with(&SIGNATURE) {
            return None;
        }
        let (at, len, checksum) = match bytes.get(8)? {
            0 | 1 => (20, 24, None),
            // Four addresses of the size that stands before the flags.
            2 | 3 => (
                11,
                16 + 4 * usize::from(*bytes.get(9)?),
                Some(12 + 4 * usize::from(*bytes.get(9)?)),
            ),
            _ => return None,
        };
        let mut flags = Flags { bytes: [0; 48], len, at, checksum };
        flags.bytes.get_mut(..len)?.copy_from_slice(bytes.get(..len)?);
        Some(flags)
    }

    /// Whether the file is marked. One that has a single writer beside many readers is valid at any
    /// time.
    fn is_set(&self) -> bool {
        self.bytes[self.at] & (WRITTEN | SWMR_WRITTEN) == WRITTEN
    }

    /// Whether libhdf5 refuses the file although no process has it open: its superblock is
    /// complete, and has flags of a writer.
    fn is_refused(&self) -> bool {
        let whole = self
            .checksum
            .is_some_and(|at| self.bytes[at..at + 4] == lookup3(&self.bytes[..at]).to_le_bytes());
        whole && self.bytes[8] >= 3 && self.bytes[self.at] & (WRITTEN | SWMR_WRITTEN) != 0
    }

    /// The bytes with the mark, or without.
    fn with(&mut self, mark: bool) -> &[u8] {
        self.put(self.bytes[self.at] & !WRITTEN | u8::from(mark))
    }

    /// The bytes without these flags.
    fn without(&mut self, flags: u8) -> &[u8] {
        self.put(self.bytes[self.at] & !flags)
    }

    fn put(&mut self, flags: u8) -> &[u8] {
        self.bytes[self.at] = flags;
        if let Some(at) = self.checksum {
            let sum = lookup3(&self.bytes[..at]).to_le_bytes();
            self.bytes[at..at + 4].copy_from_slice(&sum);
        }
        &self.bytes[..self.len]
    }
}

/// Where files are those of the operating system.
#[cfg(unix)]
pub(super) mod disk {
    use super::super::descriptor::beginning;
    use super::{Flags, Id, Place};
    use crate::error::Result;
    use crate::store::fill;
    use std::fs::{File, Metadata};
    use std::os::unix::fs::{FileExt, MetadataExt};

    pub(in crate::libhdf5) fn place_of(found: &Metadata) -> Option<Place> {
        Some((found.dev(), found.ino()))
    }

    /// The identity of the file. The lock is held.
    pub(in crate::libhdf5) fn place(file: &Id) -> Result<Option<Place>> {
        match beginning(file)? {
            Some((file, _)) => Ok(place_of(&file.metadata()?)),
            None => Ok(None),
        }
    }

    fn read(file: &File, base: u64) -> Result<Option<Flags>> {
        let mut bytes = [0; 48];
        let len = fill(file, base, &mut bytes)?;
        Ok(Flags::of(&bytes[..len]))
    }

    /// Whether the file is marked. The lock is held.
    pub(in crate::libhdf5) fn get(file: &Id) -> Result<bool> {
        match beginning(file)? {
            Some((file, base)) => Ok(read(&file, base)?.is_some_and(|flags| flags.is_set())),
            None => Ok(false),
        }
    }

    /// Marks the file, or takes the mark away; `None` where its beginning is not on the disk. The
    /// lock is held.
    pub(in crate::libhdf5) fn set(file: &Id, mark: bool) -> Result<Option<()>> {
        let Some((file, base)) = beginning(file)? else { return Ok(Some(())) };
        let Some(mut flags) = read(&file, base)? else {
            // One of a later version is the library's.
            return Ok((file.metadata()?.len() > base).then_some(()));
        };
        if flags.is_set() != mark {
            file.write_all_at(flags.with(mark), base)?;
        }
        Ok(Some(()))
    }
}

/// Elsewhere nothing is marked.
#[cfg(not(unix))]
pub(super) mod disk {
    use super::{Id, Place};
    use crate::error::Result;

    pub(in crate::libhdf5) fn place_of(_: &std::fs::Metadata) -> Option<Place> {
        None
    }

    pub(in crate::libhdf5) fn place(_: &Id) -> Result<Option<Place>> {
        Ok(None)
    }

    pub(in crate::libhdf5) fn get(_: &Id) -> Result<bool> {
        Ok(false)
    }

    pub(in crate::libhdf5) fn set(_: &Id, _: bool) -> Result<Option<()>> {
        Ok(Some(()))
    }
}
