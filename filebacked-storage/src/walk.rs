//! [`Walk`]: the digest of all that is in a file.

mod paths;

use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::part::RecordForm;
use crate::stamp::DIGEST;
use crate::{
    Allocation, Cell, Description, Dtype, Gathered, Link, ObjectKind, Slab, Source, Span, Texts,
    Unusual,
};
use paths::Paths;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

type Hash = [u8; 32];

/// Of larger datasets so many bytes are in memory at once.
const PIECE: usize = 32 << 20;

/// The path of what has none.
const NOWHERE: &str = "nowhere";

/// Elements that were never written cost time all the same: of more bytes than this, one in so many
/// has to be in the file.
const CLAIMED: u64 = 64 << 30;
const SPARSE: u64 = 1 << 20;

/// A file that was read to its last byte.
pub struct Walk {
    /// The digest as text, `sha256:` before it.
    pub digest: String,
    /// The number of objects.
    pub objects: u64,
    /// The bytes of the datasets in memory.
    pub bytes: u64,
    /// The objects that have more than one name perhaps, and their digests once these are known.
    seen: HashMap<String, Option<Hash>>,
    /// The hashes of references, once there are any.
    paths: Option<Paths>,
    /// The bytes of the regions among them.
    regions: u64,
    max_depth: u32,
}

impl Walk {
    /// Reads all that a source has.
    pub fn through(source: &dyn Source, max_depth: u32) -> Result<Self> {
        let (digest, seen) = (String::new(), HashMap::new());
        let mut walk =
            Walk { digest, objects: 0, bytes: 0, seen, paths: None, regions: 0, max_depth };
        let hash = walk.object(&Object::new(source, source.root()?), 0)?;
        walk.digest =
            hash.iter().fold("sha256:".to_string(), |text, byte| format!("{text}{byte:02x}"));
        Ok(walk)
    }

    fn object(&mut self, object: &Object<'_>, depth: u32) -> Result<Hash> {
        let identity = object.source.identity(object.handle)?;
        if let Some(identity) = &identity {
            match self.seen.get(identity) {
                Some(Some(hash)) => return Ok(*hash),
                // A link back to a group that it is in.
                Some(None) => return Ok(finish(tagged("above"))),
                None => self.seen.insert(identity.clone(), None),
            };
        }
        if depth > self.max_depth {
            return Err(ErrorKind::TooDeep { limit: self.max_depth }.into());
        }
        self.objects += 1;
        let mut hash = tagged(match object.kind() {
            ObjectKind::Group => "group",
            ObjectKind::Dataset => "dataset",
            ObjectKind::Attribute => "attribute",
            ObjectKind::Other => "type",
        });
        self.attributes(object, depth == 0, &mut hash)?;
        match object.kind() {
            ObjectKind::Group => self.members(object, depth, &mut hash)?,
            ObjectKind::Other => {
                let stored = object.source.stored_type(object.handle, None)?;
                text(&mut hash, stored.as_ref().map_or(&[], |stored| &stored.0));
            }
            _ => self.content(object, &mut hash)?,
        }
        let hash = finish(hash);
        if let Some(identity) = identity {
            self.seen.insert(identity, Some(hash));
        }
        Ok(hash)
    }

    fn attributes(&mut self, object: &Object<'_>, is_root: bool, hash: &mut Sha256) -> Result<()> {
        let mut names = if object.handle.bare {
            Vec::new()
        } else {
            object.source.attributes(object.handle)?
        };
        // The digest is not part of what it is of.
        names.retain(|name| !is_root || name != DIGEST);
        names.sort_unstable();
        number(hash, names.len() as u64);
        let bytes = self.bytes;
        for name in names {
            text(hash, name.as_bytes());
            let attribute = object.attribute(&name)?.ok_or(ErrorKind::Missing).map_err(Error::from);
            attribute
                .and_then(|attribute| self.content(&attribute, hash))
                .map_err(|e| e.at(&name))?;
        }
        // Those of datasets are what is told.
        self.bytes = bytes;
        Ok(())
    }

    fn members(&mut self, group: &Object<'_>, depth: u32, hash: &mut Sha256) -> Result<()> {
        let mut names = group.source.children(group.handle)?;
        names.sort_unstable();
        number(hash, names.len() as u64);
        for name in names {
            text(hash, name.as_bytes());
            let member = match group.source.link(group.handle, &name)? {
                Some(link) => linked(&link),
                None => {
                    let member = group.child(&name)?.ok_or(ErrorKind::Missing).map_err(Error::from);
                    member
                        .and_then(|member| self.object(&member, depth + 1))
                        .map_err(|e| e.at(&name))?
                }
            };
            hash.update(member);
        }
        Ok(())
    }

    /// Type, shape and data.
    fn content(&mut self, object: &Object<'_>, hash: &mut Sha256) -> Result<()> {
        let description = object.describe()?;
        let mut dtype = String::new();
        spell(&description.dtype, &mut dtype);
        text(hash, dtype.as_bytes());
        if description.null {
            number(hash, u64::MAX);
            return Ok(());
        }
        number(hash, description.shape.len() as u64);
        description.shape.iter().for_each(|extent| number(hash, *extent));
        if description.elements() == Some(0) {
            return Ok(());
        }
        match &description.dtype {
            Dtype::VarStr => {
                let texts = object.texts(&description)?;
                self.bytes += texts.bytes.len() as u64;
                each(&texts, hash);
            }
            Dtype::Reference | Dtype::Region => self.references(object, &description, hash)?,
            dtype if dtype.is_plain() && !dtype.has_reference() => {
                self.plain(object, &description, hash)?
            }
            Dtype::Compound(_) => return self.records(object.again()?, &description, hash),
            _ => match object.source.read_unusual(object.handle)? {
                Unusual::Raw(bytes) => hash.update(&bytes),
                Unusual::Cells(_, cells) => self.cells(&cells, hash),
            },
        }
        Ok(())
    }

    fn plain(
        &mut self,
        object: &Object<'_>,
        description: &Description,
        hash: &mut Sha256,
    ) -> Result<()> {
        let whole = description.elements().and_then(|n| n.checked_mul(description.dtype.size()));
        let whole = whole
            .ok_or_else(|| ErrorKind::Limit(format!("data of shape {:?}", description.shape)))?;
        self.bytes += whole as u64;
        let (Some(rows), true) =
            (description.shape.first().copied(), object.kind() == ObjectKind::Dataset)
        else {
            hash.update(&object.elements::<u8>(description)?);
            return Ok(());
        };
        if whole <= PIECE || object.rows().is_some() {
            hash.update(&object.elements::<u8>(description)?);
            return Ok(());
        }
        // Whole chunks, so that none is decoded twice.
        let Allocation { layout, chunk, bytes, .. } = object.source.allocation(object.handle)?;
        if whole as u64 > CLAIMED && whole as u64 / SPARSE > bytes && layout != "virtual" {
            let what = format!(
                "{whole} bytes of shape {:?}, of which the file has {bytes}",
                description.shape
            );
            return Err(ErrorKind::Limit(what).into());
        }
        let chunk = chunk.first().copied().unwrap_or(1).max(1);
        let row = (whole as u64 / rows).max(1);
        let step = (PIECE as u64 / row / chunk).max(1) * chunk;
        let mut start = 0;
        while start < rows {
            let count = step.min(rows - start);
            let mut dims: Vec<Span> =
                description.shape.iter().map(|extent| Span::all(*extent)).collect();
            dims[0] = Span { start, step: 1, count };
            let slab = Slab { dims };
            let part = Description { shape: slab.shape(), ..description.clone() };
            let bytes = crate::fill_vec(&part, |out| {
                object.source.read_slab(object.handle, &description.dtype, &slab, out)
            })?;
            hash.update(&bytes);
            start += count;
        }
        Ok(())
    }

    /// The targets of references: addresses change if the same content is stored anew.
    fn references(
        &mut self,
        object: &Object<'_>,
        description: &Description,
        hash: &mut Sha256,
    ) -> Result<()> {
        let cells = object.elements::<u8>(description)?;
        self.bytes += cells.len() as u64;
        let source = object.origin().0;
        for cell in cells.chunks_exact(description.dtype.size()) {
            match description.dtype {
                Dtype::Reference => match object.target(cell) {
                    Ok(None) => text(hash, b""),
                    Ok(Some(target)) => {
                        let paths = match self.paths.take() {
                            Some(paths) => paths,
                            None => Paths::of(source, self.max_depth)?,
                        };
                        text(hash, paths.get(&target)?.unwrap_or(NOWHERE).as_bytes());
                        self.paths = Some(paths);
                    }
                    // One to nothing that is there: the other engine's word for it, too.
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::Dangling(_) | ErrorKind::Damaged(_)
                        ) =>
                    {
                        text(hash, NOWHERE.as_bytes());
                    }
                    Err(error) => return Err(error),
                },
                _ => match object.region(cell) {
                    Ok(None) => text(hash, b""),
                    Ok(Some((part, elements))) => {
                        number(hash, part.shape.len() as u64);
                        part.shape.iter().for_each(|extent| number(hash, *extent));
                        match &elements {
                            Gathered::Bytes(bytes) => {
                                self.regions += bytes.len() as u64;
                                hash.update(bytes);
                            }
                            Gathered::Texts(texts) => each(texts, hash),
                        }
                        // Each may be of all that is in the file.
                        if self.regions > CLAIMED {
                            return Err(
                                ErrorKind::Limit("regions that references lead to".into()).into()
                            );
                        }
                    }
                    // To nothing that is there, or to elements that are not read by way of it.
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::Dangling(_) | ErrorKind::Unsupported(_)
                        ) =>
                    {
                        text(hash, NOWHERE.as_bytes());
                    }
                    Err(error) => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// Records with text of variable length or references in them: one member after another.
    fn records(
        &mut self,
        object: Object<'_>,
        description: &Description,
        hash: &mut Sha256,
    ) -> Result<()> {
        let form = match description.shape.len() {
            0 => RecordForm::One,
            1 => RecordForm::Rows,
            _ => RecordForm::Arrays,
        };
        let records = object.into_group(form)?;
        for name in records.children()? {
            let member = records.child(&name)?.ok_or(ErrorKind::Missing).map_err(Error::from);
            member.and_then(|member| self.content(&member, hash)).map_err(|e| e.at(&name))?;
        }
        Ok(())
    }

    fn cells(&mut self, cells: &[Cell], hash: &mut Sha256) {
        number(hash, cells.len() as u64);
        for cell in cells {
            match cell {
                Cell::Bytes(bytes) => {
                    self.bytes += bytes.len() as u64;
                    text(hash, bytes);
                }
                Cell::Many(cells) => self.cells(cells, hash),
            }
        }
    }
}

fn tagged(kind: &str) -> Sha256 {
    let mut hash = Sha256::new();
    text(&mut hash, kind.as_bytes());
    hash
}

fn finish(hash: Sha256) -> Hash {
    hash.finalize().into()
}

fn number(hash: &mut Sha256, number: u64) {
    hash.update(number.to_le_bytes());
}

fn text(hash: &mut Sha256, text: &[u8]) {
    number(hash, text.len() as u64);
    hash.update(text);
}

fn each(texts: &Texts, hash: &mut Sha256) {
    let mut start = 0;
    for end in &texts.ends {
        text(hash, texts.bytes.get(start..*end).unwrap_or_default());
        start = *end;
    }
}

fn linked(link: &Link) -> Hash {
    let mut hash = tagged("link");
    let (file, path) = match link {
        Link::Soft(path) => ("", path),
        Link::External { file, path } => (&**file, path),
    };
    text(&mut hash, file.as_bytes());
    text(&mut hash, path.as_bytes());
    finish(hash)
}

/// The name of a type: that of numpy where it has one.
fn spell(dtype: &Dtype, out: &mut String) {
    use std::fmt::Write;
    let written = match dtype {
        Dtype::Int(int) => write!(out, "{}{}", if int.signed { 'i' } else { 'u' }, int.size),
        Dtype::F16 => write!(out, "f2"),
        Dtype::Bf16 => write!(out, "bf2"),
        Dtype::F32 => write!(out, "f4"),
        Dtype::F64 => write!(out, "f8"),
        Dtype::F80(size) => write!(out, "f10 in {size}"),
        Dtype::F128 => write!(out, "f16"),
        Dtype::Bool => write!(out, "bool"),
        Dtype::Complex32 => write!(out, "c8"),
        Dtype::Complex64 => write!(out, "c16"),
        Dtype::FixedStr(size) | Dtype::AsciiStr(size) => write!(out, "S{size}"),
        Dtype::VarStr => write!(out, "S"),
        Dtype::Opaque(size, tag) => write!(out, "V{size} {tag:?}"),
        Dtype::Reference => write!(out, "object reference"),
        Dtype::Region => write!(out, "region reference"),
        Dtype::Other(size, what) => write!(out, "{what:?} in {size}"),
        Dtype::Sequence(element) => {
            out.push('*');
            spell(element, out);
            Ok(())
        }
        Dtype::Array(element, shape) => {
            let written = write!(out, "{shape:?}");
            spell(element, out);
            written
        }
        Dtype::Enum(names) => {
            let sign = if names.base.signed { 'i' } else { 'u' };
            names
                .members
                .iter()
                .try_fold((), |(), (name, value)| write!(out, "{name:?}={value} "))
                .and_then(|()| write!(out, "{sign}{}", names.base.size))
        }
        Dtype::Compound(compound) => {
            out.push('{');
            for member in compound.members.iter() {
                out.push_str(&format!("{:?}:", member.name));
                spell(&member.dtype, out);
                out.push(' ');
            }
            out.push('}');
            Ok(())
        }
    };
    // Writing to a string does not fail.
    debug_assert!(written.is_ok());
}
