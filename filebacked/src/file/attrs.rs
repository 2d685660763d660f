//! [`Attrs`]: the attributes of an object as a dictionary.

use super::group::{Group, walk};
use crate::backed::{FileBacked, Save};
use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::node::Node;
use crate::object::Object;
use crate::options::{ReadOptions, WriteOptions};
use crate::path::near;
use crate::schema::Schema;
use crate::slot::{Place, Slot};
use crate::staging::with_writer_lock;
use crate::stamp::{ASIDE, DIGEST, FILTER, FORMAT, LEN, STAMP, UNDER_WAY, is_passing};
use crate::storage::libhdf5::{self, Id, LibSink, LibSource};
use crate::storage::{AttrSpec, Dtype, Elements, Sink, Source};
use crate::value::{Dataset, Map};
use crate::whole;
use crate::whole::trusted;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The attributes of a group or dataset of an open file, as a dictionary. Values are scalars, text,
/// arrays, bools, complex numbers, enums, and `None` (h5py's `Empty`).
///
/// It keeps the file open. It can be cloned, sent to other threads and shared between them.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{File, Value};
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-attrs-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let file = File::create(dir.join("runs.h5"))?;
/// file.write("loss", &vec![0.5, 0.25])?;
///
/// let attrs = file.attrs_of("loss")?;
/// attrs.set("units", "nats")?;
/// attrs.set("range", [0.0, 1.0])?;
/// attrs.set("note", None::<String>)?;
/// assert_eq!(attrs.keys()?, ["note", "range", "units"]);
/// assert_eq!(attrs.get::<String>("units")?, "nats");
/// assert_eq!(attrs.get::<Option<String>>("note")?, None);
/// assert_eq!(attrs.get::<Value>("range")?.as_slice::<f64>(), Some(&[0.0, 1.0][..]));
/// # drop((file, attrs)); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Attrs {
    object: Id,
    file: Arc<Path>,
}

impl Group {
    /// Returns the attributes of the group.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn attrs(&self) -> Result<Attrs> {
        Ok(Attrs { object: self.id.clone(), file: self.file.clone() })
    }

    /// Returns the attributes of the object at a path, and follows links.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`]; [`ErrorKind::Dangling`] for a link without a target.
    pub fn attrs_of(&self, path: &str) -> Result<Attrs> {
        let object = self.along(Operation::Open, path, walk)?;
        Ok(Attrs { object, file: self.file.clone() })
    }
}

impl Attrs {
    fn done<R>(&self, operation: Operation, result: Result<R>) -> Result<R> {
        result.map_err(|e| {
            let e = e.at(libhdf5::path_of(&self.object).as_deref().unwrap_or_default());
            e.during(operation).in_file(&self.file)
        })
    }

    /// Returns the names, sorted by their bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for names that are not UTF-8, or any error of libhdf5.
    pub fn keys(&self) -> Result<Vec<String>> {
        self.done(Operation::Inspect, self.names())
    }

    /// Returns the number of attributes.
    ///
    /// # Errors
    ///
    /// As [`Attrs::keys`].
    pub fn count(&self) -> Result<usize> {
        Ok(self.keys()?.len())
    }

    /// Returns whether an attribute of this name exists.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn contains(&self, name: &str) -> Result<bool> {
        if is_no_name(name) {
            return Ok(false);
        }
        self.done(Operation::Inspect, libhdf5::has_attribute(&self.object, name))
    }

    /// Reads an attribute, by the rules of a field with `attr`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], or any error of reading a `T` from the attribute.
    pub fn get<T: FileBacked>(&self, name: &str) -> Result<T> {
        self.get_with(name, &ReadOptions::new())
    }

    /// Reads an attribute, with options.
    ///
    /// # Errors
    ///
    /// As [`Attrs::get`].
    pub fn get_with<T: FileBacked>(&self, name: &str, options: &ReadOptions) -> Result<T> {
        let read = || {
            trusted(options)?;
            let cx = ReadContext::new(options, Some(T::schema))?;
            let source = self.source()?;
            let found = self.open(&source)?.attribute(name)?.ok_or_else(|| self.missing(name))?;
            // Whatever it is, a value of any kind is that.
            let ours = matches!(T::schema(), Schema::Any);
            Node::open(found, &cx, cx.start(), 0, ours)?.get()
        };
        self.done(Operation::Load, read().map_err(|e: Error| e.at(name)))
    }

    /// Sets an attribute to a value, or a reference to one, and replaces an existing attribute once
    /// the new one is complete. `None` is stored as a null dataspace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ReadOnly`]; [`ErrorKind::Unsupported`] for values that need more than one
    /// dataset, for the reserved names (`filebacked`, `filebacked_format`, `filebacked_filter`,
    /// `filebacked_digest`; in groups of this crate also `len`), and for more than 64 KiB in
    /// objects of the oldest format.
    pub fn set<T: Save>(&self, name: &str, value: T) -> Result<()> {
        // A file notes the encoding of a name.
        let aside = if name.is_ascii() { UNDER_WAY } else { ASIDE };
        let set = || {
            self.check_name(name)?;
            with_writer_lock(|| {
                let _change = libhdf5::begin(&self.object)?;
                // Removes a leftover of a killed process.
                libhdf5::clear_attribute(&self.object, aside)?;
                let written = self.write(aside, &value);
                let done =
                    written.and_then(|()| libhdf5::replace_attribute(&self.object, aside, name));
                if done.is_err() {
                    libhdf5::clear_attribute(&self.object, aside)?;
                }
                done
            })
        };
        self.done(Operation::Change, set().map_err(|e| e.at(name)))
    }

    fn write<T: Save + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        let cx = whole::write_context::<T>(&WriteOptions::new())?;
        let mut sink = LibSink::new(self.object.clone())?;
        match value.absence() {
            None => {
                let _ = Slot::whole(&mut sink, &cx, Place::Attribute(name)).put(value)?;
            }
            Some(0) => {
                let (dtype, elements) = (&Dtype::F32, Elements::Bytes(&[]));
                sink.attr_any(&AttrSpec {
                    name,
                    dtype,
                    stored: None,
                    shape: &[],
                    null: true,
                    elements,
                })?;
            }
            Some(_) => {
                return Err(ErrorKind::Unsupported(
                    "a `None` inside `Some` cannot be an attribute".into(),
                )
                .into());
            }
        }
        sink.finish()
    }

    /// Deletes an attribute.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::ReadOnly`], or [`ErrorKind::Unsupported`] as for
    /// [`Attrs::set`].
    pub fn remove(&self, name: &str) -> Result<()> {
        let remove = || {
            self.check_name(name)?;
            self.check_there(name)?;
            let _change = libhdf5::begin(&self.object)?;
            libhdf5::delete_attribute(&self.object, name)
        };
        // Nothing comes between what is looked at and the change.
        self.done(Operation::Change, libhdf5::locked(remove).map_err(|e| e.at(name)))
    }

    /// Renames an attribute.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::Exists`], or as [`Attrs::remove`].
    pub fn rename(&self, name: &str, new: &str) -> Result<()> {
        let rename = || {
            self.check_name(name)?;
            self.check_name(new)?;
            self.check_there(name)?;
            match libhdf5::has_attribute(&self.object, new)? {
                true if name == new => Ok(()),
                true => {
                    Err(Error::new(ErrorKind::Exists).with_help(format!("`{new}` exists already")))
                }
                false => {
                    let _change = libhdf5::begin(&self.object)?;
                    libhdf5::replace_attribute(&self.object, name, new)
                }
            }
        };
        self.done(Operation::Change, libhdf5::locked(rename).map_err(|e| e.at(name)))
    }

    /// Returns all attributes with their values, sorted by name. h5py's `Empty` is a dataset that
    /// [is null](Dataset::is_null).
    ///
    /// # Errors
    ///
    /// Any error of reading an attribute.
    pub fn to_map(&self) -> Result<Map> {
        let read = || {
            let source = self.source()?;
            let object = self.open(&source)?;
            let mut map = Map::new();
            for name in self.names()? {
                let attribute =
                    object.attribute(&name)?.ok_or_else(|| self.missing(&name).at(&name))?;
                let value = Dataset::read(&attribute).map_err(|e| e.at(&name))?;
                map.insert(name, value);
            }
            Ok(map)
        };
        self.done(Operation::Load, read())
    }

    /// All names except the temporary names that a killed process left.
    fn names(&self) -> Result<Vec<String>> {
        let mut names = libhdf5::attribute_names(&self.object)?;
        names.retain(|name| !is_passing(name));
        Ok(names)
    }

    fn source(&self) -> Result<LibSource> {
        LibSource::new(libhdf5::root_of(&self.object)?)
    }

    fn open<'s>(&self, source: &'s LibSource) -> Result<Object<'s>> {
        Ok(Object::new(source as &dyn Source, source.adopt(self.object.clone())?))
    }

    /// Refuses reserved names.
    fn check_name(&self, name: &str) -> Result<()> {
        if is_no_name(name) {
            return Err(
                ErrorKind::Unsupported(format!("{name:?} as the name of an attribute")).into()
            );
        }
        let reserved = match name {
            STAMP | FILTER | FORMAT | DIGEST => true,
            LEN => libhdf5::has_attribute(&self.object, STAMP)?,
            _ => is_passing(name),
        };
        if !reserved {
            return Ok(());
        }
        let what = format!("`{name}` is an attribute of the file format");
        Err(Error::new(ErrorKind::Unsupported(what))
            .with_help("keep it: this crate would misread the object without it"))
    }

    fn check_there(&self, name: &str) -> Result<()> {
        if libhdf5::has_attribute(&self.object, name)? { Ok(()) } else { Err(self.missing(name)) }
    }

    #[cold]
    fn missing(&self, name: &str) -> Error {
        let error = Error::new(ErrorKind::Missing);
        match self.names().ok().and_then(|found| near(name, &found).map(str::to_string)) {
            Some(near) => error.with_help(format!("there is an attribute `{near}`")),
            None => error,
        }
    }
}

/// Whether an attribute cannot have this name.
fn is_no_name(name: &str) -> bool {
    name.is_empty() || name.contains('\0')
}

/// Shows the attributes with their values, as far as they can be read.
impl fmt::Debug for Attrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_map() {
            Ok(map) => map.fmt(f),
            Err(error) => f
                .debug_struct("Attrs")
                .field("file", &self.file)
                .field("error", &error.to_string())
                .finish(),
        }
    }
}
