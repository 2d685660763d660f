//! A sink that keeps only the sequence of its input: equal values give equal bytes.

use super::compound::Strings;
use super::{AttrSpec, Cell, DatasetSpec, Dtype, Elements, Link, Out, REFERENCE, Sink, StoredType};
use crate::error::Result;

/// The encoded bytes of a value, without a file. Hash maps are sorted by them.
#[derive(Debug, Default)]
pub struct Digest(Vec<u8>);

impl Digest {
    /// The bytes that were gathered.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn elements(&mut self, elements: Elements<'_>) {
        match elements {
            Elements::Bytes(bytes) => self.0.extend_from_slice(bytes),
            Elements::Texts(texts) => {
                self.0.extend_from_slice(&texts.bytes);
                texts.ends.iter().for_each(|end| self.0.extend_from_slice(&end.to_be_bytes()));
            }
            Elements::Cells(_, cells) => self.cells(cells),
        }
    }

    fn cells(&mut self, cells: &[Cell]) {
        for cell in cells {
            match cell {
                Cell::Bytes(bytes) => self.0.extend_from_slice(bytes),
                Cell::Many(cells) => self.cells(cells),
            }
            self.0.push(0);
        }
    }

    fn head(&mut self, name: &str, shape: &[u64]) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        shape.iter().for_each(|extent| self.0.extend_from_slice(&extent.to_be_bytes()));
    }
}

impl Sink for Digest {
    fn begin_group(&mut self, name: &str, _: bool) -> Result<()> {
        self.head(name, &[]);
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        Ok(())
    }

    fn attr(&mut self, name: &str, _: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        self.head(name, shape);
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        _: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        self.head(member, &[]);
        self.head(name, shape);
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        self.attr(name, spec.dtype, spec.shape, bytes)
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        self.head(name, spec.shape);
        fill(&mut Out(&mut self.0));
        Ok(())
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        self.head(name, spec.shape);
        for text in texts {
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(0);
        }
        Ok(())
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        self.attr(name, spec.dtype, spec.shape, &bytes)?;
        for (_, text) in strings.iter().flat_map(|strings| strings.iter(REFERENCE)) {
            self.0.extend_from_slice(text);
            self.0.push(0);
        }
        Ok(())
    }

    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        self.head(name, spec.shape);
        self.elements(elements);
        spec.more_attrs.iter().try_for_each(|attr| self.attr_any(attr))
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        self.head(attr.name, attr.shape);
        self.elements(attr.elements);
        Ok(())
    }

    fn link(&mut self, name: &str, link: &Link) -> Result<()> {
        self.head(name, &[]);
        self.0.extend_from_slice(format!("{link:?}").as_bytes());
        Ok(())
    }

    /// The target of a pointer is not a part of the value.
    fn references(&mut self, name: &str, spec: &DatasetSpec<'_>, _: &[Option<u32>]) -> Result<()> {
        self.head(name, spec.shape);
        Ok(())
    }

    fn committed(&mut self, name: &str, stored: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        self.head(name, &[]);
        self.0.extend_from_slice(&stored.0);
        Ok(())
    }
}
