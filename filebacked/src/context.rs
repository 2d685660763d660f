//! The state of one save or load: its options, a snapshot of its filters, and its tables.

use crate::error::{Error, ErrorKind, Result};
use crate::options::{Conversion, Layout, ReadOptions, WriteOptions};
use crate::path::{Mask, State, UNMASKED};
use crate::progress::Watcher;
use crate::registry::Registry;
use crate::schema::{self, Nested};
use crate::storage::{self, Compression};
use std::any::TypeId;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

/// The options of a running save. Filters get it from [`Slot::context`](crate::Slot::context). See
/// [`Extensions`](crate::options::Extensions) for an example.
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

    /// Returns the value that the caller passed to [`WriteOptions::extension`].
    pub fn extension<T: 'static>(&self) -> Option<&T> {
        self.options.extensions.get()
    }

    /// Returns whether equal values must give equal bytes.
    pub fn is_deterministic(&self) -> bool {
        self.options.deterministic
    }

    /// Returns whether the file is for Python's FileBacked.
    #[inline]
    pub(crate) fn is_python(&self) -> bool {
        self.options.layout == Layout::Python
    }

    pub(crate) fn watcher(&self) -> Option<&Watcher> {
        self.options.progress.as_ref()
    }

    /// Returns the compression of arrays and columns whose field does not set one.
    pub fn compression(&self) -> Compression {
        self.options.compression
    }

    /// Returns whether arrays and columns have checksums by default.
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

    /// Records that the table of a type begins; returns whether it lies inside one of the same
    /// type.
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

/// The options of a running load. Filters get it from [`Node::context`](crate::Node::context). Lazy
/// handles keep it. See [`Extensions`](crate::options::Extensions) for an example.
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

    /// Returns the value that the caller passed to [`ReadOptions::extension`].
    pub fn extension<T: 'static>(&self) -> Option<&T> {
        self.0.options.extensions.get()
    }

    /// Returns the number types that are accepted besides the declared one.
    pub fn conversion(&self) -> Conversion {
        self.0.options.conversion
    }

    /// Returns the largest encoded value that is decoded, in bytes.
    pub fn decode_limit(&self) -> usize {
        self.0.options.decode_limit
    }

    /// Refuses an encoded value of more bytes than [`decode_limit`](Self::decode_limit).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] names the option that raises the limit.
    pub fn check_decoded(&self, bytes: usize) -> Result<()> {
        let limit = self.decode_limit();
        if bytes <= limit {
            return Ok(());
        }
        let what =
            format!("an encoded value of {bytes} bytes, and no more than {limit} are decoded");
        Err(Error::new(ErrorKind::Limit(what))
            .with_help("`ReadOptions::decode_limit` raises the limit"))
    }

    pub(crate) fn max_depth(&self) -> u32 {
        self.0.options.max_depth
    }

    /// Whether the type may contain pointers to values with other owners. Opaque parts count.
    pub(crate) fn may_point(&self) -> bool {
        *self.0.may_point.get_or_init(|| self.0.schema.is_none_or(schema::has_opaque))
    }

    /// Whether libhdf5 may read the file.
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
