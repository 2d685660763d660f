//! [`Slab`]: a part of a dataset, and [`Window`]: a source through which a dataset looks like a part of itself.

use super::Texts;
use super::{Allocation, Description, Dtype, Handle, Kept, Link, Source, StoredType, Unusual};
use crate::error::{Error, ErrorKind, Result};
use std::mem::MaybeUninit;
use std::sync::Arc;

/// A regular selection (HDF5's hyperslab): along each dimension `count` elements, `step` apart,
/// from `start` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slab {
    /// The positions in each dimension.
    pub dims: Vec<Span>,
}

/// A selection along one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first position.
    pub start: u64,
    /// At least 1.
    pub step: u64,
    /// How many positions there are.
    pub count: u64,
}

impl Span {
    /// All of a dimension.
    pub fn all(extent: u64) -> Self {
        Span { start: 0, step: 1, count: extent }
    }

    /// Whether the selection lies in a dimension.
    fn fits(&self, extent: u64) -> bool {
        let last = || self.step.checked_mul(self.count - 1)?.checked_add(self.start);
        self.step > 0 && (self.count == 0 || last().is_some_and(|last| last < extent))
    }
}

impl Slab {
    /// All of a dataset of this shape.
    pub fn whole(shape: &[u64]) -> Self {
        Slab { dims: shape.iter().map(|extent| Span::all(*extent)).collect() }
    }

    /// The shape of what is selected.
    pub fn shape(&self) -> Vec<u64> {
        self.dims.iter().map(|span| span.count).collect()
    }

    /// Refuses selections that do not lie in a dataset of this shape.
    pub fn check(&self, shape: &[u64]) -> Result<()> {
        let fits = self.dims.len() == shape.len()
            && self.dims.iter().zip(shape).all(|(span, extent)| span.fits(*extent));
        if fits {
            return Ok(());
        }
        let what = format!("a selection of {:?} in a dataset of shape {shape:?}", self.dims);
        Err(ErrorKind::OutOfBounds(what).into())
    }

    /// The selected elements in runs of neighbours, in C order: where each starts in a dataset of
    /// this shape, and how many elements it has.
    pub fn runs(&self, shape: &[u64], mut each: impl FnMut(u64, u64) -> Result<()>) -> Result<()> {
        if self.dims.iter().any(|span| span.count == 0) {
            return Ok(());
        }
        // Trailing dimensions that are selected whole are one piece with the one before them.
        let whole = |(span, extent): (&Span, &u64)| *span == Span::all(*extent);
        let merged = self.dims.iter().zip(shape).rev().take_while(|pair| whole(*pair)).count();
        let split = self.dims.len() - merged;
        let piece: u64 = shape.get(split..).unwrap_or_default().iter().product();
        let (outer, inner) = match self.dims.get(..split).and_then(<[Span]>::split_last) {
            Some((last, outer)) => (outer, *last),
            None => (&[][..], Span::all(1)),
        };
        let neighbours = inner.step == 1 || inner.count == 1;
        let (runs, len) = if neighbours { (1, inner.count * piece) } else { (inner.count, piece) };
        let mut place = vec![0u64; outer.len()];
        loop {
            let mut at = 0;
            for ((span, index), extent) in outer.iter().zip(&place).zip(shape) {
                at = at * extent + span.start + span.step * index;
            }
            let extent = shape.get(outer.len()).filter(|_| split > 0).copied().unwrap_or(1);
            let start = (at * extent + inner.start) * piece;
            for run in 0..runs {
                each(start + run * inner.step * piece, len)?;
            }
            // The next place, the last dimension first.
            let mut turn = outer.len();
            loop {
                let Some(dim) = turn.checked_sub(1) else { return Ok(()) };
                place[dim] += 1;
                if place[dim] < outer[dim].count {
                    break;
                }
                place[dim] = 0;
                turn = dim;
            }
        }
    }

    /// The selected texts of a dataset of this shape, whose elements may have several texts each.
    pub fn cut(&self, texts: &Texts, shape: &[u64]) -> Result<Texts> {
        let each = (texts.ends.len() / super::elements(shape).unwrap_or(0).max(1)) as u64;
        let mut part = Texts::default();
        self.runs(shape, |start, len| {
            for place in start * each..(start + len) * each {
                let end = |place: Option<u64>| {
                    place.map_or(Some(0), |place| texts.ends.get(place as usize).copied())
                };
                let text = match (end(place.checked_sub(1)), end(Some(place))) {
                    (Some(from), Some(to)) => texts.bytes.get(from..to),
                    _ => None,
                };
                let text = text.ok_or_else(|| {
                    Error::new(ErrorKind::Damaged("fewer texts than elements".into()))
                })?;
                part.bytes.extend_from_slice(text);
                part.ends.push(part.bytes.len());
            }
            Ok(())
        })?;
        Ok(part)
    }
}

/// A source through which one dataset looks like a part of itself.
pub struct Window<'s> {
    /// The source that has opened the dataset.
    pub source: &'s dyn Source,
    /// The dataset.
    pub dataset: Handle,
    /// The shape that the dataset had when the selection was made.
    pub shape: &'s [usize],
    /// The positions that are shown.
    pub slab: &'s Slab,
}

impl Window<'_> {
    fn is_part(&self, handle: Handle) -> bool {
        handle.id == self.dataset.id && handle.kind == self.dataset.kind
    }
}

impl Source for Window<'_> {
    fn root(&self) -> Result<Handle> {
        self.source.root()
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        self.source.child(group, name)
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        self.source.children(group)
    }

    fn is_ordered(&self, group: Handle) -> Result<bool> {
        self.source.is_ordered(group)
    }

    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>> {
        self.source.link(group, name)
    }

    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        self.source.stored_type(handle, dtype)
    }

    fn read_unusual(&self, handle: Handle) -> Result<Unusual> {
        match self.is_part(handle) {
            true => {
                Err(ErrorKind::Unsupported("a part of a dataset of elements of this type".into())
                    .into())
            }
            false => self.source.read_unusual(handle),
        }
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        self.source.attribute(object, name)
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        self.source.attributes(object)
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        self.source.identity(object)
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        let mut description = self.source.describe(handle)?;
        if self.is_part(handle) {
            if !self.shape.iter().map(|extent| *extent as u64).eq(description.shape.iter().copied())
            {
                return Err(ErrorKind::Changed.into());
            }
            self.slab.check(&description.shape)?;
            description.shape = self.slab.shape();
        }
        Ok(description)
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        self.source.allocation(dataset)
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match self.is_part(handle) {
            true => self.source.read_slab(handle, dtype, self.slab, out),
            false => self.source.read(handle, dtype, out),
        }
    }

    fn read_slab(&self, _: Handle, _: &Dtype, _: &Slab, _: &mut [MaybeUninit<u8>]) -> Result<()> {
        Err(Error::new(ErrorKind::Contract("a part of a part".into())))
    }

    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts> {
        match self.is_part(handle) {
            true => self.source.read_text_slab(handle, member, self.slab),
            false => self.source.read_text(handle, member),
        }
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        // As it is given back.
        if self.is_part(object) { Ok(object) } else { self.source.again(object) }
    }

    fn keep(&self, _: Handle) -> Result<Option<Arc<dyn Kept>>> {
        Ok(None)
    }

    fn release(&self, handle: Handle) {
        // The dataset belongs to whoever looks at a part of it.
        if !self.is_part(handle) {
            self.source.release(handle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Slab, Span};

    fn runs(shape: &[u64], dims: &[(u64, u64, u64)]) -> Vec<(u64, u64)> {
        let dims = dims
            .iter()
            .map(|(start, step, count)| Span { start: *start, step: *step, count: *count })
            .collect();
        let slab = Slab { dims };
        slab.check(shape).expect("a selection inside");
        let mut found = Vec::new();
        slab.runs(shape, |start, len| {
            found.push((start, len));
            Ok(())
        })
        .expect("runs");
        found
    }

    #[test]
    fn neighbours_are_one_run() {
        assert_eq!(runs(&[], &[]), [(0, 1)]);
        assert_eq!(runs(&[4, 5], &[(0, 1, 4), (0, 1, 5)]), [(0, 20)]);
        assert_eq!(runs(&[4, 5], &[(1, 1, 2), (0, 1, 5)]), [(5, 10)]);
        assert_eq!(runs(&[4, 5], &[(1, 2, 2), (0, 1, 5)]), [(5, 5), (15, 5)]);
        assert_eq!(runs(&[4, 5], &[(1, 2, 2), (1, 1, 3)]), [(6, 3), (16, 3)]);
        assert_eq!(runs(&[4, 5], &[(3, 1, 1), (0, 2, 3)]), [(15, 1), (17, 1), (19, 1)]);
        assert_eq!(runs(&[2, 3, 4], &[(0, 1, 2), (2, 1, 1), (0, 1, 4)]), [(8, 4), (20, 4)]);
        assert_eq!(
            runs(&[2, 3, 4], &[(0, 1, 2), (0, 1, 3), (3, 1, 1)]),
            [(3, 1), (7, 1), (11, 1), (15, 1), (19, 1), (23, 1)]
        );
        assert_eq!(runs(&[2, 3], &[(0, 1, 2), (1, 1, 0)]), []);
    }

    #[test]
    fn what_is_outside_is_refused() {
        let fits = |start, step, count| {
            Slab { dims: vec![Span { start, step, count }] }.check(&[10]).is_ok()
        };
        assert!(fits(0, 1, 10) && fits(9, 7, 1) && fits(1, 4, 3) && fits(10, 1, 0));
        assert!(!fits(1, 1, 10) && !fits(10, 1, 1) && !fits(1, 5, 3) && !fits(0, 0, 1));
        assert!(!fits(u64::MAX, u64::MAX, 2) && !fits(0, u64::MAX, 3));
        assert!(Slab { dims: Vec::new() }.check(&[10]).is_err());
    }
}
