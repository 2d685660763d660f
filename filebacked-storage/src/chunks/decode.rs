//! The chunks of a dataset, read straight from the file and decoded.

use super::fletcher::verified;
use super::split::Slab;
use super::{Grid, Pipeline};
use crate::codec::Workspace;
use crate::codec::shuffle::{WriteCopy, to_be_written, unshuffle};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{ReadAt, fill};
use std::fmt;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;

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

/// Arrays up to this size are decoded by the thread that asks for them.
#[cfg(feature = "compress")]
const AT_ONCE: usize = 64 << 10;

/// The most bytes of the file that a chunk of this size is believed to take: no codec adds more to
/// what it cannot compress.
pub(super) fn longest(chunk: usize) -> usize {
    chunk.saturating_add(chunk / 8).saturating_add(4096)
}

/// The file that chunks lie in.
pub trait ChunkBytes: Sync {
    /// Fills a buffer with the bytes at an address.
    ///
    /// # Errors
    ///
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) for bytes beyond the end, and any error of
    /// the file.
    fn read_into(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> io::Result<()>;
}

/// A file whose bytes are in memory.
#[derive(Debug, Clone, Copy)]
pub struct InMemory<'a>(pub &'a [u8]);

impl ChunkBytes for InMemory<'_> {
    fn read_into(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
        let start = usize::try_from(address).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(out.len())?));
        let found = range.and_then(|range| self.0.get(range));
        out.write_bytes(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A file in a store.
#[derive(Clone, Copy)]
pub struct InStore<'a>(pub &'a dyn ReadAt);

impl fmt::Debug for InStore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InStore")
    }
}

impl ChunkBytes for InStore<'_> {
    fn read_into(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
        let out = zeroed(out);
        match fill(self.0, address, out)? {
            read if read == out.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(target_os = "linux")]
impl ChunkBytes for File {
    fn read_into(&self, mut address: u64, mut out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        while !out.is_empty() {
            let at = libc::off64_t::try_from(address).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            // SAFETY: the descriptor is open and the buffer writable for the length that is passed.
            match unsafe { libc::pread64(self.as_raw_fd(), out.as_mut_ptr().cast(), out.len(), at) }
            {
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
}

/// Elsewhere the bytes are cleared first.
#[cfg(all(unix, not(target_os = "linux")))]
impl ChunkBytes for File {
    fn read_into(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
        self.read_exact_at(zeroed(out), address)
    }
}

/// One thread after another moves the file's position.
#[cfg(not(unix))]
impl ChunkBytes for File {
    fn read_into(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = self;
        file.seek(SeekFrom::Start(address))?;
        file.read_exact(zeroed(out))
    }
}

/// The same memory, cleared.
fn zeroed(out: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    out.fill(MaybeUninit::new(0));
    // SAFETY: all bytes have just been initialised.
    unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), out.len()) }
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

/// Reads all chunks of an array into it. `stored` has those that are in the file, sorted by their
/// numbers; elements of other chunks are `missing`, or zeros if that has no bytes.
pub fn decode(
    grid: &Grid,
    pipeline: Pipeline,
    stored: &[(usize, Stored)],
    missing: &[u8],
    file: &dyn ChunkBytes,
    array: &mut [MaybeUninit<u8>],
) -> Result<()> {
    let fits = stored.last().is_none_or(|(last, _)| *last < grid.count())
        && (missing.is_empty() || missing.len() == grid.element());
    if array.len() != grid.array_bytes() || !fits {
        return Err(ErrorKind::Contract("chunks of another array".into()).into());
    }
    let slabs = grid.slabs(array);
    let work = |lane: &mut Lane, mut slab: Slab<'_, MaybeUninit<u8>>| {
        let start = stored.partition_point(|(number, _)| *number < slab.chunks.start);
        let end = stored.partition_point(|(number, _)| *number < slab.chunks.end);
        let stored = stored.get(start..end).unwrap_or_default();
        if stored.len() < slab.chunks.len() {
            slab.fill(missing);
        }
        for (index, stored) in stored {
            lane.decode(grid, pipeline, *stored, file, &mut slab, *index)?;
        }
        Ok(())
    };
    #[cfg(feature = "compress")]
    if slabs.len() > 1 && grid.array_bytes() > AT_ONCE {
        let mut lanes: Vec<Lane> = super::parallel::lanes(slabs.len());
        return super::parallel::each(&mut lanes, slabs.into_iter(), work);
    }
    let mut lane = Lane::default();
    slabs.into_iter().try_for_each(|slab| work(&mut lane, slab))
}

impl Lane {
    fn decode(
        &mut self,
        grid: &Grid,
        pipeline: Pipeline,
        stored: Stored,
        file: &dyn ChunkBytes,
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
            return file.read_into(stored.address, place).map_err(beyond);
        }
        let room = sized(&mut self.stored, stored.bytes)?;
        file.read_into(stored.address, to_be_written(room)).map_err(beyond)?;
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
