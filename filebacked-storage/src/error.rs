//! [`Error`]: the operation, the file, the HDF5 path, a kind to match on, and what to do about it.

mod kind;
mod show;

pub use kind::{ErrorKind, Operation};

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate: what was being done, to which file, at which HDF5 path, and why it
/// failed.
///
/// Match on [`Error::kind`]. The size of an error is one machine word.
///
/// | | |
/// |---|---|
/// | `{}` | one line: operation, file, path, cause |
/// | `{:#}` | that line, and [`help`](Error::help) on a second line where there is some |
/// | `{:?}` | the same with the sources below, for `unwrap` and `fn main() -> Result<()>` |
/// | `{:#?}` | the parts, as of a struct |
///
/// ```
/// use filebacked::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Missing).at("step").with_help("add a default");
/// assert_eq!(error.to_string(), "/step: not in the file");
/// assert_eq!(format!("{error:#}"), "/step: not in the file\nhelp: add a default");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    operation: Option<Operation>,
    file: Option<PathBuf>,
    /// Names from the inside out: an error collects them while it travels up.
    path: Vec<String>,
    kind: ErrorKind,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. Names, file and operation are added while it travels up.
    #[cold]
    pub fn new(kind: ErrorKind) -> Self {
        Error(Box::new(Inner {
            operation: None,
            file: None,
            path: Vec::new(),
            kind,
            help: None,
            source: None,
        }))
    }

    /// A mismatch between what a type asks for and what the file holds.
    #[cold]
    pub fn mismatch(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Error::new(ErrorKind::Mismatch { expected: expected.into(), found: found.into() })
    }

    /// An error of a filter or of a value's own code, kept as the source.
    ///
    /// ```
    /// let error = filebacked::Error::custom("seven".parse::<u8>().unwrap_err());
    /// assert!(matches!(error.kind(), filebacked::ErrorKind::Custom(_)));
    /// ```
    #[cold]
    pub fn custom(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        let mut error = Error::new(ErrorKind::Custom(source.to_string()));
        error.0.source = Some(source);
        error
    }

    /// Returns the kind, to match on.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// True if the file does not exist.
    ///
    /// A member that is missing from a file is [`ErrorKind::Missing`] instead.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// let steps = match filebacked::load::<Vec<u64>>("no such file.h5") {
    ///     Err(error) if error.is_not_found() => Vec::new(),
    ///     other => other?,
    /// };
    /// assert!(steps.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::Io(io::ErrorKind::NotFound)
    }

    /// Returns the operation that failed.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The file, where there is one.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// The HDF5 path of the node, from the root of the value or of the file: `/layers/0/weights`.
    /// Complete, where the text of the error shortens a long one.
    pub fn path(&self) -> String {
        if self.0.path.is_empty() {
            return "/".to_string();
        }
        self.0.path.iter().rev().fold(String::new(), |path, name| path + "/" + name)
    }

    /// Returns advice for the caller.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Adds the name of the node that was being worked on; outer calls add the outer names.
    ///
    /// An error that already names its file is complete: it comes from a handle of that file.
    #[cold]
    #[must_use]
    pub fn at(mut self, name: &str) -> Self {
        if self.0.file.is_some() {
            return self;
        }
        self.0.path.extend(crate::path::names(name).rev().map(str::to_string));
        self
    }

    /// Adds what the caller can do, unless an inner call has said something.
    #[cold]
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// Adds the cause, unless there is one.
    #[cold]
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source.get_or_insert_with(|| source.into());
        self
    }

    /// Adds what was being done, unless an inner call has said so.
    #[cold]
    #[must_use]
    pub fn during(mut self, operation: Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds the file, unless an inner call has said so.
    #[cold]
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.0.file.get_or_insert_with(|| file.to_path_buf());
        self
    }
}

/// The error of a file that is marked as one that is being changed.
#[cold]
pub fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted).with_help(
        "if no process has the file open, read what is left with `File::recover` or \
         `ReadOptions::interrupted(true)`; otherwise call `File::flush` there",
    )
}

impl From<ErrorKind> for Error {
    #[cold]
    fn from(kind: ErrorKind) -> Self {
        Error::new(kind)
    }
}

/// An error that was made an [`io::Error`] becomes itself again.
impl From<io::Error> for Error {
    #[cold]
    fn from(source: io::Error) -> Self {
        match source.downcast::<Error>() {
            Ok(error) => error,
            Err(source) => Error::new(ErrorKind::Io(source.kind())).with_source(source),
        }
    }
}

/// The kind is mapped to the nearest of [`io::ErrorKind`]; the error itself is kept inside, so that
/// `io_error.get_ref()` and `source()` lead to it.
impl From<Error> for io::Error {
    #[cold]
    fn from(error: Error) -> Self {
        io::Error::new(error.0.kind.io(), error)
    }
}

impl StdError for Error {
    /// The cause, where the text of the kind does not say it all.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.0.kind, &self.0.source) {
            // The text of a custom error is that of its source.
            (ErrorKind::Custom(_), Some(source)) => source.source(),
            (_, Some(source)) => Some(&**source),
            (_, None) => None,
        }
    }
}
