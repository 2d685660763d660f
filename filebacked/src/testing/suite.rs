//! The checks, one after another.

use super::probe::{
    Bare, Found, Held, MEMBER, Names, Nobody, Odd, Optional, Own, Record, References, Shared,
    Unmarked, Unrecorded, Values,
};
use super::{Check, Failure};
use crate::backed::{FileBacked, Save};
use crate::error::{ErrorKind, Result};
use crate::filter::{DynFilter, Filter};
use crate::options::{Compression, ReadOptions, WriteOptions};
use crate::registry::Registry;
use crate::whole;
use crate::with::{Each, Registered};
use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How many rows "many" are.
const MANY: usize = 300;

type Checked<R = ()> = std::result::Result<R, Failure>;

/// Runs what may panic, and gives its error the name of the check.
fn guard<R>(check: Check, what: &str, run: impl FnOnce() -> Result<R>) -> Checked<R> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::caused(check, what, error)),
        Err(_) => Err(Failure::new(check, format!("{what}: panicked"))),
    }
}

/// Options whose probes use this filter.
fn options<F: Send + Sync + 'static>(filter: &Arc<F>) -> (WriteOptions, ReadOptions) {
    // Registered filters of the process must not influence the checks.
    options_with(filter, &Arc::default())
}

/// The same beside registered filters.
fn options_with<F: Send + Sync + 'static>(
    filter: &Arc<F>,
    registry: &Arc<Registry>,
) -> (WriteOptions, ReadOptions) {
    let (write, read) = (WriteOptions::new(), ReadOptions::new());
    let (write, read) = (write.registry(registry.clone()), read.registry(registry.clone()));
    (write.extension(Held(filter.clone())), read.extension(Held(filter.clone())))
}

/// Writes one thing and reads another.
fn pass<R: FileBacked>(
    check: Check,
    what: &str,
    value: &impl Save,
    to: &WriteOptions,
    from: &ReadOptions,
) -> Checked<R> {
    let bytes = guard(check, &format!("writing {what}"), || to.to_bytes(value))?;
    guard(check, &format!("reading {what}"), || from.from_bytes(&bytes))
}

fn equal<V: PartialEq + Debug>(check: Check, what: &str, written: &V, read: &V) -> Checked {
    if written == read {
        return Ok(());
    }
    let (written, read) = (excerpt(written), excerpt(read));
    Err(Failure::new(check, format!("{what}: wrote {written}, read {read}")))
}

/// The debug text of a value, cut where it gets too long for a message.
fn excerpt(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Writes a value, and reads one that must equal it.
fn back<V: FileBacked + PartialEq + Debug>(
    check: Check,
    what: &str,
    value: &V,
    to: &WriteOptions,
    from: &ReadOptions,
) -> Checked {
    equal(check, what, value, &pass(check, what, value, to, from)?)
}

/// All checks of a filter.
pub(super) fn filter<T, F>(filter: F, values: Vec<T>) -> Checked
where
    T: PartialEq + Debug + 'static,
    F: Filter<T> + 'static,
{
    let filter = Arc::new(filter);
    name(|| filter.name())?;
    record::<T, F>(&filter, &values)?;
    foreign(&filter, &values)?;
    let values = common(&filter, &Arc::default(), values)?;
    odd::<T, F>(&filter)?;
    registry(filter, values)
}

/// All checks of a predicate filter, for one type that it accepts.
pub(super) fn dynamic<T, F>(filter: F, values: Vec<T>) -> Checked
where
    T: FileBacked + PartialEq + Debug,
    F: DynFilter,
{
    let filter = Arc::new(filter);
    name(|| filter.name())?;
    let mut registry = Registry::new();
    registry.register_dyn(Shared(filter.clone()));
    if registry.filter_for::<T>().is_none() {
        let what = format!("the predicate refuses `{}`", type_name::<T>());
        return Err(Failure::new(Check::Registry, what));
    }
    let registry = Arc::new(registry);
    let own = Arc::new(Own);
    dynamic_record(&*filter, &registry, &values)?;

    // In a foreign file no node names the filter.
    let mut unrecorded = Registry::new();
    unrecorded.register_dyn(Unrecorded(filter));
    let (to, from) =
        (WriteOptions::new().registry(unrecorded), ReadOptions::new().registry(registry.clone()));
    for value in &values {
        let what = "a value in a foreign file";
        let pass = || {
            let image = whole::member_to_bytes("x", value, &to)?;
            whole::member_from_bytes::<T>(&image, "x", &from)
        };
        equal(Check::Foreign, what, value, &guard(Check::Foreign, what, pass)?)?;
    }

    // A field whose own filter only passes on is read and written by the registered one.
    let values = common(&own, &registry, values)?;
    let (to, from) = options_with(&own, &registry);
    odd_foreign::<T>(&from)?;
    back(Check::Sequence, "a Vec", &values, &to, &from)
}

/// A recorded name is on the node, and without the filter an error names it. Without a recorded name
/// the type reads the value by itself.
fn dynamic_record<T, F>(filter: &F, registry: &Arc<Registry>, values: &[T]) -> Checked
where
    T: FileBacked + PartialEq + Debug,
    F: DynFilter,
{
    let Some(value) = values.first() else { return Ok(()) };
    let (to, from) = options_with(&Arc::new(Own), registry);
    let (_, nobody) = options(&Arc::new(Own));
    let record = Borrowed::<T, Own>::of(value);
    let bytes = guard(Check::Record, "writing a value", || to.to_bytes(&record))?;
    if filter.is_recorded() {
        let Names(names) = guard(Check::Record, "reading the names", || from.from_bytes(&bytes))?;
        is_recorded(filter.name(), &names)?;
        let read = || Ok(nobody.from_bytes::<Record<T, Own>>(&bytes).map(drop));
        let read = guard(Check::UnknownFilter, "reading without the filter", read)?;
        return is_unknown(filter.name(), read);
    }
    let what = "reading without the filter, whose name is not recorded";
    let read = guard(Check::Record, what, || nobody.from_bytes::<Record<T, Own>>(&bytes))?;
    equal(Check::Record, what, value, &read.x)
}

/// All checks of a type.
pub(super) fn backed<T: FileBacked + PartialEq + Debug>(values: Vec<T>) -> Checked {
    if T::key().map(|key| key.id()) != Some(TypeId::of::<T>()) {
        let what = format!("`Save::key` of `{}` should be `Some(Key::new())`", type_name::<T>());
        return Err(Failure::new(Check::Key, what));
    }
    let filter = Arc::new(Own);
    let (to, from) = options(&filter);
    for value in &values {
        back(Check::File, "a value", value, &to, &from)?;
    }
    let entries: BTreeMap<String, &T> =
        values.iter().enumerate().map(|(i, value)| (format!("k{i}"), value)).collect();
    let read: BTreeMap<String, T> = pass(Check::Map, "a map", &entries, &to, &from)?;
    if read.len() != entries.len() {
        return Err(Failure::new(
            Check::Map,
            format!("wrote {} entries, read {}", entries.len(), read.len()),
        ));
    }
    for (written, read) in entries.values().zip(read.values()) {
        equal(Check::Map, "an entry", *written, read)?;
    }
    foreign(&filter, &values)?;
    let values = common(&filter, &Arc::default(), values)?;
    odd::<T, Own>(&filter)?;
    back(Check::Sequence, "a Vec", &values, &to, &from)?;
    registry(Unmarked(filter), values)
}

fn name<'f>(name_of: impl Fn() -> &'f str) -> Checked {
    let (name, again) = (name_of(), name_of());
    if name.is_empty() {
        return Err(Failure::new(Check::Name, "the name is empty"));
    }
    if name != again {
        return Err(Failure::new(Check::Name, format!("the name was {name:?}, then {again:?}")));
    }
    Ok(())
}

/// The checks for a filter from any source. Returns the values.
fn common<T, F>(filter: &Arc<F>, registry: &Arc<Registry>, values: Vec<T>) -> Checked<Vec<T>>
where
    T: PartialEq + Debug + 'static,
    F: Filter<T> + 'static,
{
    let (to, from) = options_with(filter, registry);
    let records: Vec<Record<T, F>> =
        values.into_iter().enumerate().map(|(i, x)| Record::new(i, x)).collect();
    for record in &records {
        back(Check::Field, "a field", record, &to, &from)?;
        let again = || Ok((to.to_bytes(record)?, to.to_bytes(record)?));
        let (once, twice) = guard(Check::Determinism, "writing twice", again)?;
        if once != twice {
            let what =
                format!("the same value gave other bytes the second time: {}", excerpt(record));
            return Err(Failure::new(Check::Determinism, what));
        }
    }
    back(Check::Rows, "columns", &records, &to, &from)?;
    let packed = to.clone().compression(Compression::Gzip(4));
    if_compressed(back(Check::Compression, "columns", &records, &packed, &from))?;

    let mut values: Vec<T> = records.into_iter().map(|record| record.x).collect();
    references::<T, F>(&values, &to, &packed, &from)?;
    for wanted in [0, 1] {
        let few = Values::<T, F>(values.drain(..wanted.min(values.len())).collect(), PhantomData);
        let what = format!("{} rows", few.0.len());
        let read: Values<T, F> = pass(Check::Rows, &what, &few, &to, &from)?;
        equal(Check::Rows, &what, &few.0, &read.0)?;
        values.extend(few.0);
    }

    let mut optional = vec![Optional::<T, F>::new(0, None)];
    for x in values {
        optional.push(Optional::new(optional.len(), Some(x)));
        optional.push(Optional::new(optional.len(), None));
    }
    for record in optional.iter().take(2) {
        back(Check::Absence, "an Option", record, &to, &from)?;
    }
    back(Check::Absence, "columns of Option", &optional, &to, &from)?;
    let values: Vec<T> = optional.into_iter().filter_map(|record| record.x).collect();

    let each = Arc::new(Each(filter.clone()));
    let (to, from) = options_with(&each, registry);
    type Nested<T, F> = Record<Vec<T>, Each<Arc<F>>>;
    let mut nested: Vec<Nested<T, F>> =
        vec![Record::new(0, Vec::new()), Record::new(1, values), Record::new(2, Vec::new())];
    for record in &nested {
        back(Check::Sequence, "a Vec by Each", record, &to, &from)?;
    }
    back(Check::Sequence, "columns of Vec by Each", &nested, &to, &from)?;
    Ok(nested.swap_remove(1).x)
}

/// Skips the check of compression in a build that cannot compress. The values have passed the other
/// checks.
fn if_compressed<R>(checked: Checked<R>) -> Checked<Option<R>> {
    match checked {
        Err(Failure { check: Check::Compression, source: Some(error), .. })
            if *error.kind() == ErrorKind::NeedsLibhdf5 =>
        {
            Ok(None)
        }
        checked => checked.map(Some),
    }
}

/// Rows whose values do not lie side by side, and more of them.
fn references<T, F>(
    values: &[T],
    to: &WriteOptions,
    packed: &WriteOptions,
    from: &ReadOptions,
) -> Checked
where
    T: PartialEq + Debug + 'static,
    F: Filter<T> + 'static,
{
    let many: Vec<&T> =
        values.iter().cycle().take(if values.is_empty() { 0 } else { MANY }).collect();
    let rows = References::<T, F>(&many, PhantomData);
    for (check, to) in [(Check::Rows, to), (Check::Compression, packed)] {
        let read: Checked<Values<T, F>> = pass(check, "many rows", &rows, to, from);
        let Some(read) = if_compressed(read)? else { continue };
        if read.0.len() != many.len() {
            return Err(Failure::new(
                check,
                format!("wrote {} rows, read {}", many.len(), read.0.len()),
            ));
        }
        for (written, read) in many.iter().zip(&read.0) {
            equal(check, "one of many rows", *written, read)?;
        }
    }
    Ok(())
}

fn record<T, F>(filter: &Arc<F>, values: &[T]) -> Checked
where
    T: PartialEq + Debug + 'static,
    F: Filter<T> + 'static,
{
    let Some(value) = values.first() else { return Ok(()) };
    let (to, from) = options(filter);
    let bytes =
        guard(Check::Record, "writing a value", || to.to_bytes(&Borrowed::<T, F>::of(value)))?;
    let Names(names) = guard(Check::Record, "reading the names", || from.from_bytes(&bytes))?;
    let name = filter.name();
    if !filter.is_recorded() {
        // Names of filters that it uses may be there all the same.
        return Ok(());
    }
    is_recorded(name, &names)?;
    let (_, nobody) = options(&Arc::new(Nobody));
    let read = || Ok(nobody.from_bytes::<Record<T, Nobody>>(&bytes).map(drop));
    is_unknown(name, guard(Check::UnknownFilter, "reading without the filter", read)?)
}

/// The name of a filter is the outermost on its node.
fn is_recorded(name: &str, names: &[String]) -> Checked {
    if names.first().map(String::as_str) == Some(name) {
        return Ok(());
    }
    let what = format!("the node names {names:?} instead of {name:?}");
    Err(Failure::new(Check::Record, what))
}

/// Reading without the filter gave the error that names it.
fn is_unknown(name: &str, read: Result<()>) -> Checked {
    match read {
        Err(error) if *error.kind() == ErrorKind::UnknownFilter(name.to_string()) => Ok(()),
        Err(error) => Err(Failure::caused(
            Check::UnknownFilter,
            format!("expected one that names {name:?}"),
            error,
        )),
        Ok(()) => Err(Failure::new(Check::UnknownFilter, "a value was read without the filter")),
    }
}

/// A record of a borrowed value.
struct Borrowed<'v, T, F>(&'v T, PhantomData<fn() -> F>);

impl<'v, T, F> Borrowed<'v, T, F> {
    fn of(value: &'v T) -> Self {
        Borrowed(value, PhantomData)
    }
}

impl<T, F: Filter<T> + 'static> Save for Borrowed<'_, T, F> {
    fn write(&self, slot: crate::slot::Slot<'_>) -> Result<crate::slot::Written> {
        let mut group = slot.structure("Record", 1)?;
        group.field("before", &0u8)?;
        group.field(MEMBER, &Bare::<T, F>(self.0, PhantomData))?;
        group.field("after", &0u64)?;
        group.end()
    }
}

/// Data without the names of filters, in a file that does not say that this library wrote it.
fn foreign<T, F>(filter: &Arc<F>, values: &[T]) -> Checked
where
    T: PartialEq + Debug + 'static,
    F: Filter<T> + 'static,
{
    let (to, _) = options(&Arc::new(Unmarked(filter.clone())));
    let (_, from) = options(filter);
    for value in values {
        let pass = || {
            let image =
                whole::member_to_bytes("x", &Bare::<T, Unmarked<F>>(value, PhantomData), &to)?;
            whole::member_from_bytes::<Found<T, F>>(&image, "x", &from)
        };
        let read = guard(Check::Foreign, "a value in a foreign file", pass)?;
        equal(Check::Foreign, "a value in a foreign file", value, &read.0)?;
    }
    Ok(())
}

/// Nodes that are something else than the filter makes: errors are right, and so are values.
fn odd<T: 'static, F: Filter<T> + 'static>(filter: &Arc<F>) -> Checked {
    let (_, from) = options(filter);
    for OddFile { what, one, rows, .. } in guard(Check::OddData, "writing odd data", odd_data)? {
        let what = format!("reading {what}");
        guard(Check::OddData, &what, || Ok(from.from_bytes::<Record<T, F>>(&one).is_ok()))?;
        guard(Check::OddData, &what, || Ok(from.from_bytes::<Vec<Record<T, F>>>(&rows).is_ok()))?;
    }
    Ok(())
}

/// The same in foreign files, whose nodes the newest registered filter reads.
fn odd_foreign<T: FileBacked>(from: &ReadOptions) -> Checked {
    for OddFile { what, foreign, .. } in guard(Check::OddData, "writing odd data", odd_data)? {
        let what = format!("reading {what}");
        guard(Check::OddData, &what, || {
            let one = whole::member_from_bytes::<T>(&foreign, MEMBER, from).is_ok();
            Ok(one | whole::member_from_bytes::<Vec<T>>(&foreign, MEMBER, from).is_ok())
        })?;
    }
    Ok(())
}

/// Something odd where the member is: in a file of one record, in one of columns of three, and in a
/// foreign file.
struct OddFile {
    what: &'static str,
    one: Vec<u8>,
    rows: Vec<u8>,
    foreign: Vec<u8>,
}

fn odd_data() -> Result<Vec<OddFile>> {
    let plain = WriteOptions::new().registry(Registry::new());
    let mut files = Vec::new();
    macro_rules! odd {
        ($($what:literal: $value:expr;)*) => {
            $(
                let make = || Odd($value);
                let (one, rows) = (plain.to_bytes(&make())?, plain.to_bytes(&vec![make(), make(), make()])?);
                let foreign = whole::member_to_bytes(MEMBER, &make().0, &plain)?;
                files.push(OddFile { what: $what, one, rows, foreign });
            )*
        };
    }
    odd! {
        "an empty group": ();
        "empty text": String::new();
        "text": "\u{fffd} no such thing".to_string();
        "text with a NUL": "\0".to_string();
        "a small number": -1i8;
        "a large number": u64::MAX;
        "NaN": f64::NAN;
        "a bool": true;
        "no bytes": Vec::<u8>::new();
        "bytes": vec![255u8; 9];
        "floats": vec![f64::NEG_INFINITY, 1e300];
        "texts": vec!["a".to_string(), String::new()];
        "nested sequences": vec![vec![0i64], vec![]];
        "a tuple": (1u8, "x".to_string());
        "a map": BTreeMap::from([("a".to_string(), 1u8)]);
        "a marker of absence": Some(None::<u8>);
    }
    Ok(files)
}

/// The same out of the registry, for fields that ask for it.
fn registry<T: PartialEq + Debug + 'static>(
    filter: impl Filter<T> + 'static,
    values: Vec<T>,
) -> Checked {
    let mut registry = Registry::new();
    registry.register::<T>(filter);
    let registry = Arc::new(registry);
    let (to, from) = options(&Arc::new(Registered));
    let (to, from) = (to.registry(registry.clone()), from.registry(registry));
    let records: Vec<_> =
        values.into_iter().enumerate().map(|(i, x)| Record::<T, Registered>::new(i, x)).collect();
    for record in &records {
        back(Check::Registry, "a registered field", record, &to, &from)?;
    }
    back(Check::Registry, "columns with a registered field", &records, &to, &from)
}
