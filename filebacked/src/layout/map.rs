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
use crate::node::wanted::{Facts, Many, WantedKeys};
use crate::path::State;
use crate::reader::GroupReader;
use crate::rows::{Column, Rows};
use crate::schema::{Nested, Schema, Seen};
use crate::slot::given::{Given, GivenKeys, GivenRows, names_of, schema_of, value_schema};
use crate::slot::{Place, Slot, Written};
use crate::stamp::{Stamp, UNDER_WAY, escape_link, unescape};
use crate::storage::ObjectKind;
use crate::storage::digest::Digest;
use crate::writer::GroupWriter;
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
    let links = slot.cx.is_python() || is_links(&slot, K::is_link_name(), by_links::<K, V>)?;
    if !links && !is_sorted(order, slot.cx) {
        return write_columns(
            slot,
            &|keys: &mut Vec<&'v K>| entries().for_each(|(key, _)| keys.push(key)),
            &|values: &mut Vec<&'v V>| entries().for_each(|(_, value)| values.push(value)),
        );
    }
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (key, value) in entries() {
        keys.push(key);
        values.push(value);
    }
    let places = order_of(&Rows::refs(&keys), order, slot.cx)?;
    let (keys, values) = (arranged(keys, &places), arranged(values, &places));
    let (key_rows, value_rows) = (Rows::refs(&keys), Rows::refs(&values));
    if slot.cx.is_python() {
        let entries = |take: &mut dyn FnMut(&dyn Given, &dyn Given) -> Result<()>| {
            for i in 0..keys.len() {
                take(&keys[i], &values[i])?;
            }
            Ok(())
        };
        return python::write_map(&key_rows, &value_rows, &entries, V::is_flat(0), slot);
    }
    if links {
        return write_links(&key_rows, &value_rows, slot);
    }
    write_columns(slot, &|all: &mut Vec<&'v K>| all.extend_from_slice(&keys), &|all: &mut Vec<
        &'v V,
    >| {
        all.extend_from_slice(&values)
    })
}

/// Whether a map is written as links.
fn is_links(slot: &Slot<'_>, is_name: bool, by_links: fn() -> bool) -> Result<bool> {
    match slot.layout() {
        Some(StoreAs::Links) if !is_name => {
            let what = "keys of this type cannot be the names of links";
            Err(Error::new(ErrorKind::Unsupported(what.into()))
                .with_help("remove `layout = \"links\"` from the field"))
        }
        Some(StoreAs::Links) => Ok(true),
        Some(StoreAs::Columns) => Ok(false),
        // AnnData's dicts are of text.
        _ => Ok(slot.is_encoded() && is_name || by_links()),
    }
}

fn is_sorted(order: Order, cx: &WriteContext) -> bool {
    order == Order::Hashed && cx.is_deterministic()
}

pub(crate) fn named<'n>(name: Option<Cow<'n, str>>) -> Result<Cow<'n, str>> {
    name.ok_or_else(|| {
        ErrorKind::Contract("a key type that promises names gave none".into()).into()
    })
}

pub(crate) fn key_name<K: Save>(key: &K) -> Result<Cow<'_, str>> {
    named(key.name())
}

fn write_links(keys: &dyn GivenKeys, values: &dyn GivenRows, slot: Slot<'_>) -> Result<Written> {
    let schema = schema_of(values, slot.cx);
    // To AnnData a name is a key as it stands.
    let plain = slot.is_encoded();
    let mut group = slot.group(Stamp::kind(if plain { "dict" } else { "links" }))?;
    group.write_len(keys.count())?;
    let mut names = names_of(keys).into_iter();
    values.each(&mut |value| {
        let name = named(names.next().flatten())?;
        let link = if plain { checked_link(&name)? } else { escape_link(&name) };
        group.entry(&link, Some(&name), schema, &mut |slot| slot.put_given(value, u32::MAX))
    })?;
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

/// Writes a map as columns. A function gathers the values of each.
fn write_columns<'v, K: Save + 'v, V: Save + 'v>(
    slot: Slot<'_>,
    all_keys: &dyn Fn(&mut Vec<&'v K>),
    all_values: &dyn Fn(&mut Vec<&'v V>),
) -> Result<Written> {
    let cx = slot.cx;
    let mut group = slot.group(Stamp::kind("map"))?;
    let mut keys = Vec::new();
    all_keys(&mut keys);
    let mut kept = Kept::default();
    if cx.mask().is_some() {
        kept = Kept::new(&group, &Rows::refs(&keys), value_schema::<V>(cx))?;
        kept.retain(&mut keys);
    }
    group.write_len(keys.len())?;
    group.part_rows("keys", &Rows::refs(&keys))?;
    drop(keys);
    let mut values = Vec::new();
    all_values(&mut values);
    kept.retain(&mut values);
    kept.write_values(&mut group, &Rows::refs(&values))?;
    group.end()
}

/// The entries of a map in columns that patterns leave in it; without patterns empty.
#[derive(Default)]
struct Kept {
    entries: Vec<bool>,
    state: Common,
}

impl Kept {
    fn new(group: &GroupWriter<'_>, keys: &dyn GivenKeys, schema: Option<Nested>) -> Result<Self> {
        let mut kept = Kept::default();
        let mut added = Ok(());
        keys.each_name(&mut |name| {
            let state = group.step(name.as_deref(), schema);
            kept.entries.push(state.is_some());
            if let (Some(state), Ok(())) = (state, &added) {
                added = kept.state.add(state, name.as_deref());
            }
        });
        added.map(|()| kept)
    }

    fn retain<T: Copy>(&self, values: &mut Vec<T>) {
        if self.entries.is_empty() {
            return;
        }
        let mut count = 0;
        for (place, kept) in self.entries.iter().enumerate() {
            if *kept {
                values[count] = values[place];
                count += 1;
            }
        }
        values.truncate(count);
    }

    fn write_values(&self, group: &mut GroupWriter<'_>, values: &dyn GivenRows) -> Result<()> {
        group.part("values", |slot| {
            let mut slot = slot.each();
            slot.state = self.state.0.unwrap_or(slot.state);
            slot.put_given_rows(values, u32::MAX)
        })
    }
}

/// Where patterns stand at the entries of a map in columns: at all of them in the same place.
#[derive(Default)]
struct Common(Option<State>);

impl Common {
    fn add(&mut self, state: State, key: Option<&str>) -> Result<()> {
        match self.0.replace(state) {
            Some(other) if other != state => Err(one_key(key.unwrap_or(""))),
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

/// Writes many maps; `gather` adds the keys and the values of one.
pub(crate) fn write_rows<'v, M, K: Save + 'v, V: Save + 'v>(
    maps: Rows<'v, M>,
    slot: Slot<'_>,
    order: Order,
    gather: impl Fn(&'v M, &mut Vec<&'v K>, &mut Vec<&'v V>),
) -> Result<Written> {
    let cx = slot.cx;
    let mut offsets = sequence::Offsets::new(maps.len());
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for map in maps.iter() {
        let before = keys.len();
        gather(map, &mut keys, &mut values);
        offsets.push(keys.len() - before);
        if is_sorted(order, cx) {
            let (of_map, values_of_map) = (keys.split_off(before), values.split_off(before));
            let places = order_of(&Rows::refs(&of_map), order, cx)?;
            keys.append(&mut arranged(of_map, &places));
            values.append(&mut arranged(values_of_map, &places));
        }
    }
    write_all(&offsets, &Rows::refs(&keys), &Rows::refs(&values), slot)
}

fn write_all(
    offsets: &sequence::Offsets,
    keys: &dyn GivenRows,
    values: &dyn GivenRows,
    slot: Slot<'_>,
) -> Result<Written> {
    let mut group = slot.group(Stamp::kind("maps"))?;
    group.write_len(offsets.rows())?;
    group.part("offsets", |slot| offsets.write(slot))?;
    group.part_rows("keys", keys)?;
    group.part("values", |slot| slot.each().put_given_rows(values, u32::MAX))?;
    group.end()
}

/// The bytes that a key is written as.
pub(crate) fn coded(key: &dyn Given, cx: &WriteContext) -> Result<Vec<u8>> {
    let mut digest = Digest::default();
    let _ = Slot::whole(&mut digest, cx, Place::Member("key")).put_given(key, u32::MAX)?;
    Ok(digest.into_bytes())
}

/// The places of keys in the order they are written in, unless that is the one they are in.
pub(crate) fn order_of(
    keys: &dyn GivenKeys,
    order: Order,
    cx: &WriteContext,
) -> Result<Option<Vec<usize>>> {
    if !is_sorted(order, cx) {
        return Ok(None);
    }
    if keys.are_names() {
        let mut names = Vec::with_capacity(keys.count());
        keys.each_name(&mut |name| {
            let place = names.len();
            names.push((by_name(name.unwrap_or_default()), place));
        });
        return Ok(Some(order_of_names(names)));
    }
    // Keys of any other type: by the bytes they are written as.
    let mut all = Vec::with_capacity(keys.count());
    keys.each(&mut |key| {
        all.push(coded(key, cx)?);
        Ok(())
    })?;
    Ok(Some(order_of_bytes(all)))
}

/// The values in the order of their places.
pub(crate) fn arranged<T: Copy>(values: Vec<T>, places: &Option<Vec<usize>>) -> Vec<T> {
    let Some(places) = places else { return values };
    let mut arranged = Vec::with_capacity(values.len());
    for place in places {
        arranged.push(values[*place]);
    }
    arranged
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
    let (mut keys, mut values) = (Many(Vec::new()), Many(Vec::new()));
    let names = read_entries(&group, form, &mut keys, &mut values)?;
    let mut map = new(keys.0.len());
    let (mut keys, mut values) = (Column::new(keys.0), Column::new(values.0));
    let mut i = 0;
    while let (Some(key), Some(value)) = (keys.next(), values.next()) {
        if !insert(&mut map, key, value) {
            return Err(names.twice(i));
        }
        i += 1;
    }
    Ok(map)
}

/// The name of an entry in the error of a key that is there twice.
enum EntryNames {
    Numbers(Vec<usize>),
    Links(Vec<String>),
}

impl EntryNames {
    #[cold]
    fn twice(&self, i: usize) -> Error {
        match self {
            EntryNames::Links(names) => {
                twice(&format!("`{}`", names.get(i).map_or("", String::as_str)))
            }
            EntryNames::Numbers(numbers) => {
                twice(&format!("number {}", numbers.get(i).copied().unwrap_or(i)))
            }
        }
    }
}

/// Reads the entries that patterns leave in a map.
fn read_entries(
    group: &GroupReader<'_>,
    form: MapForm,
    keys: &mut dyn WantedKeys,
    values: &mut dyn WantedKeys,
) -> Result<EntryNames> {
    match form {
        MapForm::Columns => read_columns(group, keys, values).map(EntryNames::Numbers),
        MapForm::Pairs => read_pairs(group, keys, values).map(EntryNames::Numbers),
        MapForm::Links { escaped } => {
            read_links(group, escaped, keys, values).map(EntryNames::Links)
        }
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
    open_as(node, K::is_link_name(), Facts::of::<V>(), by_links::<K, V>)
}

fn open_as(
    node: Node<'_>,
    is_name: bool,
    value: Facts,
    by_links: fn() -> bool,
) -> Result<(GroupReader<'_>, MapForm)> {
    let kind = node.stamp()?.map(|stamp| stamp.kind_name().to_string());
    if !matches!(kind.as_deref(), None | Some("map" | "links" | "dict")) {
        return Err(node.unexpected("a group (map)"));
    }
    let group = node.group_as("a group (map)")?;
    let form = match kind.as_deref() {
        Some("map") => MapForm::Columns,
        Some(kind) => MapForm::Links { escaped: kind == "links" },
        None => foreign_form(&group, is_name, value, by_links)?,
    };
    Ok((group, form))
}

/// The form of a foreign map: one link per key, unless it is `keys` and `values`, or numbered
/// entries.
fn foreign_form(
    group: &GroupReader<'_>,
    is_name: bool,
    value: Facts,
    by_links: fn() -> bool,
) -> Result<MapForm> {
    if value.link {
        return Ok(MapForm::Links { escaped: false });
    }
    // Members are looked up by name, since there may be many links.
    if !by_links()
        && let (Some(keys), Some(_)) = (group.child("keys")?, group.child("values")?)
        && group.count()? == 2
    {
        // A key may be named `keys` too: then it has a value, and no column. A column of names is
        // one dataset.
        let is_value = match keys.kind() {
            ObjectKind::Dataset => keys.describe()?.shape.is_empty(),
            _ => is_name,
        };
        return Ok(if is_value { MapForm::Links { escaped: false } } else { MapForm::Columns });
    }
    // Where keys are names, a group of `key` and `value` may as well be a value.
    let values_are_groups =
        matches!((value.schema)(), Schema::Struct(_) | Schema::Variants(_) | Schema::Map { .. });
    let pairs = match group.child("0")? {
        Some(first) if first.kind() == ObjectKind::Group && !(is_name && values_are_groups) => {
            first.group()?.names()? == ["key", "value"]
        }
        _ => false,
    };
    Ok(if pairs { MapForm::Pairs } else { MapForm::Links { escaped: false } })
}

/// The key whose name a link has.
pub(crate) fn key_of_link<K: FileBacked>(name: &str, link: &str) -> Result<K> {
    match K::from_name(name) {
        Some(key) => Ok(key),
        None => Err(no_key(name, link, std::any::type_name::<K>())),
    }
}

#[cold]
fn no_key(name: &str, link: &str, key: &str) -> Error {
    Error::new(ErrorKind::Invalid(format!("`{name}` is not a key of type `{key}`"))).at(link)
}

#[cold]
pub(crate) fn twice(key: &str) -> Error {
    ErrorKind::Damaged(format!("the key {key} twice")).into()
}

/// The keys and the values of the entries of one or many maps.
fn keys_and_values(
    group: &GroupReader<'_>,
    keys: &mut dyn WantedKeys,
    values: &mut dyn WantedKeys,
) -> Result<()> {
    group.fill_part_rows("keys", keys)?;
    let mut state = Common::default();
    if group.context().mask().is_some() {
        let schema = values.facts().schema;
        keys.each_name(&mut |name| match group.step(name, Some(schema)) {
            Some(of_entry) => state.add(of_entry, name),
            None => Ok(()),
        })?;
    }
    group.part("values", |node| {
        let mut node = node.each();
        node.state = state.0.unwrap_or(node.state);
        node.fill_rows(u32::MAX, values)
    })
}

/// Returns the place of each entry in the file.
fn read_columns(
    group: &GroupReader<'_>,
    keys: &mut dyn WantedKeys,
    values: &mut dyn WantedKeys,
) -> Result<Vec<usize>> {
    keys_and_values(group, keys, values)?;
    if keys.count() != values.count() {
        let what = format!("{} keys and {} values", keys.count(), values.count());
        return Err(ErrorKind::Damaged(what).into());
    }
    let mut places = Vec::new();
    if group.context().mask().is_some() {
        let schema = values.facts().schema;
        let mut kept = Vec::with_capacity(keys.count());
        keys.each_name(&mut |name| {
            kept.push(group.step(name, Some(schema)).is_some());
            Ok(())
        })?;
        keys.retain(&kept);
        values.retain(&kept);
        places.extend((0..kept.len()).filter(|place| kept[*place]));
    }
    Ok(places)
}

/// Returns the name of each entry.
fn read_links(
    group: &GroupReader<'_>,
    escaped: bool,
    keys: &mut dyn WantedKeys,
    values: &mut dyn WantedKeys,
) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let schema = values.facts().schema;
    for link in group.names()? {
        if escaped && link == UNDER_WAY {
            continue;
        }
        let name = if escaped { unescape(&link) } else { link.clone() };
        let Some(state) = group.step(Some(&name), Some(schema)) else { continue };
        if !keys.push_named(&name) {
            return Err(no_key(&name, &link, keys.any_type().name()));
        }
        match group.fill(&link, state, values)? {
            true => names.push(name),
            false => keys.pop(),
        }
    }
    Ok(names)
}

/// Returns the number of each entry.
fn read_pairs(
    group: &GroupReader<'_>,
    keys: &mut dyn WantedKeys,
    values: &mut dyn WantedKeys,
) -> Result<Vec<usize>> {
    let mut numbers = Vec::new();
    let schema = values.facts().schema;
    for i in 0..group.names()?.len() {
        let taken = group.part(&i.to_string(), |node| {
            let entry = node.group()?;
            entry.part("key", |node| keys.get_next(node))?;
            let Some(state) = group.step(keys.last_name().as_deref(), Some(schema)) else {
                return Ok(false);
            };
            match entry.entry("value", state)? {
                Some(node) => values.get_next(node).map_err(|e| e.at("value"))?,
                None => return Err(Error::new(ErrorKind::Missing).at("value")),
            }
            Ok(true)
        })?;
        match taken {
            true => numbers.push(i),
            false => keys.pop(),
        }
    }
    Ok(numbers)
}

/// Reads many maps; `insert` puts an entry into a map, and says whether the key was new.
pub(crate) fn read_rows<M, K: FileBacked, V: FileBacked>(
    node: Node<'_>,
    new: impl Fn(usize) -> M,
    insert: impl Fn(&mut M, K, V) -> bool,
) -> Result<Vec<M>> {
    let (mut keys, mut values) = (Many(Vec::new()), Many(Vec::new()));
    let counts = read_all(node, &mut keys, &mut values)?;
    let (mut keys, mut values) = (Column::new(keys.0), Column::new(values.0));
    let mut maps = Vec::with_capacity(counts.len());
    for count in counts {
        let mut map = new(count);
        for _ in 0..count {
            if let (Some(key), Some(value)) = (keys.next(), values.next())
                && !insert(&mut map, key, value)
            {
                return Err(twice(&format!("in map {}", maps.len())));
            }
        }
        maps.push(map);
    }
    Ok(maps)
}

/// Reads the entries of many maps, and returns how many each has.
fn read_all(
    node: Node<'_>,
    keys: &mut dyn WantedKeys,
    values: &mut dyn WantedKeys,
) -> Result<Vec<usize>> {
    let group = node.group_of("maps", "a group (maps)")?;
    let (counts, total) = group.part("offsets", sequence::read_offsets)?;
    keys_and_values(&group, keys, values)?;
    if keys.count() != total || values.count() != total {
        let what = format!(
            "{} keys and {} values where the offsets tell of {total}",
            keys.count(),
            values.count()
        );
        return Err(ErrorKind::Damaged(what).into());
    }
    Ok(counts)
}
