//! The source of a file's bytes: memory, or a file on the disk or in a store, which is read in
//! parts on request.

use super::header::damaged;
use crate::chunks::{ChunkBytes, InMemory, InStore};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{ReadAt, fill};
use std::cell::RefCell;
use std::fs::File;
use std::mem::MaybeUninit;
use std::ops::{Deref, Range};
use std::rc::Rc;

/// Metadata is read in blocks of this many bytes: a look at one object touches some eight of them,
/// here and there.
const BLOCK: usize = 4 << 10;

/// So many blocks are read at once where one is asked for after the one before it.
const AHEAD: u64 = 8;

/// So many blocks are kept.
const BLOCKS: usize = 256;

/// Bytes of a file: where they lie in memory already, or in a block that was read.
#[derive(Debug, Clone)]
pub(super) enum Bytes<'b> {
    Borrowed(&'b [u8]),
    Read(Rc<Vec<u8>>, Range<usize>),
}

impl Default for Bytes<'_> {
    fn default() -> Self {
        Bytes::Borrowed(&[])
    }
}

impl From<Vec<u8>> for Bytes<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        let all = 0..bytes.len();
        Bytes::Read(Rc::new(bytes), all)
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Read(block, range) => block.get(range.clone()).unwrap_or_default(),
        }
    }
}

impl Bytes<'_> {
    /// A part of these bytes.
    #[inline]
    pub(super) fn part(&self, range: Range<usize>) -> Option<Self> {
        match self {
            Bytes::Borrowed(bytes) => bytes.get(range).map(Bytes::Borrowed),
            Bytes::Read(block, whole) => {
                let len = whole.len();
                (range.start <= range.end && range.end <= len).then(|| {
                    Bytes::Read(block.clone(), whole.start + range.start..whole.start + range.end)
                })
            }
        }
    }
}

/// The bytes of a whole file.
#[derive(Debug)]
pub(super) enum Input<'b> {
    Memory(&'b [u8]),
    Disk(Disk<'b>),
}

/// A source of bytes at an offset.
#[derive(Debug, Clone, Copy)]
enum Medium<'b> {
    File(&'b File),
    Store(&'b dyn ReadAt),
}

/// A block: its number, and where it begins in what was read.
#[derive(Debug, Clone)]
struct Block {
    number: u64,
    bytes: Rc<Vec<u8>>,
    start: usize,
}

/// A file on the disk or in a store, and the blocks of it that were read last: block n is kept at n
/// modulo their number.
#[derive(Debug)]
pub(super) struct Disk<'b> {
    from: Medium<'b>,
    /// Where the bytes begin in the file.
    base: u64,
    len: u64,
    blocks: RefCell<Vec<Option<Block>>>,
}

impl<'b> Input<'b> {
    pub(super) fn of_file(file: &'b File, len: u64) -> Self {
        Input::Disk(Disk { from: Medium::File(file), base: 0, len, blocks: RefCell::default() })
    }

    pub(super) fn of_store(store: &'b dyn ReadAt, len: u64) -> Self {
        match store.as_bytes() {
            Some(bytes) => Input::Memory(bytes),
            None => Input::Disk(Disk {
                from: Medium::Store(store),
                base: 0,
                len,
                blocks: RefCell::default(),
            }),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Input::Memory(bytes) => bytes.len() as u64,
            Input::Disk(disk) => disk.len,
        }
    }

    /// Forgets what lies beyond the end of the file as its superblock tells it.
    pub(super) fn truncate(&mut self, len: u64) {
        match self {
            Input::Memory(bytes) => *bytes = bytes.get(..len as usize).unwrap_or(bytes),
            Input::Disk(disk) => disk.len = disk.len.min(len),
        }
    }

    /// Leaves out so many bytes at the beginning.
    pub(super) fn skip(&mut self, base: u64) {
        match self {
            Input::Memory(bytes) => *bytes = bytes.get(base as usize..).unwrap_or_default(),
            Input::Disk(disk) => {
                disk.base += base;
                disk.len = disk.len.saturating_sub(base);
                disk.blocks = RefCell::default();
            }
        }
    }

    /// Where an address is in a file on the disk.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        match self {
            Input::Memory(_) => None,
            Input::Disk(disk) => Some(disk.base + address),
        }
    }

    /// So many bytes at an address, or fewer where the file ends before.
    #[inline]
    pub(super) fn up_to(&self, address: u64, len: usize) -> Result<Bytes<'b>> {
        let left = self.len().saturating_sub(address);
        self.bytes(address, len.min(usize::try_from(left).unwrap_or(usize::MAX)))
    }

    /// So many bytes at an address.
    #[inline]
    pub(super) fn bytes(&self, address: u64, len: usize) -> Result<Bytes<'b>> {
        match self {
            Input::Memory(bytes) => {
                let start = usize::try_from(address).ok();
                let range = start.and_then(|start| Some(start..start.checked_add(len)?));
                let found = range.and_then(|range| bytes.get(range));
                found.map(Bytes::Borrowed).ok_or_else(outside)
            }
            Input::Disk(disk) => disk.bytes(address, len),
        }
    }

    /// Calls with the file, for chunks whose addresses count from its start.
    pub(super) fn with_chunks<R>(&self, call: impl FnOnce(&dyn ChunkBytes) -> R) -> R {
        match self {
            Input::Memory(bytes) => call(&InMemory(bytes)),
            Input::Disk(Disk { from: Medium::File(file), .. }) => call(*file),
            Input::Disk(Disk { from: Medium::Store(store), .. }) => call(&InStore(*store)),
        }
    }

    /// Reads so many bytes at an address into a vector, in the place of what is in it.
    pub(super) fn read_vec(&self, address: u64, len: usize, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        if address.checked_add(len as u64).is_none_or(|end| end > self.len()) {
            return Err(outside());
        }
        let refused =
            |_| Error::new(ErrorKind::Limit(format!("no memory for {len} bytes of the file")));
        out.try_reserve_exact(len).map_err(refused)?;
        self.read(address, &mut out.spare_capacity_mut()[..len])?;
        // SAFETY: all of them were read.
        unsafe { out.set_len(len) };
        Ok(())
    }

    /// Fills a buffer with what lies at an address.
    pub(super) fn read(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match self {
            Input::Memory(_) => {
                copy(&self.bytes(address, out.len())?, out);
                Ok(())
            }
            Input::Disk(disk) => {
                disk.check(address, out.len())?;
                disk.from.read_at(disk.base + address, out)
            }
        }
    }
}

/// Fills a buffer with bytes of its length.
pub(super) fn copy(bytes: &[u8], out: &mut [MaybeUninit<u8>]) {
    let len = bytes.len().min(out.len());
    // SAFETY: both have this length at least, and they cannot overlap: one is borrowed to be
    // written.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.as_mut_ptr().cast(), len) };
}

impl<'b> Disk<'b> {
    /// The same open file, for a longer use.
    pub(super) fn file(&self) -> Result<File> {
        match self.from {
            Medium::File(file) => Ok(file.try_clone()?),
            Medium::Store(_) => Err(ErrorKind::Unsupported("a store as a file".into()).into()),
        }
    }

    fn check(&self, address: u64, len: usize) -> Result<()> {
        let end = address.checked_add(len as u64).filter(|end| *end <= self.len);
        end.map(drop).ok_or_else(outside)
    }

    fn bytes(&self, address: u64, len: usize) -> Result<Bytes<'b>> {
        self.check(address, len)?;
        let (number, start) = (address / BLOCK as u64, (address % BLOCK as u64) as usize);
        if start + len <= BLOCK {
            let block = self.block(number)?;
            let start = block.start + start;
            return Ok(Bytes::Read(block.bytes, start..start + len));
        }
        let mut bytes = Vec::new();
        let refused =
            |_| Error::new(ErrorKind::Limit(format!("no memory for {len} bytes of metadata")));
        bytes.try_reserve_exact(len).map_err(refused)?;
        self.from.read_at(self.base + address, &mut bytes.spare_capacity_mut()[..len])?;
        // SAFETY: all of them were read.
        unsafe { bytes.set_len(len) };
        Ok(bytes.into())
    }

    fn block(&self, number: u64) -> Result<Block> {
        let mut blocks = self.blocks.borrow_mut();
        if blocks.is_empty() {
            blocks.resize(BLOCKS, None);
        }
        let place = |number: u64| (number % BLOCKS as u64) as usize;
        let kept = |number: u64| {
            blocks.get(place(number))?.as_ref().filter(|block| block.number == number)
        };
        if let Some(block) = kept(number) {
            return Ok(block.clone());
        }
        let ahead = if number.checked_sub(1).is_some_and(|before| kept(before).is_some()) {
            AHEAD
        } else {
            1
        };
        let address = number * BLOCK as u64;
        let len = (self.len - address).min(ahead * BLOCK as u64) as usize;
        let mut bytes = Vec::with_capacity(len);
        self.from.read_at(self.base + address, &mut bytes.spare_capacity_mut()[..len])?;
        // SAFETY: all of them were read.
        unsafe { bytes.set_len(len) };
        let bytes = Rc::new(bytes);
        for (number, start) in (number..).zip((0..len).step_by(BLOCK)) {
            if let Some(place) = blocks.get_mut(place(number)) {
                *place = Some(Block { number, bytes: bytes.clone(), start });
            }
        }
        Ok(Block { number, bytes, start: 0 })
    }
}

impl Medium<'_> {
    /// Fills a buffer from a place.
    fn read_at(&self, address: u64, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        let store = match self {
            Medium::File(file) => return read_at(file, address, out),
            Medium::Store(store) => *store,
        };
        let out = zeroed(out);
        match fill(store, address, out)? {
            read if read == out.len() => Ok(()),
            _ => Err(ended()),
        }
    }
}

/// The same memory, zeroed: user code must not see uninitialised memory.
fn zeroed(out: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    out.fill(MaybeUninit::new(0));
    // SAFETY: every byte was just set.
    unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), out.len()) }
}

/// Fills a buffer from a place in a file.
#[cfg(unix)]
fn read_at(file: &File, address: u64, mut out: &mut [MaybeUninit<u8>]) -> Result<()> {
    use std::os::fd::AsRawFd;
    let mut at = address;
    while !out.is_empty() {
        let offset = libc::off_t::try_from(at).map_err(|_| outside())?;
        // SAFETY: the descriptor is open, the buffer may be written for its length.
        let read =
            unsafe { libc::pread(file.as_raw_fd(), out.as_mut_ptr().cast(), out.len(), offset) };
        match usize::try_from(read) {
            Ok(0) => return Err(ended()),
            Ok(read) => {
                at += read as u64;
                out = out.get_mut(read..).unwrap_or_default();
            }
            Err(_) => {
                let error = std::io::Error::last_os_error();
                if error.kind() != std::io::ErrorKind::Interrupted {
                    return Err(error.into());
                }
            }
        }
    }
    Ok(())
}

/// Fills a buffer from a place in a file.
#[cfg(not(unix))]
fn read_at(mut file: &File, address: u64, out: &mut [MaybeUninit<u8>]) -> Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(address))?;
    Ok(file.read_exact(zeroed(out))?)
}

#[cold]
fn ended() -> Error {
    damaged("the file became shorter while it was read")
}

#[cold]
fn outside() -> Error {
    damaged("an address outside the file")
}
