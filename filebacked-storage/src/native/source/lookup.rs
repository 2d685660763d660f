//! Lookup of links in groups, by a scan or by an index.

use super::NativeSource;
use crate::Handle;
use crate::error::Result;
use crate::native::header::unknown;
use crate::native::input::Input;
use crate::native::links::{self, Link, Links, is_dense};
use crate::native::message;
use std::rc::Rc;

/// So many links are looked at one after another; where that is not enough, all links of the group
/// are indexed.
const SCANNED: usize = 64;

/// So many links of a large group are looked for one by one; where that is not enough, all are
/// indexed.
const SEARCHED: u32 = 4;

/// Indexes of groups are kept until they have so many links together; the last few are kept in any
/// case.
const KEPT_LINKS: usize = 1 << 16;

const KEPT_GROUPS: usize = 4;

impl<'b> NativeSource<'b> {
    /// The member of a group: its address.
    pub(super) fn find(&self, group: Handle, name: &str) -> Result<Option<u64>> {
        if let Some(links) = self.indexed(group) {
            return links.find(name);
        }
        // From the disk, every look at a header takes the whole of it.
        if matches!(self.input, Input::Disk(_)) {
            return self.search(group, name);
        }
        self.scan(group, name)
    }

    /// Looks for a member in the index that the file has, where few are asked for.
    pub(super) fn search(&self, group: Handle, name: &str) -> Result<Option<u64>> {
        let (last, times) = self.searched.get();
        let times = if last == group.id { times } else { 0 };
        if times < SEARCHED {
            self.searched.set((group.id, times + 1));
            let charge = |bytes| self.charge(bytes);
            let header = self.header(group)?.joined(&self.input, &charge)?;
            if let Some(table) = links::symbol_table(&header)? {
                return table.find(&self.input, &charge, name.as_bytes());
            }
            if let Some(dense) = links::dense(&header)? {
                return links::find_dense(&dense, &self.input, &charge, name);
            }
        }
        self.links(group)?.find(name)
    }

    /// Looks for a member from where the last one was found.
    pub(super) fn scan(&self, group: Handle, name: &str) -> Result<Option<u64>> {
        let header = self.header(group)?;
        let (last, hint) = self.next.get();
        let start = if last == group.id { hint } else { 0 };
        let mut messages = header.messages_from(start);
        let mut wrapped = start == 0;
        for _ in 0..SCANNED {
            if wrapped && start > 0 && messages.at >= start {
                return Ok(None);
            }
            let Some((kind, body)) = messages.next()? else {
                if wrapped {
                    return Ok(None);
                }
                wrapped = true;
                messages = header.messages();
                continue;
            };
            match kind {
                message::LINK => {
                    let link = Link::parse(body)?;
                    if link.name == name.as_bytes() {
                        self.next.set((group.id, messages.at));
                        return link
                            .address
                            .map(Some)
                            .ok_or_else(|| unknown("a soft or external link"));
                    }
                }
                message::SYMBOL_TABLE => return self.search(group, name),
                message::LINK_INFO if is_dense(body)? => return self.search(group, name),
                message::CONTINUATION => break,
                _ => {}
            }
        }
        self.links(group)?.find(name)
    }

    /// The index of a group's links, if there is one already.
    #[inline]
    pub(super) fn indexed(&self, group: Handle) -> Option<Rc<Links>> {
        let mut groups = self.groups.borrow_mut();
        let place = groups.iter().rposition(|(id, _)| *id == group.id)?;
        if place + 1 < groups.len() {
            let found = groups.remove(place);
            groups.push(found);
        }
        groups.last().map(|(_, links)| links.clone())
    }

    /// The index of a group's links.
    pub(super) fn links(&self, group: Handle) -> Result<Rc<Links>> {
        if let Some(links) = self.indexed(group) {
            return Ok(links);
        }
        let charge = |bytes| self.charge(bytes);
        let header = self.header(group)?.joined(&self.input, &charge)?;
        let links = Rc::new(Links::of(&header, &self.input, &charge)?);
        let mut groups = self.groups.borrow_mut();
        groups.push((group.id, links.clone()));
        let mut total: usize = groups.iter().map(|(_, links)| links.len()).sum();
        while groups.len() > KEPT_GROUPS && (total > KEPT_LINKS || groups.len() > SCANNED) {
            total -= groups.remove(0).1.len();
        }
        Ok(links)
    }
}
