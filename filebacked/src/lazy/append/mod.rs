//! Appending rows to a table in a file.
//!
//! The rows are written as any others, to a [`Draft`]. Only when every part of that has found its place in the file,
//! and everything that has to be made anew for that is there, is the first dataset extended. The lengths that readers
//! believe come last.

mod apply;
mod fit;
mod plan;
mod text;

use crate::backed::FileBacked;
use crate::error::Result;
use crate::field::StoreAs;
use crate::object::Object;
use crate::options::WriteOptions;
use crate::slot::{Place, Slot, Written};
use crate::stamp::STAMP;
use crate::storage::draft::{Draft, Drafted};
use crate::storage::libhdf5::{self, Id, LibSource};
use crate::storage::{Dtype, Kept, ObjectKind};
use crate::whole;
use plan::{Plan, kind as kind_of};
use std::sync::Arc;

/// Appends what was drafted to an object, and gives the object that has it all, where that is another now.
pub(super) fn append(object: &Id, draft: Drafted) -> Result<Option<Arc<dyn Kept>>> {
    let source = LibSource::new(libhdf5::root_of(object)?)?;
    let node = Object::new(&source, source.adopt(object.clone())?);
    let mut plan = Plan::default();
    plan.node(&node, None, draft, None)?;
    plan.apply(object, node.kind())
}

/// Whether nothing leads to an object any more.
pub(super) fn is_gone(object: &Id) -> Result<bool> {
    Ok(libhdf5::links(object)? == 0)
}

/// Rows as they are written next to those that are there.
pub(super) fn drafted<T: FileBacked>(found: &Object<'_>, rows: &Vec<T>) -> Result<Drafted> {
    let layout = match (found.kind(), found.text_attribute(STAMP)?) {
        (ObjectKind::Dataset, stamp) if is_of_records(&found.describe()?.dtype, stamp.is_some()) => {
            Some(StoreAs::Compound)
        }
        (ObjectKind::Dataset, _) if T::is_listed() => Some(StoreAs::Stacked),
        (_, stamp) => match kind_of(stamp.as_deref()) {
            Some("list") => Some(StoreAs::Rows),
            Some("packed") => Some(StoreAs::Packed),
            _ => None,
        },
    };
    let cx = whole::write_context::<Vec<T>>(&WriteOptions::new())?;
    let mut draft = Draft::default();
    let slot = Slot::whole(&mut draft, &cx, Place::Member("rows"));
    let slot = match layout {
        Some(layout) => slot.store_as(layout),
        None => slot,
    };
    let Written { .. } = slot.put(rows)?;
    draft.finish()
}

/// Whether a dataset is one of records. Of others, numbers that are complex are none.
fn is_of_records(dtype: &Dtype, stamped: bool) -> bool {
    matches!(dtype, Dtype::Compound(_)) || stamped && dtype.members().is_some()
}
