//! Bytes in another encoding: values encoded by a codec, and texts that cannot be HDF5 strings.
//!
//! ```text
//! x            u8 (bytes)  codec = "bincode 2 standard", type = "app::State" (for people; nothing depends on it)
//! ```
//!
//! Many of them, of whatever lengths:
//!
//! ```text
//! x            group       filebacked = "packed", len = n; for encoded values codec and type as above
//! ├── bytes    u8: the bytes of all, one after another
//! ├── offsets  u64 (n + 1): where each one starts, and where the last one ends
//! └── shape    u64 (rank), only where there are more dimensions than one
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::layout::sequence;
use crate::node::Node;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::Dtype;

/// Pieces of bytes, one after another.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    /// Where each piece ends; the next one starts there.
    pub(crate) ends: Vec<usize>,
    pub(crate) shape: Vec<usize>,
}

/// Writes pieces of bytes in C order.
pub(crate) fn write_packed<'t, I: Iterator<Item = &'t [u8]>>(
    shape: &[u64],
    pieces: impl Fn() -> I,
    slot: Slot<'_>,
) -> Result<Written> {
    let mut group = slot.group(Stamp::kind("packed"))?;
    let len = shape.iter().product::<u64>();
    let total: usize = pieces().map(<[u8]>::len).sum();
    group.write_len(len as usize)?;
    group.part("bytes", |slot| {
        slot.dataset_fill(&Dtype::U8, &[total as u64], &mut |out| {
            pieces().for_each(|piece| out.put(piece))
        })
    })?;
    group.part("offsets", |slot| {
        slot.dataset_fill(&Dtype::U64, &[len + 1], &mut |out| {
            let mut at = 0u64;
            out.put(&at.to_le_bytes());
            for piece in pieces() {
                at += piece.len() as u64;
                out.put(&at.to_le_bytes());
            }
        })
    })?;
    if shape.len() != 1 {
        let bytes: Vec<u8> = shape.iter().flat_map(|extent| extent.to_le_bytes()).collect();
        group.part("shape", |slot| slot.dataset(&Dtype::U64, &[shape.len() as u64], &bytes))?;
    }
    group.end()
}

/// Reads what [`write_packed`] wrote.
pub(crate) fn read_packed(node: &Node<'_>) -> Result<Packed> {
    node.readable()?;
    let part = |name: &str| -> Result<Node<'_>> {
        let object =
            node.object.child(name)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(name))?;
        Node::open(object, node.cx, node.state, node.depth, true)
    };
    let bytes = part("bytes").and_then(|node| node.get_rows::<u8>()).map_err(|e| e.at("bytes"))?;
    let (counts, total) =
        part("offsets").and_then(sequence::read_offsets).map_err(|e| e.at("offsets"))?;
    let shape = match node.object.child("shape")? {
        Some(_) => {
            part("shape").and_then(|node| node.get_rows::<usize>()).map_err(|e| e.at("shape"))?
        }
        None => vec![counts.len()],
    };
    if total != bytes.len()
        || shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) != Some(counts.len())
    {
        let what = "packed pieces whose bytes, offsets and shape do not fit each other";
        return Err(ErrorKind::Damaged(what.into()).into());
    }
    let mut at = 0;
    let ends = counts.iter().map(|count| {
        at += count;
        at
    });
    Ok(Packed { ends: ends.collect(), bytes, shape })
}

/// The attributes of encoded values: the codec with all settings for decoding, and the type's name
/// for people.
#[cfg(any(feature = "bincode", feature = "postcard"))]
pub(crate) use encoded::{Label, read, read_rows, write, write_rows};

#[cfg(any(feature = "bincode", feature = "postcard"))]
mod encoded {
    use super::{Packed, read_packed, write_packed};
    use crate::error::{Error, Result};
    use crate::layout::number;
    use crate::node::Node;
    use crate::slot::{Slot, Written};
    use crate::storage::{Dtype, ObjectKind};

    const CODEC: &str = "codec";
    const TYPE: &str = "type";

    /// The description of encoded values.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Label {
        /// The codec, with all that decoding depends on.
        pub(crate) codec: &'static str,
        /// The name of the type, for people.
        pub(crate) name: &'static str,
    }

    impl Label {
        fn check(self, node: &Node<'_>) -> Result<()> {
            match node.text_attribute(CODEC)? {
                Some(found) if found != self.codec => Err(Error::mismatch(
                    format!("bytes of {}", self.codec),
                    format!("bytes of {found}"),
                )),
                _ => Ok(()),
            }
        }

        /// Adds what the file says of the type, where that is another.
        pub(crate) fn explain(self, error: Error, written_as: Option<&str>) -> Error {
            match written_as {
                Some(name) if name != self.name => {
                    error.with_help(format!("it was written as `{name}`"))
                }
                _ => error,
            }
        }
    }

    /// Writes one encoded value.
    pub(crate) fn write(bytes: &[u8], label: Label, slot: Slot<'_>) -> Result<Written> {
        let attrs = [(CODEC, label.codec), (TYPE, label.name)];
        slot.attributes(&attrs).dataset(&Dtype::U8, &[bytes.len() as u64], bytes)
    }

    /// Writes many encoded values.
    pub(crate) fn write_rows(values: &[Vec<u8>], label: Label, slot: Slot<'_>) -> Result<Written> {
        let attrs = [(CODEC, label.codec), (TYPE, label.name)];
        let slot = slot.attributes(&attrs);
        write_packed(&[values.len() as u64], || values.iter().map(Vec::as_slice), slot)
    }

    /// Reads the bytes of one encoded value, if there are no more than the options allow, and its
    /// type's name.
    pub(crate) fn read(node: &Node<'_>, label: Label) -> Result<(Vec<u8>, Option<String>)> {
        node.readable()?;
        if node.kind() == ObjectKind::Group {
            return Err(node.unexpected(format!("bytes of {}", label.codec)));
        }
        label.check(node)?;
        node.context().check_decoded(node.describe()?.elements().unwrap_or(usize::MAX))?;
        Ok((number::read::<u8>(node, Some(1))?.0, node.text_attribute(TYPE)?))
    }

    /// Reads the bytes of many encoded values, each of no more than the options allow, and their
    /// type's name.
    pub(crate) fn read_rows(node: &Node<'_>, label: Label) -> Result<(Packed, Option<String>)> {
        node.readable()?;
        if node.kind() != ObjectKind::Group
            || node.stamp()?.is_some_and(|stamp| stamp.kind_name() != "packed")
        {
            return Err(node.unexpected("a group (packed)"));
        }
        label.check(node)?;
        let packed = read_packed(node)?;
        let mut start = 0;
        for end in &packed.ends {
            node.context().check_decoded(end - start)?;
            start = *end;
        }
        Ok((packed, node.text_attribute(TYPE)?))
    }
}
