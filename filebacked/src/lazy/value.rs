//! [`Lazy`]: a value in the file that is read on request.

use super::Held;
use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::sequence;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::slot::{Slot, Written};
use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

/// A value that stays in the file until its first use.
///
/// On disk it is the same as a `T`. Loading a struct does not read its `Lazy` fields;
/// [`get`](Lazy::get) reads one, once. A `Lazy` keeps the file open, can be sent to other threads
/// and shared between them, and outlives the struct that it was loaded with. Saving an unread
/// `Lazy` copies the stored data with its compression, without decoding a `T`.
///
/// In columns (`Vec<Struct>`) all values are read at once, so make the whole table lazy instead.
/// Arrays stay lazy in rows too, because each is an object: `Vec<Lazy<Array2<f64>>>`,
/// `HashMap<String, Lazy<Model>>`.
///
/// ```
/// # #[cfg(feature = "derive")] fn f() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, Lazy};
///
/// #[derive(FileBacked)]
/// struct Run { name: String, samples: Lazy<Vec<f64>> }
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-lazy-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("run.h5");
/// filebacked::save(&path, &Run { name: "night".into(), samples: vec![0.5; 1000].into() })?;
///
/// let run: Run = filebacked::load(&path)?;
/// assert!(!run.samples.is_loaded());
/// assert_eq!(run.samples.get()?.len(), 1000); // read now
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// # #[cfg(feature = "derive")] f().unwrap();
/// ```
pub struct Lazy<T> {
    value: OnceLock<T>,
    held: Option<Held>,
}

impl<T> Lazy<T> {
    /// Wraps a value in memory.
    pub fn new(value: T) -> Self {
        Lazy { value: OnceLock::from(value), held: None }
    }

    /// Returns whether the value is in memory.
    pub fn is_loaded(&self) -> bool {
        self.value.get().is_some()
    }

    /// Returns the file that the value is read from; `None` for values without a file, changed
    /// values, and files in memory.
    pub fn file(&self) -> Option<&Path> {
        self.held.as_ref()?.path()
    }

    /// Drops the value from memory, if it can be read again. Returns whether it did.
    pub fn evict(&mut self) -> bool {
        self.held.is_some() && self.value.take().is_some()
    }
}

impl<T: FileBacked> Lazy<T> {
    /// Returns the value. The first call reads it.
    ///
    /// # Errors
    ///
    /// Any error of reading a `T`; [`ErrorKind::Changed`] if the file was written to since.
    pub fn get(&self) -> Result<&T> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        // Two threads may both read; one value is kept.
        let value = self.read()?;
        Ok(self.value.get_or_init(|| value))
    }

    /// Returns the value for changing. From now on it is in memory only, until it is saved.
    ///
    /// # Errors
    ///
    /// As [`Lazy::get`].
    pub fn get_mut(&mut self) -> Result<&mut T> {
        self.get()?;
        self.held = None;
        self.value.get_mut().ok_or_else(gone)
    }

    /// Returns the owned value.
    ///
    /// # Errors
    ///
    /// As [`Lazy::get`].
    pub fn into_inner(mut self) -> Result<T> {
        match self.value.take() {
            Some(value) => Ok(value),
            None => self.read(),
        }
    }

    fn read(&self) -> Result<T> {
        self.held.as_ref().ok_or_else(gone)?.read(|node| node.get())
    }
}

/// A handle is made with a value, or with a node.
#[cold]
fn gone() -> Error {
    ErrorKind::Contract("a lazy value without a value and without a file".into()).into()
}

impl<T> From<T> for Lazy<T> {
    fn from(value: T) -> Self {
        Lazy::new(value)
    }
}

impl<T: Default> Default for Lazy<T> {
    fn default() -> Self {
        Lazy::new(T::default())
    }
}

impl<T: Clone> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Lazy { value: self.value.clone(), held: self.held.clone() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.get() {
            Some(value) => f.debug_tuple("Lazy").field(value).finish(),
            None => f.debug_struct("Lazy").field("file", &self.file()).finish_non_exhaustive(),
        }
    }
}

impl<T: FileBacked> Save for Lazy<T> {
    fn write(&self, mut slot: Slot<'_>) -> Result<Written> {
        if let (None, Some(held)) = (self.value.get(), &self.held) {
            match slot.copy(held.kept(), T::schema)? {
                Ok(written) => return Ok(written),
                Err(back) => slot = back,
            }
            // Not kept: whoever saves has not asked for the value.
            return slot.put(&self.read()?);
        }
        slot.put(self.get()?)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        if T::is_listed() && slot.layout().is_none() {
            return sequence::write_numbered(rows, slot);
        }
        // Not kept either.
        let read = |lazy: &Self| if lazy.is_loaded() { Ok(None) } else { lazy.read().map(Some) };
        let read: Vec<Option<T>> = rows.iter().map(read).collect::<Result<_>>()?;
        let both = rows.iter().zip(&read);
        let values = both.map(|(lazy, read)| read.as_ref().or(lazy.value.get()).ok_or_else(gone));
        let values: Vec<&T> = values.collect::<Result<_>>()?;
        slot.put_rows(Rows::refs(&values))
    }

    fn absence(&self) -> Option<u32> {
        self.value.get()?.absence()
    }

    fn is_flat(level: u32) -> bool {
        level < 16 && T::is_flat(level + 1)
    }

    fn needs_objects(seen: &mut Seen) -> bool {
        // The form depends on `T` alone: the file is the same with and without handles.
        T::needs_objects(seen)
    }

    fn is_number() -> bool {
        T::is_number()
    }

    fn is_listed() -> bool {
        T::is_listed()
    }

    fn optional_concept() -> Option<Concept> {
        T::optional_concept()
    }

    fn filler() -> Option<Self> {
        T::filler().map(Lazy::new)
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl<T: FileBacked> FileBacked for Lazy<T> {
    fn schema() -> Schema {
        T::schema()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        match Held::new(&node)? {
            Some(held) => Ok(Lazy { value: OnceLock::new(), held: Some(held) }),
            None => node.get().map(Lazy::new),
        }
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        // The values of a numbered group are objects of their own.
        if node.stamp()?.is_some_and(|stamp| stamp.kind_name() == "list") {
            return sequence::read_numbered(node);
        }
        Ok(node.get_rows()?.into_iter().map(Lazy::new).collect())
    }

    fn from_absence(depth: u32) -> Option<Self> {
        T::from_absence(depth).map(Lazy::new)
    }
}
