//! Plans that a table keeps only its first rows.

use super::anew::take;
use super::plan::{Cut, Place, Plan, handle, number};
use crate::error::{Error, ErrorKind, Result};
use crate::lazy::excerpt::{Excerpt, MemberRows, RowLayout, Run, damaged, kind_of, pieces};
use crate::object::Object;
use crate::stamp::{FILTER, LEN, STAMP};
use crate::storage::ObjectKind;
use crate::storage::libhdf5;

impl Plan {
    /// Plans that a node keeps the rows of this run, which are its first.
    pub(super) fn cut(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        run: Run,
        excerpt: &Excerpt<'_>,
    ) -> Result<()> {
        if run.end == run.of {
            return Ok(());
        }
        if has_filter(found)? {
            return self.cut_anew(found, place, run);
        }
        match found.kind() {
            ObjectKind::Dataset => self.cut_dataset(found, place, run),
            ObjectKind::Group => self.cut_group(found, place, run, excerpt),
            _ => Err(Error::mismatch("a dataset or a group", "another kind of object")),
        }
    }

    fn cut_group(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        run: Run,
        excerpt: &Excerpt<'_>,
    ) -> Result<()> {
        let stamp = found.text_attribute(STAMP)?;
        let Some(kind) = kind_of(stamp.as_deref()) else {
            return self.cut_anew(found, place, run);
        };
        // Groups of foreign files have no length.
        if let Some(stored) = number(found, LEN)? {
            let counted = run.times(pieces(found, kind)?)?;
            if stored != counted.of {
                return Err(damaged(&format!(
                    "a table of {stored} rows where there are {}",
                    counted.of
                )));
            }
            self.lens.push((handle(found)?, counted.end));
        }
        if kind == RowLayout::List {
            for number in run.end..run.of {
                self.removed.push((handle(found)?, number.to_string()));
            }
            return Ok(());
        }
        for name in found.children()? {
            self.path.push(name);
            let name = self.path.last().cloned().unwrap_or_default();
            self.cut_member(found, kind, &name, run, excerpt).map_err(|e| e.at(&name))?;
            self.path.pop();
        }
        Ok(())
    }

    fn cut_member(
        &mut self,
        group: &Object<'_>,
        kind: RowLayout,
        name: &str,
        run: Run,
        excerpt: &Excerpt<'_>,
    ) -> Result<()> {
        let member = group.child(name)?.ok_or(ErrorKind::Missing)?;
        match excerpt.part(group, kind, name, &member, run)? {
            MemberRows::All => Ok(()),
            MemberRows::Rows(run) => self.cut(&member, Some((group, name)), run, excerpt),
            MemberRows::Numbers(shape) if name == "shape" => {
                self.replaced.push((handle(&member)?, shape));
                Ok(())
            }
            MemberRows::Numbers(offsets) => {
                let of = run.times(pieces(group, kind)?)?.of + 1;
                let run = Run { start: 0, end: offsets.len() as u64, of };
                self.cut_dataset(&member, Some((group, name)), run)
            }
        }
    }

    fn cut_dataset(&mut self, found: &Object<'_>, place: Place<'_>, run: Run) -> Result<()> {
        let description = found.describe()?;
        if description.null || description.shape.first() != Some(&run.of) {
            let shape = &description.shape;
            return Err(damaged(&format!("a column of shape {shape:?} in a table of {}", run.of)));
        }
        let dataset = handle(found)?;
        let chunk = libhdf5::chunk(&dataset)?;
        let place = if chunk.is_empty() { Some(self.place(found, place)?) } else { None };
        let rows = run.end;
        self.cuts.push(Cut { dataset, place, description, chunk, rows, is_done: false });
        Ok(())
    }

    /// Plans that a node is rewritten with the rows that stay, as their types write them.
    fn cut_anew(&mut self, found: &Object<'_>, place: Place<'_>, run: Run) -> Result<()> {
        let Some(kept) = &mut self.all else {
            self.wants_all = true;
            return Ok(());
        };
        let kept = take(kept, &self.path);
        let (group, name) = self.place(found, place)?;
        match kept {
            Some(kept) => {
                self.at_root |= self.path.is_empty();
                self.instead.push((group, name, kept));
            }
            // A table without rows may lack its columns.
            None if run.end == 0 => self.removed.push((group, name)),
            None => {
                return Err(Error::new(ErrorKind::Unsupported(
                    "a column of a filter that the row type lacks cannot be truncated".into(),
                ))
                .with_help("read all rows, and save them anew"));
            }
        }
        Ok(())
    }
}

/// Whether a filter wrote a node or a member of its records.
fn has_filter(found: &Object<'_>) -> Result<bool> {
    let names = found.source.attributes(found.handle)?;
    Ok(names.iter().any(|name| name.split(':').next() == Some(FILTER)))
}
