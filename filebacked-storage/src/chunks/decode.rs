//! The chunks of a dataset, read straight from the file and decoded.

use super::fletcher::verified;
use super::split::Slab;
use super::{Grid, Pipeline, parallel};
use crate::codec::Workspace;
use crate::codec::shuffle::{WriteCopy, to_be_written, unshuffle};
use crate::error::{Error, ErrorKind, Result};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;

/// Where a chunk is in the file, and which filters it did not go through.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Where the chunk starts in the file.
    pub address: u64,
    /// Its length in the file.
    pub bytes: usize,
    /// A bit for each filter that was left out for this chunk.
    pub mask: u32,
}

/// The working memory of one thread.
#[derive(Default)]
struct Lane {
    work: Workspace,
    stored: Vec<u8>,
    decoded: Vec<u8>,
    chunk: Vec<u8>,
}

/// The most bytes of the file that a chunk of this size is believed to take: no codec adds more to
/// what it cannot compress.
pub(super) fn longest(chunk: usize) -> usize {
    chunk.saturating_add(chunk / 8).saturating_add(4096)
}

/// Reads bytes of the file straight to where they belong.
#[cfg(target_os = "linux")]
fn read_into(file: &File, mut address: u64, mut out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    while !out.is_empty() {
        let at = libc::off64_t::try_from(address).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        // SAFETY: the descriptor is open and the buffer writable for the length that is passed.
        match unsafe { libc::pread64(file.as_raw_fd(), out.as_mut_ptr().cast(), out.len(), at) } {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n if n > 0 => (address, out) = (address + n as u64, &mut out[n as usize..]),
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
    Ok(())
}

/// Elsewhere the bytes are cleared first.
#[cfg(not(target_os = "linux"))]
fn read_into(file: &File, address: u64, out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
    out.fill(MaybeUninit::new(0));
    // SAFETY: all bytes have just been initialised.
    let out = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), out.len()) };
    file.read_exact_at(out, address)
}

/// The error of a read.
fn beyond(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            ErrorKind::Damaged("a chunk beyond the end of the file".into()).into()
        }
        _ => error.into(),
    }
}

/// A buffer of a size that a file asks for, or an error where there is no memory for it.
fn sized(buffer: &mut Vec<u8>, size: usize) -> Result<&mut [u8]> {
    if let Some(more) = size.checked_sub(buffer.len()) {
        buffer.try_reserve_exact(more).map_err(|_| {
            Error::new(ErrorKind::Limit(format!("no memory for a chunk of {size} bytes")))
        })?;
    }
    buffer.resize(size, 0);
    Ok(buffer)
}

/// Reads all chunks of an array into it; `stored` has one entry per chunk.
pub fn decode(
    grid: &Grid,
    pipeline: Pipeline,
    stored: &[Stored],
    file: &File,
    array: &mut [MaybeUninit<u8>],
) -> Result<()> {
    if array.len() != grid.array_bytes() || stored.len() != grid.count() {
        return Err(ErrorKind::Contract("chunks of another array".into()).into());
    }
    let slabs = grid.slabs(array);
    let mut lanes: Vec<Lane> = parallel::lanes(slabs.len());
    parallel::each(&mut lanes, slabs.into_iter(), |lane, mut slab| {
        for index in slab.chunks.clone() {
            lane.decode(grid, pipeline, stored[index], file, &mut slab, index)?;
        }
        Ok(())
    })
}

impl Lane {
    fn decode(
        &mut self,
        grid: &Grid,
        pipeline: Pipeline,
        stored: Stored,
        file: &File,
        slab: &mut Slab<'_, MaybeUninit<u8>>,
        index: usize,
    ) -> Result<()> {
        let size = grid.chunk_bytes();
        let is_used = |filter: Option<u32>| filter.is_some_and(|bit| stored.mask >> bit & 1 == 0);
        if stored.bytes > longest(size) {
            return Err(ErrorKind::Damaged(format!(
                "a chunk of {size} bytes that takes {}",
                stored.bytes
            ))
            .into());
        }
        let as_it_is = stored.bytes == size && stored.mask & pipeline.all() == pipeline.all();
        if let Some(place) = slab.place(grid, index).filter(|_| as_it_is) {
            return read_into(file, stored.address, place).map_err(beyond);
        }
        file.read_exact_at(sized(&mut self.stored, stored.bytes)?, stored.address)
            .map_err(beyond)?;
        let mut bytes = self.stored.as_slice();
        if is_used(pipeline.fletcher32) {
            bytes = verified(bytes)
                .ok_or_else(|| ErrorKind::Damaged("a chunk with a wrong checksum".into()))?;
        }
        if let Some((_, codec)) = pipeline.codec.filter(|(bit, _)| is_used(Some(*bit))) {
            codec.check(bytes, size)?;
            codec.decode(&mut self.work, bytes, sized(&mut self.decoded, size)?)?;
            bytes = &self.decoded;
        }
        if bytes.len() != size {
            return Err(ErrorKind::Damaged(format!(
                "a chunk of {} bytes instead of {size}",
                bytes.len()
            ))
            .into());
        }
        let shuffled = is_used(pipeline.shuffle);
        match slab.place(grid, index) {
            Some(place) if shuffled => unshuffle(bytes, place, grid.element()),
            Some(place) => place.write_bytes(bytes),
            None if shuffled => {
                let chunk = sized(&mut self.chunk, size)?;
                unshuffle(bytes, to_be_written(chunk), grid.element());
                slab.put(grid, index, chunk);
            }
            None => slab.put(grid, index, bytes),
        }
        Ok(())
    }
}
