//! Writing: headers and small data are gathered in memory, large data goes out as it comes.

mod dataset;
mod group;

use super::heap::Collection;
use super::linked::{self, Linked};
use super::links;
use super::{SUPERBLOCK, UNDEFINED, datatype, message};
use crate::checksum::lookup3;
use crate::compound::Strings;
use crate::error::{Error, ErrorKind, Result};
use crate::owners::WrittenOwners;
use crate::signature::SIGNATURE;
use crate::{
    AttrSpec, Compression, DatasetSpec, Dtype, Elements, Kept, Link, Out, REFERENCE, Sink,
    StoredType, text_pieces,
};
use dataset::{attribute, wrong_length};
use std::fs::File;
use std::io::Write;

/// Data up to this many bytes lies in the header of its dataset. A message has 64 KiB at most.
const COMPACT: usize = 60_000;

/// Gathered bytes are written when there are this many.
const GATHER: usize = 1 << 20;

/// Writes a file of the subset, into memory or to a file on the disk.
#[derive(Debug)]
pub struct NativeSink {
    /// The bytes that are not written yet.
    out: Vec<u8>,
    /// How many bytes are in the file already.
    base: u64,
    file: Option<File>,
    /// The messages of all open groups, the innermost last.
    messages: Vec<u8>,
    frames: Vec<Frame>,
    /// Something was asked for that the subset does not have.
    declined: bool,
    scratch: Vec<u8>,
    linked: Linked,
}

/// A collection that is not written yet, and where the entries stand that want its address.
#[derive(Debug, Default)]
struct Pending {
    collection: Collection,
    entries: Vec<usize>,
}

/// An open group.
#[derive(Debug)]
struct Frame {
    /// Where its messages start.
    start: usize,
    /// How many links it has.
    links: usize,
    /// The order of its links is tracked.
    ordered: bool,
    /// Its header has a count of the links that lead to it.
    counted: bool,
}

impl NativeSink {
    fn new(file: Option<File>) -> Self {
        let mut out = Vec::with_capacity(4096);
        out.resize(SUPERBLOCK, 0);
        // A map may be stored at the root.
        let root = Frame { start: 0, links: 0, ordered: true, counted: false };
        let messages = Vec::with_capacity(1024);
        let (scratch, linked) = (Vec::new(), Linked::default());
        NativeSink {
            out,
            base: 0,
            file,
            messages,
            frames: vec![root],
            declined: false,
            scratch,
            linked,
        }
    }

    /// Writes into memory.
    pub fn in_memory() -> Self {
        NativeSink::new(None)
    }

    /// Writes to a new file, from its start on.
    pub fn to_file(file: File) -> Self {
        NativeSink::new(Some(file))
    }

    /// Whether the last error means that the value needs the other engine.
    pub fn declined(&self) -> bool {
        self.declined
    }

    #[cold]
    fn decline(&mut self, what: &str) -> Error {
        self.declined = true;
        ErrorKind::Unsupported(format!("{what} needs libhdf5")).into()
    }

    fn position(&self) -> u64 {
        self.base + self.out.len() as u64
    }

    #[inline]
    fn align(&mut self) {
        let over = (self.position() % 8) as usize;
        if over != 0 {
            self.out.resize(self.out.len() + 8 - over, 0);
        }
    }

    /// Writes out what is gathered, and `data` behind it.
    fn flush(&mut self, data: &[u8]) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.linked.leave(self.base, &self.out);
        file.write_all(&self.out)?;
        file.write_all(data)?;
        self.base += (self.out.len() + data.len()) as u64;
        self.out.clear();
        Ok(())
    }

    #[inline]
    fn begin_header(&mut self) -> usize {
        self.align();
        let start = self.out.len();
        self.out.extend_from_slice(b"OHDR\x02\x02\0\0\0\0");
        start
    }

    #[inline]
    fn end_header(&mut self, start: usize) -> u64 {
        let len = (self.out.len() - start - 10) as u32;
        self.out[start + 6..start + 10].copy_from_slice(&len.to_le_bytes());
        let sum = lookup3(&self.out[start..]);
        self.out.extend_from_slice(&sum.to_le_bytes());
        self.base + start as u64
    }

    /// Ends a header that has a count of the links to its object.
    #[cold]
    fn end_counted_header(&mut self, start: usize) -> u64 {
        self.out.extend_from_slice(&linked::COUNT);
        let address = self.end_header(start);
        self.linked.headed(address..self.position());
        address
    }

    /// Closes the root group and completes the file.
    fn complete(&mut self) -> Result<()> {
        if self.frames.len() != 1 {
            return Err(ErrorKind::Contract("a group was left open".into()).into());
        }
        let root = self.group_header()?;
        let end = self.position();
        let patches = self.linked.patches(root, self.base, &mut self.out)?;
        let mut head = [0; SUPERBLOCK];
        head[..8].copy_from_slice(&SIGNATURE);
        head[8..12].copy_from_slice(&[2, 8, 8, 0]);
        head[20..28].copy_from_slice(&UNDEFINED.to_le_bytes());
        head[28..36].copy_from_slice(&end.to_le_bytes());
        head[36..44].copy_from_slice(&root.to_le_bytes());
        let sum = lookup3(&head[..44]);
        head[44..].copy_from_slice(&sum.to_le_bytes());
        if self.base == 0 {
            self.out[..SUPERBLOCK].copy_from_slice(&head);
            return self.flush(&[]);
        }
        self.flush(&[])?;
        if let Some(file) = &mut self.file {
            use std::io::{Seek, SeekFrom};
            for (at, bytes) in patches {
                file.seek(SeekFrom::Start(at))?;
                file.write_all(&bytes)?;
            }
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&head)?;
        }
        Ok(())
    }

    /// The bytes of the file that was written into memory.
    pub fn into_bytes(mut self) -> Result<Vec<u8>> {
        self.complete()?;
        Ok(self.out)
    }

    /// Completes the file on the disk.
    pub fn into_file(mut self) -> Result<File> {
        self.complete()?;
        self.file.ok_or_else(|| ErrorKind::Contract("a file in memory has no file".into()).into())
    }
}

impl Sink for NativeSink {
    fn copy(&mut self, _: &str, _: &dyn Kept, _: bool) -> Result<bool> {
        // With the C library at hand, what is compressed stays so.
        if cfg!(feature = "libhdf5") {
            Err(self.decline("a copy as it is stored"))
        } else {
            Ok(false)
        }
    }

    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()> {
        // The address is filled in when the group is closed.
        self.add_link(name, UNDEFINED)?;
        let counted = std::mem::take(&mut self.linked.expected);
        self.frames.push(Frame { start: self.messages.len(), links: 0, ordered, counted });
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        let address = self.group_header()?;
        self.linked.no_link();
        let end = self.messages.len();
        match end.checked_sub(8).and_then(|start| self.messages.get_mut(start..end)) {
            Some(place) => place.copy_from_slice(&address.to_le_bytes()),
            None => return Err(ErrorKind::Contract("the root group was closed".into()).into()),
        }
        Ok(())
    }

    fn written(&mut self) -> Option<&mut WrittenOwners> {
        Some(&mut self.linked.written)
    }

    fn expect_links(&mut self) {
        self.linked.await_links();
    }

    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        if !self.linked.is_object(name) {
            return Ok(false);
        }
        // The link to a member that was just written is the last message.
        let address = self.messages.last_chunk().map(|address| u64::from_le_bytes(*address));
        self.linked.note(object, name.and(address));
        Ok(true)
    }

    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        let size = self.size(spec)?;
        if size != 8 * objects.len() {
            return Err(wrong_length(size, 8 * objects.len()));
        }
        self.align();
        let address = if size == 0 { UNDEFINED } else { self.position() };
        // The addresses are filled in when all of them are known.
        self.out.resize(self.out.len() + size, 0);
        self.linked.refer(address, objects);
        let start = self.dataset_header_of(spec, false, |out| {
            out.extend_from_slice(&datatype::REFERENCE_TO_OBJECT);
            Some(())
        })?;
        self.contiguous(address, size);
        self.finish_dataset(name, spec, start)
    }

    fn finish(&mut self) -> Result<()> {
        self.linked.written.check()
    }

    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        let address = self.linked.link(object)?;
        self.add_link(name, address)
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        if *dtype == Dtype::VarStr {
            return Err(self.decline("an attribute of variable length"));
        }
        let wanted = crate::elements(shape).and_then(|n| n.checked_mul(dtype.size()));
        if wanted != Some(bytes.len()) {
            return Err(wrong_length(wanted.unwrap_or(0), bytes.len()));
        }
        let before = self.messages.len();
        if attribute(name, dtype, shape, false, bytes, &mut self.messages).is_none() {
            self.messages.truncate(before);
            return Err(self.decline("a large attribute"));
        }
        Ok(())
    }

    fn member_attr(&mut self, _: &str, _: &str, _: &Dtype, _: &[u64], _: &[u8]) -> Result<()> {
        // The header of the member is written already.
        Err(self.decline("an attribute of a member"))
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        let size = self.size(spec)?;
        if size != bytes.len() {
            return Err(wrong_length(size, bytes.len()));
        }
        if size <= COMPACT || self.file.is_none() {
            return self.dataset_fill(name, spec, &mut |out| out.put(bytes));
        }
        self.align();
        let address = self.position();
        self.flush(bytes)?;
        let start = self.dataset_header(spec, false)?;
        self.contiguous(address, size);
        self.finish_dataset(name, spec, start)
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let size = self.size(spec)?;
        let checked =
            |found: usize| if found == size { Ok(()) } else { Err(wrong_length(size, found)) };
        if size == 0 {
            let start = self.dataset_header(spec, false)?;
            self.contiguous(UNDEFINED, 0);
            return self.finish_dataset(name, spec, start);
        }
        // pyfive reads references into the heap from contiguous data only.
        if size <= COMPACT && spec.dtype.is_plain() {
            let start = self.dataset_header(spec, true)?;
            let len = (size as u16 + 4).to_le_bytes();
            let data = (size as u16).to_le_bytes();
            self.out.extend_from_slice(&[
                message::LAYOUT,
                len[0],
                len[1],
                0,
                3,
                0,
                data[0],
                data[1],
            ]);
            let at = self.out.len();
            fill(&mut Out(&mut self.out));
            checked(self.out.len() - at)?;
            return self.finish_dataset(name, spec, start);
        }
        self.align();
        let address = self.position();
        if self.file.is_some() && size > COMPACT {
            let mut data = std::mem::take(&mut self.scratch);
            data.clear();
            data.reserve_exact(size);
            fill(&mut Out(&mut data));
            checked(data.len())?;
            self.flush(&data)?;
            self.scratch = data;
        } else {
            self.out.reserve(size + 4096);
            let at = self.out.len();
            fill(&mut Out(&mut self.out));
            checked(self.out.len() - at)?;
        }
        let start = self.dataset_header(spec, false)?;
        self.contiguous(address, size);
        self.finish_dataset(name, spec, start)
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let size = self.size(spec)?;
        let mut references = vec![0; size];
        let mut heap = Pending::default();
        for (i, text) in texts.enumerate() {
            self.string(text.as_bytes(), i * REFERENCE, &mut heap, &mut references)?;
        }
        self.write_heap(&mut heap, &mut references)?;
        let plain =
            DatasetSpec { compression: Compression::None, chunk: None, fletcher32: false, ..*spec };
        self.dataset(name, &plain, &references)
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        mut bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        self.size(spec)?;
        let mut heap = Pending::default();
        for (at, text) in strings.iter().flat_map(|strings| strings.iter(REFERENCE)) {
            self.string(text, at, &mut heap, &mut bytes)?;
        }
        self.write_heap(&mut heap, &mut bytes)?;
        let plain =
            DatasetSpec { compression: Compression::None, chunk: None, fletcher32: false, ..*spec };
        self.dataset(name, &plain, &bytes)
    }

    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        if spec.stored.is_some() {
            return Err(self.decline("a datatype of this kind"));
        }
        match elements {
            Elements::Bytes(bytes) => self.dataset(name, spec, bytes),
            Elements::Texts(texts) => match text_pieces(texts) {
                Some(pieces) => self.dataset_text(name, spec, &mut pieces.into_iter()),
                None => Err(self.decline("text that is not UTF-8")),
            },
            Elements::Cells(..) => Err(self.decline("elements of variable length")),
        }
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        let mut messages = std::mem::take(&mut self.messages);
        let encoded = self.encode_any(attr, &mut messages);
        self.messages = messages;
        encoded
    }

    fn link(&mut self, name: &str, link: &Link) -> Result<()> {
        link.check()?;
        self.linked.no_object();
        let size = match link {
            Link::Soft(path) => path.len(),
            Link::External { file, path } => file.len() + path.len() + 3,
        };
        let Ok(len) = u16::try_from(size) else { return Err(self.decline("a very long link")) };
        match link {
            Link::Soft(path) => {
                self.add_link_of(name, links::SOFT, &[&len.to_le_bytes(), path.as_bytes()])
            }
            // Behind a byte for version and flags, both names end in NUL.
            Link::External { file, path } => {
                let value =
                    [&len.to_le_bytes()[..], &[0], file.as_bytes(), &[0], path.as_bytes(), &[0]];
                self.add_link_of(name, links::EXTERNAL, &value)
            }
        }
    }

    fn committed(&mut self, _: &str, _: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        Err(self.decline("a committed datatype"))
    }
}
