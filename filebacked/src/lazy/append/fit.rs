//! Whether elements of one type can stand in a dataset of another.

use crate::storage::{CompoundType, Dtype};

/// How elements of one type become those of another.
pub(super) enum Fit {
    Same,
    /// Where the dataset is made anew, of this type.
    Wider(Dtype),
    Not,
}

/// Whether new elements can stand in a dataset.
pub(super) fn fit(new: &Dtype, stored: &Dtype) -> Fit {
    match merged(new, stored) {
        Some(merged) if merged == *stored => Fit::Same,
        Some(merged) if merged.is_plain() => Fit::Wider(merged),
        _ => Fit::Not,
    }
}

/// The type that holds the elements of both: strings as long as the longer ones.
fn merged(new: &Dtype, stored: &Dtype) -> Option<Dtype> {
    match (new, stored) {
        (Dtype::FixedStr(new), Dtype::FixedStr(stored)) => Some(Dtype::FixedStr(*new.max(stored))),
        // Enumerations go by name.
        (Dtype::Enum(new), Dtype::Enum(known)) => {
            let known = |name: &str| known.members.iter().any(|(other, _)| *other == name);
            new.members.iter().all(|(name, _)| known(name)).then(|| stored.clone())
        }
        (Dtype::Array(new, shape), Dtype::Array(stored, other)) if shape == other => {
            Some(Dtype::Array(Box::new(merged(new, stored)?), shape.clone()))
        }
        (Dtype::Compound(new), Dtype::Compound(stored)) if new.members.len() == stored.members.len() => {
            let (mut members, mut offset) = (stored.members.to_vec(), 0);
            for member in &mut members {
                let new = new.members.iter().find(|new| new.name == member.name)?;
                member.dtype = merged(&new.dtype, &member.dtype)?;
                member.offset = offset;
                offset += member.dtype.stored_size();
            }
            let compound = CompoundType { size: offset, members: members.into() };
            Some(Dtype::Compound(compound))
        }
        (new, stored) => (new == stored).then(|| stored.clone()),
    }
}
