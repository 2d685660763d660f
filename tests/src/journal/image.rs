//! Files that look like HDF5 to a journal: a superblock, and bytes.

use filebacked_storage::checksum::lookup3;

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The superblock of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// 0 has no checksum, 3 has one.
    pub version: u8,
    /// The bytes before the superblock.
    pub userblock: u64,
}

impl Image {
    /// The first 96 bytes of a file that ends there. In version 3, the superblock is the first
    /// half; the second stands for an object, which HDF5 checks, too.
    pub fn superblock(&self, end: u64) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        let addresses_end = end - self.userblock;
        bytes.push(self.version);
        if self.version < 2 {
            bytes.extend([0, 0, 0, 0, 8, 8, 0]);
            bytes.extend([4, 0, 16, 0, 0, 0, 0, 0]);
            bytes.extend(self.userblock.to_le_bytes());
            bytes.extend(u64::MAX.to_le_bytes());
            bytes.extend(addresses_end.to_le_bytes());
        } else {
            bytes.extend([8, 8, 0]);
            bytes.extend(self.userblock.to_le_bytes());
            bytes.extend(u64::MAX.to_le_bytes());
            bytes.extend(addresses_end.to_le_bytes());
            bytes.extend(48u64.to_le_bytes());
            let sum = lookup3(&bytes);
            bytes.extend(sum.to_le_bytes());
        }
        bytes.resize(96, b'O');
        bytes
    }

    /// The content of a file for a program that does not know journals; `None` if it refuses the
    /// file.
    pub fn content(&self, file: &[u8]) -> Option<Vec<u8>> {
        let base = self.userblock as usize;
        let front = file.get(base..base + 96)?;
        let at = if self.version < 2 { 40 } else { 28 };
        let end = u64::from_le_bytes(front.get(at..at + 8)?.try_into().ok()?);
        let end = self.userblock.checked_add(end)?;
        let content = file.get(..usize::try_from(end).ok()?)?;
        (front == self.superblock(end)).then(|| content.to_vec())
    }
}
