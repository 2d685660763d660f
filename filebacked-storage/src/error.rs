//! What went wrong: the operation, the file, the HDF5 path, a kind to match on, and what to do
//! about it.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this library: what was being done, to which file, at which HDF5 path, and why it
/// failed.
///
/// One machine word. [`Error::kind`] is there to match on; the text says the cause once, and a
/// `help:` line follows where the caller can act.
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

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Writing a value.
    Save,
    /// Reading a value.
    Load,
    /// Creating a file.
    Create,
    /// Opening a file.
    Open,
    /// Looking at a file without a type.
    Inspect,
    /// Closing a file.
    Close,
    /// Making, deleting, moving or copying something in an open file.
    Change,
    /// Comparing a file with its digest.
    Verify,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Save => "cannot save",
            Operation::Load => "cannot load",
            Operation::Create => "cannot create",
            Operation::Open => "cannot open",
            Operation::Inspect => "cannot inspect",
            Operation::Close => "cannot close",
            Operation::Change => "cannot change",
            Operation::Verify => "cannot verify",
        })
    }
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file has no member of this name.
    Missing,
    /// The options of this call left the member out, and its type has no value for that.
    Skipped,
    /// The file holds something else than the type asks for: another datatype, rank, shape or kind
    /// of group.
    Mismatch {
        /// What the type asks for.
        expected: String,
        /// What the file holds.
        found: String,
    },
    /// A link or a reference that leads nowhere: to nothing, to a file that is not there, or in a
    /// circle.
    Dangling(String),
    /// A number in the file does not fit the type, or would lose digits.
    OutOfRange {
        /// The number, as text.
        value: String,
        /// The type it is stored as.
        stored: String,
        /// The type that was asked for.
        wanted: String,
    },
    /// Bytes that are no value of their type: a bool of 7, text that is not UTF-8, an unknown enum
    /// number.
    Invalid(String),
    /// An enum in the file names a variant that the type does not have.
    UnknownVariant {
        /// The name in the file.
        found: String,
        /// The names that the type knows.
        known: Vec<String>,
    },
    /// The struct is marked `deny_unknown` and the file has a member that it does not know.
    UnknownMember(String),
    /// A pattern of `skip` or `only` fits nothing in the type.
    UnknownPath {
        /// The pattern.
        pattern: String,
        /// The nearest path that exists.
        nearest: Option<String>,
    },
    /// The node was written by a filter that is not registered.
    UnknownFilter(String),
    /// A `registered` field whose type has no filter in the registry.
    NoFilter(String),
    /// The name is in use already.
    Exists,
    /// The value is nested deeper than the limit.
    TooDeep {
        /// The limit of the options.
        limit: u32,
    },
    /// A link leads back to a group that it is in, whose path this is; or a value owns itself, in
    /// words. The path of the error is that of the link or the owner that closes the circle.
    Cycle(String),
    /// The file was written by a later version of the type, or of the format.
    Version {
        /// The version in the file.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// Not an HDF5 file.
    NotHdf5,
    /// The file contradicts itself.
    Damaged(String),
    /// HDF5 or this library cannot hold or read this.
    Unsupported(String),
    /// A limit of the options, in bytes or elements, was passed.
    Limit(String),
    /// The callback of `WriteOptions::progress` wanted the save to
    /// stop.
    Cancelled,
    /// An index or a selection that does not lie in the data.
    OutOfBounds(String),
    /// The file under a handle was written to, or replaced, since it was opened.
    Changed,
    /// A process was changing the file when it was killed, or another one is changing it now: parts
    /// of it may be missing or old.
    Interrupted,
    /// A change of a file that was opened to be read.
    ReadOnly,
    /// An option that cannot be, or options that contradict each other. Nothing was touched.
    InvalidOption(String),
    /// The file is open in this process: closing it did not end that, or it cannot be opened so
    /// beside what holds it.
    StillOpen {
        /// What holds it: `dataset /x`, `group / (to be read)`.
        handles: Vec<String>,
    },
    /// Another program has the file open, and what is to be done would not go well with that: it
    /// writes the file, or reads one that is to be written.
    Locked,
    /// The file under a handle was closed, as `CloseDegree::Strong` does it.
    Closed,
    /// Only the HDF5 library can write or read this, and the program was built without it.
    NeedsLibhdf5,
    /// The operating system said no; the source has its words.
    Io(std::io::ErrorKind),
    /// The HDF5 library said no; the source has its error stack.
    Hdf5(String),
    /// A filter or a value's own code failed; the source has its words.
    Custom(String),
    /// A hand-written impl or filter broke the contract of the traits.
    Contract(String),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Missing => f.write_str("not in the file"),
            ErrorKind::Skipped => {
                f.write_str("left out by `skip` or `only`, and its type has no value for that")
            }
            ErrorKind::Mismatch { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            ErrorKind::OutOfRange { value, stored, wanted } => {
                write!(f, "{value} (stored as {stored}) does not fit {wanted}")
            }
            ErrorKind::Invalid(what) | ErrorKind::Dangling(what) => f.write_str(what),
            ErrorKind::UnknownVariant { found, known } => {
                write!(f, "unknown variant `{found}`, expected one of `{}`", known.join("`, `"))
            }
            ErrorKind::UnknownMember(name) => write!(f, "unknown member `{name}`"),
            ErrorKind::UnknownPath { pattern, .. } => {
                write!(f, "`{pattern}` fits nothing in the type")
            }
            ErrorKind::UnknownFilter(name) => {
                write!(f, "written by filter `{name}`, which is not registered")
            }
            ErrorKind::NoFilter(name) => write!(f, "no filter is registered for `{name}`"),
            ErrorKind::Exists => f.write_str("the name is in use already"),
            ErrorKind::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            ErrorKind::Cycle(what) if !what.is_empty() && !what.starts_with('/') => {
                f.write_str(what)
            }
            ErrorKind::Cycle(path) => {
                write!(
                    f,
                    "a link leads back to `{}`, which it is in",
                    if path.is_empty() { "/" } else { path }
                )
            }
            ErrorKind::Version { found, supported } => {
                write!(
                    f,
                    "written as version {found}, this program knows versions up to {supported}"
                )
            }
            ErrorKind::NotHdf5 => f.write_str("not an HDF5 file"),
            ErrorKind::Damaged(what) => write!(f, "damaged file: {what}"),
            ErrorKind::Unsupported(what)
            | ErrorKind::Limit(what)
            | ErrorKind::OutOfBounds(what) => f.write_str(what),
            ErrorKind::Cancelled => f.write_str("stopped by the caller"),
            ErrorKind::Changed => f.write_str("the file has changed since it was opened"),
            ErrorKind::Interrupted => {
                f.write_str("a change of the file was not completed, or is under way")
            }
            ErrorKind::ReadOnly => f.write_str("the file was opened to be read"),
            ErrorKind::InvalidOption(what) => f.write_str(what),
            ErrorKind::StillOpen { handles } if handles.is_empty() => {
                f.write_str("still open in this process")
            }
            ErrorKind::StillOpen { handles } => {
                write!(f, "still open in this process: {}", handles.join(", "))
            }
            ErrorKind::Locked => f.write_str("the file is locked: another program has it open"),
            ErrorKind::Closed => f.write_str("the file was closed under the handle"),
            ErrorKind::NeedsLibhdf5 => f.write_str("only the HDF5 library can do this"),
            ErrorKind::Io(kind) => write!(f, "{kind}"),
            ErrorKind::Hdf5(what) | ErrorKind::Custom(what) => f.write_str(what),
            ErrorKind::Contract(what) => write!(f, "broken contract: {what}"),
        }
    }
}

impl Error {
    /// An error of this kind; names, file and operation are added on its way up.
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

    /// What to match on.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What was being done.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The file, where there is one.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// The HDF5 path of the node, from the root of the value or of the file: `/layers/0/weights`.
    pub fn path(&self) -> String {
        if self.0.path.is_empty() {
            return "/".to_string();
        }
        self.0.path.iter().rev().fold(String::new(), |path, name| path + "/" + name)
    }

    /// What the caller can do about it.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Adds the name of the node that was being worked on, the outermost last. Where the file is
    /// known already, so is the whole path: the node is one of another file then, from which a
    /// handle has read.
    #[cold]
    #[must_use]
    pub fn at(mut self, name: &str) -> Self {
        if self.0.file.is_some() {
            return self;
        }
        self.0.path.extend(name.rsplit('/').filter(|part| !part.is_empty()).map(str::to_string));
        self
    }

    /// Adds what the caller can do, unless something is said already.
    #[cold]
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// Adds the cause.
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
        "if nobody has the file open, `ReadOptions::interrupted(true)` and `File::recover` read what is readable; else \
         `File::flush` completes the change",
    )
}

impl From<ErrorKind> for Error {
    #[cold]
    fn from(kind: ErrorKind) -> Self {
        Error::new(kind)
    }
}

impl From<std::io::Error> for Error {
    #[cold]
    fn from(source: std::io::Error) -> Self {
        Error::new(ErrorKind::Io(source.kind())).with_source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match (inner.operation, &inner.file) {
            (Some(operation), Some(file)) => write!(f, "{operation} {}: ", file.display())?,
            (Some(operation), None) => write!(f, "{operation}: ")?,
            (None, Some(file)) => write!(f, "{}: ", file.display())?,
            (None, None) => {}
        }
        if !inner.path.is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        write!(f, "{}", inner.kind)?;
        match &inner.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug
            .field("operation", &self.0.operation)
            .field("file", &self.0.file)
            .field("path", &self.path());
        debug
            .field("kind", &self.0.kind)
            .field("help", &self.0.help)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    /// The cause, where the kind's own words do not say it all.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.0.kind, &self.0.source) {
            // The kind of a custom error is its source's text already.
            (ErrorKind::Custom(_), Some(source)) => source.source(),
            (_, Some(source)) => Some(&**source),
            (_, None) => None,
        }
    }
}
