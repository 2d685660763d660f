//! Engines, and the two functions that choose between them: [`read()`] and [`write()`].
//!
//! ```text
//! read(medium)      native ──► libhdf5       the first that takes it
//! write(target)     native ──► libhdf5       the first that supports every node
//! ```
//!
//! An engine that meets something it does not support declines, and the next one starts from the
//! beginning. Only errors of the last engine, and errors that every engine would meet, reach the
//! caller.

#[cfg(feature = "libhdf5")]
mod library;
#[cfg(feature = "native")]
mod native;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::replace::Replacement;
use crate::signature;
use crate::store::{ReadAt, Store};
use crate::{Sink, Source};
use std::fmt;
use std::fs::{File, Metadata};
use std::path::Path;
use std::sync::Arc;

/// The engines of this build, in the order in which they are asked.
const ENGINES: &[&dyn Engine] = &[
    #[cfg(feature = "native")]
    &native::Native,
    #[cfg(feature = "libhdf5")]
    &library::Library,
];

#[cfg(not(any(feature = "libhdf5", feature = "native")))]
compile_error!("filebacked needs an engine: the feature `libhdf5`, `native`, or both");

/// The medium of a file that is read.
#[derive(Debug, Clone, Copy)]
pub enum Medium<'a> {
    /// A file on the disk.
    Path(&'a Path),
    /// All bytes of a file.
    Bytes(&'a [u8]),
    /// A store that holds a file.
    Store(&'a Arc<dyn ReadAt>),
}

/// The target of a whole file that is written.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// Into the file of this name, whatever it holds.
    Path(&'a Path),
    /// Into a new file that no other process knows yet.
    New(&'a Replacement),
    /// Into memory.
    Memory,
    /// Into a store, replacing its content.
    Store(&'a Arc<dyn Store>),
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Target::Path(_) => "Path",
            Target::New(_) => "New",
            Target::Memory => "Memory",
            Target::Store(_) => "Store",
        })
    }
}

/// Which engines a call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// All of them, in their order.
    #[default]
    Any,
    /// Only the native engine.
    Native,
    /// Only the HDF5 library.
    Libhdf5,
}

impl Choice {
    /// libhdf5 if this build has it, otherwise the native engine: for inspecting details that only
    /// libhdf5 reports.
    pub const PREFER_LIBHDF5: Choice =
        if cfg!(feature = "libhdf5") { Choice::Libhdf5 } else { Choice::Native };

    fn allows(self, name: &str) -> bool {
        match self {
            Choice::Any => true,
            Choice::Native => name == NATIVE,
            Choice::Libhdf5 => name == LIBHDF5,
        }
    }
}

const NATIVE: &str = "native";
const LIBHDF5: &str = "libhdf5";

/// How a file is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Which engines may read it.
    pub choice: Choice,
    /// Limits for an untrusted file, which never reaches libhdf5.
    pub limits: Option<Limits>,
    /// Whether a file with an interrupted change is read.
    pub interrupted: bool,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Writing {
    /// Which engines may write it.
    pub choice: Choice,
    /// Whether the root gets a digest of the file's content.
    pub digest: bool,
}

/// The answer of an engine to a request.
#[derive(Debug)]
pub enum Answer<T> {
    /// It is done.
    Done(T),
    /// The engine does not support something, which the error names. The next engine is asked.
    Declined(Error),
}

/// A function that reads from a file. It is called once for each engine that is asked.
pub type Look<'a> = dyn FnMut(&dyn Source) -> Result<()> + 'a;

/// A function that writes the content of a file. It is called once for each engine that is asked.
pub type Fill<'a> = dyn FnMut(&mut dyn Sink) -> Result<()> + 'a;

/// One way of reading and writing HDF5 files.
trait Engine: Sync {
    fn name(&self) -> &'static str;

    /// Whether it reads such files at all.
    fn reads(&self, how: &Reading) -> bool;

    /// Opens a file and looks into it. With `last`, no engine is asked after this one.
    fn read(
        &self,
        medium: Medium<'_>,
        how: &Reading,
        last: bool,
        look: &mut Look<'_>,
    ) -> Result<Answer<()>>;

    /// Writes a whole file, and returns its bytes for a target in memory.
    fn write(
        &self,
        target: Target<'_>,
        how: &Writing,
        fill: &mut Fill<'_>,
    ) -> Result<Answer<Vec<u8>>>;
}

/// Opens a file with the first engine that reads it, and returns the result of `look`. `look` is
/// called again if an engine declines in the middle.
///
/// # Errors
///
/// Any error of `look` or of opening the file; [`ErrorKind::NeedsLibhdf5`] if every engine of this
/// build declines.
pub fn read<R>(
    medium: Medium<'_>,
    how: &Reading,
    mut look: impl FnMut(&dyn Source) -> Result<R>,
) -> Result<R> {
    let mut found = None;
    read_by_first(medium, how, &mut |source| {
        found = Some(look(source)?);
        Ok(())
    })?;
    found.ok_or_else(|| ErrorKind::Contract("nothing was looked at".into()).into())
}

fn read_by_first(medium: Medium<'_>, how: &Reading, look: &mut Look<'_>) -> Result<()> {
    // The native engine reads untrusted files, whichever engine is requested.
    let is_allowed = |name| how.limits.is_some() || how.choice.allows(name);
    let may_read = |engine: &&&dyn Engine| is_allowed(engine.name()) && engine.reads(how);
    let mut engines = ENGINES.iter().filter(may_read).peekable();
    let mut declined = None;
    while let Some(engine) = engines.next() {
        match engine.read(medium, how, engines.peek().is_none(), look)? {
            Answer::Done(()) => return Ok(()),
            Answer::Declined(error) => declined = Some(error),
        }
    }
    Err(match how.limits {
        Some(_) => not_trusted(declined),
        None => needs_libhdf5(declined),
    })
}

/// Writes a whole file with the first engine that supports all of it. The bytes are those of the
/// file for [`Target::Memory`], otherwise there are none.
///
/// # Errors
///
/// Any error of `fill` or of writing the file; [`ErrorKind::NeedsLibhdf5`] if every engine of this
/// build declines.
pub fn write(target: Target<'_>, how: &Writing, fill: &mut Fill<'_>) -> Result<Vec<u8>> {
    let mut declined = None;
    for engine in ENGINES.iter().filter(|engine| how.choice.allows(engine.name())) {
        match engine.write(target, how, fill)? {
            Answer::Done(bytes) => return Ok(bytes),
            Answer::Declined(error) => declined = Some(error),
        }
    }
    Err(needs_libhdf5(declined))
}

/// Opens a file on the disk that may be an HDF5 file.
fn open_on_disk(path: &Path) -> Result<(File, Metadata)> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(signature::directory());
    }
    if found.is_file() && found.len() == 0 {
        return Err(signature::not_hdf5(0));
    }
    Ok((file, found))
}

/// The size of a store that may hold an HDF5 file.
fn size_of_store(store: &dyn ReadAt) -> Result<u64> {
    match store.size()? {
        0 => Err(signature::not_hdf5(0)),
        size => Ok(size),
    }
}

/// The error for what only the HDF5 library does.
#[cold]
pub fn needs_libhdf5(cause: Option<Error>) -> Error {
    let error = Error::new(ErrorKind::NeedsLibhdf5).with_help(match cfg!(feature = "libhdf5") {
        true => "this call is limited to the native engine, which does not support all of HDF5",
        false => "enable the feature `libhdf5` of filebacked",
    });
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}

/// The error for an untrusted file that needs libhdf5.
#[cold]
pub fn not_trusted(cause: Option<Error>) -> Error {
    let error = Error::new(ErrorKind::NeedsLibhdf5).with_help(
        "of files that are not trusted, `load` and `from_bytes` read what the native engine supports",
    );
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}
