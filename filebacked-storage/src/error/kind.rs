//! [`ErrorKind`], what to match on, and [`Operation`], what was being done.

use std::fmt;
use std::io;

/// An operation that can fail.
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
    /// The options of this call left the member out, and its type has no default.
    Skipped,
    /// The file holds something other than the type asks for: another datatype, rank, shape or
    /// kind of group.
    Mismatch {
        /// The form that the type needs.
        expected: String,
        /// The form in the file.
        found: String,
    },
    /// The file holds a value of another type, by the name that was stored with it. The source is
    /// the first difference that was met.
    WrongType {
        /// The name of the type that was asked for.
        expected: String,
        /// The name of the type in the file.
        found: String,
    },
    /// A link or a reference that leads nowhere: to nothing, to a missing file, or in a circle.
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
    /// Bytes that are not a value of their type: a bool of 7, text that is not UTF-8, an unknown
    /// enum number.
    Invalid(String),
    /// An enum in the file names a variant that the type does not have.
    UnknownVariant {
        /// The name in the file.
        found: String,
        /// The names that the type knows.
        known: Vec<String>,
    },
    /// The struct is marked `deny_unknown`, and the file has a member without a field.
    UnknownMember(String),
    /// A pattern of `skip` or `only` matches nothing in the type.
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
    /// The name is already in use.
    Exists,
    /// The value is nested deeper than the limit.
    TooDeep {
        /// The limit of the options.
        limit: u32,
    },
    /// A link leads back to a group that contains it, whose path this is; or a value owns itself,
    /// in words. The path of the error is that of the link or the owner that closes the circle.
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
    /// HDF5 or this crate cannot store or read this.
    Unsupported(String),
    /// A limit of the options, in bytes or elements, is exceeded.
    Limit(String),
    /// The callback of `WriteOptions::progress` stopped the save.
    Cancelled,
    /// An index or a selection outside the data.
    OutOfBounds(String),
    /// The file of a handle was written to, or replaced, after it was opened.
    Changed,
    /// A process was killed while it changed the file, or another one is changing it now: parts of
    /// the file may be missing or old.
    Interrupted,
    /// A transaction is committed, but could not be applied to the file completely: other programs
    /// cannot open the file until that is done. The source says why.
    CommittedPending,
    /// A change of a file that is open for reading only.
    ReadOnly,
    /// An option with an invalid value, or options that contradict each other. No file was touched.
    InvalidOption(String),
    /// The file is still open in this process: handles keep it open after it was closed, or it
    /// cannot be opened this way while they do.
    StillOpen {
        /// The handles that keep it open: `dataset /x`, `group / (to be read)`.
        handles: Vec<String>,
    },
    /// Another program has the file open: it writes the file, or it reads a file that this call
    /// would write.
    Locked,
    /// The file of a handle was closed, with `CloseDegree::Strong`.
    Closed,
    /// Only libhdf5 can write or read this, and this build or this call does not use it.
    NeedsLibhdf5,
    /// An I/O error; the source has the details.
    Io(io::ErrorKind),
    /// An error of libhdf5; the source has its error stack.
    Hdf5(String),
    /// An error of a filter or of a value's own code; the source has the details.
    Custom(String),
    /// A hand-written impl or filter breaks the contract of the traits.
    Contract(String),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Missing => f.write_str("not in the file"),
            ErrorKind::Skipped => {
                f.write_str("left out by `skip` or `only`, and its type has no default")
            }
            ErrorKind::Mismatch { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            ErrorKind::WrongType { expected, found } => {
                write!(f, "this file holds a `{found}`, not a `{expected}`")
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
                write!(f, "`{pattern}` matches nothing in the type")
            }
            ErrorKind::UnknownFilter(name) => {
                write!(f, "written by filter `{name}`, which is not registered")
            }
            ErrorKind::NoFilter(name) => write!(f, "no filter is registered for `{name}`"),
            ErrorKind::Exists => f.write_str("the name is already in use"),
            ErrorKind::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            ErrorKind::Cycle(what) if !what.is_empty() && !what.starts_with('/') => {
                f.write_str(what)
            }
            ErrorKind::Cycle(path) => {
                write!(
                    f,
                    "a link leads back to `{}`, a group that contains it",
                    if path.is_empty() { "/" } else { path }
                )
            }
            ErrorKind::Version { found, supported } => {
                write!(
                    f,
                    "written as version {found}, but this program reads versions up to {supported}"
                )
            }
            ErrorKind::NotHdf5 => f.write_str("not an HDF5 file"),
            ErrorKind::Damaged(what) => write!(f, "damaged file: {what}"),
            ErrorKind::Unsupported(what)
            | ErrorKind::Limit(what)
            | ErrorKind::OutOfBounds(what) => f.write_str(what),
            ErrorKind::Cancelled => f.write_str("stopped by the caller"),
            ErrorKind::Changed => f.write_str("the file has changed since it was opened"),
            ErrorKind::Interrupted => f.write_str("a change of the file is incomplete"),
            ErrorKind::CommittedPending => {
                f.write_str("the changes are committed, but not completely applied to the file")
            }
            ErrorKind::ReadOnly => f.write_str("the file is open for reading only"),
            ErrorKind::InvalidOption(what) => f.write_str(what),
            ErrorKind::StillOpen { handles } if handles.is_empty() => {
                f.write_str("still open in this process")
            }
            ErrorKind::StillOpen { handles } => {
                write!(f, "still open in this process: {}", handles.join(", "))
            }
            ErrorKind::Locked => f.write_str("the file is locked: another program has it open"),
            ErrorKind::Closed => f.write_str("the file of this handle is closed"),
            ErrorKind::NeedsLibhdf5 => f.write_str("only libhdf5 can do this"),
            // The standard library's words, but where it says "entity".
            ErrorKind::Io(io::ErrorKind::NotFound) => f.write_str("no such file or directory"),
            ErrorKind::Io(io::ErrorKind::AlreadyExists) => f.write_str("the file already exists"),
            ErrorKind::Io(kind) => write!(f, "{kind}"),
            ErrorKind::Hdf5(what) | ErrorKind::Custom(what) => f.write_str(what),
            ErrorKind::Contract(what) => write!(f, "broken contract: {what}"),
        }
    }
}

impl ErrorKind {
    /// The nearest kind of the standard library.
    pub(super) fn io(&self) -> io::ErrorKind {
        match self {
            ErrorKind::Io(kind) => *kind,
            ErrorKind::Missing | ErrorKind::Skipped | ErrorKind::Dangling(_) => {
                io::ErrorKind::NotFound
            }
            ErrorKind::Exists => io::ErrorKind::AlreadyExists,
            ErrorKind::Mismatch { .. }
            | ErrorKind::WrongType { .. }
            | ErrorKind::OutOfRange { .. }
            | ErrorKind::Invalid(_)
            | ErrorKind::UnknownVariant { .. }
            | ErrorKind::UnknownMember(_)
            | ErrorKind::TooDeep { .. }
            | ErrorKind::Cycle(_)
            | ErrorKind::Version { .. }
            | ErrorKind::NotHdf5
            | ErrorKind::Damaged(_)
            | ErrorKind::Interrupted => io::ErrorKind::InvalidData,
            ErrorKind::UnknownPath { .. }
            | ErrorKind::OutOfBounds(_)
            | ErrorKind::InvalidOption(_) => io::ErrorKind::InvalidInput,
            ErrorKind::UnknownFilter(_)
            | ErrorKind::NoFilter(_)
            | ErrorKind::Unsupported(_)
            | ErrorKind::NeedsLibhdf5 => io::ErrorKind::Unsupported,
            ErrorKind::ReadOnly => io::ErrorKind::PermissionDenied,
            ErrorKind::StillOpen { .. } | ErrorKind::Locked => io::ErrorKind::ResourceBusy,
            // Not `Interrupted`: callers of `std::io` try again then.
            ErrorKind::Cancelled
            | ErrorKind::CommittedPending
            | ErrorKind::Changed
            | ErrorKind::Limit(_)
            | ErrorKind::Closed
            | ErrorKind::Hdf5(_)
            | ErrorKind::Custom(_)
            | ErrorKind::Contract(_) => io::ErrorKind::Other,
        }
    }
}
