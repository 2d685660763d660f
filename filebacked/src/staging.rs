//! Writes a value under a temporary name in its file, so that its name appears when it is complete.

mod writer_lock;

use crate::backed::Save;
use crate::context::WriteContext;
use crate::error::Result;
use crate::options::WriteOptions;
use crate::slot::Place;
use crate::stamp::UNDER_WAY;
use crate::storage::libhdf5::{self, Id, LibSink};
use crate::whole;
pub(crate) use writer_lock::with_writer_lock;

/// Writes a value under a temporary name in a group, under the writer lock, and runs `finish` when
/// it is complete. On an error the temporary value is deleted.
pub(crate) fn write<T: Save + ?Sized>(
    sink: LibSink,
    group: &Id,
    value: &T,
    options: &WriteOptions,
    finish: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let cx = whole::write_context::<T>(options)?;
    whole::rehearse(&cx, Place::Member(UNDER_WAY), value)?;
    with_writer_lock(|| write_locked(sink, group, value, &cx, finish))
}

/// The same, for a thread that holds the writer lock.
pub(crate) fn write_locked<T: Save + ?Sized>(
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
