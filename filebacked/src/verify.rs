//! [`verify`]: checks that a file is unchanged and completely readable.
//!
//! The digest is SHA-256 over the digests of the parts. The order of members, the layout and the
//! compression of data do not matter:
//!
//! ```text
//! object     sha256(kind, number of attributes, for each in order of their names: name, its content,
//!            then what is in it)
//! group      number of members, for each in order of their names: name, digest of the object
//! dataset    content
//! content    type, rank, extents, data
//! data       elements as bytes, little-endian and packed; of text of variable length: length and bytes of each;
//!            of references to objects: the path of each object, of several the first in the order of names, with `/` at both
//!            ends, "nowhere" where it has none, nothing for no reference; of those to regions: rank, extents and elements;
//!            of compounds with any of these: the content of one member after another
//! link       sha256("link", file or nothing, path)
//! ```
//!
//! Numbers are 8 bytes, little-endian; names, types and paths are preceded by their length.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::object::Object;
use crate::options::ReadOptions;
use crate::stamp::DIGEST;
use crate::storage::Source;
use crate::storage::engine::{self, Medium};
use crate::storage::walk::Walk;
use std::path::Path;

/// The result of [`verify`]: the content that it has read.
///
/// See [`verify`] for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The digest of the file, which was verified. `None` if the file has none; then only the
    /// checksums of HDF5 were verified.
    pub digest: Option<String>,
    /// The number of groups, datasets and datatypes.
    pub objects: u64,
    /// The bytes of the datasets in memory.
    pub bytes: u64,
}

/// Reads a whole file, and compares its digest with the one that
/// [`WriteOptions::digest`](crate::WriteOptions::digest) stored.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("filebacked-verify-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("state.h5");
/// filebacked::WriteOptions::new().digest(true).save(&path, &vec![1.0, 2.0])?;
///
/// let verified = filebacked::inspect::verify(&path)?;
/// assert_eq!((verified.digest.is_some(), verified.objects, verified.bytes), (true, 2, 16));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Damaged`] if the digest differs, or any error of reading a part of the file;
/// [`ErrorKind::Limit`] for a dataset of more than 64 GiB if the file holds less than a millionth
/// of it.
pub fn verify(path: impl AsRef<Path>) -> Result<Verified> {
    ReadOptions::new().verify(path)
}

impl ReadOptions {
    /// Verifies a file; see [`verify`].
    ///
    /// # Errors
    ///
    /// As [`verify`].
    pub fn verify(&self, path: impl AsRef<Path>) -> Result<Verified> {
        let path = path.as_ref();
        let look = |source: &dyn Source| verified(source, self.max_depth);
        engine::read(Medium::Path(path), &self.reading(), look)
            .map_err(|e| e.during(Operation::Verify).in_file(path))
    }
}

fn verified(source: &dyn Source, max_depth: u32) -> Result<Verified> {
    let stored = Object::new(source, source.root()?).text_attribute(DIGEST)?;
    let walk = Walk::through(source, max_depth)?;
    if let Some(stored) = &stored
        && *stored != walk.digest
    {
        let what = format!("its digest is {}, and what is in it has {}", stored, walk.digest);
        return Err(Error::new(ErrorKind::Damaged(what)));
    }
    Ok(Verified { digest: stored, objects: walk.objects, bytes: walk.bytes })
}
