//! B-trees of version 1: the index of a symbol table, and that of chunks (section III.A.1 of the
//! specification).
//!
//! A node has one more key than children, and a child lies between two keys. Children of the lowest
//! level are symbol table nodes or chunks.

use super::UNDEFINED;
use super::header::{damaged, uint};
use super::input::{Bytes, Input};
use crate::error::Result;

/// The children are symbol table nodes.
pub(super) const GROUP: u8 = 0;

/// The children are chunks.
pub(super) const CHUNKS: u8 = 1;

/// Bytes before the keys and children of a node: signature, type, level, number of children, and
/// the addresses of its neighbours.
const HEAD: usize = 24;

/// Bytes of an address.
const ADDRESS: usize = 8;

/// More levels than any tree of a file needs.
const MOST_LEVELS: u8 = 24;

/// A node that was checked.
#[derive(Debug)]
pub(super) struct Node<'b> {
    bytes: Bytes<'b>,
    /// Leaves have level 0.
    pub(super) level: u8,
    pub(super) children: usize,
    key: usize,
}

impl<'b> Node<'b> {
    /// The node at an address, of this type, with keys of `key` bytes. A child must have the level
    /// below its parent's, so that no path has a cycle.
    pub(super) fn at(
        input: &Input<'b>,
        charge: &dyn Fn(usize) -> Result<()>,
        address: u64,
        (kind, key): (u8, usize),
        level: Option<u8>,
    ) -> Result<Self> {
        let head = input.bytes(address, HEAD)?;
        if !head.starts_with(b"TREE") || head.get(4) != Some(&kind) {
            return Err(damaged("a node of a B-tree is missing"));
        }
        let (found, children) = (uint(&head, 5, 1)? as u8, uint(&head, 6, 2)? as usize);
        if level.is_some_and(|level| level != found) || found > MOST_LEVELS {
            return Err(damaged(format!("a B-tree with a node of level {found}")));
        }
        let len = HEAD + children * (key + ADDRESS) + key;
        let bytes = input.bytes(address, len)?;
        charge(len)?;
        Ok(Node { bytes, level: found, children, key })
    }

    /// The key before a child; that behind the last one for their number.
    pub(super) fn key(&self, number: usize) -> &[u8] {
        let at = HEAD + number * (self.key + ADDRESS);
        self.bytes.get(at..at + self.key).unwrap_or_default()
    }

    /// The address of a child.
    pub(super) fn child(&self, number: usize) -> Result<u64> {
        uint(&self.bytes, HEAD + number * (self.key + ADDRESS) + self.key, ADDRESS)
    }
}

/// A walk through the children of the lowest level.
pub(super) struct Walk<'w, 'b> {
    pub(super) input: &'w Input<'b>,
    /// Pays for what is read.
    pub(super) charge: &'w dyn Fn(usize) -> Result<()>,
    /// The type of the tree, and the length of its keys.
    pub(super) kind: (u8, usize),
    /// Whether the walk descends between two keys.
    pub(super) wanted: &'w dyn Fn(&[u8], &[u8]) -> bool,
    /// Gets the key before each child of the lowest level, and its address.
    pub(super) each: &'w mut dyn FnMut(&[u8], u64) -> Result<()>,
}

impl Walk<'_, '_> {
    /// Walks the tree whose root is at an address; it has no child where there is no address.
    pub(super) fn tree(&mut self, root: u64) -> Result<()> {
        if root == UNDEFINED { Ok(()) } else { self.node(root, None) }
    }

    /// Walks a node and what is below it. Levels fall, so that the recursion ends.
    fn node(&mut self, address: u64, level: Option<u8>) -> Result<()> {
        let node = Node::at(self.input, self.charge, address, self.kind, level)?;
        for number in 0..node.children {
            if !(self.wanted)(node.key(number), node.key(number + 1)) {
                continue;
            }
            let child = node.child(number)?;
            match node.level.checked_sub(1) {
                Some(level) => self.node(child, Some(level))?,
                None => (self.each)(node.key(number), child)?,
            }
        }
        Ok(())
    }
}
