//! Global heaps: where variable-length strings lie.

use super::header::{damaged, uint};
use super::input::Input;
use crate::error::Result;

/// Bytes before the objects of a collection.
const HEAD: usize = 16;

/// Bytes before the data of an object.
const OBJECT: usize = 16;

/// The smallest collection that the C library makes, and so the smallest that it reads.
const SMALLEST: usize = 4096;

/// How much goes into one collection: the C library loads them whole.
const LARGEST: usize = 256 << 10;

/// One collection, being filled.
#[derive(Debug, Default)]
pub(super) struct Collection {
    bytes: Vec<u8>,
    objects: u16,
}

impl Collection {
    /// Whether an object of so many bytes should go into the next one.
    pub(super) fn is_full(&self, size: usize) -> bool {
        self.objects > 0
            && (self.objects == u16::MAX || HEAD + self.bytes.len() + OBJECT + size > LARGEST)
    }

    /// Adds an object; its number in the collection.
    pub(super) fn add(&mut self, data: &[u8]) -> u32 {
        self.objects += 1;
        self.bytes.extend_from_slice(&self.objects.to_le_bytes());
        self.bytes.extend_from_slice(&[1, 0, 0, 0, 0, 0]);
        self.bytes.extend_from_slice(&(data.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.objects.into()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// Appends the collection to a file, and starts over.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let used = HEAD + self.bytes.len();
        // The rest is the object 0, if it has room for an object header.
        let size = if used + OBJECT > SMALLEST { used } else { SMALLEST };
        out.extend_from_slice(b"GCOL\x01\0\0\0");
        out.extend_from_slice(&(size as u64).to_le_bytes());
        out.extend_from_slice(&self.bytes);
        if size > used {
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(&((size - used) as u64).to_le_bytes());
            out.resize(out.len() + size - used - OBJECT, 0);
        }
        self.bytes.clear();
        self.objects = 0;
    }
}

/// A collection that was read last, so that its objects are found without a walk each.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    address: u64,
    /// All of it, in memory that the next one takes over.
    bytes: Vec<u8>,
    /// Where the data of each object lies in it, by number.
    objects: Vec<(usize, usize)>,
}

impl Cursor {
    /// The bytes of an object.
    pub(super) fn object<'c>(
        &'c mut self,
        input: &'c Input<'_>,
        address: u64,
        number: u32,
    ) -> Result<&'c [u8]> {
        if self.address != address || self.objects.is_empty() {
            self.load(input, address)?;
        }
        let found =
            self.objects.get(number as usize).copied().filter(|(_, size)| *size != usize::MAX);
        let (start, size) =
            found.ok_or_else(|| damaged("an object that is missing from its global heap"))?;
        let all = match input {
            Input::Memory(file) => {
                usize::try_from(address).ok().and_then(|start| file.get(start..))
            }
            Input::Disk(_) => Some(self.bytes.as_slice()),
        };
        let found = all.and_then(|all| all.get(start..start + size));
        found.ok_or_else(|| damaged("a global heap outside the file"))
    }

    fn load(&mut self, input: &Input<'_>, address: u64) -> Result<()> {
        self.objects.clear();
        let head = input.bytes(address, HEAD)?;
        if !head.starts_with(b"GCOL\x01") {
            return Err(damaged("a global heap is missing"));
        }
        let size = usize::try_from(uint(&head, 8, 8)?)
            .map_err(|_| damaged("a global heap outside the file"))?;
        let collection: &[u8] = match input {
            Input::Memory(_) => &input.bytes(address, size)?,
            Input::Disk(_) => {
                input.read_vec(address, size, &mut self.bytes)?;
                &self.bytes
            }
        };
        let mut at = HEAD;
        while at + OBJECT <= collection.len() {
            let (number, size) =
                (uint(collection, at, 2)? as usize, uint(collection, at + 8, 8)? as usize);
            if number == 0 {
                break;
            }
            let end = (at + OBJECT).checked_add(size).filter(|end| *end <= collection.len());
            let end = end.ok_or_else(|| damaged("an object outside its global heap"))?;
            if self.objects.len() <= number {
                // Numbers have 16 bits.
                self.objects.resize(number + 1, (0, usize::MAX));
            }
            self.objects[number] = (at + OBJECT, size);
            at = end.next_multiple_of(8);
        }
        self.address = address;
        Ok(())
    }
}
