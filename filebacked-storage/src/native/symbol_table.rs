//! Groups of the old form: a B-tree of symbol table nodes, whose entries have their names in a local
//! heap (sections III.B and III.C of the specification).

use super::UNDEFINED;
use super::btree_v1::{GROUP, Node, Walk};
use super::header::{damaged, uint, unknown};
use super::input::{Bytes, Input};
use super::local_heap::LocalHeap;
use crate::error::Result;

/// Bytes of an entry: the place of its name, the address of its object, and what is cached of that.
const ENTRY: usize = 40;

/// Bytes before the entries of a node.
const HEAD: usize = 8;

/// Bytes of a key of the B-tree: the place of a name.
const KEY: usize = 8;

/// The cache type of an entry that is a soft link. The entry has the place of its target.
const CACHED_LINK: u64 = 2;

/// A group's symbol table.
#[derive(Debug, Clone, Copy)]
pub(super) struct SymbolTable {
    tree: u64,
    heap: u64,
}

/// The target of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'h> {
    /// The address of an object.
    Object(u64),
    /// The path of a soft link.
    Soft(&'h [u8]),
}

impl SymbolTable {
    /// The content of the symbol table message.
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        Ok(SymbolTable { tree: uint(body, 0, 8)?, heap: uint(body, 8, 8)? })
    }

    /// Looks at each link: its name and its target.
    pub(super) fn each(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        look: &mut dyn FnMut(&[u8], Target<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.tree == UNDEFINED {
            return Ok(());
        }
        let heap = LocalHeap::at(input, charge, self.heap)?;
        let mut each = |_: &[u8], address: u64| {
            let entries = entries(input, charge, address)?;
            for entry in entries.chunks_exact(ENTRY) {
                let (name, target) = link(entry, &heap)?;
                // A name that many entries share is paid for by each of them.
                charge(name.len())?;
                look(name, target)?;
            }
            Ok(())
        };
        let kind = (GROUP, KEY);
        Walk { input, charge, kind, wanted: &|_, _| true, each: &mut each }.tree(self.tree)
    }

    /// Looks for one link: the address of its object.
    pub(super) fn find(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        name: &[u8],
    ) -> Result<Option<u64>> {
        if self.tree == UNDEFINED {
            return Ok(None);
        }
        let heap = LocalHeap::at(input, charge, self.heap)?;
        let (mut address, mut level) = (self.tree, None);
        loop {
            let node = Node::at(input, charge, address, (GROUP, KEY), level)?;
            // The first child whose last name is not before the name.
            let (mut low, mut high) = (0, node.children);
            while low < high {
                let middle = low.midpoint(high);
                let last = heap.text(uint(node.key(middle + 1), 0, KEY)?)?;
                if last < name { low = middle + 1 } else { high = middle }
            }
            if low == node.children {
                return Ok(None);
            }
            address = node.child(low)?;
            match node.level.checked_sub(1) {
                Some(below) => level = Some(below),
                None => break,
            }
        }
        for entry in entries(input, charge, address)?.chunks_exact(ENTRY) {
            let (found, target) = link(entry, &heap)?;
            if found == name {
                return match target {
                    Target::Object(address) => Ok(Some(address)),
                    Target::Soft(_) => Err(unknown("a soft or external link")),
                };
            }
        }
        Ok(None)
    }
}

/// The entries of the symbol table node at an address.
fn entries<'b>(
    input: &Input<'b>,
    charge: &dyn Fn(usize) -> Result<()>,
    address: u64,
) -> Result<Bytes<'b>> {
    let head = input.bytes(address, HEAD)?;
    if !head.starts_with(b"SNOD\x01") {
        return Err(damaged("a symbol table node is missing"));
    }
    let len = uint(&head, 6, 2)? as usize * ENTRY;
    charge(HEAD + len)?;
    input.bytes(address + HEAD as u64, len)
}

/// The name and the target of an entry.
fn link<'h>(entry: &[u8], heap: &'h LocalHeap<'_>) -> Result<(&'h [u8], Target<'h>)> {
    let name = heap.text(uint(entry, 0, 8)?)?;
    if uint(entry, 16, 4)? == CACHED_LINK {
        return Ok((name, Target::Soft(heap.text(uint(entry, 24, 4)?)?)));
    }
    Ok((name, Target::Object(uint(entry, 8, 8)?)))
}
