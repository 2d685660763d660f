//! The digest of a whole file, as an attribute of its root.

use crate::error::Result;
use crate::stamp::DIGEST;
use crate::{Dtype, Sink, Source};

/// The placeholder of the digest until it is known.
#[cfg(feature = "native")]
pub(crate) const UNKNOWN: &str =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Writes a digest, or what stands in its place.
pub(crate) fn put(sink: &mut dyn Sink, digest: &str) -> Result<()> {
    sink.attr(DIGEST, &Dtype::FixedStr(digest.len()), &[], digest.as_bytes())
}

/// The digest of all that a source has.
pub(crate) fn digest(source: &dyn Source) -> Result<String> {
    #[cfg(feature = "digest")]
    return Ok(crate::walk::Walk::through(source, crate::DEFAULT_MAX_DEPTH)?.digest);
    #[cfg(not(feature = "digest"))]
    {
        let _ = source;
        let what = "digests need the feature `digest` of filebacked";
        Err(crate::ErrorKind::Unsupported(what.into()).into())
    }
}
