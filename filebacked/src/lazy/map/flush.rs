//! Putting the changes of a map into its file.

use super::columns::identity;
use super::{Change, LazyMap};
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::map::{MapForm, checked_link, key_name};
use crate::options::WriteOptions;
use crate::slot::Place;
use crate::staging::{self, with_writer_lock};
use crate::stamp::{LEN, UNDER_WAY, escape_link};
use crate::storage::libhdf5::{self, Id, LibSink};
use crate::whole;
use std::hash::Hash;

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> LazyMap<K, V> {
    /// Writes the changes in place into the file that the map was read from: inserted and changed
    /// entries are written, removed entries are deleted, and all others stay. Each value is written
    /// beside the old one, and replaces it when it is complete. At the end everything has gone to
    /// the operating system. Written values are read again on the next access. See [`LazyMap`] for
    /// an example.
    ///
    /// A map of `keys` and `values` keeps its form. New entries are appended to both, like rows by
    /// [`LazyVec::flush`](crate::LazyVec::flush). If entries were changed or removed, all values
    /// are read and rewritten, and replace the old ones when they are complete.
    ///
    /// The map must come from a [`File`](crate::File) that is open for writing. Other handles of
    /// the same map keep their changes, unless both changed the same entry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ReadOnly`] if the file was opened for reading. [`ErrorKind::Changed`] if
    /// another handle or program has changed one of these entries, or replaced the map or all of
    /// its values; nothing is written then. [`ErrorKind::Unsupported`] for a map without a file, or
    /// a foreign map of numbered pairs. Any error of writing a value: earlier changes are then in
    /// the file, and the others remain pending.
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
        if entries.form == MapForm::Columns {
            entries.flush_columns(changes, options)?;
            changes.clear();
            entries.forget();
            (self.added, self.removed) = (0, 0);
            entries.held.commit()?;
            self.evict();
            return Ok(());
        }
        let MapForm::Links { escaped } = entries.form else {
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
                    .with_help("read the map again: another object has taken its place"));
            }
            let links = changes.iter().map(|(key, change)| link_of(key, change, escaped));
            let links = links.collect::<Result<Vec<String>>>()?;
            if links.is_empty() {
                return Ok(());
            }
            let root = libhdf5::root_of(group)?;
            // Nobody else changes the file before all is done, so what is checked stays true.
            let written = with_writer_lock(|| {
                for (link, change) in links.iter().zip(changes.values()) {
                    check(group, link, change).map_err(|e| e.at(link))?;
                }
                // HDF5 looks at every open object when it deletes or moves one.
                changes.values_mut().for_each(Change::close);
                let written = links.iter().zip(changes.values()).try_for_each(|(link, change)| {
                    put(&root, group, link, change, options).map_err(|e| e.at(link))?;
                    done += 1;
                    Ok(())
                });
                let opened = match written {
                    Ok(()) => Ok(()),
                    Err(_) => {
                        changes.values_mut().skip(done).try_for_each(|change| change.open(group))
                    }
                };
                let counted = match escaped {
                    true => libhdf5::set_number(group, LEN, count(group)?),
                    false => Ok(()),
                };
                written.and(opened).and(counted)
            });
            written.and(libhdf5::written(group))
        });
        // Handles in these values may lead to what is no longer there: they are read again, from
        // their new places.
        changes.drain(..done);
        entries.forget();
        let flushed = flushed.and_then(|()| entries.held.commit());
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
        "call `discard` to drop the changes of this map: another handle changed the same entry",
    ))
}

impl<V> Change<V> {
    /// Closes the entry that the change takes the place of.
    fn close(&mut self) {
        if let Some(base) = &mut self.base {
            base.kept = None;
        }
    }

    /// Opens that entry again.
    fn open(&mut self, group: &Id) -> Result<()> {
        if let Some(base) = &mut self.base
            && libhdf5::exists(group, &base.link)?
        {
            base.kept = Some(libhdf5::hold(&libhdf5::open(group, &base.link)?)?);
        }
        Ok(())
    }
}

/// Puts one change into the file, for a thread that holds the writer lock. The root is where a value is
/// written until it is complete.
fn put<V: FileBacked>(
    root: &Id,
    group: &Id,
    link: &str,
    change: &Change<V>,
    options: &WriteOptions,
) -> Result<()> {
    let old = change.base.as_ref().map(|base| &*base.link);
    let Some(value) = &change.value else {
        return old.map_or(Ok(()), |old| libhdf5::clear_link(group, old));
    };
    let cx = whole::write_context::<V>(options)?;
    whole::rehearse(&cx, Place::Member(UNDER_WAY), value)?;
    staging::write_locked(LibSink::new(root.clone())?, root, value, &cx, || {
        libhdf5::locked(|| {
            libhdf5::move_over(root, UNDER_WAY, group, link)?;
            old.filter(|old| *old != link).map_or(Ok(()), |old| libhdf5::clear_link(group, old))
        })
    })
}

/// How many entries there are now.
fn count(group: &Id) -> Result<u64> {
    let under_way = libhdf5::exists(group, UNDER_WAY)?;
    Ok((libhdf5::count_links(group)? - usize::from(under_way)) as u64)
}
