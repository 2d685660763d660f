//! A value and the group it lies in, whatever holds the group: what saving and loading have in
//! common.

use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::context::{ReadContext, WriteContext};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::python;
use crate::node::Node;
use crate::node::wanted::One;
use crate::object::Object;
use crate::options::{ReadOptions, WriteOptions};
use crate::path::near;
use crate::progress::{Count, Progress, Watched};
use crate::reader::GroupReader;
#[cfg(feature = "libhdf5")]
use crate::schema::FieldSchema;
use crate::schema::{Nested, Schema};
use crate::shared;
use crate::slot::{Place, Slot, VALUE, Written};
use crate::stamp::{DIGEST, FILTER, FORMAT, FORMAT_VERSION, STAMP, Stamp};
use crate::storage::engine::{self, Choice, Medium, Reading, Target};
use crate::storage::path::{names, parts};
use crate::storage::{ObjectKind, Sink, Source};
use std::path::Path;

/// The context of a save, with every option checked against the type.
pub(crate) fn write_context<T: Save + ?Sized>(options: &WriteOptions) -> Result<WriteContext> {
    WriteContext::new(options, T::key().map(|key| key.nested()))
}

/// Checks, before anything is touched, what the type and the value itself have to say about
/// options.
pub(crate) fn check<T: Save + ?Sized>(value: &T, options: &WriteOptions) -> Result<()> {
    let cx = write_context::<T>(options)?;
    rehearse(&cx, Place::Root, value).map_err(|e| at_root::<T>(&cx, e))
}

/// Finds what Python's FileBacked has nothing for, by writing to nowhere.
pub(crate) fn rehearse<T: Save + ?Sized>(
    cx: &WriteContext,
    place: Place<'_>,
    value: &T,
) -> Result<()> {
    if cx.is_python() { walk(cx, place, value).map(drop) } else { Ok(()) }
}

/// Finds what keeps a value from being written, by writing to nowhere.
pub(crate) fn walk<T: Save + ?Sized>(
    cx: &WriteContext,
    place: Place<'_>,
    value: &T,
) -> Result<Count> {
    let mut count = Count::default();
    Slot::whole(&mut count, cx, place).put(value)?;
    count.finish()?;
    Ok(count)
}

/// Writes a value as a whole file; the bytes are the file's for a target in memory.
pub(crate) fn write<T: Save + ?Sized>(
    target: Target<'_>,
    value: &T,
    options: &WriteOptions,
) -> Result<Vec<u8>> {
    let cx = write_context::<T>(options)?;
    engine::write(target, &options.writing(), &mut |sink| write_root(sink, &cx, value))
}

/// Reads the value that is a whole file.
pub(crate) fn read<T: FileBacked>(medium: Medium<'_>, options: &ReadOptions) -> Result<T> {
    engine::read(medium, &options.reading(), |source| read_root(source, options))
}

/// Reads a dataset of a file into a buffer.
pub(crate) fn read_dataset_into<B: Buffer + ?Sized>(
    path: &Path,
    name: &str,
    buffer: &mut B,
    options: &ReadOptions,
) -> Result<()> {
    engine::read(Medium::Path(path), &options.reading(), |source| {
        let ours = written_by_filebacked(&Object::new(source, source.root()?))?;
        read_member_into(source, name, ours, options, buffer)
    })
}

/// A file that does not name this library, with a value as its only member; for checks of filters.
pub(crate) fn member_to_bytes<T: Save + ?Sized>(
    name: &str,
    value: &T,
    options: &WriteOptions,
) -> Result<Vec<u8>> {
    let cx = WriteContext::new(options, None)?;
    engine::write(Target::Memory, &options.writing(), &mut |sink| {
        write_member(sink, &cx, name, value)
    })
}

/// Reads a member of a foreign file out of its bytes; for checks of filters.
pub(crate) fn member_from_bytes<T: FileBacked>(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
) -> Result<T> {
    let how = Reading { choice: Choice::PREFER_LIBHDF5, ..options.reading() };
    engine::read(Medium::Bytes(bytes), &how, |source| read_member(source, name, false, options))
}

/// Refuses what only the HDF5 library reads where the file is not trusted.
#[cfg(feature = "libhdf5")]
pub(crate) fn trusted(options: &ReadOptions) -> Result<()> {
    match options.limits {
        None => Ok(()),
        Some(_) => Err(engine::not_trusted(None)),
    }
}

/// Writes a value as the whole file.
pub(crate) fn write_root<T: Save + ?Sized>(
    sink: &mut dyn Sink,
    cx: &WriteContext,
    value: &T,
) -> Result<()> {
    put(sink, cx, Place::Root, value).map_err(|e| at_root::<T>(cx, e))
}

/// The error of a whole value, which lies in a member where it has no members for the root.
#[cold]
fn at_root<T: Save + ?Sized>(cx: &WriteContext, error: Error) -> Error {
    let rooted = T::key().is_none_or(|key| match key.schema() {
        Schema::Map { .. } if cx.is_python() => true,
        schema => schema.is_rooted(),
    });
    if rooted { error } else { error.at(VALUE) }
}

fn put<T: Save + ?Sized>(
    sink: &mut dyn Sink,
    cx: &WriteContext,
    place: Place<'_>,
    value: &T,
) -> Result<()> {
    let Some(watcher) = cx.watcher() else {
        let Written { .. } = Slot::whole(sink, cx, place).put(value)?;
        return sink.finish();
    };
    let mut count = Count::default();
    Slot::whole(&mut count, cx, place).put(value)?;
    let progress = Progress { done: 0, total: count.bytes };
    let mut watched = Watched { sink, watcher: watcher.clone(), progress };
    watched.tell(0)?;
    let Written { .. } = Slot::whole(&mut watched, cx, place).put(value)?;
    watched.finish()
}

/// Writes a value as a member of the sink's group.
pub(crate) fn write_member<T: Save + ?Sized>(
    sink: &mut dyn Sink,
    cx: &WriteContext,
    name: &str,
    value: &T,
) -> Result<()> {
    put(sink, cx, Place::Member(name), value)
}

/// Reads the value that is the whole file, or whose members lie in the source's root.
pub(crate) fn read_root<T: FileBacked>(source: &dyn Source, options: &ReadOptions) -> Result<T> {
    let cx = ReadContext::new(options, Some(T::schema))?;
    shared::in_any_order(source, &cx, || {
        root(source, &cx).map_err(|e| of_another_type(source, "", T::schema, e))
    })
}

/// Says of an error that the file holds another type at a path, where that is why: the name in the
/// file is another one, and the members are not those of the type.
#[cold]
fn of_another_type(source: &dyn Source, path: &str, schema: Nested, error: Error) -> Error {
    // Further down, it is a member that is damaged or of another type.
    let place = error.path();
    let levels = match names(&place).next() {
        Some(VALUE) if path.is_empty() => names(&place).count() - 1,
        _ => names(&place).count().saturating_sub(names(path).count()),
    };
    let is_form = match error.kind() {
        ErrorKind::Missing | ErrorKind::Mismatch { .. } => true,
        ErrorKind::UnknownVariant { .. } | ErrorKind::Version { .. } => levels == 0,
        _ => false,
    };
    let types = || {
        let found = stored_type(source, path)?;
        Some((schema().type_name()?, found))
    };
    match types() {
        Some((expected, found)) if is_form && levels <= 1 && expected != found => {
            let help = format!(
                "load it as a `{found}`; if `{expected}` is the new name of that type, this is \
                 what differs: {error}"
            );
            Error::new(ErrorKind::WrongType { expected, found })
                .with_help(help)
                .with_source(error)
                .at(path)
        }
        _ => error,
    }
}

/// The name of the type of the value at a path, or of the one that is the whole file, where it is
/// stored with the value.
fn stored_type(source: &dyn Source, path: &str) -> Option<String> {
    let mut object = Object::new(source, source.root().ok()?);
    for name in names(path) {
        object = object.child(name).ok()??;
    }
    let stamp = match object.text_attribute(STAMP).ok()? {
        Some(stamp) => stamp,
        None if path.is_empty() => object.child(VALUE).ok()??.text_attribute(STAMP).ok()??,
        None => return None,
    };
    let stamp = Stamp::parse(&stamp);
    match (stamp.kind_name(), stamp.name()?) {
        ("struct" | "enum", name) => Some(name.to_string()),
        ("columns" | "variants", name) => Some(format!("Vec<{name}>")),
        _ => None,
    }
}

fn root<T: FileBacked>(source: &dyn Source, cx: &ReadContext) -> Result<T> {
    match node_of_value(source, cx, T::schema)? {
        (node, None) => node.get(),
        (node, Some(name)) => node.get().map_err(|e| e.at(name)),
    }
}

/// The node that the value of a whole file is read from, and its name where that is not the root.
fn node_of_value<'s>(
    source: &'s dyn Source,
    cx: &'s ReadContext,
    schema: Nested,
) -> Result<(Node<'s>, Option<&'static str>)> {
    let root = Object::new(source, source.root()?);
    let ours = written_by_filebacked(&root)?;
    let marked = root.attribute(STAMP)?.is_some() || root.attribute(FILTER)?.is_some();
    if marked {
        return Ok((Node::open(root, cx, cx.start(), 0, ours)?, None));
    }
    let schema = schema();
    let rooted = schema.is_rooted();
    // An object of Python's FileBacked is the root itself, for any type here; a `Union` never is.
    let (whole, ours) = match schema {
        // A `Value` is the root, unless the root only holds a value that is not a group.
        Schema::Any => (!holds_value(&root)?, ours),
        Schema::Variants(_) => (!ours && root.child(VALUE)?.is_none(), ours),
        _ if python::is_object(&root)? => (true, false),
        _ => (rooted && !ours, ours),
    };
    if whole {
        return Ok((Node::open(root, cx, cx.start(), 0, ours)?, None));
    }
    match root.child(VALUE)? {
        Some(value) => {
            let ours = ours && is_marked(&value)?;
            Ok((Node::open(value, cx, cx.start(), 0, ours)?, Some(VALUE)))
        }
        // A file of groups without a stamp is a map of what is in it.
        None if rooted || matches!(schema, Schema::Map { .. }) => {
            Ok((Node::open(root, cx, cx.start(), 0, ours)?, None))
        }
        None => Err(Error::new(ErrorKind::Missing)
            .with_help(
                "a value that is not a struct is stored under this name; to read another member, \
                 use `File::read`",
            )
            .at(VALUE)),
    }
}

/// Whether the root only holds a value that is not a group.
fn holds_value(root: &Object<'_>) -> Result<bool> {
    let source = root.source;
    let is_mark = |name: &String| matches!(&**name, FORMAT | DIGEST);
    if source.children(root.handle)? != [VALUE] {
        return Ok(false);
    }
    let attributes = source.attributes(root.handle)?;
    Ok(attributes.iter().any(|name| name == FORMAT) && attributes.iter().all(is_mark))
}

/// Reads a value that is a member of the source's root. `ours` tells of files that this library
/// wrote.
pub(crate) fn read_member<T: FileBacked>(
    source: &dyn Source,
    path: &str,
    ours: bool,
    options: &ReadOptions,
) -> Result<T> {
    let cx = ReadContext::new(options, Some(T::schema))?;
    if T::is_link() {
        return link_at(source, path, ours, &cx);
    }
    shared::in_any_order(source, &cx, || {
        at_member(source, path, ours, &cx, |node| node.get())
            .map_err(|e| of_another_type(source, path, T::schema, e))
    })
}

/// Reads a link, which is not followed.
fn link_at<T: FileBacked>(
    source: &dyn Source,
    path: &str,
    ours: bool,
    cx: &ReadContext,
) -> Result<T> {
    let root = Object::new(source, source.root()?);
    let group = GroupReader::new(root, cx, cx.start(), 0, ours, None);
    let mut value = One(None);
    match group.link(&parts(path)?.join("/"), &mut value) {
        Ok(true) => value.taken(),
        Ok(false) => Err(Error::new(ErrorKind::Missing).at(path)),
        Err(error) => Err(error.at(path)),
    }
}

/// Reads a dataset that is a member of the source's root into a buffer.
pub(crate) fn read_member_into<B: Buffer + ?Sized>(
    source: &dyn Source,
    path: &str,
    ours: bool,
    options: &ReadOptions,
    buffer: &mut B,
) -> Result<()> {
    at_member(source, path, ours, &ReadContext::new(options, None)?, |node| node.get_into(buffer))
}

/// Opens the node at a path, and reads it.
fn at_member<R>(
    source: &dyn Source,
    path: &str,
    ours: bool,
    cx: &ReadContext,
    read: impl FnOnce(Node<'_>) -> Result<R>,
) -> Result<R> {
    let mut object = Object::new(source, source.root()?);
    for name in parts(path)? {
        let child = object.child(name).map_err(|e| e.at(path))?;
        object = match child {
            Some(child) => child,
            None => return Err(missing(&object, name).at(path)),
        };
    }
    let ours = ours && is_marked(&object)?;
    read(Node::open(object, cx, cx.start(), 0, ours)?).map_err(|e| e.at(path))
}

#[cold]
fn missing(group: &Object<'_>, name: &str) -> Error {
    let error = Error::new(ErrorKind::Missing);
    match near(name, &group.children().unwrap_or_default()) {
        Some(near) => error.with_help(format!("there is `{near}`")),
        None => error,
    }
}

/// Whether an object in a file of this crate can be in this crate's layout: a group without a stamp
/// is in a foreign layout.
fn is_marked(object: &Object<'_>) -> Result<bool> {
    Ok(object.kind() != ObjectKind::Group || object.attribute(STAMP)?.is_some())
}

/// The names of the members that a value of a type may have.
#[cfg(feature = "libhdf5")]
pub(crate) fn members(schema: Schema) -> Vec<&'static str> {
    let names = |fields: Vec<FieldSchema>| fields.into_iter().map(|field| field.name);
    match schema {
        Schema::Struct(schema) => names(schema.fields).collect(),
        Schema::Variants(schema) => {
            schema.variants.into_iter().flat_map(|variant| names(variant.fields)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether this library wrote the file; an error if a later version of it did, in a form unknown
/// here.
pub(crate) fn written_by_filebacked(root: &Object<'_>) -> Result<bool> {
    let Some(version) = root.text_attribute(FORMAT)? else { return Ok(false) };
    let major =
        |version: &str| version.split('.').next().and_then(|number| number.parse::<u32>().ok());
    match (major(&version), major(FORMAT_VERSION)) {
        (Some(found), Some(supported)) if found > supported => {
            Err(Error::new(ErrorKind::Version { found, supported })
                .with_help("the file's format is that of a newer version of filebacked; update it"))
        }
        (Some(_), _) => Ok(true),
        (None, _) => Err(ErrorKind::Damaged(format!("`{FORMAT}` is {version:?}")).into()),
    }
}
