//! Maps and sets.
//!
//! With flat values (numbers, bools, text, enums without data, and options, tuples, arrays and
//! structs of those), and with keys that cannot be link names:
//!
//! ```text
//! x            group     filebacked = "map", len = n
//! ├── keys     the keys as rows
//! └── values   the values as rows
//! ```
//!
//! With keys that are text, integers or enums without data, and other values:
//!
//! ```text
//! x            group     filebacked = "links", len = n; link order tracked
//! └── <key>    the value; `/`, `%`, NUL, `.`, `..` and the empty key are percent-escaped
//! ```
//!
//! Many maps:
//!
//! ```text
//! x            group     filebacked = "maps", len = n
//! ├── offsets  u64 (n + 1): where each map's entries start, and where the last one's end
//! ├── keys     the keys of all maps as rows
//! └── values   the values of all maps as rows
//! ```
//!
//! Foreign files have one link per key, `keys` and `values`, or numbered groups of `key` and
//! `value`.
//!
//! A set is a sequence. Hash maps and sets are sorted, so that equal values give equal files.

use crate::backed::{FileBacked, Save};
use crate::context::WriteContext;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::layout::{python, sequence};
use crate::node::Node;
use crate::path::State;
use crate::reader::GroupReader;
use crate::rows::Rows;
use crate::schema::{Nested, Schema, Seen};
use crate::slot::{Place, Slot, Written};
use crate::stamp::{Stamp, UNDER_WAY, escape_link, unescape};
use crate::storage::ObjectKind;
use crate::storage::digest::Digest;
use std::borrow::Cow;

/// The order of entries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Order {
    /// The collection's own.
    Kept,
    /// By chance, so sorted where files have to be equal.
    Hashed,
}

/// Whether a map of these types is stored as links unless its field says otherwise.
pub(crate) fn by_links<K: Save, V: Save>() -> bool {
    K::is_link_name() && V::needs_objects(&mut Seen::default())
}

/// Returns the schema of a map type.
pub(crate) fn schema<K: FileBacked, V: FileBacked>() -> Schema {
    Schema::Map { key: K::schema, value: V::schema, links: by_links::<K, V>() }
}

/// Writes a map. `entries` is called once or twice: what is gathered are the addresses of one
/// column at a time.
pub(crate) fn write<'v, K: Save + 'v, V: Save + 'v, I: Iterator<Item = (&'v K, &'v V)>>(
    entries: impl Fn() -> I,
    order: Order,
    slot: Slot<'_>,
) -> Result<Written> {
    if slot.cx.is_python() {
        let entries = sorted(entries().collect(), |entry| entry.0, order, slot.cx)?;
        return python::write_map(&entries, slot);
    }
    let links = match slot.layout() {
        Some(StoreAs::Links) if !K::is_link_name() => {
            let what = "keys of this type cannot be the names of links";
            return Err(Error::new(ErrorKind::Unsupported(what.into()))
                .with_help("remove `layout = \"links\"` from the field"));
        }
        Some(StoreAs::Links) => true,
        Some(StoreAs::Columns) => false,
        // AnnData's dicts are of text.
        _ if slot.is_encoded() && K::is_link_name() => true,
        _ => by_links::<K, V>(),
    };
    if order == Order::Kept || !slot.cx.is_deterministic() {
        return if links { write_links(entries(), slot) } else { write_columns(entries, slot) };
    }
    let sorted = sorted(entries().collect(), |entry| entry.0, order, slot.cx)?;
    let entries = || sorted.iter().copied();
    if links { write_links(entries(), slot) } else { write_columns(entries, slot) }
}

pub(crate) fn key_name<K: Save>(key: &K) -> Result<Cow<'_, str>> {
    key.name().ok_or_else(|| {
        ErrorKind::Contract("a key type that promises names gave none".into()).into()
    })
}

pub(crate) fn value_schema<V: Save>(cx: &WriteContext) -> Option<Nested> {
    if cx.mask().is_some() { V::key().map(|key| key.nested()) } else { None }
}

fn write_links<'v, K: Save + 'v, V: Save + 'v>(
    entries: impl Iterator<Item = (&'v K, &'v V)>,
    slot: Slot<'_>,
) -> Result<Written> {
    let cx = slot.cx;
    // To AnnData a name is a key as it stands.
    let plain = slot.is_encoded();
    let mut group = slot.group(Stamp::kind(if plain { "dict" } else { "links" }))?;
    let entries: Vec<(&K, &V)> = entries.collect();
    group.write_len(entries.len())?;
    for (key, value) in entries {
        let name = key_name(key)?;
        let link = if plain { checked_link(&name)? } else { escape_link(&name) };
        group.entry(&link, Some(&name), value_schema::<V>(cx), &mut |slot| slot.put(value))?;
    }
    group.end()
}

/// A name as it stands, where that can be a link's.
pub(crate) fn checked_link(name: &str) -> Result<Cow<'_, str>> {
    if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
        return Err(ErrorKind::Unsupported(format!(
            "the key {name:?} in an AnnData dict, where it is a link name"
        ))
        .into());
    }
    Ok(name.into())
}

fn write_columns<'v, K: Save + 'v, V: Save + 'v, I: Iterator<Item = (&'v K, &'v V)>>(
    entries: impl Fn() -> I,
    slot: Slot<'_>,
) -> Result<Written> {
    let cx = slot.cx;
    let mut group = slot.group(Stamp::kind("map"))?;
    let mut keys = Vec::new();
    // The numbers of the entries that the patterns leave out, computed once for both columns.
    let mut left_out = Vec::new();
    let mut state = Common::default();
    if cx.mask().is_none() {
        keys.extend(entries().map(|(key, _)| key));
    } else {
        for (number, (key, _)) in entries().enumerate() {
            match group.step(key.name().as_deref(), value_schema::<V>(cx)) {
                Some(of_entry) => {
                    state.add(of_entry, key)?;
                    keys.push(key);
                }
                None => left_out.push(number),
            }
        }
    }
    group.write_len(keys.len())?;
    group.part("keys", |slot| slot.put_rows(Rows::refs(&keys)))?;
    let mut values = Vec::with_capacity(keys.len());
    drop(keys);
    let mut left_out = left_out.into_iter().peekable();
    let kept = |(number, (_, value))| {
        if left_out.next_if_eq(&number).is_some() { None } else { Some(value) }
    };
    values.extend(entries().enumerate().filter_map(kept));
    group.part("values", |slot| {
        let mut slot = slot.each();
        slot.state = state.0.unwrap_or(slot.state);
        slot.put_rows(Rows::refs(&values))
    })?;
    group.end()
}

/// Where patterns stand at the entries of a map in columns: at all of them in the same place.
#[derive(Default)]
struct Common(Option<State>);

impl Common {
    fn add<K: Save>(&mut self, state: State, key: &K) -> Result<()> {
        match self.0.replace(state) {
            Some(other) if other != state => Err(one_key(key.name().as_deref().unwrap_or(""))),
            _ => Ok(()),
        }
    }
}

/// The error of a pattern that wants a part of one entry only.
#[cold]
fn one_key(key: &str) -> Error {
    let what =
        format!("a pattern for a part of the entry `{key}` of a map that is stored as columns");
    Error::new(ErrorKind::Unsupported(what)).with_help(
        "use `*` for all keys, or `#[filebacked(layout = \"links\")]` on the field of the map",
    )
}

/// Writes many maps; `entries` gives those of one.
pub(crate) fn write_rows<'v, M, K: Save + 'v, V: Save + 'v>(
    maps: Rows<'v, M>,
    slot: Slot<'_>,
    order: Order,
    entries: impl Fn(&'v M) -> Vec<(&'v K, &'v V)>,
) -> Result<Written> {
    let cx = slot.cx;
    let mut group = slot.group(Stamp::kind("maps"))?;
    group.write_len(maps.len())?;
    let (mut keys, mut values, mut counts) =
        (Vec::new(), Vec::new(), Vec::with_capacity(maps.len()));
    maps.try_for_each(|map| {
        let entries = sorted(entries(map), |entry| entry.0, order, cx)?;
        counts.push(entries.len());
        for (key, value) in entries {
            keys.push(key);
            values.push(value);
        }
        Ok::<_, Error>(())
    })?;
    group.part("offsets", |slot| {
        sequence::write_offsets(slot, Rows::slice(&counts), |count| *count)
    })?;
    group.part("keys", |slot| slot.put_rows(Rows::refs(&keys)))?;
    group.part("values", |slot| slot.each().put_rows(Rows::refs(&values)))?;
    group.end()
}

/// The bytes that a key is written as.
pub(crate) fn coded<K: Save>(key: &K, cx: &WriteContext) -> Result<Vec<u8>> {
    let mut digest = Digest::default();
    let _ = Slot::whole(&mut digest, cx, Place::Member("key")).put(key)?;
    Ok(digest.into_bytes())
}

/// Entries in the order they are written in.
pub(crate) fn sorted<'v, E: Copy, K: Save + 'v>(
    entries: Vec<E>,
    key: impl Fn(&E) -> &'v K,
    order: Order,
    cx: &WriteContext,
) -> Result<Vec<E>> {
    if order == Order::Kept || !cx.is_deterministic() {
        return Ok(entries);
    }
    let places = if K::is_link_name() {
        let mut names = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            names.push((by_name(key(entry).name().unwrap_or_default()), place));
        }
        order_of_names(names)
    } else {
        // Keys of any other type: by the bytes they are written as.
        let mut coded = Vec::with_capacity(entries.len());
        for entry in &entries {
            coded.push(self::coded(key(entry), cx)?);
        }
        order_of_bytes(coded)
    };
    let mut sorted = Vec::with_capacity(entries.len());
    for place in places {
        sorted.push(entries[place]);
    }
    Ok(sorted)
}

/// The places of names in their order; of equal ones the first comes first.
fn order_of_names(mut names: Vec<(ByName<'_>, usize)>) -> Vec<usize> {
    names.sort_unstable();
    names.into_iter().map(|(_, place)| place).collect()
}

fn order_of_bytes(coded: Vec<Vec<u8>>) -> Vec<usize> {
    let mut places: Vec<usize> = (0..coded.len()).collect();
    places.sort_by(|a, b| coded[*a].cmp(&coded[*b]));
    places
}

/// A name with what it is sorted by before it.
type ByName<'n> = (bool, u128, Cow<'n, str>);

/// Sorts entries whose keys are names, as a map that has no order of its own is written.
pub(crate) fn sort_by_name<K: Save, V>(entries: &mut [(K, V)]) {
    if K::is_link_name() {
        entries.sort_by(|(a, _), (b, _)| {
            let name = |key: &K| by_name(key.name().unwrap_or_default().into_owned().into());
            name(a).cmp(&name(b))
        });
    }
}

/// The sort key of a name: numbers first, by value, then text by its bytes. The first bytes are
/// stored beside the name, so that most comparisons need not read it.
fn by_name(name: Cow<'_, str>) -> ByName<'_> {
    let numeric = name
        .as_bytes()
        .first()
        .is_some_and(|first| first.is_ascii_digit() || matches!(first, b'-' | b'+'));
    match if numeric { name.parse::<i128>().ok() } else { None } {
        // The smallest number is the smallest without a sign too.
        Some(number) => (false, number.cast_unsigned() ^ 1 << 127, name),
        None => {
            let mut first = [0; 16];
            let len = name.len().min(16);
            first[..len].copy_from_slice(&name.as_bytes()[..len]);
            (true, u128::from_be_bytes(first), name)
        }
    }
}

/// Reads a map; `new` makes an empty one with room for so many entries, and `insert` says whether
/// the key was new.
pub(crate) fn read<M, K: FileBacked, V: FileBacked>(
    node: Node<'_>,
    new: impl FnOnce(usize) -> M,
    insert: impl Fn(&mut M, K, V) -> bool,
) -> Result<M> {
    let (group, form) = open::<K, V>(node)?;
    match form {
        MapForm::Columns => read_columns(&group, new, insert),
        MapForm::Pairs => read_pairs(&group, new, insert),
        MapForm::Links { escaped } => read_links(&group, escaped, new, insert),
    }
}

/// How the entries of a map lie in its group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MapForm {
    /// As `keys` and `values`.
    Columns,
    /// As links, whose names are escaped where this library wrote them.
    Links { escaped: bool },
    /// Numbered, each a group of `key` and `value`.
    Pairs,
}

/// Opens a map.
pub(crate) fn open<K: FileBacked, V: FileBacked>(
    node: Node<'_>,
) -> Result<(GroupReader<'_>, MapForm)> {
    let kind = node.stamp()?.map(|stamp| stamp.kind_name().to_string());
    if !matches!(kind.as_deref(), None | Some("map" | "links" | "dict")) {
        return Err(node.unexpected("a group (map)"));
    }
    let group = node.group_as("a group (map)")?;
    let form = match kind.as_deref() {
        Some("map") => MapForm::Columns,
        Some(kind) => MapForm::Links { escaped: kind == "links" },
        None => foreign_form::<K, V>(&group)?,
    };
    Ok((group, form))
}

/// The form of a foreign map: one link per key, unless it is `keys` and `values`, or numbered
/// entries.
fn foreign_form<K: FileBacked, V: FileBacked>(group: &GroupReader<'_>) -> Result<MapForm> {
    if V::is_link() {
        return Ok(MapForm::Links { escaped: false });
    }
    // Members are looked up by name, since there may be many links.
    if !by_links::<K, V>()
        && let (Some(keys), Some(_)) = (group.child("keys")?, group.child("values")?)
        && group.count()? == 2
    {
        // A key may be named `keys` too: then it has a value, and no column. A column of names is
        // one dataset.
        let is_value = match keys.kind() {
            ObjectKind::Dataset => keys.describe()?.shape.is_empty(),
            _ => K::is_link_name(),
        };
        return Ok(if is_value { MapForm::Links { escaped: false } } else { MapForm::Columns });
    }
    // Where keys are names, a group of `key` and `value` may as well be a value.
    let values_are_groups =
        matches!(V::schema(), Schema::Struct(_) | Schema::Variants(_) | Schema::Map { .. });
    let pairs = match group.child("0")? {
        Some(first)
            if first.kind() == ObjectKind::Group && !(K::is_link_name() && values_are_groups) =>
        {
            first.group()?.names()? == ["key", "value"]
        }
        _ => false,
    };
    Ok(if pairs { MapForm::Pairs } else { MapForm::Links { escaped: false } })
}

/// The key whose name a link has.
pub(crate) fn key_of_link<K: FileBacked>(name: &str, link: &str) -> Result<K> {
    K::from_name(name).ok_or_else(|| {
        let what = format!("`{name}` is not a key of type `{}`", std::any::type_name::<K>());
        Error::new(ErrorKind::Invalid(what)).at(link)
    })
}

#[cold]
pub(crate) fn twice(key: &str) -> Error {
    ErrorKind::Damaged(format!("the key {key} twice")).into()
}

/// The keys and the values of the entries of one or many maps.
fn keys_and_values<K: FileBacked, V: FileBacked>(
    group: &GroupReader<'_>,
) -> Result<(Vec<K>, Vec<V>)> {
    let keys = group.part("keys", |node| node.get_rows::<K>())?;
    let mut state = Common::default();
    if group.context().mask().is_some() {
        for key in &keys {
            if let Some(of_entry) = group.step(key.name().as_deref(), Some(V::schema)) {
                state.add(of_entry, key)?;
            }
        }
    }
    let values = group.part("values", |node| {
        let mut node = node.each();
        node.state = state.0.unwrap_or(node.state);
        node.get_rows::<V>()
    })?;
    Ok((keys, values))
}

fn read_columns<M, K: FileBacked, V: FileBacked>(
    group: &GroupReader<'_>,
    new: impl FnOnce(usize) -> M,
    insert: impl Fn(&mut M, K, V) -> bool,
) -> Result<M> {
    let (keys, values) = keys_and_values::<K, V>(group)?;
    if keys.len() != values.len() {
        return Err(
            ErrorKind::Damaged(format!("{} keys and {} values", keys.len(), values.len())).into()
        );
    }
    let mut map = new(keys.len());
    let masked = group.context().mask().is_some();
    for (i, (key, value)) in keys.into_iter().zip(values).enumerate() {
        if masked && group.step(key.name().as_deref(), Some(V::schema)).is_none() {
            continue;
        }
        if !insert(&mut map, key, value) {
            return Err(twice(&format!("number {i}")));
        }
    }
    Ok(map)
}

fn read_links<M, K: FileBacked, V: FileBacked>(
    group: &GroupReader<'_>,
    escaped: bool,
    new: impl FnOnce(usize) -> M,
    insert: impl Fn(&mut M, K, V) -> bool,
) -> Result<M> {
    let names = group.names()?;
    let mut map = new(names.len());
    for link in names {
        if escaped && link == UNDER_WAY {
            continue;
        }
        let name = if escaped { unescape(&link) } else { link.clone() };
        let Some(state) = group.step(Some(&name), Some(V::schema)) else { continue };
        let key = key_of_link::<K>(&name, &link)?;
        let value = match V::is_link() {
            true => group.link::<V>(&link).map_err(|e| e.at(&link))?,
            false => group
                .entry(&link, state)?
                .map(|node| node.get::<V>().map_err(|e| e.at(&link)))
                .transpose()?,
        };
        let Some(value) = value else { continue };
        if !insert(&mut map, key, value) {
            return Err(twice(&format!("`{name}`")));
        }
    }
    Ok(map)
}

fn read_pairs<M, K: FileBacked, V: FileBacked>(
    group: &GroupReader<'_>,
    new: impl FnOnce(usize) -> M,
    insert: impl Fn(&mut M, K, V) -> bool,
) -> Result<M> {
    let len = group.names()?.len();
    let mut map = new(len);
    for i in 0..len {
        let name = i.to_string();
        let read = |node: Node<'_>| {
            let entry = node.group()?;
            let key = entry.part("key", |node| node.get::<K>())?;
            let Some(state) = group.step(key.name().as_deref(), Some(V::schema)) else {
                return Ok(None);
            };
            let value = entry
                .entry("value", state)?
                .ok_or_else(|| Error::new(ErrorKind::Missing).at("value"))?;
            Ok(Some((key, value.get::<V>().map_err(|e| e.at("value"))?)))
        };
        if let Some((key, value)) = group.part(&name, read)?
            && !insert(&mut map, key, value)
        {
            return Err(twice(&format!("of entry {i}")));
        }
    }
    Ok(map)
}

/// Reads many maps; `insert` puts an entry into a map, and says whether the key was new.
pub(crate) fn read_rows<M, K: FileBacked, V: FileBacked>(
    node: Node<'_>,
    new: impl Fn(usize) -> M,
    insert: impl Fn(&mut M, K, V) -> bool,
) -> Result<Vec<M>> {
    let group = node.group_of("maps", "a group (maps)")?;
    let (counts, total) = group.part("offsets", sequence::read_offsets)?;
    let (keys, values) = keys_and_values::<K, V>(&group)?;
    if keys.len() != total || values.len() != total {
        let what = format!(
            "{} keys and {} values where the offsets tell of {total}",
            keys.len(),
            values.len()
        );
        return Err(ErrorKind::Damaged(what).into());
    }
    let mut entries = keys.into_iter().zip(values);
    let mut maps = Vec::with_capacity(counts.len());
    for (i, count) in counts.into_iter().enumerate() {
        let mut map = new(count);
        for (key, value) in entries.by_ref().take(count) {
            if !insert(&mut map, key, value) {
                return Err(twice(&format!("in map {i}")));
            }
        }
        maps.push(map);
    }
    Ok(maps)
}
