//! Doing what was planned.

use super::Appended;
use super::plan::{Cut, New, Plan};
use crate::error::Result;
use crate::stamp::{ASIDE, LEN};
use crate::storage::libhdf5::{
    self, Grower, Id, LibKept, LibSink, References, Rows, relink, resize, set_number,
};
use crate::storage::{Dtype, Kept, ObjectKind};
use std::sync::Arc;

impl Plan {
    /// Does all of it.
    pub(super) fn apply(mut self, object: &Id, kind: ObjectKind) -> Result<Appended> {
        let mut grower = Grower::new()?;
        let mut root: Option<Arc<dyn Kept>> = None;
        let references = self.references()?;
        // A rewritten dataset stays beside the old one until everything is written; then it takes
        // the name.
        let mut anew = Vec::new();
        for growth in &mut self.grown {
            if let Some(place) = growth.place.take() {
                let new = grower.remade(
                    &growth.dataset,
                    &growth.description.dtype,
                    growth.dtype.as_ref(),
                )?;
                anew.push((std::mem::replace(&mut growth.dataset, new.clone()), new, place));
            }
        }
        for cut in &mut self.cuts {
            let Cut { dataset, description, chunk, rows, .. } = cut;
            match cut.place.take() {
                Some(place) => {
                    let new = grower.shortened(dataset, &description.dtype, *rows)?;
                    anew.push((dataset.clone(), new, place));
                    cut.is_done = true;
                }
                None => libhdf5::check_cut(dataset, &description.shape, chunk, *rows)?,
            }
        }
        for (group, name, draft) in self.instead.drain(..) {
            // Removes a leftover of a killed process.
            libhdf5::clear_link(&group, ASIDE)?;
            let made = draft.write(ASIDE, &mut LibSink::new(group.clone())?);
            let new = made.and_then(|()| libhdf5::open(&group, ASIDE));
            // It stays as long as it is open.
            libhdf5::clear_link(&group, ASIDE)?;
            anew.push((libhdf5::open(&group, &name)?, new?, (group, name)));
        }
        if let Err(error) = self.change(&mut grower) {
            self.undo();
            return Err(error);
        }
        let is_new = !anew.is_empty();
        for (_, new, (group, name)) in &anew {
            relink(new, group, name)?;
            // One dataset that is all there is, or all of it.
            if kind == ObjectKind::Dataset || self.at_root {
                root = Some(Arc::new(LibKept::of(new.clone())?));
            }
        }
        references.renew(&anew.iter().map(|(old, new, _)| (old, new)).collect::<Vec<_>>())?;
        self.shorten()?;
        // The rows are flushed before their number.
        libhdf5::flush(object)?;
        for (group, len) in &self.lens {
            set_number(group, LEN, *len)?;
        }
        libhdf5::written(object)?;
        Ok(Appended {
            root,
            is_new,
            columns: self.grown.into_iter().map(|growth| growth.dataset).collect(),
        })
    }

    /// The references to what is made anew.
    fn references(&self) -> Result<References> {
        let instead = self.instead.iter().map(|(group, name, _)| libhdf5::open(group, name));
        let instead = instead.collect::<Result<Vec<Id>>>()?;
        let grown =
            self.grown.iter().filter(|growth| growth.place.is_some()).map(|growth| &growth.dataset);
        let cut = self.cuts.iter().filter(|cut| cut.place.is_some()).map(|cut| &cut.dataset);
        let anew = grown.chain(cut);
        References::to(&anew.collect::<Vec<_>>(), &instead.iter().collect::<Vec<_>>())
    }

    /// Removes rows where they are. They cannot be restored, so this comes after all that can fail
    /// because of what is in the file.
    fn shorten(&self) -> Result<()> {
        for cut in self.cuts.iter().filter(|cut| !cut.is_done) {
            let mut shape = cut.description.shape.clone();
            shape[0] = cut.rows;
            resize(&cut.dataset, &shape)?;
        }
        self.removed.iter().try_for_each(|(group, name)| libhdf5::delete(group, name))
    }

    fn change(&mut self, grower: &mut Grower) -> Result<()> {
        for growth in &self.grown {
            let rows = match &growth.content {
                New::Bytes(dtype, bytes) => Rows::Bytes(dtype, bytes),
                New::Texts(texts) => Rows::Texts(texts),
                New::Records(dtype, bytes, strings, stored) => {
                    Rows::Records(dtype, bytes, strings, stored)
                }
            };
            grower.append(&growth.dataset, &growth.description.shape, growth.rows, &rows)?;
        }
        for (group, name, draft) in self.made.drain(..) {
            let mut sink = LibSink::new(group.clone())?;
            let made = draft.write(&name, &mut sink).map_err(|e| e.at(&name));
            self.done.push((group, name));
            made?;
        }
        for (dataset, shape) in &self.replaced {
            let (rank, bytes): (u64, Vec<u8>) = (
                shape.len() as u64,
                shape.iter().flat_map(|extent| extent.to_le_bytes()).collect(),
            );
            grower.write(dataset, &[rank], 0, rank, &Rows::Bytes(&Dtype::U64, &bytes))?;
        }
        Ok(())
    }

    /// After a failure: gives the datasets the lengths that they had, and takes away what was made,
    /// as far as that goes.
    fn undo(&self) {
        for (group, name) in &self.done {
            let _ = libhdf5::delete(group, name);
        }
        for growth in &self.grown {
            let _ = resize(&growth.dataset, &growth.description.shape);
        }
    }
}
