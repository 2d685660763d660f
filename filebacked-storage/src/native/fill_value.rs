//! Fill value messages: what elements are that were never written (sections IV.A.2.e and IV.A.2.f of
//! the specification).

use super::header::{damaged, uint, unknown};
use crate::error::Result;

/// The value of elements that were never written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FillValue {
    /// The bytes of the element in the file; none for zeros.
    pub(super) bytes: Vec<u8>,
    /// There is no fill value: what reads such elements gets an error.
    pub(super) undefined: bool,
    /// Fill values are never written, so that a missing chunk among others is zeros.
    pub(super) never: bool,
}

/// The time at which fill values are written that means never.
const NEVER: u64 = 1;

impl FillValue {
    /// The message of libraries up to 1.4.
    pub(super) fn parse_old(body: &[u8]) -> Result<Self> {
        Ok(FillValue { bytes: sized(body, 0)?, ..FillValue::default() })
    }

    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        let version = uint(body, 0, 1)?;
        let (time, undefined, bytes) = match version {
            1 | 2 => {
                let defined = uint(body, 3, 1)? != 0;
                let bytes = if defined { sized(body, 4)? } else { Vec::new() };
                (uint(body, 2, 1)?, !defined, bytes)
            }
            3 => {
                let flags = uint(body, 1, 1)?;
                let bytes = if flags & 0x20 != 0 { sized(body, 2)? } else { Vec::new() };
                (flags >> 2 & 3, flags & 0x10 != 0, bytes)
            }
            _ => return Err(unknown("a fill value of another version")),
        };
        Ok(FillValue { bytes, undefined, never: time == NEVER })
    }
}

/// Bytes behind their length.
fn sized(body: &[u8], at: usize) -> Result<Vec<u8>> {
    let len = uint(body, at, 4)? as usize;
    let found = (at + 4).checked_add(len).and_then(|end| body.get(at + 4..end));
    found.map(<[u8]>::to_vec).ok_or_else(|| damaged("a fill value outside its message"))
}
