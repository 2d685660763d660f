//! Putting the changes of a map of `keys` and `values` into its file: new entries are appended to
//! both, all others make them anew.

use super::{Change, Entries, LazyMap};
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::layout::map::{self, Order};
use crate::lazy::append::{self, Wanted};
use crate::lazy::excerpt;
use crate::object::Object;
use crate::options::WriteOptions;
use crate::storage::Kept;
use crate::storage::draft::Drafted;
use crate::storage::libhdf5;
use indexmap::IndexMap;
use std::hash::Hash;

/// The identity of `values`, and the number of keys.
type State = (Option<String>, Option<u64>);

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> Entries<K, V> {
    pub(super) fn flush_columns(
        &self,
        changes: &IndexMap<K, Change<V>>,
        options: &WriteOptions,
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        if self.held.is_masked() {
            let what = "a map of `keys` and `values` of which options leave something \
                out cannot be changed in place";
            return Err(ErrorKind::Unsupported(what.into()).into());
        }
        self.held.edit(&mut |object, found| {
            let state = self.state(found)?;
            let there = self.list()?;
            changes
                .iter()
                .try_for_each(|(key, change)| check(there.contains_key(key), &state, change))?;
            let same = || match libhdf5::is_linked(object)? && self.state(found)? == state {
                true => Ok(()),
                false => Err(changed()),
            };
            if changes.values().all(|change| change.base.is_none()) {
                let more =
                    changes.iter().filter_map(|(key, change)| Some((key, change.value.as_ref()?)));
                let more: Vec<(&K, &V)> = more.collect();
                return append::append(object, &same, &mut |wanted| match wanted {
                    Wanted::More => draft(&more, options),
                    Wanted::All => {
                        let old = self.all()?;
                        let mut all: Vec<(&K, &V)> = old.iter().collect();
                        all.extend(more.iter().map(|(key, value)| (&**key, &**value)));
                        draft(&all, options)
                    }
                })
                .map(drop);
            }
            let old = self.all()?;
            let mut entries = Vec::with_capacity(old.len() + changes.len());
            for (key, value) in &old {
                match changes.get(key) {
                    None => entries.push((key, value)),
                    Some(change) => entries.extend(change.value.as_ref().map(|value| (key, value))),
                }
            }
            let new = changes.iter().filter(|(key, _)| !old.contains_key(*key));
            entries.extend(new.filter_map(|(key, change)| Some((key, change.value.as_ref()?))));
            let same_keys =
                entries.len() == old.len() && entries.iter().all(|(key, _)| old.contains_key(*key));
            let Drafted::Group(mut group) = draft(&entries, options)? else {
                return Err(ErrorKind::Contract("a map that is not a group".into()).into());
            };
            if same_keys {
                let _ = group.take("keys");
            }
            append::replace(object, &same, group)
        })
    }

    fn state(&self, found: &Object<'_>) -> Result<State> {
        let member =
            |name| found.child(name)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(name));
        let (keys, values) = (member("keys")?, member("values")?);
        Ok((
            values.source.identity(values.handle)?,
            excerpt::rows(&keys, self.held.written_by_filebacked())?,
        ))
    }
}

/// Refuses to change entries if another handle has changed the values: they are at the same place
/// if nothing has changed.
fn check<V>(is_there: bool, (values, _): &State, change: &Change<V>) -> Result<()> {
    let Some(base) = &change.base else { return if is_there { Err(changed()) } else { Ok(()) } };
    let mut before = None;
    if let Some(kept) = &base.kept {
        before = identity(&**kept)?;
    }
    let is_gone = !is_there && change.value.is_none();
    if is_gone || is_there && before == *values { Ok(()) } else { Err(changed()) }
}

pub(super) fn identity(kept: &dyn Kept) -> Result<Option<String>> {
    let mut identity = None;
    kept.look(&mut |source, object| {
        identity = source.identity(object)?;
        source.release(object);
        Ok(())
    })?;
    Ok(identity)
}

#[cold]
fn changed() -> Error {
    Error::new(ErrorKind::Changed).with_help(
        "call `discard` to drop the changes of this map: another handle changed the same entry, \
             or all entries",
    )
}

fn draft<K: FileBacked + Eq + Hash + Clone, V: FileBacked>(
    entries: &[(&K, &V)],
    options: &WriteOptions,
) -> Result<Drafted> {
    append::drafted_by::<LazyMap<K, V>>(options, |slot| {
        map::write(|| entries.iter().copied(), Order::Kept, slot.store_as(StoreAs::Columns))
    })
}
