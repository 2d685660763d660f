//! Putting the changes of a map into its file.

use super::columns::identity;
use super::{Change, LazyMap};
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{in_turn, write_aside};
use crate::layout::map::{Form, checked_link, key_name};
use crate::options::WriteOptions;
use crate::stamp::{LEN, UNDER_WAY, escape_link};
use crate::storage::libhdf5::{self, Id, LibSink};
use std::hash::Hash;

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> LazyMap<K, V> {
    /// Puts the changes into the file that the map was read from, in place: entries that were put
    /// in or changed are written, those that were taken away are deleted, all others stay as they
    /// are. Each is written beside the old one and takes its place when it is complete; at the end
    /// everything is given to the operating system. What was written is read again when it is asked
    /// for.
    ///
    /// A map of `keys` and `values` stays one: entries that are new are appended to both as rows
    /// are by [`LazyVec::flush`](crate::LazyVec::flush); where some were changed or taken away, all
    /// values are read, written anew, and put in the place of the old ones when they are complete.
    ///
    /// The map has to come from a [`File`](crate::File) that is open for writing. Others may hold
    /// the same map: their entries stay, unless both changed the same one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ReadOnly`] where the file was opened to be read. [`ErrorKind::Changed`] where
    /// somebody has changed one of these entries, or the place of the whole map, since, of `keys`
    /// and `values` also where all values were written anew; nothing is written then.
    /// [`ErrorKind::Unsupported`] for a map that is in no file, or one of numbered pairs, as others
    /// write them. Whatever keeps a value from being written: changes before it are in the file
    /// then, and the others remain.
    pub fn flush(&mut self) -> Result<()> {
        self.flush_with(&WriteOptions::new())
    }

    /// Flushes with options, such as compression.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::flush`].
    pub fn flush_with(&mut self, options: &WriteOptions) -> Result<()> {
        let LazyMap { entries, changes, .. } = self;
        let Some(entries) = entries else {
            let what = "to flush a map that came from no file";
            return Err(Error::new(ErrorKind::Unsupported(what.into()))
                .with_help("save it under a name, and read it"));
        };
        if entries.form == Form::Columns {
            entries.flush_columns(changes, options)?;
            changes.clear();
            entries.forget();
            (self.added, self.removed) = (0, 0);
            self.evict();
            return Ok(());
        }
        let Form::Links { escaped } = entries.form else {
            let what = "to change a map of numbered pairs in place";
            return Err(Error::new(ErrorKind::Unsupported(what.into())).with_help(
                "write it anew, which makes links of its values: `File::write_with` and `Overwrite::Replace`",
            ));
        };
        if !escaped && entries.held.read(|node| Ok(node.stamp()?.is_some()))? {
            let what = "to change an AnnData dict in place, whose values say what they are";
            return Err(ErrorKind::Unsupported(what.into()).into());
        }
        let mut done = 0;
        let flushed = entries.held.change(|group| {
            done = 0;
            if !libhdf5::is_linked(group)? {
                return Err(Error::new(ErrorKind::Changed)
                    .with_help("something else has taken the place of the map"));
            }
            let links =
                changes.iter().map(|(key, change)| Ok((link_of(key, change, escaped)?, change)));
            let links = links.collect::<Result<Vec<(String, &Change<V>)>>>()?;
            links.iter().try_for_each(|(link, change)| {
                check(group, link, change).map_err(|e| e.at(link))
            })?;
            if links.is_empty() {
                return Ok(());
            }
            let root = libhdf5::root_of(group)?;
            let written = links.iter().try_for_each(|(link, change)| {
                put(&root, group, link, change, options).map_err(|e| e.at(link))?;
                done += 1;
                Ok(())
            });
            let counted = if escaped {
                in_turn(|| libhdf5::set_number(group, LEN, count(group)?))
            } else {
                Ok(())
            };
            written.and(counted).and(libhdf5::settle(group))
        });
        // Handles in these values may lead to what is no longer there: they are read again, from
        // their new places.
        changes.drain(..done);
        entries.forget();
        self.added = self.changes.values().filter(|change| change.base.is_none()).count();
        self.removed = self.changes.values().filter(|change| change.value.is_none()).count();
        if done > 0 {
            self.evict();
        }
        flushed
    }
}

/// The name of the link of a new value.
fn link_of<K: FileBacked, V>(key: &K, change: &Change<V>, escaped: bool) -> Result<String> {
    match &change.base {
        Some(base) if change.value.is_none() => Ok(base.link.clone()),
        _ => {
            let name = key_name(key)?;
            Ok(if escaped { escape_link(&name) } else { checked_link(&name)? }.into_owned())
        }
    }
}

/// Refuses to change entries that another handle has changed.
fn check<V>(group: &Id, link: &str, change: &Change<V>) -> Result<()> {
    let old = change.base.as_ref().map_or(link, |base| &base.link);
    let now = libhdf5::identity_of(group, old)?;
    let mut before = None;
    if let Some(kept) = change.base.as_ref().and_then(|base| base.kept.as_ref()) {
        before = identity(&**kept)?;
    }
    let is_gone = now.is_none() && change.value.is_none();
    if now == before || is_gone {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Changed).with_help(
        "somebody has changed the same entry; `discard` forgets the changes of this map",
    ))
}

/// Puts one change into the file. The root is where values are written until they are complete.
fn put<V: FileBacked>(
    root: &Id,
    group: &Id,
    link: &str,
    change: &Change<V>,
    options: &WriteOptions,
) -> Result<()> {
    let old = change.base.as_ref().map(|base| &*base.link);
    // Looked at again when it is this thread's turn, and nothing comes between the look and the
    // change.
    match &change.value {
        None => in_turn(|| {
            libhdf5::locked(|| {
                check(group, link, change)?;
                old.map_or(Ok(()), |old| libhdf5::clear_link(group, old))
            })
        }),
        Some(value) => write_aside(LibSink::new(root.clone())?, root, value, options, || {
            libhdf5::locked(|| {
                check(group, link, change)?;
                libhdf5::move_over(root, UNDER_WAY, group, link)?;
                old.filter(|old| *old != link).map_or(Ok(()), |old| libhdf5::clear_link(group, old))
            })
        }),
    }
}

/// How many entries there are now.
fn count(group: &Id) -> Result<u64> {
    let under_way = libhdf5::exists(group, UNDER_WAY)?;
    Ok((libhdf5::count_links(group)? - usize::from(under_way)) as u64)
}
