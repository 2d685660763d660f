//! The header of the log, and the marker in the data file.
//!
//! ```text
//! 0    magic                  16   transaction
//! 8    kind                   32   device, inode, base, committed end, end,
//!                                  slots, runs, place of the table
//! 96   front before, marker, front after, 96 bytes each
//! 384  checksum of the table  392  checksum of all before
//! 400  the table, if it fits
//! ```

use super::index::{Index, Run};
use crate::checksum::xxh64;
use crate::signature::SIGNATURE;

/// The bytes of a page.
pub(super) const PAGE: u64 = 4096;

/// The same, as a length in memory.
pub(super) const PAGE_LEN: usize = PAGE as usize;

/// A page in memory.
pub(super) type Page = [u8; PAGE_LEN];

/// So many bytes of the superblock are written last: all of the longest one.
pub(super) const FRONT_LEN: usize = 96;

/// The first bytes of a superblock.
pub(super) type Front = [u8; FRONT_LEN];

const MAGIC: [u8; 8] = *b"FBJRNL01";
const FRONTS: usize = 96;
const SUMS: usize = FRONTS + 3 * FRONT_LEN;
const LEN: usize = SUMS + 16;

/// The kind of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Slots may follow, of a transaction that is not at its end.
    Open,
    /// All slots are there, and the transaction may be committed.
    Commit,
}

/// The head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) transaction: u128,
    /// The device and the number of the data file.
    pub(super) identity: (u64, u64),
    /// Where the superblock is.
    pub(super) base: u64,
    /// The length of the data file before the transaction.
    pub(super) committed: u64,
    /// Its length afterwards.
    pub(super) end: u64,
    /// The slots of the log, used or not.
    pub(super) slots: u64,
    /// The runs of the table.
    pub(super) runs: u64,
    pub(super) before: Front,
    pub(super) marker: Front,
    pub(super) after: Front,
}

/// The bytes that stand in the place of the superblock while a transaction is applied.
pub(super) fn marker(transaction: u128) -> Front {
    let mut marker = [0xFF; FRONT_LEN];
    marker[..8].copy_from_slice(&SIGNATURE);
    marker[9..12].copy_from_slice(b"FBJ");
    marker[16..32].copy_from_slice(&transaction.to_le_bytes());
    marker
}

/// Whether a superblock that begins so is (also in part) a marker.
pub(super) fn is_marked(front: &[u8]) -> bool {
    front.starts_with(&SIGNATURE) && front.get(8) == Some(&0xFF)
}

/// The runs of an index, and the checksums of all slots.
pub(super) fn table(index: &Index, sums: &[u64]) -> Vec<u8> {
    let runs = index.runs().flat_map(|run| [run.first, run.pages, run.slot]);
    runs.chain(sums.iter().copied()).flat_map(u64::to_le_bytes).collect()
}

/// The length of the table of a header, unless it is longer than any file.
pub(super) fn table_len(header: &Header) -> Option<u64> {
    let runs = header.runs.checked_mul(24)?;
    header.slots.checked_mul(8)?.checked_add(runs)
}

/// Where the table is in the log.
pub(super) fn table_at(header: &Header) -> Option<u64> {
    match table_len(header)? {
        len if LEN as u64 + len <= PAGE => Some(LEN as u64),
        _ => header.slots.checked_add(1)?.checked_mul(PAGE),
    }
}

/// The runs and the checksums in the bytes of a table.
pub(super) fn untable(header: &Header, table: &[u8]) -> (Vec<Run>, Vec<u64>) {
    let words: Vec<u64> =
        table.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let (runs, sums) = words.split_at((3 * header.runs as usize).min(words.len()));
    let runs = runs.as_chunks::<3>().0.iter();
    (
        runs.map(|[first, pages, slot]| Run { first: *first, pages: *pages, slot: *slot })
            .collect(),
        sums.to_vec(),
    )
}

impl Header {
    /// The first page of the log, with the table if it fits.
    pub(super) fn encode(&self, table: &[u8]) -> Page {
        let mut page = [0; PAGE_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            page[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&MAGIC);
        put(&u64::from(self.kind == Kind::Commit).to_le_bytes());
        put(&self.transaction.to_le_bytes());
        let table_at = table_at(self).unwrap_or(0);
        let (device, inode) = self.identity;
        for number in
            [device, inode, self.base, self.committed, self.end, self.slots, self.runs, table_at]
        {
            put(&number.to_le_bytes());
        }
        put(&self.before);
        put(&self.marker);
        put(&self.after);
        put(&xxh64(table).to_le_bytes());
        let sum = xxh64(&page[..LEN - 8]);
        page[LEN - 8..LEN].copy_from_slice(&sum.to_le_bytes());
        if let Some(place) = page.get_mut(LEN..LEN + table.len()) {
            place.copy_from_slice(table);
        }
        page
    }

    /// The header of a log, and the checksum of its table, if it is whole.
    pub(super) fn decode(page: &Page) -> Option<(Header, u64)> {
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&page[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        let front = |at: usize| {
            let mut front = [0; FRONT_LEN];
            front.copy_from_slice(&page[at..at + FRONT_LEN]);
            front
        };
        if page[..8] != MAGIC || number(LEN - 8) != xxh64(&page[..LEN - 8]) {
            return None;
        }
        let header = Header {
            kind: if number(8) == 0 { Kind::Open } else { Kind::Commit },
            transaction: u128::from(number(16)) | u128::from(number(24)) << 64,
            identity: (number(32), number(40)),
            base: number(48),
            committed: number(56),
            end: number(64),
            slots: number(72),
            runs: number(80),
            before: front(FRONTS),
            marker: front(FRONTS + FRONT_LEN),
            after: front(FRONTS + 2 * FRONT_LEN),
        };
        Some((header, number(SUMS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_no_damaged_one_does() {
        let mut index = Index::default();
        index.insert(Run { first: 3, pages: 2, slot: 0 });
        let sums = [7, 8];
        let header = Header {
            kind: Kind::Commit,
            transaction: u128::MAX - 5,
            identity: (1, 2),
            base: 512,
            committed: 40_000,
            end: 50_000,
            slots: 2,
            runs: 1,
            before: [1; FRONT_LEN],
            marker: marker(u128::MAX - 5),
            after: [2; FRONT_LEN],
        };
        let table = table(&index, &sums);
        let page = header.encode(&table);
        let (found, sum) = Header::decode(&page).unwrap();
        assert_eq!((&found, sum), (&header, xxh64(&table)));
        let at = table_at(&found).unwrap() as usize;
        let (runs, found_sums) = untable(&found, &page[at..at + table.len()]);
        assert_eq!((runs, found_sums), (index.runs().collect(), sums.to_vec()));
        for at in 0..LEN {
            let mut damaged = page;
            damaged[at] ^= 1;
            assert_eq!(Header::decode(&damaged), None, "byte {at}");
        }
    }
}
