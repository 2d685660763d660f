//! Links of groups: as messages in the header of a small one, in a heap with two indexes for a
//! large one.

use super::header::{Header, damaged, uint, unknown};
use super::input::Input;
use super::symbol_table::{self, SymbolTable};
use super::{UNDEFINED, btree, fractal, message};
use crate::Link as Other;
use crate::checksum::lookup3;
use crate::error::{Error, ErrorKind, Result};
use std::cell::{Cell, OnceCell};
use std::ops::Range;

/// Bytes of a record of the index by names: hash and identifier.
const NAME_RECORD: usize = 4 + fractal::ID;

/// Bytes of a record of the index by creation order.
const ORDER_RECORD: usize = 8 + fractal::ID;

/// The types of links.
pub(super) const HARD: u8 = 0;
pub(super) const SOFT: u8 = 1;
pub(super) const EXTERNAL: u8 = 64;

/// A link message.
pub(super) struct Link<'m> {
    pub(super) name: &'m [u8],
    /// Of a hard link.
    pub(super) address: Option<u64>,
    order: u64,
    /// The type of any other, and its bytes.
    other: (u8, &'m [u8]),
}

impl<'m> Link<'m> {
    #[inline]
    pub(super) fn parse(body: &'m [u8]) -> Result<Self> {
        // The forms that this library writes: a hard link with a short name in UTF-8, with and
        // without its order.
        let usual = match body {
            [1, 0x10, 1, len, rest @ ..] => Some((0, len, rest)),
            [1, 0x14, a, b, c, d, e, f, g, h, 1, len, rest @ ..] => {
                Some((u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), len, rest))
            }
            _ => None,
        };
        if let Some((order, len, rest)) = usual
            && let Some((name, address)) = rest.split_at_checked(usize::from(*len))
            && let Ok(address) = address.try_into()
        {
            return Ok(Link {
                name,
                address: Some(u64::from_le_bytes(address)),
                order,
                other: (HARD, &[]),
            });
        }
        let flags = uint(body, 1, 1)?;
        if uint(body, 0, 1)? != 1 {
            return Err(unknown("a link of another version"));
        }
        let mut at = 2;
        let mut kind = HARD;
        if flags & 8 != 0 {
            kind = uint(body, at, 1)? as u8;
            at += 1;
        }
        let mut order = 0;
        if flags & 4 != 0 {
            order = uint(body, at, 8)?;
            at += 8;
        }
        if flags & 16 != 0 {
            at += 1;
        }
        let width = 1usize << (flags & 3);
        let len = uint(body, at, width)? as usize;
        at += width;
        let name = at.checked_add(len).and_then(|end| body.get(at..end));
        let name = name.ok_or_else(|| damaged("a link's name outside its message"))?;
        at += len;
        if kind == HARD {
            return Ok(Link { name, address: Some(uint(body, at, 8)?), order, other: (HARD, &[]) });
        }
        let end = (at + 2).saturating_add(uint(body, at, 2)? as usize);
        let value =
            body.get(at + 2..end).ok_or_else(|| damaged("a link's value outside its message"))?;
        Ok(Link { name, address: None, order, other: (kind, value) })
    }
}

/// The content of the link message.
#[derive(Debug, Clone, Copy)]
struct Info {
    /// The order of links is tracked.
    tracked: bool,
    /// The heap and the index by names, where the links are not in the header.
    dense: Option<(u64, u64)>,
    /// The index by creation order, where there is one.
    order: Option<u64>,
}

impl Info {
    fn parse(body: &[u8]) -> Result<Self> {
        let flags = uint(body, 1, 1)?;
        let (tracked, indexed) = (flags & 1 != 0, flags & 2 != 0);
        let at = if tracked { 10 } else { 2 };
        let (heap, names) = (uint(body, at, 8)?, uint(body, at + 8, 8)?);
        let order = if indexed {
            Some(uint(body, at + 16, 8)?).filter(|order| *order != UNDEFINED)
        } else {
            None
        };
        Ok(Info { tracked, dense: (heap != UNDEFINED).then_some((heap, names)), order })
    }
}

/// Whether the message about links says that they are not in the header.
pub(super) fn is_dense(body: &[u8]) -> Result<bool> {
    Ok(Info::parse(body)?.dense.is_some())
}

/// Links that are not in the header of their group, by their names.
fn by_name(heap: u64, names: u64) -> fractal::Dense {
    fractal::Dense {
        heap,
        index: names,
        kind: btree::NAMES,
        record: NAME_RECORD,
        id: 4..NAME_RECORD,
    }
}

/// The same links, by the order of their creation.
fn by_order(heap: u64, order: u64) -> fractal::Dense {
    fractal::Dense {
        heap,
        index: order,
        kind: btree::ORDER,
        record: ORDER_RECORD,
        id: 8..ORDER_RECORD,
    }
}

/// The links of a group with this header that are not in it; `None` where all are.
pub(super) fn dense(header: &Header<'_>) -> Result<Option<fractal::Dense>> {
    let mut messages = header.messages();
    while let Some((kind, body)) = messages.next()? {
        if kind == message::LINK_INFO {
            return Ok(Info::parse(body)?.dense.map(|(heap, names)| by_name(heap, names)));
        }
    }
    Ok(None)
}

/// The symbol table of a group with this header, if it has the old form.
pub(super) fn symbol_table(header: &Header<'_>) -> Result<Option<SymbolTable>> {
    let mut messages = header.messages();
    while let Some((kind, body)) = messages.next()? {
        if kind == message::SYMBOL_TABLE {
            return SymbolTable::parse(body).map(Some);
        }
    }
    Ok(None)
}

/// Looks for one link among those that are not in their group's header: its address.
pub(super) fn find_dense(
    dense: &fractal::Dense,
    input: &Input<'_>,
    charge: &dyn Fn(usize) -> Result<()>,
    name: &str,
) -> Result<Option<u64>> {
    let mut found = None;
    dense.hashed(input, charge, lookup3(name.as_bytes()), &mut |body| {
        let link = Link::parse(body)?;
        if link.name == name.as_bytes() {
            found = Some(link.address.ok_or_else(|| unknown("a soft or external link"))?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// How many links a group with this header has.
pub(super) fn count(
    header: &Header<'_>,
    input: &Input<'_>,
    charge: &dyn Fn(usize) -> Result<()>,
) -> Result<u64> {
    if let Some(dense) = dense(header)? {
        return dense.count(input, charge);
    }
    let (mut messages, mut count) = (header.messages(), 0);
    while let Some((kind, body)) = messages.next()? {
        match kind {
            message::LINK => count += 1,
            message::SYMBOL_TABLE => {
                SymbolTable::parse(body)?.each(input, charge, &mut |_, _| {
                    count += 1;
                    Ok(())
                })?
            }
            _ => {}
        }
    }
    Ok(count)
}

/// All links of a group, in the order in which they are read.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// One name after another.
    names: Vec<u8>,
    entries: Vec<IndexedLink>,
    /// The link after the one that was found last: members are mostly read in their order.
    next: Cell<usize>,
    /// The numbers of all links, sorted by their names: for members that are asked for in another
    /// order.
    sorted: OnceCell<Vec<u32>>,
}

#[derive(Debug)]
struct IndexedLink {
    name: Range<usize>,
    order: u64,
    target: Target,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Address(u64),
    /// The type of another link, and how many bytes it has, which stand behind the name.
    Other(u8, u32),
}

impl Links {
    /// The links of the group that has this header.
    pub(super) fn of(
        header: &Header<'_>,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Self> {
        let mut links = Links::default();
        let mut info = Info { tracked: false, dense: None, order: None };
        let mut messages = header.messages();
        while let Some((kind, body)) = messages.next()? {
            match kind {
                message::LINK_INFO => info = Info::parse(body)?,
                message::LINK => links.push(body)?,
                message::SYMBOL_TABLE => {
                    SymbolTable::parse(body)?.each(input, charge, &mut |name, target| {
                        links.push_entry(name, target);
                        Ok(())
                    })?
                }
                _ => {}
            }
        }
        charge(header.size)?;
        if let Some((heap, names)) = info.dense {
            // Mostly in the order in which they lie in the heap too, while names are sorted by
            // their hashes.
            let dense =
                info.order.map_or_else(|| by_name(heap, names), |order| by_order(heap, order));
            dense.each(input, charge, &mut |link| links.push(link))?;
        }
        if u32::try_from(links.entries.len()).is_err() {
            return Err(
                ErrorKind::Limit(format!("a group of {} links", links.entries.len())).into()
            );
        }
        let Links { names, entries, .. } = &mut links;
        let name = |entry: &IndexedLink| names.get(entry.name.clone()).unwrap_or_default();
        if info.tracked {
            entries.sort_by_key(|entry| entry.order);
        } else {
            entries.sort_by(|a, b| name(a).cmp(name(b)));
        }
        Ok(links)
    }

    fn push(&mut self, body: &[u8]) -> Result<()> {
        let link = Link::parse(body)?;
        let start = self.names.len();
        self.names.extend_from_slice(link.name);
        let name = start..self.names.len();
        let (kind, value) = link.other;
        self.names.extend_from_slice(value);
        let target = link.address.map_or(Target::Other(kind, value.len() as u32), Target::Address);
        self.entries.push(IndexedLink { name, order: link.order, target });
        Ok(())
    }

    fn push_entry(&mut self, name: &[u8], target: symbol_table::Target<'_>) {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        let name = start..self.names.len();
        let target = match target {
            symbol_table::Target::Object(address) => Target::Address(address),
            symbol_table::Target::Soft(path) => {
                self.names.extend_from_slice(path);
                Target::Other(SOFT, path.len() as u32)
            }
        };
        self.entries.push(IndexedLink { name, order: 0, target });
    }

    /// How many links there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The address of a link, `None` where there is no such link.
    pub(super) fn find(&self, name: &str) -> Result<Option<u64>> {
        match self.entry(name).map(|entry| entry.target) {
            Some(Target::Address(address)) => Ok(Some(address)),
            Some(Target::Other(..)) => Err(unknown("a soft or external link")),
            None => Ok(None),
        }
    }

    /// The target of a soft or external link.
    pub(super) fn target(&self, name: &str) -> Result<Option<Other>> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        let Target::Other(kind, len) = entry.target else { return Ok(None) };
        let value =
            self.names.get(entry.name.end..entry.name.end + len as usize).unwrap_or_default();
        let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_string()),
            Err(_) => Err(unknown("a link that is not UTF-8")),
        };
        match kind {
            SOFT => Ok(Some(Other::Soft(text(value)?))),
            EXTERNAL => {
                let mut parts = value.get(1..).unwrap_or_default().split(|byte| *byte == 0);
                match (value.first(), parts.next(), parts.next(), parts.next()) {
                    (Some(0), Some(file), Some(path), Some(_)) => {
                        Ok(Some(Other::External { file: text(file)?, path: text(path)? }))
                    }
                    _ => Err(damaged("an external link")),
                }
            }
            _ => Err(unknown("a link of a type that users define")),
        }
    }

    fn entry(&self, name: &str) -> Option<&IndexedLink> {
        let next = self.next.get();
        let found =
            if self.name(next) == Some(name.as_bytes()) { Some(next) } else { self.search(name) };
        let entry = self.entries.get(found?)?;
        self.next.set(found.map_or(0, |found| found + 1));
        Some(entry)
    }

    fn search(&self, name: &str) -> Option<usize> {
        let sorted = self.sorted.get_or_init(|| {
            let mut sorted: Vec<u32> = (0..self.entries.len() as u32).collect();
            sorted.sort_by(|a, b| self.name(*a as usize).cmp(&self.name(*b as usize)));
            sorted
        });
        let place = sorted
            .binary_search_by(|number| self.name(*number as usize).cmp(&Some(name.as_bytes())))
            .ok()?;
        sorted.get(place).map(|number| *number as usize)
    }

    fn name(&self, number: usize) -> Option<&[u8]> {
        self.names.get(self.entries.get(number)?.name.clone())
    }

    /// The names of all links.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let name = |number| {
            let name = std::str::from_utf8(self.name(number).unwrap_or_default());
            name.map(str::to_string)
                .map_err(|_| ErrorKind::Invalid("a link's name that is not UTF-8".into()).into())
        };
        (0..self.len()).map(name).collect()
    }
}

/// Where the links of a large group were written.
pub(super) struct Dense {
    pub(super) heap: u64,
    pub(super) names: u64,
    /// The index by creation order, where that is tracked.
    pub(super) order: Option<u64>,
}

/// Appends the links of a large group, whose messages are given, to a file: their heap and their
/// indexes. `base` is the address of the first byte of `out`. `None` where a heap cannot hold them.
pub(super) fn write_dense(
    links: &[&[u8]],
    ordered: bool,
    base: u64,
    out: &mut Vec<u8>,
) -> Result<Option<Dense>> {
    let Some((heap, ids)) = fractal::write(links, base, out) else { return Ok(None) };
    let mut order = Vec::new();
    let mut names = Vec::with_capacity(links.len());
    for (link, id) in links.iter().zip(&ids) {
        let link = Link::parse(link)?;
        names.push((lookup3(link.name), link.name, id));
        if ordered {
            order.extend_from_slice(&link.order.to_le_bytes());
            order.extend_from_slice(id);
        }
    }
    names.sort_unstable();
    if let Some(same) = names.windows(2).find(|pair| pair[0].1 == pair[1].1) {
        return Err(twice(same[0].1));
    }
    let records: Vec<u8> =
        names.iter().flat_map(|(hash, _, id)| hash.to_le_bytes().into_iter().chain(**id)).collect();
    let Some(names) = btree::write(btree::NAMES, &records, NAME_RECORD, base, out) else {
        return Ok(None);
    };
    let order = match ordered {
        true => btree::write(btree::ORDER, &order, ORDER_RECORD, base, out),
        false => None,
    };
    Ok(Some(Dense { heap, names, order }))
}

#[cold]
fn twice(name: &[u8]) -> Error {
    ErrorKind::Contract(format!("two members are called {:?}", String::from_utf8_lossy(name)))
        .into()
}
