//! One save or one load: its options, its filters as they were at the start, and what it has to
//! remember.

use crate::error::Result;
use crate::options::{Conversion, Layout, ReadOptions, WriteOptions};
use crate::path::{Mask, State, UNMASKED};
use crate::progress::Watcher;
use crate::registry::Registry;
use crate::schema::{self, Nested};
use crate::storage::{self, Compression};
use std::any::TypeId;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

/// What is known during one save. Filters reach it through [`Slot::context`](crate::Slot::context).
#[derive(Debug)]
pub struct WriteContext {
    options: WriteOptions,
    registry: Arc<Registry>,
    mask: Option<Mask>,
    /// The types whose tables are being written, the innermost last.
    tables: RefCell<Vec<TypeId>>,
}

impl WriteContext {
    pub(crate) fn new(options: &WriteOptions, schema: Option<Nested>) -> Result<Self> {
        storage::check(options.compression)?;
        let mask = Mask::new(&options.skip, options.only.as_deref(), schema)?;
        Ok(WriteContext {
            registry: options.snapshot(),
            options: options.clone(),
            mask,
            tables: RefCell::default(),
        })
    }

    /// A value that the caller handed to [`WriteOptions::extension`].
    pub fn extension<T: 'static>(&self) -> Option<&T> {
        self.options.extensions.get()
    }

    /// Whether equal values must give equal bytes.
    pub fn is_deterministic(&self) -> bool {
        self.options.deterministic
    }

    /// Whether the file is to be one of Python's FileBacked.
    #[inline]
    pub(crate) fn is_python(&self) -> bool {
        self.options.layout == Layout::Python
    }

    pub(crate) fn watcher(&self) -> Option<&Watcher> {
        self.options.progress.as_ref()
    }

    /// The compression of arrays and columns whose field says nothing.
    pub fn compression(&self) -> Compression {
        self.options.compression
    }

    /// Whether arrays and columns have checksums whose field says nothing.
    pub(crate) fn fletcher32(&self) -> bool {
        self.options.fletcher32
    }

    pub(crate) fn chunk_bytes(&self) -> Option<usize> {
        self.options.chunk_bytes
    }

    pub(crate) fn max_depth(&self) -> u32 {
        self.options.max_depth
    }

    #[inline]
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    #[inline]
    pub(crate) fn mask(&self) -> Option<&Mask> {
        self.mask.as_ref()
    }

    pub(crate) fn start(&self) -> State {
        self.mask.as_ref().map_or(UNMASKED, Mask::start)
    }

    /// Notes that the table of a type is begun; whether it is inside another of the same type.
    pub(crate) fn enter_table(&self, id: TypeId) -> bool {
        let mut tables = self.tables.borrow_mut();
        let inside = tables.contains(&id);
        tables.push(id);
        inside
    }

    pub(crate) fn leave_table(&self) {
        self.tables.borrow_mut().pop();
    }
}

/// What is known during one load. Filters reach it through [`Node::context`](crate::Node::context).
/// Handles that read later keep it.
#[derive(Debug, Clone)]
pub struct ReadContext(Arc<Reading>);

#[derive(Debug)]
struct Reading {
    options: ReadOptions,
    registry: Arc<Registry>,
    mask: Option<Mask>,
    schema: Option<Nested>,
    may_point: OnceLock<bool>,
}

impl ReadContext {
    pub(crate) fn new(options: &ReadOptions, schema: Option<Nested>) -> Result<Self> {
        let mask = Mask::new(&options.skip, options.only.as_deref(), schema)?;
        let (registry, may_point) = (options.snapshot(), OnceLock::new());
        let reading = Reading { registry, options: options.clone(), mask, schema, may_point };
        Ok(ReadContext(Arc::new(reading)))
    }

    /// A value that the caller handed to [`ReadOptions::extension`].
    pub fn extension<T: 'static>(&self) -> Option<&T> {
        self.0.options.extensions.get()
    }

    /// Which numbers of another type than the declared one are accepted.
    pub fn conversion(&self) -> Conversion {
        self.0.options.conversion
    }

    /// The largest encoded value that is decoded, in bytes.
    pub fn decode_limit(&self) -> usize {
        self.0.options.decode_limit
    }

    pub(crate) fn max_depth(&self) -> u32 {
        self.0.options.max_depth
    }

    /// Whether something in the type that is read may point to values that others own: what is
    /// opaque may.
    pub(crate) fn may_point(&self) -> bool {
        *self.0.may_point.get_or_init(|| self.0.schema.is_none_or(schema::has_opaque))
    }

    /// Whether the C library may have the file.
    pub(crate) fn is_trusted(&self) -> bool {
        self.0.options.limits.is_none()
    }

    #[inline]
    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    #[inline]
    pub(crate) fn mask(&self) -> Option<&Mask> {
        self.0.mask.as_ref()
    }

    pub(crate) fn start(&self) -> State {
        self.0.mask.as_ref().map_or(UNMASKED, Mask::start)
    }
}
