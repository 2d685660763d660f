//! The filters of a dataset that are known here: shuffle, one that compresses, fletcher32, in this
//! order, each if it is there.

use crate::codec::{Codec, id};

/// The filters of a dataset, each with its bit in filter masks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pipeline {
    pub(super) shuffle: Option<u32>,
    pub(super) codec: Option<(u32, Codec)>,
    pub(super) fletcher32: Option<u32>,
}

impl Pipeline {
    /// Adds the next filter, of elements of `size` bytes; `false` where it is not known here, or
    /// not in this order.
    pub fn add(&mut self, bit: u32, filter: u32, options: &[u32], size: usize) -> bool {
        if self.fletcher32.is_some() {
            return false;
        }
        match filter {
            id::FLETCHER32 => self.fletcher32 = Some(bit),
            _ if self.codec.is_some() => return false,
            id::SHUFFLE => {
                if self.shuffle.is_some() || options.first().is_none_or(|of| *of as usize != size) {
                    return false;
                }
                self.shuffle = Some(bit);
            }
            _ => match Codec::of(filter, options) {
                Some(codec) => self.codec = Some((bit, codec)),
                None => return false,
            },
        }
        true
    }

    /// Whether chunks can be made as well as read.
    pub fn encodes(&self) -> bool {
        self.codec.is_none_or(|(_, codec)| codec.encodes())
    }

    /// Whether every chunk goes through all filters, so that none ever has another filter mask.
    pub fn is_unmasked(&self) -> bool {
        self.codec.is_none_or(|(_, codec)| codec.gzip_level().is_some())
    }

    /// The filter mask of a chunk that was not compressed.
    #[cfg(chunks_coded_here)]
    pub(super) fn not_compressed(&self) -> u32 {
        self.codec.map_or(0, |(bit, _)| 1 << bit)
    }

    /// The filter mask of a chunk that went through no filter.
    pub(super) fn all(&self) -> u32 {
        self.fletcher32.map_or(0, |bit| 1 << bit) | self.as_it_is()
    }

    /// The filter mask of a chunk that was neither shuffled nor compressed.
    pub(super) fn as_it_is(&self) -> u32 {
        let bits = self.shuffle.into_iter().chain(self.codec.map(|(bit, _)| bit));
        bits.fold(0, |mask, bit| mask | 1 << bit)
    }
}
