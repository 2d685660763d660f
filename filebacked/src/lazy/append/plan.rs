//! [`Plan`]: where each part of what was drafted has its place in the file.

use super::anew::is_filtered;
use super::fit::{Fit, fit};
use super::form::{check_arrays, check_optional};
use super::text::{fitted, texts, unpacked};
use crate::error::{Error, ErrorKind, Result};
use crate::lazy::excerpt::damaged;
use crate::object::Object;
use crate::stamp::{LEN, STAMP, Stamp};
use crate::storage::compound::Strings;
use crate::storage::draft::{Content, DraftDataset, DraftGroup, Drafted};
use crate::storage::libhdf5::{self, Id, can_grow, id_of};
use crate::storage::{Description, Dtype, ObjectKind, Slab, Span, Texts};

/// Attributes of AnnData's that say what a group is.
const ENCODING: &str = "encoding-type";

/// The planned changes, made once all of them are known.
#[derive(Default)]
pub(super) struct Plan {
    /// All rows in written form, including existing ones, if they are needed.
    pub(super) all: Option<Drafted>,
    pub(super) wants_all: bool,
    /// The members that lead to the node that is planned.
    pub(super) path: Vec<String>,
    /// The object itself is made anew.
    pub(super) at_root: bool,
    pub(super) grown: Vec<Growth>,
    /// Small datasets that are written over: their bytes.
    pub(super) replaced: Vec<(Id, Vec<u64>)>,
    /// Members that are made.
    pub(super) made: Vec<(Id, String, Drafted)>,
    /// Those that are.
    pub(super) done: Vec<(Id, String)>,
    /// Members that replace others.
    pub(super) instead: Vec<(Id, String, Drafted)>,
    /// The attributes `len` that get other values.
    pub(super) lens: Vec<(Id, u64)>,
    /// Datasets that keep only their first rows.
    pub(super) cuts: Vec<Cut>,
    /// Members that are removed.
    pub(super) removed: Vec<(Id, String)>,
}

/// A dataset that keeps its first rows.
pub(super) struct Cut {
    pub(super) dataset: Id,
    /// Where it is, if it has to be rewritten.
    pub(super) place: Option<(Id, String)>,
    pub(super) description: Description,
    pub(super) chunk: Vec<u64>,
    pub(super) rows: u64,
    pub(super) is_done: bool,
}

/// A dataset that gets more rows.
pub(super) struct Growth {
    pub(super) dataset: Id,
    /// Where it is, if it has to be made anew.
    pub(super) place: Option<(Id, String)>,
    pub(super) description: Description,
    /// The new type of its elements, if they cannot keep the old one.
    pub(super) dtype: Option<Dtype>,
    pub(super) rows: u64,
    pub(super) content: New,
}

/// Elements that are appended.
pub(super) enum New {
    Bytes(Dtype, Vec<u8>),
    Texts(Texts),
    /// Records of the first type with strings among them, as those of the second.
    Records(Dtype, Vec<u8>, Vec<Strings>, Dtype),
}

/// Where a node is: its group and its name there. The node itself is found by its own name, if that
/// is asked.
pub(super) type Place<'a> = Option<(&'a Object<'a>, &'a str)>;

#[cold]
pub(super) fn refused(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported(format!("cannot append {}", what.into())))
        .with_help("read all rows, and save them anew")
}

/// The error for a dataset that has to be rewritten, but cannot be replaced.
#[cold]
fn unplaced(why: &str) -> Error {
    Error::new(ErrorKind::Unsupported(format!("a dataset that {why} cannot be rewritten")))
        .with_help("read all rows, and save them anew")
}

pub(super) fn handle(object: &Object<'_>) -> Result<Id> {
    id_of(object.handle)
}

impl Plan {
    /// Plans a node: `len` rows are there, if that is known.
    pub(super) fn node(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        draft: Drafted,
        len: Option<u64>,
    ) -> Result<()> {
        if is_filtered(found, &draft)? {
            return self.anew(found, place);
        }
        match (found.kind(), draft) {
            (ObjectKind::Group, Drafted::Group(draft)) => self.group(found, place, draft, len),
            (ObjectKind::Dataset, Drafted::Dataset(draft)) => {
                self.dataset(found, place, draft, len)
            }
            // Text that is packed here or there.
            (ObjectKind::Dataset, Drafted::Group(group)) => match group.text(STAMP) {
                Some("packed") if found.describe()?.dtype.is_text() => {
                    let (shape, texts) = unpacked(group)?;
                    match texts.bytes.contains(&0) {
                        true => self.packed_instead(found, place, &shape, texts, len),
                        false => self.dataset(found, place, DraftDataset::texts(shape, texts), len),
                    }
                }
                _ => Err(Error::mismatch("a dataset", "rows that are a group")),
            },
            (ObjectKind::Group, Drafted::Dataset(draft)) => {
                match found.text_attribute(STAMP)?.as_deref() {
                    Some("packed") if draft.dtype.is_text() => self.packed_texts(found, draft, len),
                    _ => Err(Error::mismatch("a group", "rows that are a dataset")),
                }
            }
            _ => Err(Error::mismatch("a dataset or a group", "another kind of object")),
        }
    }

    fn group(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        draft: DraftGroup,
        len: Option<u64>,
    ) -> Result<()> {
        let stamp = found.text_attribute(STAMP)?;
        // Others have no stamps.
        let unstamped =
            || stamp.is_none() && matches!(kind(draft.text(STAMP)), Some("columns" | "map"));
        if stamp.as_deref() != draft.text(STAMP) && !unstamped() {
            let words = |stamp: Option<&str>| {
                stamp.map_or("a group".to_string(), |stamp| format!("a group ({stamp})"))
            };
            return Err(Error::mismatch(words(draft.text(STAMP)), words(stamp.as_deref())));
        }
        if found.text_attribute(ENCODING)?.as_deref() != draft.text(ENCODING) {
            return Err(refused("to a group that is AnnData's in another way"));
        }
        let kind = kind(stamp.as_deref()).unwrap_or("columns").to_string();
        // Of packed pieces there may be several a row.
        let (stored, more) = (number(found, LEN)?, draft.number(LEN));
        let rows = match kind.as_str() {
            "packed" => len,
            _ => stored.or(len),
        };
        if let (Some(stored), Some(len), false) = (stored, len, kind == "packed")
            && stored != len
        {
            return Err(damaged(&format!("a table of {stored} rows where there are {len}")));
        }
        if let (Some(stored), Some(more)) = (stored, more) {
            if more == 0 {
                return Ok(());
            }
            let sum =
                stored.checked_add(more).ok_or_else(|| damaged("more rows than can be counted"))?;
            self.lens.push((handle(found)?, sum));
        }
        match kind.as_str() {
            "list" => self.list(found, draft, rows),
            "ragged" | "maps" | "packed" => self.offsets(found, draft, rows),
            "categorical" => self.categorical(found, place, draft, rows),
            "columns" | "map" => self.members(found, draft, rows, |_| rows),
            // Of these, members have rows of their own.
            "variants" => self.members(found, draft, rows, |member| match member {
                Drafted::Dataset(_) => rows,
                Drafted::Group(_) => None,
            }),
            "optional" => {
                check_optional(found, &draft, rows)?;
                self.members(found, draft, rows, |_| None)
            }
            "arrays" => {
                check_arrays(found, &draft, rows)?;
                self.members(found, draft, rows, |_| None)
            }
            kind => Err(refused(format!("to a group ({kind})"))),
        }
    }

    /// Plans the members of a group, each with as many rows as `len` says.
    fn members(
        &mut self,
        found: &Object<'_>,
        draft: DraftGroup,
        rows: Option<u64>,
        len: impl Fn(&Drafted) -> Option<u64>,
    ) -> Result<()> {
        for name in found.children()? {
            if !draft.members.iter().any(|(member, _)| *member == name) {
                let error =
                    refused("rows that lack a column of the table, whose name is in the path");
                return Err(error.at(&name));
            }
        }
        for (name, member) in draft.members {
            self.member(found, &name, member, rows, &len).map_err(|e| e.at(&name))?;
        }
        Ok(())
    }

    fn member(
        &mut self,
        found: &Object<'_>,
        name: &str,
        member: Drafted,
        rows: Option<u64>,
        len: impl Fn(&Drafted) -> Option<u64>,
    ) -> Result<()> {
        match found.child(name)? {
            Some(there) => {
                let len = len(&member);
                self.inside(found, name, &there, member, len)
            }
            // A table without rows may lack its columns.
            None if rows == Some(0) => {
                self.made.push((handle(found)?, name.to_string(), member));
                Ok(())
            }
            None => Err(Error::new(ErrorKind::Missing)
                .with_help("the rows have a column that the table has not")),
        }
    }

    fn list(&mut self, found: &Object<'_>, draft: DraftGroup, rows: Option<u64>) -> Result<()> {
        let start = rows.ok_or_else(|| refused("to a list without a length"))?;
        for (place, (_, member)) in draft.members.into_iter().enumerate() {
            let name = (start + place as u64).to_string();
            if found.child(&name)?.is_some() {
                return Err(damaged("a list with more members than its length").at(&name));
            }
            self.made.push((handle(found)?, name, member));
        }
        Ok(())
    }

    /// Plans a group of offsets and what they count in.
    fn offsets(
        &mut self,
        found: &Object<'_>,
        mut draft: DraftGroup,
        rows: Option<u64>,
    ) -> Result<()> {
        let Some(Drafted::Dataset(offsets)) = draft.take("offsets") else {
            return Err(refused("what has no offsets"));
        };
        let Content::Bytes(bytes) = offsets.content else {
            return Err(refused("what has no offsets"));
        };
        let more: Vec<u64> =
            bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let base = self.more_offsets(found, &more)?;
        if let Some(Drafted::Dataset(shape)) = draft.take("shape") {
            self.shape(found, &shape)?;
        } else if found.child("shape")?.is_some() {
            return Err(Error::mismatch("a group without a shape", "one with a shape"));
        }
        for (name, member) in draft.members {
            let len = if name == "shapes" { rows } else { Some(base) };
            let there =
                found.child(&name)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(&name))?;
            self.inside(found, &name, &there, member, len).map_err(|e| e.at(&name))?;
        }
        Ok(())
    }

    /// Plans a member that is there.
    fn inside(
        &mut self,
        group: &Object<'_>,
        name: &str,
        there: &Object<'_>,
        draft: Drafted,
        len: Option<u64>,
    ) -> Result<()> {
        self.path.push(name.to_string());
        self.node(there, Some((group, name)), draft, len)?;
        self.path.pop();
        Ok(())
    }

    /// Plans offsets, which go on where those of the file end: there.
    fn more_offsets(&mut self, found: &Object<'_>, more: &[u64]) -> Result<u64> {
        let offsets =
            found.child("offsets")?.ok_or_else(|| Error::new(ErrorKind::Missing).at("offsets"))?;
        let description = offsets.describe()?;
        let base = match (&description.dtype, &description.shape[..]) {
            (Dtype::Int(_), [len]) if *len > 0 && description.dtype == Dtype::U64 => {
                let slab = Slab { dims: vec![Span { start: len - 1, step: 1, count: 1 }] };
                let part = Description { shape: vec![1], ..description.clone() };
                let (source, handle) = (offsets.source, offsets.handle);
                let read = |out: &mut [_]| source.read_slab(handle, &part.dtype, &slab, out);
                crate::storage::fill_vec::<u64>(&part, read)?.first().copied().unwrap_or(0)
            }
            _ => return Err(damaged("offsets that are none").at("offsets")),
        };
        let more = more
            .iter()
            .skip(1)
            .map(|offset| base.checked_add(*offset))
            .collect::<Option<Vec<u64>>>();
        let more = more.ok_or_else(|| damaged("more elements than can be counted"))?;
        let bytes = more.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        let new = New::Bytes(Dtype::U64, bytes);
        self.grow(&offsets, Some((found, "offsets")), description, None, more.len() as u64, new)
            .map_err(|e| e.at("offsets"))?;
        Ok(base)
    }

    /// Plans the shape of packed pieces of several dimensions: there are more in the first.
    fn shape(&mut self, found: &Object<'_>, draft: &DraftDataset) -> Result<()> {
        let shape =
            found.child("shape")?.ok_or_else(|| Error::new(ErrorKind::Missing).at("shape"))?;
        let mut old: Vec<u64> = shape.elements(&shape.describe()?)?;
        let Content::Bytes(bytes) = &draft.content else {
            return Err(damaged("an invalid shape"));
        };
        let new: Vec<u64> =
            bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        if old.get(1..) != new.get(1..) {
            return Err(Error::mismatch(
                format!("pieces of shape {old:?}"),
                format!("shape {new:?}"),
            ));
        }
        match (old.first_mut(), new.first()) {
            (Some(old), Some(new)) => *old += new,
            _ => return Err(damaged("an invalid shape")),
        }
        self.replaced.push((handle(&shape)?, old));
        Ok(())
    }

    fn categorical(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        mut draft: DraftGroup,
        rows: Option<u64>,
    ) -> Result<()> {
        let categories = found
            .child("categories")?
            .ok_or_else(|| Error::new(ErrorKind::Missing).at("categories"))?;
        let description = categories.describe()?;
        let same = match draft.take("categories") {
            Some(Drafted::Dataset(new)) if description.dtype.is_text() && new.dtype.is_text() => {
                categories.texts(&description)? == texts(new)?
            }
            _ => false,
        };
        if !same {
            return self.anew(found, place);
        }
        match draft.take("codes") {
            Some(codes) => {
                self.member(found, "codes", codes, rows, |_| rows).map_err(|e| e.at("codes"))
            }
            None => Err(refused("categories without codes")),
        }
    }

    /// Plans texts for a packed group.
    fn packed_texts(
        &mut self,
        found: &Object<'_>,
        draft: DraftDataset,
        _: Option<u64>,
    ) -> Result<()> {
        let (shape, texts) = (draft.shape.clone(), texts(draft)?);
        let mut offsets = vec![0];
        offsets.extend(texts.ends.iter().map(|end| *end as u64));
        let stored = number(found, LEN)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(LEN))?;
        self.lens.push((handle(found)?, stored + texts.ends.len() as u64));
        let base = self.more_offsets(found, &offsets)?;
        match (found.child("shape")?, &shape[..]) {
            (None, [_]) => {}
            (Some(there), _) => {
                let mut old: Vec<u64> = there.elements(&there.describe()?)?;
                if old.get(1..) != shape.get(1..) || old.is_empty() {
                    return Err(Error::mismatch(
                        format!("texts of shape {old:?}"),
                        format!("shape {shape:?}"),
                    ));
                }
                old[0] += shape[0];
                self.replaced.push((handle(&there)?, old));
            }
            (None, shape) => {
                return Err(Error::mismatch("texts of one dimension", format!("shape {shape:?}")));
            }
        }
        let bytes =
            found.child("bytes")?.ok_or_else(|| Error::new(ErrorKind::Missing).at("bytes"))?;
        let description = bytes.describe()?;
        if description.shape[..] != [base] {
            return Err(damaged("bytes that do not end where the offsets do").at("bytes"));
        }
        let (n, new) = (texts.bytes.len() as u64, New::Bytes(Dtype::U8, texts.bytes));
        self.grow(&bytes, Some((found, "bytes")), description, None, n, new)
            .map_err(|e| e.at("bytes"))
    }

    /// Plans a packed group in the place of texts that cannot hold a NUL.
    fn packed_instead(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        shape: &[u64],
        more: Texts,
        len: Option<u64>,
    ) -> Result<()> {
        let description = found.describe()?;
        check_rows(&description, shape, len)?;
        let mut texts = found.texts(&description)?;
        more.cells().for_each(|text| texts.push(text));
        let mut all = description.shape;
        all[0] += shape[0];
        let (group, name) = self.place(found, place)?;
        self.instead.push((group, name, Drafted::packed(&all, texts)));
        Ok(())
    }

    fn dataset(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        draft: DraftDataset,
        len: Option<u64>,
    ) -> Result<()> {
        let stamp =
            draft.attrs.iter().find(|(name, _)| name == STAMP).map(|(_, stamp)| stamp.as_str());
        let there = found.text_attribute(STAMP)?;
        // Others have no stamps.
        if there.as_deref() != stamp
            && stamp.is_some()
            && !(there.is_none() && kind(stamp) == Some("columns"))
        {
            return Err(Error::mismatch(
                format!("a dataset ({})", stamp.unwrap_or_default()),
                "another kind",
            ));
        }
        let description = found.describe()?;
        let rows = check_rows(&description, &draft.shape, len)?;
        if rows == 0 {
            return Ok(());
        }
        if description.dtype.is_text() && draft.dtype.is_text() {
            let (dtype, new) = fitted(found, &description, texts(draft)?)?;
            return self.grow(found, place, description, dtype, rows, new);
        }
        let (bytes, strings) = match draft.content {
            Content::Bytes(bytes) => (bytes, Vec::new()),
            Content::Records(bytes, strings) => (bytes, strings),
            Content::Texts(_) => {
                return Err(Error::mismatch("text", description.dtype.to_string()));
            }
        };
        let (merged, dtype) = match fit(&draft.dtype, &strings, &description.dtype) {
            Fit::Same(merged) => (merged, None),
            Fit::Wider(wider) => (wider.clone(), Some(wider)),
            Fit::Not => {
                return Err(Error::mismatch(
                    draft.dtype.to_string(),
                    description.dtype.to_string(),
                ));
            }
        };
        let new = match strings.is_empty() && merged.is_plain() {
            true => New::Bytes(draft.dtype, bytes),
            false => New::Records(draft.dtype, bytes, strings, merged),
        };
        self.grow(found, place, description, dtype, rows, new)
    }

    fn grow(
        &mut self,
        found: &Object<'_>,
        place: Place<'_>,
        description: Description,
        dtype: Option<Dtype>,
        rows: u64,
        content: New,
    ) -> Result<()> {
        let dataset = handle(found)?;
        let anew = dtype.is_some() || !can_grow(&dataset)?;
        let place = if anew { Some(self.place(found, place)?) } else { None };
        self.grown.push(Growth { dataset, place, description, dtype, rows, content });
        Ok(())
    }

    /// Where a node is that has to be made anew.
    pub(super) fn place(&self, found: &Object<'_>, place: Place<'_>) -> Result<(Id, String)> {
        let object = handle(found)?;
        if libhdf5::links(&object)? > 1 {
            return Err(unplaced("has several links"));
        }
        match place {
            Some((group, name)) => Ok((handle(group)?, name.to_string())),
            None => libhdf5::place(&object)?.ok_or_else(|| unplaced("has no name")),
        }
    }
}

/// The rows of this shape, if they can lie behind those of a dataset.
fn check_rows(stored: &Description, shape: &[u64], len: Option<u64>) -> Result<u64> {
    let (Some((stored_rows, inner)), Some((rows, wanted))) =
        (stored.shape.split_first(), shape.split_first())
    else {
        return Err(Error::mismatch("a column", "a scalar"));
    };
    if let Some(len) = len.filter(|len| len != stored_rows) {
        return Err(damaged(&format!("a column of {stored_rows} rows in a table of {len}")));
    }
    if inner != wanted || stored.null {
        return Err(Error::mismatch(
            format!("rows of shape {wanted:?}"),
            format!("rows of shape {inner:?}"),
        ));
    }
    Ok(*rows)
}

/// The kind that a stamp tells.
pub(super) fn kind(stamp: Option<&str>) -> Option<&'static str> {
    let stamp = Stamp::parse(stamp?);
    let kinds = [
        "columns",
        "variants",
        "optional",
        "ragged",
        "maps",
        "packed",
        "arrays",
        "list",
        "categorical",
        "map",
    ];
    Some(kinds.into_iter().find(|kind| *kind == stamp.kind_name()).unwrap_or("other"))
}

/// An attribute that is a u64.
pub(super) fn number(object: &Object<'_>, name: &str) -> Result<Option<u64>> {
    let Some(attribute) = object.attribute(name)? else { return Ok(None) };
    let description = attribute.describe()?;
    if description.dtype != Dtype::U64 || description.elements() != Some(1) {
        return Err(damaged("a length that is not a number").at(name));
    }
    Ok(attribute.elements::<u64>(&description)?.first().copied())
}
