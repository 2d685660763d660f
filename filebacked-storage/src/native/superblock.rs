//! Superblocks of every version: where the file ends, and where its root group is (section II.A of
//! the specification).
//!
//! ```text
//! version 0, 1   sizes and B-tree parameters, then addresses, then the entry of the root group
//! version 2, 3   sizes and flags, then addresses, then a checksum
//! ```

use super::header::{Header, damaged, uint, unknown};
use super::input::{Bytes, Input};
use super::{SUPERBLOCK, UNDEFINED};
use crate::checksum::lookup3;
use crate::error::Result;
use crate::signature::{SIGNATURE, complete, not_hdf5, places};

/// Bytes of a superblock of version 1, the longest one.
const LONGEST: usize = 100;

/// Messages of the superblock's extension that may be ignored by a reader: B-tree parameters and
/// how free space is kept.
const IGNORED: [u8; 3] = [0, 19, 23];

/// The content of a superblock.
#[derive(Debug)]
pub(super) struct Superblock {
    /// The address of the root group's object header.
    pub(super) root: u64,
    /// Bytes of the file, counted from the superblock.
    pub(super) end: u64,
    /// The address of the superblock's extension, where there is one.
    extension: Option<u64>,
}

/// The bytes of the superblock, behind a user block if there is one: at 0, 512, 1024, and so on.
/// Bytes before it are skipped.
fn find<'b>(input: &mut Input<'b>) -> Result<Bytes<'b>> {
    let len = input.len();
    for base in places(len) {
        let head = input.up_to(base, LONGEST)?;
        if head.starts_with(&SIGNATURE) {
            complete(&head, len - base)?;
            if base > 0 {
                input.skip(base);
            }
            return Ok(head);
        }
    }
    Err(not_hdf5(len))
}

impl Superblock {
    /// Finds and reads the superblock. From then on, addresses in the input count from it.
    pub(super) fn read(input: &mut Input<'_>) -> Result<Self> {
        let head = find(input)?;
        let found = match head.get(8) {
            Some(0) => Superblock::old(&head, 24)?,
            Some(1) => Superblock::old(&head, 28)?,
            Some(2 | 3) => Superblock::new(&head)?,
            _ => return Err(unknown("a superblock of another version")),
        };
        if found.end > input.len() {
            return Err(damaged(format!("truncated: {} of {} bytes", input.len(), found.end)));
        }
        input.truncate(found.end);
        if let Some(extension) = found.extension {
            check_extension(input, extension)?;
        }
        Ok(found)
    }

    /// Version 0 or 1, whose addresses begin at a place. HDF5 does not use its consistency flags,
    /// and up to version 1.6 left 3 there; 1 alone is the mark of an interrupted change.
    fn old(head: &[u8], at: usize) -> Result<Self> {
        // Versions of the free-space information and of the root's entry, sizes of addresses and
        // lengths.
        let (&[0, 0, 0, _, 8, 8], Some(_)) =
            (head.get(9..15).unwrap_or_default(), head.get(at..at + 72))
        else {
            return Err(unknown("a superblock of this kind"));
        };
        if uint(head, 20, 4)? == 1 {
            return Err(crate::error::interrupted());
        }
        if uint(head, at + 24, 8)? != UNDEFINED {
            return Err(unknown("a file in several parts"));
        }
        Ok(Superblock {
            root: uint(head, at + 40, 8)?,
            end: relative(uint(head, at + 16, 8)?, uint(head, at, 8)?),
            extension: None,
        })
    }

    /// Version 2 or 3.
    fn new(head: &[u8]) -> Result<Self> {
        if head.len() < SUPERBLOCK || head.get(9..11) != Some(&[8, 8]) {
            return Err(unknown("a superblock of this kind"));
        }
        if u64::from(lookup3(&head[..44])) != uint(head, 44, 4)? {
            return Err(damaged("a superblock with a wrong checksum"));
        }
        match head[11] & 5 {
            1 => return Err(crate::error::interrupted()),
            5 => return Err(unknown("a file that a SWMR writer has open")),
            _ => {}
        }
        // Flags of a later version.
        if head[11] != 0 {
            return Err(unknown("a superblock of this kind"));
        }
        Ok(Superblock {
            root: uint(head, 36, 8)?,
            end: relative(uint(head, 28, 8)?, uint(head, 12, 8)?),
            extension: Some(uint(head, 20, 8)?).filter(|address| *address != UNDEFINED),
        })
    }
}

/// Where the file ends, counted from the superblock. It is stored as it was counted from the start
/// of the file, with the base address that the file had then.
fn relative(end: u64, base: u64) -> u64 {
    end.saturating_sub(base)
}

/// Declines files whose extension says that their metadata is elsewhere or in another form.
fn check_extension(input: &Input<'_>, address: u64) -> Result<()> {
    let header = Header::at(input, address, true)?.joined(input, &|_| Ok(()))?;
    let mut messages = header.messages();
    while let Some((kind, _)) = messages.next()? {
        if !IGNORED.contains(&kind) {
            return Err(unknown("a superblock with an extension of this kind"));
        }
    }
    Ok(())
}
