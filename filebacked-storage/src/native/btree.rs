//! B-trees of version 2: the sorted records that index what lies in a fractal heap.
//!
//! Every node, internal ones too, holds records; the children of an internal node lie between them.

use super::UNDEFINED;
use super::header::{damaged, uint, unknown};
use super::input::{Bytes, Input};
use crate::checksum::lookup3;
use crate::error::Result;

/// The records are links, by the hash of their names.
pub(super) const NAMES: u8 = 5;

/// The records are links, by the order of their creation.
pub(super) const ORDER: u8 = 6;

/// The records are attributes, by the hash of their names.
pub(super) const ATTRIBUTES: u8 = 8;

/// The records are chunks without filters.
pub(super) const CHUNKS: u8 = 10;

/// The records are chunks with filters.
pub(super) const FILTERED_CHUNKS: u8 = 11;

/// Bytes of a node that is written. The C library's own are of 512 bytes, which makes more levels;
/// in larger ones a look at one record checks more.
const NODE: usize = 2048;

/// Bytes before the records of a node: signature, version and type. A checksum comes after all.
const HEAD: usize = 6;
const CHECKSUM: usize = 4;

/// More levels than any tree needs: even with two records a node, it would have more of them than a
/// file has bytes.
const MOST_LEVELS: usize = 40;

/// Values derived from the size of nodes and records: per level, leaves first.
#[derive(Debug)]
struct Levels {
    /// How many records a node of a level has at most.
    most: Vec<u64>,
    /// How many records are in and below a node of a level at most.
    below: Vec<u64>,
    record: usize,
}

/// How many bytes a number up to `most` takes.
fn width(most: u64) -> usize {
    most.max(1).ilog2() as usize / 8 + 1
}

impl Levels {
    fn new(node: usize, record: usize, depth: usize) -> Option<Self> {
        let leaf = (node.checked_sub(HEAD + CHECKSUM)?.checked_div(record)?) as u64;
        let mut levels = Levels { most: vec![leaf], below: vec![leaf], record };
        for level in 1..=depth {
            let pointer = levels.pointer(level);
            let most = (node.checked_sub(HEAD + CHECKSUM + pointer)? / (record + pointer)) as u64;
            let below = levels.below.last()?.saturating_mul(most + 1).saturating_add(most);
            levels.most.push(most);
            levels.below.push(below);
        }
        levels.most.iter().all(|most| *most > 0).then_some(levels)
    }

    /// Bytes of a pointer to a child in a node of this level: address, its records, and those in
    /// and below it.
    fn pointer(&self, level: usize) -> usize {
        8 + self.count_width() + self.total_width(level)
    }

    fn count_width(&self) -> usize {
        width(self.most.first().copied().unwrap_or(0))
    }

    fn total_width(&self, level: usize) -> usize {
        if level > 1 { self.below.get(level - 1).map_or(8, |below| width(*below)) } else { 0 }
    }
}

/// The first bytes of a tree, which were checked.
struct Tree {
    levels: Levels,
    kind: u8,
    depth: usize,
    root: u64,
    /// How many records the root has, and the whole tree.
    count: u64,
    total: u64,
}

impl Tree {
    /// The tree whose header is at an address; `None` for one without records. They must be of this
    /// kind and size.
    fn at(
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        address: u64,
        kind: u8,
        record: usize,
    ) -> Result<Option<Self>> {
        let header = input.bytes(address, 38)?;
        charge(header.len())?;
        if !header.starts_with(b"BTHD\0") || header.get(5) != Some(&kind) {
            return Err(damaged("a B-tree is missing"));
        }
        if u64::from(lookup3(&header[..34])) != uint(&header, 34, 4)? {
            return Err(damaged("a B-tree with a wrong checksum"));
        }
        let (node, size, depth) =
            (uint(&header, 6, 4)?, uint(&header, 10, 2)?, uint(&header, 12, 2)? as usize);
        let (root, count, total) =
            (uint(&header, 16, 8)?, uint(&header, 24, 2)?, uint(&header, 26, 8)?);
        if size != record as u64 {
            return Err(unknown("a B-tree of another form"));
        }
        if root == UNDEFINED && total == 0 {
            return Ok(None);
        }
        let levels =
            if depth < MOST_LEVELS { Levels::new(node as usize, record, depth) } else { None };
        let levels = levels.ok_or_else(|| {
            damaged(format!("a B-tree of {depth} levels, with nodes of {node} bytes"))
        })?;
        if total > input.len() / record as u64 {
            return Err(damaged(format!("a B-tree of {total} records in a smaller file")));
        }
        Ok(Some(Tree { levels, kind, depth, root, count, total }))
    }

    /// A node of `count` records, and how many bytes they take with all before them.
    fn node<'b>(
        &self,
        input: &Input<'b>,
        charge: &dyn Fn(usize) -> Result<()>,
        level: usize,
        at: u64,
        count: u64,
    ) -> Result<(Bytes<'b>, usize)> {
        let most = self.levels.most.get(level).copied().unwrap_or(0);
        if count > most || (level > 0 && count == 0) {
            return Err(damaged(format!("a node of {count} records in a B-tree")));
        }
        let records = HEAD + count as usize * self.levels.record;
        let end = if level > 0 {
            records + (count as usize + 1) * self.levels.pointer(level)
        } else {
            records
        };
        let node = input.bytes(at, end + CHECKSUM)?;
        charge(node.len())?;
        let signature: &[u8] = if level > 0 { b"BTIN\0" } else { b"BTLF\0" };
        if !node.starts_with(signature) || node.get(5) != Some(&self.kind) {
            return Err(damaged("a node of a B-tree is missing"));
        }
        if u64::from(lookup3(&node[..end])) != uint(&node, end, 4)? {
            return Err(damaged("a node of a B-tree with a wrong checksum"));
        }
        Ok((node, records))
    }

    /// The address of a child of a node of this level, and how many records it has.
    fn child(
        &self,
        node: &[u8],
        children: usize,
        level: usize,
        number: usize,
    ) -> Result<(u64, u64)> {
        let at = children + number * self.levels.pointer(level);
        Ok((uint(node, at, 8)?, uint(node, at + 8, self.levels.count_width())?))
    }
}

/// How many records the tree has whose header is at an address.
pub(super) fn total(
    input: &Input<'_>,
    charge: &dyn Fn(usize) -> Result<()>,
    address: u64,
    kind: u8,
    record: usize,
) -> Result<u64> {
    Ok(Tree::at(input, charge, address, kind, record)?.map_or(0, |tree| tree.total))
}

/// A tree that is read, a record at a time and in order.
pub(super) struct Walk<'w, 'b> {
    pub(super) input: &'w Input<'b>,
    /// Pays for what is read.
    pub(super) charge: &'w dyn Fn(usize) -> Result<()>,
    /// Gets each record.
    pub(super) each: &'w mut dyn FnMut(&[u8]) -> Result<()>,
}

impl Walk<'_, '_> {
    /// Walks the tree whose header is at an address. Its records must be of this kind and size.
    pub(super) fn tree(&mut self, address: u64, kind: u8, record: usize) -> Result<()> {
        let Some(tree) = Tree::at(self.input, self.charge, address, kind, record)? else {
            return Ok(());
        };
        let mut left = tree.total;
        self.node(&tree, tree.depth, tree.root, tree.count, &mut left)?;
        if left != 0 { Err(damaged("a B-tree with fewer records than it says")) } else { Ok(()) }
    }

    /// Walks a node of `count` records, and what is below it. `left` records may still come.
    fn node(
        &mut self,
        tree: &Tree,
        level: usize,
        at: u64,
        count: u64,
        left: &mut u64,
    ) -> Result<()> {
        if count > *left {
            return Err(damaged(format!("a node of {count} records in a B-tree")));
        }
        let (node, children) = tree.node(self.input, self.charge, level, at, count)?;
        let (count, record) = (count as usize, tree.levels.record);
        for i in 0..=count {
            if level > 0 {
                let (address, count) = tree.child(&node, children, level, i)?;
                self.node(tree, level - 1, address, count, left)?;
            }
            if i < count {
                *left = left
                    .checked_sub(1)
                    .ok_or_else(|| damaged("a B-tree with more records than it says"))?;
                (self.each)(&node[HEAD + i * record..HEAD + (i + 1) * record])?;
            }
        }
        Ok(())
    }

    /// Walks those records of a tree that begin with this hash, which its records are sorted by.
    pub(super) fn hashed(
        &mut self,
        address: u64,
        kind: u8,
        record: usize,
        hash: u32,
    ) -> Result<()> {
        let Some(tree) = Tree::at(self.input, self.charge, address, kind, record)? else {
            return Ok(());
        };
        self.hashed_below(&tree, tree.depth, tree.root, tree.count, hash)
    }

    fn hashed_below(
        &mut self,
        tree: &Tree,
        level: usize,
        at: u64,
        count: u64,
        hash: u32,
    ) -> Result<()> {
        let (node, children) = tree.node(self.input, self.charge, level, at, count)?;
        let (count, record) = (count as usize, tree.levels.record);
        let records = &node[HEAD..HEAD + count * record];
        let hash_of = |i: usize| uint(records, i * record, 4).unwrap_or(u64::MAX) as u32;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            if hash_of(middle) < hash { low = middle + 1 } else { high = middle }
        }
        // Names of the same hash are neighbours, which may lie on both sides of a record.
        for i in low..=count {
            if level > 0 {
                let (address, count) = tree.child(&node, children, level, i)?;
                self.hashed_below(tree, level - 1, address, count, hash)?;
            }
            if i == count || hash_of(i) != hash {
                break;
            }
            (self.each)(&records[i * record..(i + 1) * record])?;
        }
        Ok(())
    }
}

/// Appends a tree with these records, which are sorted, and gives the address of its header. `base`
/// is the address of the first byte of `out`. `None` where there are too many for any tree.
pub(super) fn write(
    kind: u8,
    records: &[u8],
    record: usize,
    base: u64,
    out: &mut Vec<u8>,
) -> Option<u64> {
    let total = (records.len() / record) as u64;
    let depth = (0..MOST_LEVELS).find(|depth| {
        Levels::new(NODE, record, *depth).is_some_and(|levels| levels.below.last() >= Some(&total))
    })?;
    let levels = Levels::new(NODE, record, depth)?;
    let (root, count) = write_node(&levels, kind, depth, records, base, out)?;
    let start = out.len();
    out.extend_from_slice(b"BTHD\0");
    out.push(kind);
    out.extend_from_slice(&(NODE as u32).to_le_bytes());
    out.extend_from_slice(&(record as u16).to_le_bytes());
    out.extend_from_slice(&(depth as u16).to_le_bytes());
    // Nodes are split when they are full, and merged below this many percent.
    out.extend_from_slice(&[100, 40]);
    out.extend_from_slice(&root.to_le_bytes());
    out.extend_from_slice(&(count as u16).to_le_bytes());
    out.extend_from_slice(&total.to_le_bytes());
    let sum = lookup3(&out[start..]);
    out.extend_from_slice(&sum.to_le_bytes());
    Some(base + start as u64)
}

/// Appends a node and what is below it: its address, and how many records it has itself.
fn write_node(
    levels: &Levels,
    kind: u8,
    level: usize,
    records: &[u8],
    base: u64,
    out: &mut Vec<u8>,
) -> Option<(u64, usize)> {
    let record = levels.record;
    let total = records.len() / record;
    let mut node = Vec::with_capacity(NODE);
    node.extend_from_slice(if level > 0 { b"BTIN\0" } else { b"BTLF\0" });
    node.push(kind);
    let count = if level == 0 {
        node.extend_from_slice(records);
        total
    } else {
        // As many children as are needed, all about equally full, with a record between two of
        // them.
        let below = usize::try_from(*levels.below.get(level - 1)?).ok()?;
        let children = (total + 1).div_ceil(below + 1).max(2);
        let mut pointers = Vec::with_capacity(children * levels.pointer(level));
        let mut start = 0;
        for i in 0..children {
            let end = (total + 1) * (i + 1) / children - 1;
            let child = records.get(start * record..end * record)?;
            let (address, count) = write_node(levels, kind, level - 1, child, base, out)?;
            pointers.extend_from_slice(&address.to_le_bytes());
            pointers.extend_from_slice(&(count as u64).to_le_bytes()[..levels.count_width()]);
            pointers.extend_from_slice(
                &((end - start) as u64).to_le_bytes()[..levels.total_width(level)],
            );
            if i + 1 < children {
                node.extend_from_slice(records.get(end * record..(end + 1) * record)?);
            }
            start = end + 1;
        }
        node.extend_from_slice(&pointers);
        children - 1
    };
    let sum = lookup3(&node);
    node.extend_from_slice(&sum.to_le_bytes());
    node.resize(NODE, 0);
    let address = base + out.len() as u64;
    out.extend_from_slice(&node);
    Some((address, count))
}
