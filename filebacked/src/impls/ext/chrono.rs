//! chrono: dates, times and spans, exactly, leap seconds included.
//!
//! ```text
//! DateTime<Utc>          compound {secs: i64, nanos: u32}, since 1970 without leap seconds, as `SystemTime`
//! NaiveDateTime          the same, as if it were UTC
//! TimeDelta              compound {secs: i64, nanos: u32}: -0.5 s is {-1, 500000000}
//! NaiveTime              compound {secs: u32, nanos: u32}, since midnight
//! NaiveDate              text: 2026-11-20
//! DateTime<FixedOffset>  text: 2026-11-20T12:30:00.000000000+01:00
//! ```
//!
//! Inside a leap second `nanos` is 1000000000 or more, and `secs` is that of the second before, as
//! chrono has it. The text of an offset with seconds ends with them: `+00:53:28`.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::impls::net::{parse, printed_is_backed};
use crate::impls::time::{POINT, cell, nanos};
use crate::layout::number::Any;
use crate::layout::scalar::{self, Element, element_is_backed, element_shaped, member, pair};
use crate::layout::text;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::{CompoundMember, Dtype};
use chrono::{
    DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};
use std::borrow::Cow;

const SECOND: u32 = 1_000_000_000;

const TIME_OF_DAY: &[CompoundMember; 2] =
    &[member("secs", 0, Dtype::U32), member("nanos", 4, Dtype::U32)];

/// Nanoseconds, of a leap second too.
fn leap_nanos(value: Any) -> Result<u32> {
    let nanos: u32 = scalar::integer(value, "number of nanoseconds")?;
    if nanos >= 2 * SECOND {
        return Err(Error::new(ErrorKind::Invalid(format!(
            "{nanos} nanoseconds, which is more than a leap second"
        ))));
    }
    Ok(nanos)
}

impl Element for DateTime<Utc> {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &pair(POINT, 12), shape, slot, |time| {
            cell(time.timestamp().to_le_bytes(), time.timestamp_subsec_nanos())
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        scalar::read_pairs(node, rank, "DateTime", ["secs", "nanos"], |secs, rest| {
            let (secs, nanos) = (scalar::integer(secs, "number of seconds")?, leap_nanos(rest)?);
            // The nanoseconds are set apart, since chrono takes a leap second behind any second
            // that way.
            DateTime::from_timestamp(secs, 0)
                .and_then(|time| time.naive_utc().with_nanosecond(nanos))
                .map(|time| time.and_utc())
                .ok_or_else(|| {
                    ErrorKind::Invalid(format!("a time {secs} seconds from 1970")).into()
                })
        })
    }
}
element_is_backed!(
    DateTime<Utc>,
    "DateTime<Utc>",
    filler = Some(DateTime::UNIX_EPOCH),
    flat = true
);

impl Element for NaiveDateTime {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &pair(POINT, 12), shape, slot, |time| {
            let time = time.and_utc();
            cell(time.timestamp().to_le_bytes(), time.timestamp_subsec_nanos())
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        let (times, shape) = DateTime::<Utc>::read_array(node, rank)?;
        Ok((times.into_iter().map(|time| time.naive_utc()).collect(), shape))
    }
}
element_is_backed!(
    NaiveDateTime,
    "NaiveDateTime",
    filler = Some(DateTime::UNIX_EPOCH.naive_utc()),
    flat = true
);

impl Element for TimeDelta {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &pair(POINT, 12), shape, slot, |span| {
            // chrono rounds the seconds towards zero; the file rounds down.
            let (secs, nanos) = (span.num_seconds(), span.subsec_nanos());
            match u32::try_from(nanos) {
                Ok(nanos) => cell(secs.to_le_bytes(), nanos),
                Err(_) => cell((secs - 1).to_le_bytes(), SECOND - nanos.unsigned_abs()),
            }
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        scalar::read_pairs(node, rank, "TimeDelta", ["secs", "nanos"], |secs, rest| {
            let secs = scalar::integer(secs, "number of seconds")?;
            TimeDelta::new(secs, nanos(rest)?)
                .ok_or_else(|| ErrorKind::Invalid(format!("a span of {secs} seconds")).into())
        })
    }
}
element_is_backed!(TimeDelta, "TimeDelta", filler = Some(TimeDelta::zero()), flat = true);

impl Element for NaiveTime {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &pair(TIME_OF_DAY, 8), shape, slot, |time| {
            let mut cell = [0; 8];
            cell[..4].copy_from_slice(&time.num_seconds_from_midnight().to_le_bytes());
            cell[4..].copy_from_slice(&time.nanosecond().to_le_bytes());
            cell
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        scalar::read_pairs(node, rank, "NaiveTime", ["secs", "nanos"], |secs, rest| {
            let (secs, nanos) = (scalar::integer(secs, "number of seconds")?, leap_nanos(rest)?);
            NaiveTime::from_num_seconds_from_midnight_opt(secs, 0)
                .and_then(|time| time.with_nanosecond(nanos))
                .ok_or_else(|| {
                    ErrorKind::Invalid(format!("a time of day {secs} seconds from midnight")).into()
                })
        })
    }
}
element_is_backed!(NaiveTime, "NaiveTime", filler = Some(NaiveTime::MIN), flat = true);

printed_is_backed!(NaiveDate);

/// A time as RFC 3339 writes it, with all nanoseconds, and with the seconds of its offset where it
/// has some.
fn to_text(time: &DateTime<FixedOffset>) -> Result<String> {
    if time.nanosecond() >= SECOND && time.second() != 59 {
        let what = format!(
            "{time:?} is inside a leap second that does not end a minute, which text cannot tell"
        );
        return Err(
            Error::new(ErrorKind::Unsupported(what)).with_help("store it as `DateTime<Utc>`")
        );
    }
    let whole_minutes = time.offset().local_minus_utc() % 60 == 0;
    let format =
        if whole_minutes { "%Y-%m-%dT%H:%M:%S%.9f%:z" } else { "%Y-%m-%dT%H:%M:%S%.9f%::z" };
    Ok(time.format(format).to_string())
}

/// Reads what [`to_text`] made, and what RFC 3339 allows.
fn from_text(text: &str) -> Result<DateTime<FixedOffset>> {
    if let Some(time) = with_offset_seconds(text) {
        return Ok(time);
    }
    parse(text)
}

/// The time of a text that ends in `+HH:MM:SS`.
fn with_offset_seconds(text: &str) -> Option<DateTime<FixedOffset>> {
    let (text, secs) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let (_, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let secs: i32 = secs.strip_prefix(':')?.parse().ok().filter(|secs| (0..60).contains(secs))?;
    let sign = match offset.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let time: DateTime<FixedOffset> = text.parse().ok()?;
    let offset = FixedOffset::east_opt(time.offset().local_minus_utc() + sign * secs)?;
    time.naive_local().and_local_timezone(offset).single()
}

impl Element for DateTime<FixedOffset> {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        let texts: Vec<String> = rows.iter().map(to_text).collect::<Result<_>>()?;
        text::write_array(shape, || texts.iter().map(String::as_str), slot)
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        let (texts, shape) = text::read_array(node, rank)?;
        Ok((texts.iter().map(|text| from_text(text)).collect::<Result<_>>()?, shape))
    }
}
element_is_backed!(DateTime<FixedOffset>, "DateTime<FixedOffset>", filler = None, flat = true);
