//! [`verify`]: whether a file is as it was written, and can be read to its last byte.
//!
//! The digest is SHA-256 over digests of the parts, so that neither the order of members nor how
//! data is laid out and compressed matters:
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

/// What [`verify`] has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The digest that the file holds and that was computed again; `None` where it holds none, so
    /// that only checksums of HDF5 were verified, where there are some.
    pub digest: Option<String>,
    /// The groups, datasets and datatypes.
    pub objects: u64,
    /// The bytes of the datasets, as they are in memory.
    pub bytes: u64,
}

/// Reads all of a file, and compares its digest with the one that
/// [`WriteOptions::digest`](crate::WriteOptions::digest) stored.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("filebacked-verify-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("state.h5");
/// filebacked::WriteOptions::new().digest(true).save(&path, &vec![1.0, 2.0])?;
///
/// let verified = filebacked::verify(&path)?;
/// assert_eq!((verified.digest.is_some(), verified.objects, verified.bytes), (true, 2, 16));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Damaged`] where the digest is another one, or whatever keeps a part of the file
/// from being read; [`ErrorKind::Limit`] for a dataset of more than 64 GiB of which less than a
/// millionth is in the file.
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
