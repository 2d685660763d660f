//! The data of chunked datasets: found by their index, decoded by the [`chunks`](crate::chunks).

use super::chunk_index::Lookup;
use super::dataspace;
use super::fill_value::FillValue;
use super::filter_pipeline::Filter;
use super::header::{damaged, unknown};
use super::input::Input;
use super::layout::Chunks;
use crate::chunks::{Grid, Pipeline, decode};
use crate::error::Result;
use crate::{Slab, Span, elements};
use std::mem::MaybeUninit;

/// A selection with gaps is cut out of the part around it, which may have so many bytes.
const AROUND: usize = 64 << 20;

/// No codec makes more bytes of one.
const RATIO: usize = 1 << 15;

/// A chunked dataset.
#[derive(Debug)]
pub(super) struct Chunked {
    pub(super) chunks: Chunks,
    pub(super) filters: Vec<Filter>,
    pipeline: Pipeline,
    shape: Vec<u64>,
    largest: Vec<u64>,
    fill: FillValue,
}

impl Chunked {
    /// The dataset with this dataspace message, whose elements have so many bytes.
    pub(super) fn new(
        chunks: Chunks,
        filters: Vec<Filter>,
        fill: FillValue,
        space: &[u8],
        element: usize,
    ) -> Result<Self> {
        let (shape, _) = dataspace::parse(space)?;
        let largest = dataspace::largest(space)?;
        if shape.len() != chunks.shape.len() || chunks.element != element as u64 {
            return Err(damaged("chunks of another rank or of other elements"));
        }
        let mut pipeline = Pipeline::default();
        for (bit, filter) in (0..).zip(&filters) {
            if !pipeline.add(bit, filter.id, &filter.options, element) {
                return Err(unknown(&format!("data with the filter {}", filter.name())));
            }
        }
        let is_cut = shape.iter().zip(&chunks.shape).any(|(n, chunk)| n % chunk != 0);
        if chunks.plain_edges && is_cut && !filters.is_empty() {
            return Err(unknown("chunks without filters at the edges"));
        }
        if fill.undefined {
            return Err(unknown("chunks without a fill value"));
        }
        Ok(Chunked { chunks, filters, pipeline, shape, largest, fill })
    }

    /// The value of elements in missing chunks.
    fn missing(&self) -> &[u8] {
        // Of a dataset without any chunk, even a value that is never written.
        if self.fill.never && self.chunks.index.is_some() { &[] } else { &self.fill.bytes }
    }

    fn lookup<'l, 'b>(
        &'l self,
        input: &'l Input<'b>,
        charge: &'l dyn Fn(usize) -> Result<()>,
    ) -> Lookup<'l, 'b> {
        let (chunks, largest) = (&self.chunks, &self.largest);
        Lookup { input, charge, chunks, largest, filtered: !self.filters.is_empty() }
    }

    /// How many bytes all chunks take in the file.
    pub(super) fn stored(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
    ) -> Result<u64> {
        let element = self.chunks.element as usize;
        let Some(grid) = Grid::new(&self.shape, &self.chunks.shape, element) else { return Ok(0) };
        let found = self.lookup(input, charge).find(&grid)?;
        Ok(found.iter().map(|(_, stored)| stored.bytes as u64).sum())
    }

    /// Reads the elements of a selection as they are in the file. Their stored bytes are
    /// charged, and a little for each element.
    pub(super) fn read(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        if slab.dims.iter().any(|span| span.step != 1 && span.count != 1) {
            return self.read_around(input, charge, slab, out);
        }
        let element = self.chunks.element as usize;
        let grid = Grid::of_part(slab, &self.chunks.shape, element)
            .filter(|grid| grid.array_bytes() == out.len());
        let grid = grid.ok_or_else(|| damaged("chunks that are larger than memory"))?;
        let mut stored = self.lookup(input, charge).find(&grid)?;
        let base = input.offset(0).unwrap_or(0);
        for (_, chunk) in &mut stored {
            charge(chunk.bytes + grid.chunk_bytes() / RATIO)?;
            chunk.address += base;
        }
        input.with_chunks(|file| decode(&grid, self.pipeline, &stored, self.missing(), file, out))
    }

    /// Reads a selection with gaps out of the part around it.
    fn read_around(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        let around = |span: &Span| Span {
            start: span.start,
            step: 1,
            count: span.count.saturating_sub(1).saturating_mul(span.step).saturating_add(1),
        };
        let around = Slab { dims: slab.dims.iter().map(around).collect() };
        let element = self.chunks.element;
        let bytes = elements(&around.shape())
            .and_then(|n| n.checked_mul(element as usize))
            .filter(|bytes| *bytes <= AROUND)
            .ok_or_else(|| unknown("a large selection with gaps"))?;
        let mut part = vec![0; bytes];
        self.read(input, charge, &around, crate::codec::shuffle::to_be_written(&mut part))?;
        let inner =
            Slab { dims: slab.dims.iter().map(|span| Span { start: 0, ..*span }).collect() };
        super::slab::read(&Input::Memory(&part), 0, &around.shape(), element, &inner, out)
    }
}

/// Whether a fill value fits elements of so many bytes.
pub(super) fn check_fill(fill: &FillValue, element: usize) -> Result<()> {
    match fill.bytes.len() {
        0 => Ok(()),
        len if len == element => Ok(()),
        _ => Err(unknown("a fill value of another type")),
    }
}
