//! Upgrades: a value of an older version is read as the type that it was, and converted.

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::node::Node;
use crate::schema::Schema;
use crate::storage::ObjectKind;
use std::error::Error as StdError;

/// The errors of converting an older value.
type Failure = Box<dyn StdError + Send + Sync>;

/// The version of the type that wrote a node, where a stamp says so.
///
/// # Errors
///
/// Any error of the storage.
pub fn stored_version(node: &Node<'_>) -> Result<Option<u32>> {
    match node.kind() {
        ObjectKind::Group => Ok(node.stamp()?.and_then(|stamp| stamp.version())),
        _ => Ok(None),
    }
}

/// Reads a value of an older version, at most `from`, by way of the type that it was then.
///
/// # Errors
///
/// Whatever keeps the node from being an `Old`, and that from becoming a `New`.
pub fn upgrade<Old, New>(node: Node<'_>, from: u32) -> Result<New>
where
    Old: FileBacked,
    New: TryFrom<Old, Error: Into<Failure>>,
{
    check::<Old, New>(from)?;
    New::try_from(node.get::<Old>()?).map_err(|failure| failed::<New>(failure, from))
}

/// Reads many values of an older version.
///
/// # Errors
///
/// As [`upgrade`].
pub fn upgrade_rows<Old, New>(node: Node<'_>, from: u32) -> Result<Vec<New>>
where
    Old: FileBacked,
    New: TryFrom<Old, Error: Into<Failure>>,
{
    check::<Old, New>(from)?;
    let convert = |old| New::try_from(old).map_err(|failure| failed::<New>(failure, from));
    node.get_rows::<Old>()?.into_iter().map(convert).collect()
}

/// The old type must be of the version that it is named for: without, it would refuse what it is
/// there to read.
fn check<Old: FileBacked, New>(from: u32) -> Result<()> {
    let version = match Old::schema() {
        Schema::Struct(schema) => schema.version,
        Schema::Variants(schema) => schema.version,
        _ => return Ok(()),
    };
    if version == from {
        return Ok(());
    }
    let (old, new) = (std::any::type_name::<Old>(), std::any::type_name::<New>());
    let what = format!(
        "`{new}` upgrades from version {from} by way of `{old}`, which is of version {version}"
    );
    Err(Error::new(ErrorKind::Contract(what))
        .with_help(format!("add `#[filebacked(version = {from})]` to `{old}`")))
}

#[cold]
fn failed<New>(failure: impl Into<Failure>, from: u32) -> Error {
    let new = std::any::type_name::<New>();
    Error::custom(failure)
        .with_help(format!("a value of version {from} could not be converted into `{new}`"))
}
