//! Reports the progress of a save to the caller, who may stop it.

use crate::error::{ErrorKind, Result};
use crate::storage::WrittenOwners;
use crate::storage::compound::Strings;
use crate::storage::{AttrSpec, DatasetSpec, Dtype, Elements, Kept, Link, Out, Sink, StoredType};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The progress of a save, in bytes of data; see
/// [`WriteOptions::progress`](crate::WriteOptions::progress) for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes written.
    pub done: u64,
    /// All bytes of the save, known before the first is written.
    pub total: u64,
}

/// The function that receives the progress.
#[derive(Clone)]
pub(crate) struct Watcher(pub(crate) Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher(..)")
    }
}

/// A sink that counts the bytes of data, and writes nothing.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) bytes: u64,
    /// Values with several links are counted once.
    written: WrittenOwners,
    /// A part of the value lies in a file, and was never read.
    #[cfg_attr(not(feature = "libhdf5"), allow(dead_code))]
    pub(crate) stays: bool,
}

fn size(spec: &DatasetSpec<'_>) -> u64 {
    spec.shape.iter().fold(spec.dtype.size() as u64, |bytes, extent| bytes.saturating_mul(*extent))
}

/// Bytes of records, and of the strings that lie elsewhere.
fn record_bytes(bytes: &[u8], strings: &[Strings]) -> u64 {
    strings.iter().map(|strings| strings.bytes() as u64).sum::<u64>() + bytes.len() as u64
}

fn size_any(spec: &DatasetSpec<'_>, elements: Elements<'_>) -> u64 {
    match elements {
        Elements::Bytes(bytes) => bytes.len() as u64,
        Elements::Texts(texts) => texts.bytes.len() as u64,
        Elements::Cells(..) => size(spec),
    }
}

impl Sink for Count {
    fn begin_group(&mut self, _: &str, _: bool) -> Result<()> {
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        Ok(())
    }

    fn attr(&mut self, _: &str, _: &Dtype, _: &[u64], _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn member_attr(&mut self, _: &str, _: &str, _: &Dtype, _: &[u64], _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn dataset(&mut self, _: &str, spec: &DatasetSpec<'_>, _: &[u8]) -> Result<()> {
        self.bytes += size(spec);
        Ok(())
    }

    fn dataset_fill(
        &mut self,
        _: &str,
        spec: &DatasetSpec<'_>,
        _: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        self.bytes += size(spec);
        Ok(())
    }

    fn dataset_text(
        &mut self,
        _: &str,
        _: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        self.bytes += texts.map(|text| text.len() as u64).sum::<u64>();
        Ok(())
    }

    fn dataset_records(
        &mut self,
        _: &str,
        _: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        self.bytes += record_bytes(&bytes, &strings);
        Ok(())
    }

    fn dataset_any(
        &mut self,
        _: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        self.bytes += size_any(spec, elements);
        Ok(())
    }

    fn attr_any(&mut self, _: &AttrSpec<'_>) -> Result<()> {
        Ok(())
    }

    fn link(&mut self, _: &str, _: &Link) -> Result<()> {
        Ok(())
    }

    fn committed(&mut self, _: &str, _: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        Ok(())
    }

    fn written(&mut self) -> Option<&mut WrittenOwners> {
        Some(&mut self.written)
    }

    fn note(&mut self, _: u32, _: Option<&str>) -> Result<bool> {
        Ok(true)
    }

    fn finish(&mut self) -> Result<()> {
        self.written.check()
    }

    fn hard_link(&mut self, _: &str, _: u32) -> Result<()> {
        Ok(())
    }

    fn references(&mut self, _: &str, spec: &DatasetSpec<'_>, _: &[Option<u32>]) -> Result<()> {
        self.bytes += size(spec);
        Ok(())
    }

    /// Data that is copied from file to file is not counted.
    fn copy(&mut self, _: &str, _: &dyn Kept, _: bool) -> Result<bool> {
        self.stays = true;
        Ok(true)
    }
}

/// A sink that reports each dataset after passing it on.
pub(crate) struct Watched<'s> {
    pub(crate) sink: &'s mut dyn Sink,
    pub(crate) watcher: Watcher,
    pub(crate) progress: Progress,
}

impl Watched<'_> {
    /// Reports the progress; fails if the caller stops the save.
    pub(crate) fn tell(&mut self, bytes: u64) -> Result<()> {
        self.progress.done += bytes;
        match (self.watcher.0)(self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ErrorKind::Cancelled.into()),
        }
    }
}

impl Sink for Watched<'_> {
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()> {
        self.sink.begin_group(name, ordered)
    }

    fn end_group(&mut self) -> Result<()> {
        self.sink.end_group()
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        self.sink.attr(name, dtype, shape, bytes)
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        self.sink.member_attr(member, name, dtype, shape, bytes)
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        self.sink.dataset(name, spec, bytes)?;
        self.tell(bytes.len() as u64)
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        self.sink.dataset_fill(name, spec, fill)?;
        self.tell(size(spec))
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let mut bytes = 0;
        self.sink.dataset_text(
            name,
            spec,
            &mut texts.inspect(|text| bytes += text.len() as u64),
        )?;
        self.tell(bytes)
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        let told = record_bytes(&bytes, &strings);
        self.sink.dataset_records(name, spec, bytes, strings)?;
        self.tell(told)
    }

    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        self.sink.dataset_any(name, spec, elements)?;
        self.tell(size_any(spec, elements))
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        self.sink.attr_any(attr)
    }

    fn link(&mut self, name: &str, link: &Link) -> Result<()> {
        self.sink.link(name, link)
    }

    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()> {
        self.sink.committed(name, stored, attrs)
    }

    fn left_out(&mut self, name: &str) {
        self.sink.left_out(name);
    }

    fn written(&mut self) -> Option<&mut WrittenOwners> {
        self.sink.written()
    }

    fn expect_links(&mut self) {
        self.sink.expect_links();
    }

    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        self.sink.note(object, name)
    }

    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        self.sink.hard_link(name, object)
    }

    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        self.sink.references(name, spec, objects)?;
        self.tell(size(spec))
    }

    fn finish(&mut self) -> Result<()> {
        self.sink.finish()
    }

    fn copy(&mut self, name: &str, kept: &dyn Kept, may_point: bool) -> Result<bool> {
        let copied = self.sink.copy(name, kept, may_point)?;
        self.tell(0)?;
        Ok(copied)
    }
}
