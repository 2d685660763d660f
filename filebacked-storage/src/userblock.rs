//! Reads and writes the user block: bytes at the beginning of an HDF5 file for the caller, such as
//! a script's `#!` line, a licence, or a header of another format. `FileOptions::userblock` sets
//! its size when the file is created.
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::file::userblock;
//! use filebacked::File;
//!
//! # let dir = std::env::temp_dir().join(format!("filebacked-userblock-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! # let path = dir.join("runs.h5");
//! File::options().userblock(512).create(&path)?.write("x", &7)?; // and closed
//! userblock::write(&path, b"measured in June")?;
//!
//! assert_eq!(&userblock::read(&path)?[..16], b"measured in June");
//! assert_eq!(File::open(&path)?.read::<i32>("x")?, 7);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(()) }
//! ```

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::libhdf5::holders_of;
use crate::signature::{SIGNATURE, not_hdf5, places};
use crate::store::fill;
use crate::temporary;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// Returns the size of a file's user block in bytes; 0 without one. See the [module](self) for an
/// example.
///
/// # Errors
///
/// [`ErrorKind::Io`], or [`ErrorKind::NotHdf5`].
pub fn size(path: impl AsRef<Path>) -> Result<u64> {
    let path = path.as_ref();
    let size = File::open(path).map_err(Error::from).and_then(|file| find(&file));
    size.map_err(|e| e.during(Operation::Inspect).in_file(path))
}

/// Reads the whole user block of a file. Bytes that were never written are 0. See the
/// [module](self) for an example.
///
/// # Errors
///
/// [`ErrorKind::Io`], or [`ErrorKind::NotHdf5`].
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    read_from(path).map_err(|e| e.during(Operation::Load).in_file(path))
}

fn read_from(path: &Path) -> Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = find(&file)?;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes bytes to the beginning of a file's user block, and keeps the bytes behind them. See the
/// [module](self) for an example.
///
/// # Errors
///
/// [`ErrorKind::OutOfBounds`] if the user block is too small; nothing is written then.
/// [`ErrorKind::StillOpen`] if this process has the file open, since HDF5 does not expect such
/// changes; [`ErrorKind::Locked`] if another program has it open. [`ErrorKind::Io`] or
/// [`ErrorKind::NotHdf5`].
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    write_to(path, bytes).map_err(|e| e.during(Operation::Save).in_file(path))
}

fn write_to(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let handles = holders_of(path)?;
    if !handles.is_empty() {
        return Err(Error::new(ErrorKind::StillOpen { handles })
            .with_help("write the user block before the file is opened, or after it is closed"));
    }
    if temporary::lock(&file, true)? == Some(false) {
        return Err(ErrorKind::Locked.into());
    }
    let size = find(&file)?;
    if bytes.len() as u64 > size {
        let what = format!("{} bytes for a user block of {size}", bytes.len());
        return Err(Error::new(ErrorKind::OutOfBounds(what))
            .with_help("set the size when you create the file: `File::options().userblock(..)`"));
    }
    file.rewind()?;
    file.write_all(bytes)?;
    Ok(())
}

/// Where the superblock begins.
fn find(file: &File) -> Result<u64> {
    let len = file.metadata()?.len();
    for at in places(len) {
        let mut head = [0; SIGNATURE.len()];
        fill(file, at, &mut head)?;
        if head == SIGNATURE {
            return Ok(at);
        }
    }
    Err(not_hdf5(len))
}
