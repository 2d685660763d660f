//! Durations and points in time: a compound of seconds and nanoseconds.

use crate::error::{Error, ErrorKind, Result};
use crate::layout::scalar::{self, Element, element_is_backed, member, pair};
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::storage::{CompoundMember, Dtype};
use std::time::{Duration, SystemTime};

const DURATION: &[CompoundMember; 2] =
    &[member("secs", 0, Dtype::U64), member("nanos", 8, Dtype::U32)];
/// Seconds, and nanoseconds after that: the form of a point in time, and of a span that may be
/// negative.
pub(crate) const POINT: &[CompoundMember; 2] =
    &[member("secs", 0, Dtype::I64), member("nanos", 8, Dtype::U32)];

/// An element of the compound.
pub(crate) fn cell(secs: [u8; 8], nanos: u32) -> [u8; 12] {
    let mut cell = [0; 12];
    cell[..8].copy_from_slice(&secs);
    cell[8..].copy_from_slice(&nanos.to_le_bytes());
    cell
}

/// Nanoseconds below a second.
pub(crate) fn nanos(value: crate::layout::number::Any) -> Result<u32> {
    let nanos: u32 = scalar::integer(value, "number of nanoseconds")?;
    if nanos >= 1_000_000_000 {
        return Err(Error::new(ErrorKind::Invalid(format!(
            "{nanos} nanoseconds, which is a second or more"
        ))));
    }
    Ok(nanos)
}

impl Element for Duration {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &pair(DURATION, 12), shape, slot, |duration| {
            cell(duration.as_secs().to_le_bytes(), duration.subsec_nanos())
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        scalar::read_pairs(node, rank, "Duration", ["secs", "nanos"], |secs, rest| {
            Ok(Duration::new(scalar::integer(secs, "number of seconds")?, nanos(rest)?))
        })
    }
}
element_is_backed!(Duration, "Duration", filler = Some(Duration::ZERO), flat = true);

/// Whole seconds since 1970, rounded down, and the nanoseconds after that.
fn since_epoch(time: &SystemTime) -> (i64, u32) {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (after.as_secs() as i64, after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            match before.subsec_nanos() {
                0 => (-(before.as_secs() as i64), 0),
                nanos => (-(before.as_secs() as i64) - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

fn from_epoch(secs: i64, nanos: u32) -> Option<SystemTime> {
    let whole = match u64::try_from(secs) {
        Ok(after) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(after)),
        Err(_) => SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(secs.unsigned_abs())),
    };
    whole?.checked_add(Duration::from_nanos(nanos.into()))
}

/// Whether these are times of PyTables, whose microseconds have the sign of the seconds.
fn is_micros(node: &Node<'_>) -> Result<bool> {
    let dtype = node.describe()?.dtype;
    let members = dtype.members();
    Ok(members
        .is_some_and(|compound| compound.members.iter().any(|member| member.name == "micros")))
}

impl Element for SystemTime {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &pair(POINT, 12), shape, slot, |time| {
            let (secs, nanos) = since_epoch(time);
            cell(secs.to_le_bytes(), nanos)
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        let time = |secs: i64, nanos| {
            from_epoch(secs, nanos).ok_or_else(|| {
                Error::new(ErrorKind::Invalid(format!("a time {secs} seconds from 1970")))
            })
        };
        let read = scalar::read_pairs(node, rank, "SystemTime", ["secs", "nanos"], |secs, rest| {
            time(scalar::integer(secs, "number of seconds")?, nanos(rest)?)
        });
        match read {
            Err(_) if is_micros(node)? => {
                scalar::read_pairs(node, rank, "SystemTime", ["secs", "micros"], |secs, rest| {
                    let secs: i32 = scalar::integer(secs, "number of seconds")?;
                    let micros: i32 = scalar::integer(rest, "number of microseconds")?;
                    let all = i64::from(secs) * 1_000_000 + i64::from(micros);
                    time(all.div_euclid(1_000_000), all.rem_euclid(1_000_000) as u32 * 1000)
                })
            }
            read => read,
        }
    }
}
element_is_backed!(SystemTime, "SystemTime", filler = Some(SystemTime::UNIX_EPOCH), flat = true);
