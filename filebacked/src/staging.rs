//! Writes a value under a temporary name in its file, so that its name appears when it is complete.

mod turn;

use crate::backed::Save;
use crate::context::WriteContext;
use crate::error::Result;
use crate::options::WriteOptions;
use crate::slot::Place;
use crate::stamp::UNDER_WAY;
use crate::storage::libhdf5::{self, Id, LibSink};
use crate::whole;
pub(crate) use turn::in_turn;

/// Writes a value under a temporary name in a group, in its turn, and runs `finish` when it is
/// complete. On an error the temporary value is deleted.
pub(crate) fn write<T: Save + ?Sized>(
    sink: LibSink,
    group: &Id,
    value: &T,
    options: &WriteOptions,
    finish: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let cx = whole::write_context::<T>(options)?;
    whole::rehearse(&cx, Place::Member(UNDER_WAY), value)?;
    in_turn(|| write_in_turn(sink, group, value, &cx, finish))
}

/// The same, for a thread that has the turn.
pub(crate) fn write_in_turn<T: Save + ?Sized>(
    mut sink: LibSink,
    group: &Id,
    value: &T,
    cx: &WriteContext,
    finish: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let _change = libhdf5::begin(group)?;
    // Removes a leftover of a killed process.
    libhdf5::clear_link(group, UNDER_WAY)?;
    let written = whole::write_member(&mut sink, cx, UNDER_WAY, value);
    drop(sink);
    let done = written.and_then(|()| finish());
    if done.is_err() {
        libhdf5::clear_link(group, UNDER_WAY)?;
    }
    done
}
