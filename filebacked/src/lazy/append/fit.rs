//! Whether elements of one type can stand in a dataset of another.

use crate::storage::compound::Strings;
use crate::storage::{CompoundType, Dtype};

/// How elements of one type become those of another.
pub(super) enum Fit {
    /// They can stand there, as elements of this type.
    Same(Dtype),
    /// Where the dataset is made anew, of this type.
    Wider(Dtype),
    Not,
}

/// Whether new elements, among which these strings are, can stand in a dataset.
pub(super) fn fit(new: &Dtype, strings: &[Strings], stored: &Dtype) -> Fit {
    let stored = stored.with_places();
    let longest = strings.iter().map(Strings::extent).collect::<Vec<_>>();
    match merged(new, 0, &longest, &stored) {
        Some(merged) if merged == stored => Fit::Same(merged),
        Some(merged) => Fit::Wider(merged),
        None => Fit::Not,
    }
}

/// The type that holds the elements of both: strings as long as the longer ones, or of variable
/// length. Where the new ones are of variable length, `longest` says how long they are by where
/// they stand.
fn merged(new: &Dtype, at: usize, longest: &[(usize, usize)], stored: &Dtype) -> Option<Dtype> {
    match (new, stored) {
        (Dtype::FixedStr(new), Dtype::FixedStr(stored)) => Some(Dtype::FixedStr(*new.max(stored))),
        (Dtype::FixedStr(_), Dtype::VarStr) => Some(Dtype::VarStr),
        (Dtype::VarStr, Dtype::FixedStr(width)) => {
            let fits = longest.iter().any(|(place, longest)| *place == at && longest <= width);
            Some(if fits { stored.clone() } else { Dtype::VarStr })
        }
        // Enumerations go by name.
        (Dtype::Enum(new), Dtype::Enum(known)) => {
            let known = |name: &str| known.members.iter().any(|(other, _)| *other == name);
            new.members.iter().all(|(name, _)| known(name)).then(|| stored.clone())
        }
        (Dtype::Array(new, shape), Dtype::Array(stored, other)) if shape == other => {
            Some(Dtype::Array(Box::new(merged(new, at, longest, stored)?), shape.clone()))
        }
        (Dtype::Compound(new), Dtype::Compound(stored))
            if new.members.len() == stored.members.len() =>
        {
            let parts = stored.members.iter().map(|member| {
                let new = new.members.iter().find(|new| new.name == member.name)?;
                Some((
                    member.name.clone(),
                    merged(&new.dtype, at + new.offset, longest, &member.dtype)?,
                ))
            });
            Some(Dtype::Compound(CompoundType::packed(
                parts.collect::<Option<Vec<_>>>()?.into_iter(),
            )))
        }
        (new, stored) => (new == stored).then(|| stored.clone()),
    }
}
