//! As much of the superblock as the journal needs: where it is, whether it is readable, and where
//! the addresses of the file end.

use super::files::{Files, Part, read};
use super::record::{FRONT_LEN, Front, is_marked};
use crate::checksum::lookup3;
use crate::signature::{SIGNATURE, places};
use crate::store::fill;
use std::io;

/// Where the superblock of the data file is, and its first bytes: what they are is not checked.
pub(super) fn find(files: &dyn Files) -> io::Result<Option<(u64, Front)>> {
    for base in places(files.size(Part::Data)?) {
        let mut front = [0; FRONT_LEN];
        read(files, Part::Data, base, &mut front)?;
        if front.starts_with(&SIGNATURE) {
            return Ok(Some((base, front)));
        }
    }
    Ok(None)
}

/// Whether a commit of a file was interrupted: its superblock is a marker. False if it cannot be
/// read.
pub fn is_marked_file(file: &std::fs::File) -> bool {
    let Ok(found) = file.metadata() else { return false };
    places(found.len()).any(|base| {
        let mut front = [0; FRONT_LEN];
        fill(file, base, &mut front).is_ok_and(|len| is_marked(&front[..len]))
    })
}

/// Where the addresses of the file end, counted from its superblock, if that is readable: it is of
/// a known version, and its checksum is correct if it has one.
pub(super) fn end_of_addresses(front: &Front) -> Option<u64> {
    let version = front[8];
    // Where the sizes of addresses are, and how many addresses are before the end's.
    let (size_at, addresses_at) = match version {
        0 => (13, 24),
        1 => (13, 28),
        2 | 3 => (9, 12),
        _ => return None,
    };
    if !front.starts_with(&SIGNATURE) || is_marked(front) {
        return None;
    }
    let size = usize::from(front[size_at]);
    if !matches!(size, 2 | 4 | 8) {
        return None;
    }
    if version >= 2 {
        let sum_at = addresses_at + 4 * size;
        let sum = front.get(sum_at..sum_at + 4)?;
        if sum != lookup3(&front[..sum_at]).to_le_bytes() {
            return None;
        }
    }
    let mut end = [0; 8];
    let at = addresses_at + 2 * size;
    let bytes = front.get(at..at + size)?;
    end[..size].copy_from_slice(bytes);
    // All ones stand for no address: a marker is only in part written over.
    bytes.iter().any(|byte| *byte != 0xFF).then(|| u64::from_le_bytes(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_superblock_with_a_wrong_checksum_is_not_readable() {
        let mut front = [0; FRONT_LEN];
        front[..8].copy_from_slice(&SIGNATURE);
        (front[8], front[9], front[10]) = (3, 8, 8);
        front[28..36].copy_from_slice(&5000u64.to_le_bytes());
        assert_eq!(end_of_addresses(&front), None);
        let sum = lookup3(&front[..44]).to_le_bytes();
        front[44..48].copy_from_slice(&sum);
        assert_eq!(end_of_addresses(&front), Some(5000));
        front[8] = 0xFF;
        assert_eq!(end_of_addresses(&front), None);
    }

    #[test]
    fn a_superblock_of_version_0_has_its_end_behind_two_addresses() {
        let mut front = [0; FRONT_LEN];
        front[..8].copy_from_slice(&SIGNATURE);
        (front[13], front[14]) = (8, 8);
        front[40..48].copy_from_slice(&800u64.to_le_bytes());
        assert_eq!(end_of_addresses(&front), Some(800));
    }
}
