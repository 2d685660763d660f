//! Local heaps: where the names of symbol tables lie (section III.D of the specification).

use super::header::{damaged, uint};
use super::input::{Bytes, Input};
use crate::error::Result;

/// Bytes of a heap's header.
const HEADER: usize = 32;

/// The names of one symbol table.
#[derive(Debug)]
pub(super) struct LocalHeap<'b> {
    data: Bytes<'b>,
}

impl<'b> LocalHeap<'b> {
    /// The heap whose header is at an address.
    pub(super) fn at(
        input: &Input<'b>,
        charge: &dyn Fn(usize) -> Result<()>,
        address: u64,
    ) -> Result<Self> {
        let header = input.bytes(address, HEADER)?;
        if !header.starts_with(b"HEAP\0") {
            return Err(damaged("a local heap is missing"));
        }
        let size = usize::try_from(uint(&header, 8, 8)?).unwrap_or(usize::MAX);
        let data = input.bytes(uint(&header, 24, 8)?, size)?;
        charge(HEADER + data.len())?;
        Ok(LocalHeap { data })
    }

    /// The text at an offset, up to its NUL.
    pub(super) fn text(&self, offset: u64) -> Result<&[u8]> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.data.get(offset..));
        let rest = rest.ok_or_else(|| damaged("a name outside its local heap"))?;
        let end = rest.iter().position(|byte| *byte == 0);
        let end = end.ok_or_else(|| damaged("a name that does not end in its local heap"))?;
        rest.get(..end).ok_or_else(|| damaged("a name outside its local heap"))
    }
}
