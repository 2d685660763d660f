//! Errors: what was being done, with which file, at which path, what went wrong, and what helps.
//!
//! `{}` prints one line, `{:#}` adds the help, and `{:?}` prints the sources, too. Programs match on
//! [`Error::kind`]:
//!
//! ```
//! use filebacked::ErrorKind;
//!
//! let error = filebacked::load::<f64>("nothing-is-here.h5").unwrap_err();
//! assert!(error.is_not_found());
//! assert!(matches!(error.kind(), ErrorKind::Io(_)));
//! assert!(error.to_string().contains("nothing-is-here.h5"));
//! ```

pub use filebacked_storage::error::{Error, ErrorKind, Operation, Result};
