//! [`Cause`]: an error that is returned many times.

use crate::error::{Error, ErrorKind};
use std::error::Error as _;
use std::io;

/// The first error of a transaction that cannot be committed.
#[derive(Debug)]
pub(super) struct Cause {
    kind: ErrorKind,
    /// The number of the operating system.
    number: Option<i32>,
    text: String,
}

impl Cause {
    #[cold]
    pub(super) fn of(error: &Error) -> Self {
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        Cause {
            kind: error.kind().clone(),
            number: source.and_then(io::Error::raw_os_error),
            text: source.map_or_else(|| error.to_string(), ToString::to_string),
        }
    }

    /// Whether another program has changed the file.
    pub(super) fn is_changed(&self) -> bool {
        self.kind == ErrorKind::Changed
    }

    /// The same error once more.
    #[cold]
    pub(super) fn error(&self) -> Error {
        let source = match (self.number, &self.kind) {
            (Some(number), _) => io::Error::from_raw_os_error(number),
            (None, ErrorKind::Io(kind)) => io::Error::new(*kind, self.text.clone()),
            (None, kind) => return with_help(Error::new(kind.clone())),
        };
        with_help(Error::from(source))
    }
}

fn with_help(error: Error) -> Error {
    error.with_help(
        "nothing can be committed until `File::rollback`, which undoes everything since the last \
         commit",
    )
}
