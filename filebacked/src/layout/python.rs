//! The layout of Python's FileBacked 2.1: what its `write` makes, and what its `read` takes.
//!
//! ```text
//! x            group     module = "lab", class = "Run": a struct or a map that says `module`
//! ├── step     a scalar of a number, or text: str[n] marked as ASCII, whatever is in it
//! └── losses   a list of numbers, or an array: one dataset
//!
//! x            group: a list of anything else
//! ├── 0
//! └── 1
//!
//! x            group: a map whose keys are names, text or integers
//! └── <key>    the value; the link's name is the key as it is
//!
//! x            group: a map of other keys
//! └── 0        group
//!     ├── key
//!     └── value
//!
//! x            group     format = "csr", "csc" or "coo", m = rows, n = columns: a sparse matrix
//! ├── data
//! └── ..       indices and indptr, or row and col
//!
//! x            the value of a variant's one field, with its index in the attribute typeid: an enum, Python's `Union`
//! ```
//!
//! `None` in a field is a missing link; elsewhere it is an error. The write doors ([`Slot`],
//! [`GroupWriter`]) and the layouts call this module, so that types need not know about it.

use crate::error::{Error, ErrorKind, Result};
use crate::layout::{map, number, sequence, text};
use crate::object::Object;
use crate::slot::given::{Given, GivenKeys, GivenRows, names_of, schema_of};
use crate::slot::{Content, Form, Place, Slot, VALUE, Written, deeper};
use crate::stamp::Stamp;
use crate::storage::{Dtype, IntType};
use crate::writer::{GroupWriter, Members};
use std::num::NonZero;

/// The attribute with the number of a variant: of a type in `Union[...]`.
pub(crate) const TYPEID: &str = "typeid";

/// The attributes of an object: the module and the name of its class.
const CLASS: [&str; 2] = ["module", "class"];

/// The state of a slot for this layout.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    /// The class that the struct or map is an object of.
    pub(crate) class: Option<&'a [&'a str; 2]>,
    /// The number of the variant that is about to be written, counted from 1.
    pub(crate) variant: Option<NonZero<u32>>,
    /// The number of the variant that the node is the value of, counted from 1.
    pub(crate) typeid: Option<NonZero<u32>>,
}

/// Names that no attribute of a class can have: the language's own, and those of FileBacked's
/// methods.
const TAKEN: [&str; 38] = [
    "False",
    "None",
    "True",
    "allow_lazy",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "read",
    "return",
    "try",
    "while",
    "with",
    "write",
    "yield",
];

/// The error for values without a counterpart in Python's FileBacked.
#[cold]
fn no_type(what: impl std::fmt::Display) -> Error {
    ErrorKind::Unsupported(format!("Python's FileBacked has no type for {what}")).into()
}

/// The error for a value that determines its own groups and datasets.
#[cold]
pub(crate) fn no_tree() -> Error {
    no_type("a `Value`, whose layout is its own").with_help("declare a type that has one")
}

#[cold]
pub(crate) fn no_link() -> Error {
    no_type("a link").with_help("store the value itself, or skip the field")
}

#[cold]
fn no_hdf5_attribute() -> Error {
    let what = "Python's FileBacked reads no HDF5 attributes";
    Error::new(ErrorKind::Unsupported(what.into()))
        .with_help("remove `attr` from the field, or skip the field")
}

/// The error for a field that cannot be an attribute of a class.
#[cold]
pub(crate) fn no_attribute(name: &str) -> Error {
    Error::new(ErrorKind::Unsupported(format!(
        "`{name}` cannot be the name of an attribute of a class in Python"
    )))
    .with_help("give the field another name with `#[filebacked(rename = \"...\")]`")
}

/// Checks that a field can be an attribute of a class.
pub(crate) fn check_attribute(place: Place<'_>) -> Result<()> {
    match place {
        Place::Attribute(_) => Err(no_hdf5_attribute()),
        Place::Member(name) => {
            let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
            let fits = starts && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if fits && !TAKEN.contains(&name) { Ok(()) } else { Err(no_attribute(name)) }
        }
        Place::Root => Ok(()),
    }
}

/// Opens a group that means something to Python.
pub(crate) fn begin_group<'a>(slot: Slot<'a>, stamp: &Stamp<'_>) -> Result<GroupWriter<'a>> {
    let depth = deeper(slot.depth, slot.cx)?;
    let kind = stamp.kind_name();
    let class = slot.python.class;
    match kind {
        "struct" if class.is_none() => return Err(no_class(stamp)),
        "struct" | "links" | "map" => {}
        _ if class.is_some() => {
            let what =
                format!("what is stored as a {kind} cannot be an object of a class in Python");
            return Err(
                Error::new(ErrorKind::Unsupported(what)).with_help("take `module` off the type")
            );
        }
        _ => check_kind(kind)?,
    }
    let rooted = slot.place == Place::Root && (class.is_some() || stamp.is_rooted());
    match slot.place {
        Place::Attribute(_) => return Err(no_hdf5_attribute()),
        Place::Root if rooted => {}
        Place::Root => slot.sink.begin_group(VALUE, false)?,
        Place::Member(name) => slot.sink.begin_group(name, false)?,
    }
    let mut group =
        GroupWriter::new(slot.sink, slot.cx, slot.state, depth, slot.storage.inside(), rooted);
    if kind == "struct" {
        group.members = Members::Attributes;
    }
    for (name, value) in CLASS.iter().zip(class.into_iter().flatten()) {
        group.var_text_attribute(name, value)?;
    }
    if let Some(index) = slot.python.typeid {
        group.integer_attribute(TYPEID, i64::from(index.get()) - 1)?;
    }
    for (name, value) in slot.attrs {
        group.text_attribute(name, value)?;
    }
    Ok(group)
}

#[cold]
fn no_class(stamp: &Stamp<'_>) -> Error {
    let name = stamp.name().unwrap_or_default();
    let what = format!("the struct `{name}` has no Python class");
    Error::new(ErrorKind::Unsupported(what)).with_help(format!(
        "name the module of the class: `#[filebacked(module = \"...\")]`; the class is `{name}`, or what `name = \"...\"` says"
    ))
}

/// Refuses groups that mean nothing to Python.
fn check_kind(kind: &str) -> Result<()> {
    let (what, help) = match kind {
        "none" => {
            ("a `None` that a missing member would not tell", "leave it out of the list or map")
        }
        "tuple" => ("a tuple of several types", "use an array, a `Vec` or a struct"),
        "range" => ("a range", "store its ends as fields"),
        "unit" => ("a value that holds nothing", "take the field out, or skip it"),
        "packed" => (
            "many encoded values, or texts with a NUL, in one array",
            "store them as a list of text",
        ),
        "columns" | "variants" | "optional" | "ragged" | "arrays" | "maps" => {
            ("columns", "store the values as a `Vec`, which becomes a list")
        }
        _ => return Ok(()),
    };
    Err(no_type(what).with_help(help))
}

/// Begins the value of an enum: what its variant holds, marked with the variant's index.
pub(crate) fn begin_union<'a>(slot: Slot<'a>, name: &str) -> Result<GroupWriter<'a>> {
    let Some(index) = slot.python.variant else {
        return Err(no_type(format_args!("the enum `{name}`"))
            .with_help("an enum of which each variant has one unnamed field is a `Union`, one without data is text"));
    };
    if slot.python.typeid.is_some() {
        return Err(no_type(format_args!("the enum `{name}` in another one")).with_help(
            "`Union` in `Union` is one `Union` to Python: give the outer enum the variants of both",
        ));
    }
    let depth = deeper(slot.depth, slot.cx)?;
    let name = match slot.place {
        Place::Root => VALUE,
        Place::Member(name) => name,
        Place::Attribute(_) => return Err(no_hdf5_attribute()),
    };
    let mut group =
        GroupWriter::new(slot.sink, slot.cx, slot.state, depth, slot.storage.inside(), true);
    group.members = Members::Alone(name, index);
    Ok(group)
}

/// Writes a map: one link per key if keys are text or integers, otherwise numbered pairs.
pub(crate) fn write_map(
    keys: &dyn GivenKeys,
    values: &dyn GivenRows,
    entries: Entries<'_>,
    flat: bool,
    slot: Slot<'_>,
) -> Result<Written> {
    let schema = schema_of(values, slot.cx);
    // The kinds tell which maps are the root of a file by themselves.
    let kind = if keys.are_names() && !flat { "links" } else { "map" };
    let mut group = slot.group(Stamp::kind(kind))?;
    let mut names = names_of(keys).into_iter();
    if keys.are_names() {
        values.each(&mut |value| {
            let name = map::named(names.next().flatten())?;
            check_key(&name)?;
            group.entry(&name, Some(&name), schema, &mut |slot| slot.put_given(value, u32::MAX))
        })?;
        return group.end();
    }
    let mut written = 0;
    entries(&mut |key, value| {
        let name = names.next().flatten();
        let Some(state) = group.step(name.as_deref(), schema) else { return Ok(()) };
        group.part(&written.to_string(), |slot| {
            let mut pair = slot.group(Stamp::kind("pair"))?;
            pair.part("key", |slot| slot.put_given(key, u32::MAX))?;
            pair.part("value", |mut slot| {
                slot.state = state;
                slot.put_given(value, u32::MAX)
            })?;
            pair.end()
        })?;
        written += 1;
        Ok(())
    })?;
    group.end()
}

/// Gives each key with its value, in order.
type Entries<'e> = &'e dyn Fn(&mut dyn FnMut(&dyn Given, &dyn Given) -> Result<()>) -> Result<()>;

/// Refuses keys that would be other links than they say.
fn check_key(name: &str) -> Result<()> {
    if name.is_empty() || name == "." || name.contains(['/', '\0']) {
        let what =
            format!("Python's FileBacked would lose the key {name:?}: keys are links as they are");
        return Err(Error::new(ErrorKind::Unsupported(what))
            .with_help("keys without `/` and NUL, and not empty or `.`"));
    }
    Ok(())
}

/// Says what a sparse matrix is: its format, and its shape as `m` and `n`.
#[cfg(feature = "sprs")]
pub(crate) fn describe_sparse(
    group: &mut GroupWriter<'_>,
    format: &str,
    shape: &[i64],
) -> Result<()> {
    let [rows, cols] = shape else {
        return Err(no_type("a sparse vector").with_help("store it as a matrix of one row"));
    };
    group.var_text_attribute("format", format)?;
    group.integer_attribute("m", *rows)?;
    group.integer_attribute("n", *cols)
}

/// Writes a list of texts: a dataset each.
pub(crate) fn write_texts<'t>(
    texts: impl Iterator<Item = &'t str>,
    slot: Slot<'_>,
) -> Result<Written> {
    let texts: Vec<&str> = texts.collect();
    sequence::numbered(texts.iter(), texts.len(), slot, &mut |text, slot| text::write(text, slot))
}

/// Writes a dataset as Python's FileBacked would: a scalar, a list of numbers, or an array.
pub(crate) fn write_dataset(
    slot: Slot<'_>,
    dtype: &Dtype,
    shape: &[u64],
    content: Content<'_, '_>,
) -> Result<Written> {
    if let Place::Attribute(_) = slot.place {
        return Err(no_hdf5_attribute());
    }
    let is_array = slot.form == Form::Array || shape.len() > 1;
    if slot.form == Form::Text
        || (matches!(dtype, Dtype::FixedStr(_)) && shape.is_empty() && !is_array)
    {
        let packed = slot.form == Form::Text;
        return write_text(slot, &content.into_bytes(), packed);
    }
    if *dtype == Dtype::Bf16 {
        return Err(no_type(dtype).with_help("store it as `f32`"));
    }
    if is_array {
        return write_array(slot, dtype, shape, content);
    }
    if !matches!(dtype, Dtype::Int(_) | Dtype::F16 | Dtype::F32 | Dtype::F64) && shape.is_empty() {
        let help = match dtype {
            Dtype::Bool => "declare the field as an integer; arrays of bool are stored",
            Dtype::Complex32 | Dtype::Complex64 => "arrays of complex numbers are stored",
            _ => "declare it as a number or as text, or name a filter that makes one of it",
        };
        return Err(no_type(format_args!("a scalar of {dtype}")).with_help(help));
    }
    // numpy makes an f64 array from an empty list.
    if shape == [0] {
        return slot.node(&Dtype::F64, shape, Content::Bytes(&[]));
    }
    if *dtype == Dtype::U64 {
        // An `int` has a sign, unless it needs the last bit.
        let bytes = content.into_bytes();
        let signed = bytes.chunks_exact(8).all(|cell| cell.last().is_none_or(|last| *last < 0x80));
        return slot.node(&Dtype::Int(IntType { size: 8, signed }), shape, Content::Bytes(&bytes));
    }
    slot.node(dtype, shape, content)
}

fn write_array(
    slot: Slot<'_>,
    dtype: &Dtype,
    shape: &[u64],
    content: Content<'_, '_>,
) -> Result<Written> {
    if shape.is_empty() {
        let what = "an array without dimensions, which it would not read back";
        return Err(no_type(what).with_help("store its element"));
    }
    match dtype {
        Dtype::FixedStr(size) => slot.node(&Dtype::AsciiStr(*size), shape, content),
        _ => slot.node(dtype, shape, content),
    }
}

/// Writes one text: its bytes, or a NUL where there are none.
fn write_text(slot: Slot<'_>, bytes: &[u8], packed: bool) -> Result<Written> {
    if packed && bytes.last() == Some(&0) {
        let what = "Python's FileBacked would lose the NUL at the end of the text";
        return Err(Error::new(ErrorKind::Unsupported(what.into()))
            .with_help("store it as bytes: `Vec<u8>`"));
    }
    let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match bytes.get(..len) {
        Some(text) if len > 0 => slot.node(&Dtype::AsciiStr(len), &[], Content::Bytes(text)),
        _ => slot.node(&Dtype::AsciiStr(1), &[], Content::Bytes(&[0])),
    }
}

/// The number of the variant that an object is the value of.
pub(crate) fn typeid(object: &Object<'_>) -> Result<Option<i64>> {
    let Some(attribute) = object.attribute(TYPEID)? else { return Ok(None) };
    let description = attribute.source.describe(attribute.handle)?;
    let Dtype::Int(int) = description.dtype else { return Ok(None) };
    if description.elements() != Some(1) {
        return Ok(None);
    }
    let bytes = attribute.elements::<u8>(&description)?;
    // No enum has as many variants as no i64 holds.
    Ok(Some(i64::try_from(number::int(&bytes, int.signed)).unwrap_or(-1)))
}

/// Whether a group is an object of Python's FileBacked.
pub(crate) fn is_object(group: &Object<'_>) -> Result<bool> {
    Ok(class(group)?.is_some())
}

/// The name of the class that an object of Python's FileBacked is of.
pub(crate) fn class(object: &Object<'_>) -> Result<Option<String>> {
    let [module, class] = CLASS;
    match object.text_attribute(module)? {
        Some(_) => object.text_attribute(class),
        None => Ok(None),
    }
}
