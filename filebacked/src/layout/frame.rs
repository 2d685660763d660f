//! Data frames: columns with an index and an order, as AnnData has them.
//!
//! ```text
//! x            group     filebacked = "columns Cell 1", len = n, encoding-type = "dataframe", encoding-version = "0.2.0",
//! │                      _index = "name", column-order = ["kind", "mass"]
//! ├── name     the rows of the field that is the index
//! ├── kind     categorical: the rows of an enum without data
//! └── mass     the rows of another field
//! ```
//!
//! Version 0.1.0 is read too. Its categorical columns are the codes, with the categories in a group
//! beside the columns:
//!
//! ```text
//! x
//! ├── kind           i8 (n)
//! └── __categories
//!     └── kind       the categories
//! ```

use crate::dialect::anndata::{TYPE, VERSION};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::writer::GroupWriter;

const INDEX: &str = "_index";
const ORDER: &str = "column-order";
const CATEGORIES: &str = "__categories";

/// The columns that have been written to a data frame.
#[derive(Debug)]
pub(crate) struct Columns {
    index: &'static str,
    has_index: bool,
    order: Vec<String>,
}

impl Columns {
    pub(crate) fn new(index: &'static str) -> Self {
        Columns { index, has_index: false, order: Vec::new() }
    }

    /// Notes a column.
    pub(crate) fn push(&mut self, name: &str) {
        if name == self.index {
            self.has_index = true;
        } else {
            self.order.push(name.to_string());
        }
    }

    /// Writes what the columns are to the frame.
    pub(crate) fn finish(self, group: &mut GroupWriter<'_>) -> Result<()> {
        if !self.has_index {
            return Err(Error::new(ErrorKind::Unsupported(
                "a data frame without its index".into(),
            ))
            .with_help("make the index a field of the row, and do not leave it out")
            .at(self.index));
        }
        group.text_attribute(INDEX, self.index)?;
        group.texts_attribute(ORDER, &self.order)
    }
}

/// A data frame that is being read.
pub(crate) struct Frame<'a> {
    /// The type's name for the index, if it has one.
    index: Option<&'static str>,
    /// The member that is the index.
    stored: String,
    /// The categories of the columns, in version 0.1.0.
    categories: Option<Object<'a>>,
}

impl<'a> Frame<'a> {
    /// The group as a data frame, if it is one.
    pub(crate) fn of(group: &Object<'a>, index: Option<&'static str>) -> Result<Option<Self>> {
        let found = group.text_attribute(TYPE)?;
        if found.as_deref() != Some("dataframe") {
            return match (index, found) {
                (Some(_), Some(other)) => {
                    Err(Error::mismatch("a data frame", format!("a group (AnnData's {other})")))
                }
                _ => Ok(None),
            };
        }
        match group.text_attribute(VERSION)?.as_deref() {
            Some("0.1.0" | "0.2.0") => {}
            version => {
                let what =
                    format!("a data frame of encoding version {}", version.unwrap_or("unknown"));
                return Err(ErrorKind::Unsupported(what).into());
            }
        }
        let stored =
            group.text_attribute(INDEX)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(INDEX))?;
        Ok(Some(Frame { index, stored, categories: group.child(CATEGORIES)? }))
    }

    /// The member that is the index.
    pub(crate) fn index(&self) -> &str {
        &self.stored
    }

    /// The member that a column of this name is.
    pub(crate) fn stored<'n>(&'n self, name: &'n str) -> &'n str {
        if self.index == Some(name) { &self.stored } else { name }
    }

    /// The type's name for each member that is a column.
    pub(crate) fn names(&self, members: Vec<String>) -> Vec<String> {
        let own = |member: String| match self.index {
            Some(index) if member == self.stored => index.to_string(),
            _ => member,
        };
        members.into_iter().filter(|member| member != CATEGORIES).map(own).collect()
    }

    /// The categories that stand beside a column.
    pub(crate) fn categories(&self, column: &str) -> Result<Option<Object<'a>>> {
        match &self.categories {
            Some(categories) => categories.child(column),
            None => Ok(None),
        }
    }
}
