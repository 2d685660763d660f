//! Appends rows to a table in a file, and removes its last rows.
//!
//! New rows are written as any others, to a [`Draft`]. Only when every part of that has found its
//! place in the file, and everything that has to be made anew for that is there, is the first
//! dataset extended. The lengths that readers believe come last.

mod anew;
mod apply;
mod cut;
mod fit;
mod form;
mod plan;
mod table;
mod text;

use crate::backed::FileBacked;
use crate::dialect::anndata::{self as encoding, Encoding};
use crate::error::{ErrorKind, Result};
use crate::field::StoreAs;
use crate::lazy::excerpt::{Excerpt, Run};
use crate::lazy::ranks::Ranks;
use crate::object::Object;
use crate::options::WriteOptions;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Place, Slot, Written};
use crate::stamp::STAMP;
use crate::storage::draft::{Draft, DraftGroup, Drafted};
use crate::storage::libhdf5::{self, Id, LibKept, LibSource};
use crate::storage::{Dtype, Kept, ObjectKind};
use crate::whole;
use plan::{Plan, kind as kind_of};
use std::sync::{Arc, OnceLock};
pub(super) use table::{appended, truncated};

/// The rows to draft.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    /// Those that are appended.
    More,
    /// Those behind which they are, too: what a filter writes is not known row by row.
    All,
}

/// The table after rows were appended.
pub(super) struct Appended {
    /// The object that has it all, where that is another now.
    pub(super) root: Option<Arc<dyn Kept>>,
    /// Some columns are others now.
    is_new: bool,
    /// The datasets that have more rows.
    columns: Vec<Id>,
}

/// Columns that stay open.
type Columns = Arc<OnceLock<Vec<Arc<dyn Kept>>>>;

impl Appended {
    /// The columns to be held open: those that were already, where they are the same, so that their
    /// chunks that are not full yet stay in memory.
    pub(super) fn columns(&self, before: &Columns) -> Columns {
        if !self.is_new && before.get().is_some() {
            return Arc::clone(before);
        }
        let columns = self.columns.iter().map(|column| LibKept::of(column.clone()));
        let columns = columns.map(|column| column.map(|column| Arc::new(column) as Arc<dyn Kept>));
        match columns.collect::<Result<Vec<_>>>() {
            Ok(columns) => Arc::new(columns.into()),
            // They are opened again, then.
            Err(_) => Arc::default(),
        }
    }
}

/// Appends rows to an object. `check` runs while no other thread can change the file; rows are
/// drafted before.
pub(super) fn append(
    object: &Id,
    check: &dyn Fn() -> Result<()>,
    draft: &mut dyn FnMut(Wanted) -> Result<Drafted>,
) -> Result<Appended> {
    let mut all = None;
    loop {
        let more = draft(Wanted::More)?;
        // Nothing comes between the look at what is there and the last of the rows.
        let done = libhdf5::locked(|| {
            check()?;
            let source = LibSource::new(libhdf5::root_of(object)?)?;
            let node = Object::new(&source, source.adopt(object.clone())?);
            let mut plan = Plan { all: all.take(), ..Plan::default() };
            plan.node(&node, None, more, None)?;
            if plan.wants_all { Ok(None) } else { plan.apply(object, node.kind()).map(Some) }
        })?;
        match done {
            Some(appended) => return Ok(appended),
            None => all = Some(draft(Wanted::All)?),
        }
    }
}

/// Removes all rows of an object but the first `run.end`. `draft` drafts those, for parts that must
/// be rewritten. `check` runs while no other thread can change the file.
pub(super) fn truncate(
    object: &Id,
    run: Run,
    ranks: &Ranks,
    check: &dyn Fn() -> Result<()>,
    draft: &mut dyn FnMut() -> Result<Drafted>,
) -> Result<Appended> {
    if libhdf5::has_readers(object)? {
        let what =
            "a table cannot be truncated in SWMR mode, because its readers may need the rows";
        return Err(ErrorKind::Unsupported(what.into()).into());
    }
    let mut all = None;
    loop {
        let done = libhdf5::locked(|| {
            check()?;
            let source = LibSource::new(libhdf5::root_of(object)?)?;
            let node = Object::new(&source, source.adopt(object.clone())?);
            let mut plan = Plan { all: all.take(), ..Plan::default() };
            let (excerpt, _) = Excerpt::new(&source, node.handle, run, ranks);
            plan.cut(&node, None, run, &excerpt)?;
            if plan.wants_all { Ok(None) } else { plan.apply(object, node.kind()).map(Some) }
        })?;
        match done {
            Some(done) => return Ok(done),
            None => all = Some(draft()?),
        }
    }
}

/// Puts other members in the place of those of a group, all at once.
pub(super) fn replace(
    object: &Id,
    check: &dyn Fn() -> Result<()>,
    draft: DraftGroup,
) -> Result<()> {
    libhdf5::locked(|| {
        check()?;
        let source = LibSource::new(libhdf5::root_of(object)?)?;
        let node = Object::new(&source, source.adopt(object.clone())?);
        let mut plan = Plan::default();
        plan.members_anew(&node, draft)?;
        plan.apply(object, node.kind()).map(drop)
    })
}

/// Whether nothing leads to an object any more.
pub(super) fn is_gone(object: &Id) -> Result<bool> {
    Ok(libhdf5::links(object)? == 0)
}

/// Rows as they are written next to those that are there.
pub(super) fn drafted<T: FileBacked>(found: &Object<'_>, rows: &Vec<T>) -> Result<Drafted> {
    let layout = match (found.kind(), found.text_attribute(STAMP)?) {
        (ObjectKind::Dataset, stamp)
            if is_of_records(&found.describe()?.dtype, stamp.is_some()) =>
        {
            Some(StoreAs::Compound)
        }
        (ObjectKind::Dataset, _) if T::is_listed() => Some(StoreAs::Stacked),
        (_, stamp) => match kind_of(stamp.as_deref()) {
            Some("list") => Some(StoreAs::Rows),
            Some("packed") => Some(StoreAs::Packed),
            _ => None,
        },
    };
    let encoding = found.text_attribute(encoding::TYPE)?;
    drafted_by::<Vec<T>>(&WriteOptions::new(), |slot| {
        let slot = match layout {
            Some(layout) => slot.store_as(layout),
            None => slot,
        };
        match encoding.as_deref() {
            None => slot.put(rows),
            Some("dataframe") => {
                slot.data_frame(index_of::<T>(found)?).each().put_rows(Rows::slice(rows))
            }
            Some(_) => slot.encoding(Encoding::Elements).put(rows),
        }
    })
}

/// The written rows.
pub(super) fn drafted_by<T: FileBacked>(
    options: &WriteOptions,
    write: impl FnOnce(Slot<'_>) -> Result<Written>,
) -> Result<Drafted> {
    let cx = whole::write_context::<T>(options)?;
    let mut draft = Draft::default();
    let Written { .. } = write(Slot::whole(&mut draft, &cx, Place::Member("rows")))?;
    draft.finish()
}

/// The field that is the index of a data frame.
fn index_of<T: FileBacked>(found: &Object<'_>) -> Result<&'static str> {
    let index = found.text_attribute("_index")?.unwrap_or_default();
    let fields = match T::schema() {
        Schema::Struct(row) => row.fields,
        _ => Vec::new(),
    };
    match fields.iter().find(|field| field.name == index) {
        Some(field) => Ok(field.name),
        None => Err(plan::refused(format!(
            "rows without the field `{index}`, the index of the data frame, cannot be appended"
        ))),
    }
}

/// Whether a dataset holds records. In foreign files, complex numbers are not records.
fn is_of_records(dtype: &Dtype, stamped: bool) -> bool {
    matches!(dtype, Dtype::Compound(_)) || stamped && dtype.members().is_some()
}
