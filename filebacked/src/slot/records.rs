//! A value as one dataset of a compound type, in place of the groups and datasets that it writes.

use super::{Content, Place, Slot, VALUE, Written};
use crate::error::{ErrorKind, Result};
use crate::field::Storage;
use crate::storage::compound::Capture;

impl Slot<'_> {
    /// Writes what `write` makes, one value or columns of values, as one dataset of a compound
    /// type.
    ///
    /// ```text
    /// x            {id: u32, pos: {x: f64, y: f64}} (n)    filebacked = columns Particle 1
    /// ```
    ///
    /// A struct becomes a scalar, a table one dimension of its rows. The attributes of members are
    /// attributes of the dataset, their names followed by a colon and the path of the member:
    /// `filebacked:pos`.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::{FileBacked, inspect};
    ///
    /// #[derive(FileBacked)]
    /// struct Particle { id: u32, pos: (f64, f64) }
    ///
    /// #[derive(FileBacked)]
    /// struct Run {
    ///     #[filebacked(layout = "compound")] // calls this
    ///     particles: Vec<Particle>,
    /// }
    ///
    /// let run = Run { particles: vec![Particle { id: 7, pos: (0.5, 1.5) }] };
    /// assert_eq!(inspect::tree_of_bytes(&filebacked::to_bytes(&run)?)?.to_string(), "\
    /// /               struct Run 1, format 1.0
    /// └── particles   {id: u32, pos: {0: f64, 1: f64}} (1) = [{id: 7, pos: {0: 0.5, 1: 1.5}}], columns Particle 1, compact, 20 bytes
    /// ");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for what does not lie in one place of a record, with its name in
    /// the path: a sequence, a map, an enum with data.
    pub fn compound(self, write: impl FnOnce(Slot<'_>) -> Result<Written>) -> Result<Written> {
        let mut write = Some(write);
        self.records(&mut |slot| match write.take() {
            Some(write) => write(slot),
            None => Err(ErrorKind::Contract("a record written twice".into()).into()),
        })
    }

    /// The same, compiled once.
    pub(super) fn records(
        self,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let Slot { sink, cx, place, state, depth, storage, below, marks, attrs, form, .. } = self;
        let mut capture = Capture::within(&mut *sink);
        let (inside, plain) = (Place::Member(VALUE), Storage::default());
        let captured = Slot::new(&mut capture, cx, inside, state, depth, plain);
        write(Slot { below, marks, attrs, form, ..captured })?;
        let mut records = capture.finish()?;
        let marks = std::mem::take(&mut records.marks);
        let attrs: Vec<(&str, &str)> =
            marks.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let storage = Storage { layout: None, ..storage };
        let slot = Slot { attrs: &attrs, ..Slot::new(sink, cx, place, state, depth, storage) };
        let (dtype, shape) = (records.dtype.clone(), records.shape.clone());
        slot.content(&dtype, &shape, Content::Records(records))
    }
}
