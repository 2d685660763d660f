//! How what is written tells AnnData what it is.
//!
//! Below a node for AnnData, every object carries two attributes:
//!
//! ```text
//! x            encoding-type = "dict", "array", "string", ...   what it is
//!              encoding-version = "0.2.0"                        in which version of AnnData's format
//! ```
//!
//! AnnData's documentation calls such an object an element, and specifies each: "On-disk format",
//! <https://anndata.readthedocs.io/en/stable/fileformat-prose.html>.

use crate::dialect::Concept;
use crate::error::{Error, ErrorKind, Result};
use crate::stamp::Stamp;
use crate::storage::Dtype;

/// The attribute with the name of an encoding.
pub(crate) const TYPE: &str = "encoding-type";

/// The attribute with the version of an encoding.
pub(crate) const VERSION: &str = "encoding-version";

/// The name and the version of an encoding.
pub(crate) type Element = &'static (&'static str, &'static str);

/// The encoding of what stands for a concept.
pub(crate) fn of(concept: Concept) -> Element {
    match concept {
        Concept::AnnotatedMatrix => &("anndata", "0.1.0"),
        Concept::SparseRows => &("csr_matrix", "0.1.0"),
        Concept::SparseColumns => &("csc_matrix", "0.1.0"),
        Concept::Categorical => &("categorical", "0.2.0"),
        Concept::OptionalIntegers => &("nullable-integer", "0.1.0"),
        Concept::OptionalBools => &("nullable-boolean", "0.1.0"),
        Concept::OptionalTexts => &("nullable-string-array", "0.1.0"),
    }
}

/// The role of the objects below a node for AnnData.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Nothing but what they are to this library.
    #[default]
    None,
    /// Elements, all the way down.
    Elements,
    /// Rows as a data frame.
    Frame,
    /// The columns of a data frame.
    Columns,
}

impl Encoding {
    /// The role of the members of a group with this encoding.
    pub(crate) fn inside(self) -> Self {
        match self {
            Encoding::None => Encoding::None,
            Encoding::Frame => Encoding::Columns,
            Encoding::Elements | Encoding::Columns => Encoding::Elements,
        }
    }

    /// Whether what is written is AnnData's.
    pub(crate) fn is_some(self) -> bool {
        self != Encoding::None
    }

    /// The encoding of a group with this stamp, by default.
    pub(crate) fn group(self, stamp: &Stamp<'_>) -> Result<Option<Element>> {
        match self {
            Encoding::None => Ok(None),
            Encoding::Elements => Ok(Some(&("dict", "0.1.0"))),
            Encoding::Frame if stamp.kind_name() == "columns" => Ok(Some(&("dataframe", "0.2.0"))),
            Encoding::Frame => Err(no_frame(format!("a group ({stamp})"))),
            Encoding::Columns => Err(no_column(format!("a group ({stamp})"))),
        }
    }

    /// The encoding of a dataset.
    pub(crate) fn dataset(self, dtype: &Dtype, shape: &[u64]) -> Result<Option<Element>> {
        let plain = !matches!(
            dtype,
            Dtype::Compound(_)
                | Dtype::Array(..)
                | Dtype::Opaque(..)
                | Dtype::Other(..)
                | Dtype::Reference
        );
        match self {
            Encoding::None => return Ok(None),
            Encoding::Frame => return Err(no_frame(format!("a dataset of {dtype}"))),
            Encoding::Columns if shape.len() != 1 || !plain => {
                return Err(no_column(format!("a {}-dimensional dataset of {dtype}", shape.len())));
            }
            Encoding::Columns | Encoding::Elements => {}
        }
        Ok(Some(match (dtype, shape) {
            (Dtype::FixedStr(_) | Dtype::VarStr, []) => &("string", "0.2.0"),
            (Dtype::FixedStr(_) | Dtype::VarStr, _) => &("string-array", "0.2.0"),
            (Dtype::Compound(_), [_, ..]) => &("rec-array", "0.2.0"),
            (_, []) if plain => &("numeric-scalar", "0.2.0"),
            _ => &("array", "0.2.0"),
        }))
    }
}

#[cold]
fn no_frame(what: String) -> Error {
    Error::new(ErrorKind::Unsupported(format!("{what} as a data frame"))).with_help(
        "a data frame holds the rows of a struct: `Vec<Row>` with `#[derive(FileBacked)]` on `Row`",
    )
}

#[cold]
fn no_column(what: String) -> Error {
    Error::new(ErrorKind::Unsupported(format!("{what} as a column of a data frame"))).with_help(
        "columns hold numbers, bool, text, enums without data, and options of those; \
         `#[filebacked(with = AsString)]` makes text of other types, `flatten` columns of a struct",
    )
}
