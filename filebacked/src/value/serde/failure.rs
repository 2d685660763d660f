//! [`Failure`]: the library's error as one of serde's.

use crate::error::{Error, ErrorKind};
use std::fmt;

/// An error that passes through serde, with the path in the value.
#[derive(Debug)]
pub(super) struct Failure(Error);

impl Failure {
    /// Adds the name of the part that was being worked on, the outermost last.
    #[cold]
    pub(super) fn at(self, name: &str) -> Self {
        Failure(self.0.at(name))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl serde::ser::Error for Failure {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Failure(ErrorKind::Custom(what.to_string()).into())
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Failure(ErrorKind::Invalid(what.to_string()).into())
    }
}
