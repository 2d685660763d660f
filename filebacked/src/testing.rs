//! Conformance checks for filters and for hand-written impls of [`FileBacked`], and
//! [`check_versions`] for types that change.
//!
//! One call runs a filter in all ways in which this crate uses filters: single values, rows of
//! every form, fields, `Option`s and sequences, named on a field and registered, compressed data,
//! and foreign files.
//!
//! ```
//! use filebacked::testing::{Failure, check_filter};
//! use filebacked::{Filter, Node, Result, Rows, Slot, Written};
//!
//! #[derive(Debug, PartialEq)]
//! struct Celsius(f64); // say, from another crate
//!
//! struct AsKelvin;
//!
//! impl Filter<Celsius> for AsKelvin {
//!     fn name(&self) -> &str {
//!         "AsKelvin"
//!     }
//!     fn write(&self, value: &Celsius, slot: Slot<'_>) -> Result<Written> {
//!         slot.put(&(value.0 + 273.0))
//!     }
//!     fn read(&self, node: Node<'_>) -> Result<Celsius> {
//!         Ok(Celsius(node.get::<f64>()? - 273.0))
//!     }
//!     fn write_rows(&self, rows: Rows<'_, Celsius>, slot: Slot<'_>) -> Result<Written> {
//!         let kelvin: Vec<f64> = rows.iter().map(|value| value.0 + 273.0).collect();
//!         slot.put_rows(Rows::slice(&kelvin))
//!     }
//!     fn read_rows(&self, node: Node<'_>) -> Result<Vec<Celsius>> {
//!         Ok(node.get_rows::<f64>()?.into_iter().map(|kelvin| Celsius(kelvin - 273.0)).collect())
//!     }
//! }
//!
//! # fn main() -> std::result::Result<(), Failure> {
//! check_filter(AsKelvin, vec![Celsius(-40.0), Celsius(0.0), Celsius(36.5)])
//! # }
//! ```

mod probe;
mod suite;
mod versions;

pub use versions::{Changed, check_versions};

use crate::backed::FileBacked;
use crate::error::Error;
use crate::filter::{DynFilter, Filter};
use std::error::Error as StdError;
use std::fmt;

/// A check of the conformance suite; see the [module](self) for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The filter has a name, and always the same one.
    Name,
    /// Each value comes back from a field.
    Field,
    /// Values come back as columns, from contiguous memory, and from references; also none, one,
    /// and many.
    Rows,
    /// Values come back from an `Option`, and `None` stays `None`.
    Absence,
    /// Values come back from sequences and nested sequences.
    Sequence,
    /// Values come back from compressed data.
    Compression,
    /// Equal values give equal bytes.
    Determinism,
    /// The name is recorded on the node, outermost.
    Record,
    /// Without the filter, the error of reading names it.
    UnknownFilter,
    /// The filter works from the registry.
    Registry,
    /// The filter reads data without names of filters, as in foreign files.
    Foreign,
    /// Unexpected data gives an error or a value, not a panic.
    OddData,
    /// The type has a `Save::key`, so that filters for the type are found.
    Key,
    /// Each value comes back as a whole file.
    File,
    /// Values come back from a map.
    Map,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Check::Name => "name",
            Check::Field => "field",
            Check::Rows => "rows",
            Check::Absence => "absence",
            Check::Sequence => "sequence",
            Check::Compression => "compression",
            Check::Determinism => "determinism",
            Check::Record => "record",
            Check::UnknownFilter => "unknown filter",
            Check::Registry => "registry",
            Check::Foreign => "foreign file",
            Check::OddData => "odd data",
            Check::Key => "key",
            Check::File => "file",
            Check::Map => "map",
        })
    }
}

/// A failed check and its cause; see the [module](self) for an example.
pub struct Failure {
    check: Check,
    what: String,
    source: Option<Error>,
}

impl Failure {
    fn new(check: Check, what: impl Into<String>) -> Self {
        Failure { check, what: what.into(), source: None }
    }

    fn caused(check: Check, what: impl Into<String>, source: Error) -> Self {
        Failure { check, what: what.into(), source: Some(source) }
    }

    /// Returns the check that failed.
    pub fn check(&self) -> Check {
        self.check
    }

    /// Returns the error of this crate or the filter, if there is one.
    pub fn error(&self) -> Option<&Error> {
        self.source.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} check: {}", self.check, self.what)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

/// Shows the same text as `Display`, so that a test that returns it shows what is wrong.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().and_then(StdError::source)
    }
}

/// Runs a filter in all ways in which this crate uses filters, with these values. See the
/// [module](self) for an example.
///
/// Edge cases find the most errors: empty values, very large ones, values of different lengths.
/// Values must equal themselves (no NaN). To check a filter that needs
/// [extensions](crate::options::Extensions), wrap it in one that provides them.
///
/// # Errors
///
/// The first check that fails.
pub fn check_filter<T, F>(filter: F, values: impl IntoIterator<Item = T>) -> Result<(), Failure>
where
    T: PartialEq + fmt::Debug + 'static,
    F: Filter<T> + 'static,
{
    suite::filter(filter, values.into_iter().collect())
}

/// Runs a predicate filter with values of one type that it accepts, in all ways in which this crate
/// uses registered filters. Call it for each kind of type that the predicate is about.
///
/// Values must come back equal. To check a filter that loses digits, pass it values that it keeps.
///
/// ```
/// use filebacked::testing::{Failure, check_dyn_filter};
/// use filebacked::filter::{AnyRows, AnyType, AnyValue, DynFilter};
/// use filebacked::{Compression, Node, Result, Schema, Slot};
/// use filebacked::Written;
/// use std::any::{Any, TypeId};
///
/// /// Compresses every sequence of numbers.
/// struct GzipNumbers;
///
/// impl DynFilter for GzipNumbers {
///     fn name(&self) -> &str {
///         "GzipNumbers"
///     }
///     fn applicable(&self, _: TypeId, schema: &Schema) -> bool {
///         matches!(schema, Schema::Sequence(inner) if matches!(inner(), Schema::Scalar(_)))
///     }
///     fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
///         slot.compression(Compression::Gzip(4)).put_next_any(value)
///     }
///     fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
///         node.get_next_any(ty)
///     }
///     fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
///         slot.compression(Compression::Gzip(4)).put_next_rows_any(rows)
///     }
///     fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
///         node.get_next_rows_any(ty)
///     }
///     fn is_recorded(&self) -> bool {
///         false
///     }
/// }
///
/// # #[cfg(feature = "libhdf5")]
/// # fn main() -> std::result::Result<(), Failure> {
/// check_dyn_filter(GzipNumbers, [vec![0.5; 1000], vec![]])?;
/// check_dyn_filter(GzipNumbers, [vec![1u8, 2]])
/// # }
/// # #[cfg(not(feature = "libhdf5"))] fn main() {}
/// ```
///
/// # Errors
///
/// The first check that fails.
pub fn check_dyn_filter<T, F>(filter: F, values: impl IntoIterator<Item = T>) -> Result<(), Failure>
where
    T: FileBacked + PartialEq + fmt::Debug,
    F: DynFilter,
{
    suite::dynamic(filter, values.into_iter().collect())
}

/// Runs a type with a hand-written [`FileBacked`] in all ways in which this crate uses types.
///
/// ```
/// use filebacked::testing::{Failure, check_type};
/// use filebacked::filter::Key;
/// use filebacked::{FileBacked, Node, Result, Save, Schema, Slot, Written};
///
/// #[derive(Debug, PartialEq)]
/// struct Celsius(f64);
///
/// impl Save for Celsius {
///     fn write(&self, slot: Slot<'_>) -> Result<Written> {
///         slot.put(&self.0)
///     }
///     fn key() -> Option<Key<Self>> {
///         Some(Key::new())
///     }
/// }
///
/// impl FileBacked for Celsius {
///     fn schema() -> Schema {
///         f64::schema()
///     }
///     fn read(node: Node<'_>) -> Result<Self> {
///         node.get().map(Celsius)
///     }
/// }
///
/// # fn main() -> std::result::Result<(), Failure> {
/// check_type([Celsius(-40.0), Celsius(36.6)])
/// # }
/// ```
///
/// # Errors
///
/// The first check that fails.
pub fn check_type<T>(values: impl IntoIterator<Item = T>) -> Result<(), Failure>
where
    T: FileBacked + PartialEq + fmt::Debug,
{
    suite::backed(values.into_iter().collect())
}
