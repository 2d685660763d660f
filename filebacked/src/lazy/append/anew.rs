//! Rewrites with all rows the parts of a table that cannot grow.

use super::plan::{Place, Plan, handle, number, refused};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::stamp::{FILTER, LEN};
use crate::storage::draft::{DraftGroup, Drafted};

impl Plan {
    /// Plans that a node is written anew; that waits until all rows are at hand.
    pub(super) fn anew(&mut self, found: &Object<'_>, place: Place<'_>) -> Result<()> {
        let Some(all) = &mut self.all else {
            self.wants_all = true;
            return Ok(());
        };
        let Some(all) = take(all, &self.path) else {
            return Err(ErrorKind::Contract(
                "rows that are another time written in another way".into(),
            )
            .into());
        };
        let (group, name) = self.place(found, place)?;
        self.at_root |= self.path.is_empty();
        self.instead.push((group, name, all));
        Ok(())
    }

    /// Plans that the members of a group become others.
    pub(super) fn members_anew(&mut self, found: &Object<'_>, draft: DraftGroup) -> Result<()> {
        // Others have no lengths.
        if let Some(len) = draft.number(LEN)
            && number(found, LEN)?.is_some()
        {
            self.lens.push((handle(found)?, len));
        }
        for (name, member) in draft.members {
            let there =
                found.child(&name)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(&name))?;
            let (group, name) =
                self.place(&there, Some((found, &name))).map_err(|e| e.at(&name))?;
            self.instead.push((group, name, member));
        }
        Ok(())
    }
}

/// Takes a node out of a draft.
pub(super) fn take(draft: &mut Drafted, path: &[String]) -> Option<Drafted> {
    match (path.split_last(), draft) {
        (None, draft) => Some(std::mem::take(draft)),
        (Some((last, groups)), Drafted::Group(group)) => {
            let mut group = group;
            for name in groups {
                let (_, member) = group.members.iter_mut().find(|(member, _)| member == name)?;
                let Drafted::Group(inner) = member else { return None };
                group = inner;
            }
            group.take(last)
        }
        _ => None,
    }
}

/// Whether a filter has written a node, or a member of its records, and writes the rows: then only
/// the filter knows the form with more rows.
pub(super) fn is_filtered(found: &Object<'_>, draft: &Drafted) -> Result<bool> {
    let marks = draft.texts().filter(|(name, _)| name.split(':').next() == Some(FILTER));
    let mut filtered = false;
    for (name, mark) in marks {
        filtered = true;
        if found.text_attribute(name)?.as_deref() != Some(mark) {
            return Err(refused(format!(
                "what the filter `{mark}` writes to what another one wrote, or none"
            )));
        }
    }
    match filtered || found.attribute(FILTER)?.is_none() {
        true => Ok(filtered),
        false => Err(refused("to what a filter wrote")),
    }
}
