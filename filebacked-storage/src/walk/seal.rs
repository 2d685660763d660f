//! The digest of a file that has just been written, put into it.

#[cfg(any(feature = "libhdf5", feature = "native"))]
use super::Walk;
use crate::error::Result;
#[cfg(feature = "libhdf5")]
use crate::libhdf5::{LibFile, LibSink, LibSource};
use crate::limits::DEFAULT_MAX_DEPTH;
#[cfg(feature = "native")]
use crate::native::{NativeSink, NativeSource};
use crate::stamp::DIGEST;
use crate::{Dtype, Sink};
#[cfg(feature = "native")]
use std::fs::File;

/// What stands in the place of the digest until it is known.
#[cfg(feature = "native")]
const UNKNOWN: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn attribute(sink: &mut dyn Sink, digest: &str) -> Result<()> {
    sink.attr(DIGEST, &Dtype::FixedStr(digest.len()), &[], digest.as_bytes())
}

/// Leaves a place for the digest at the root.
#[cfg(feature = "native")]
pub fn reserve(sink: &mut NativeSink) -> Result<()> {
    attribute(sink, UNKNOWN)
}

/// Puts the digest into its place.
#[cfg(feature = "native")]
pub fn bytes(bytes: &mut [u8]) -> Result<()> {
    let (at, header) = sealed(&NativeSource::new(bytes)?)?;
    let at = at as usize;
    if let Some(place) = bytes.get_mut(at..at + header.len()) {
        place.copy_from_slice(&header);
    }
    Ok(())
}

/// Puts the digest into its place in a file on the disk.
#[cfg(feature = "native")]
pub fn file(mut file: &File) -> Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    let (at, header) = sealed(&NativeSource::of_file(file, file.metadata()?.len())?)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(file.write_all(&header)?)
}

#[cfg(feature = "native")]
fn sealed(source: &NativeSource<'_>) -> Result<(u64, Vec<u8>)> {
    let digest = Walk::through(source, DEFAULT_MAX_DEPTH)?.digest;
    source.root_with(UNKNOWN.as_bytes(), digest.as_bytes())
}

/// Adds the digest to a file that the library has open.
#[cfg(feature = "libhdf5")]
pub fn library(file: &LibFile) -> Result<()> {
    let digest = Walk::through(&LibSource::new(file.root()?)?, DEFAULT_MAX_DEPTH)?.digest;
    attribute(&mut LibSink::new(file.root()?)?, &digest)
}
