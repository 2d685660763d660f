//! Ranges: groups of their ends.
//!
//! ```text
//! x            group     filebacked = "range"
//! ├── start    where the range has one
//! └── end      (of an inclusive range: the last value)
//! ```

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::impls::pointer::schema_of;
use crate::impls::product::save_members;
use crate::layout::sequence;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

macro_rules! range_is_backed {
    ($t:ident, $($member:ident $name:literal => $get:expr),*; $new:expr) => {
        impl<T: Save> Save for $t<T> {
            save_members!("range", $($name => $get),*);

            fn is_flat(level: u32) -> bool {
                level < 16 && T::is_flat(level + 1)
            }
            fn key() -> Option<Key<Self>> {
                fn schema<T: Save>() -> Schema {
                    Schema::Range(schema_of::<T>)
                }
                T::key().map(|_| Key::of_container(schema::<T>))
            }
        }

        impl<T: FileBacked> FileBacked for $t<T> {
            fn schema() -> Schema {
                Schema::Range(T::schema)
            }
            fn read(node: Node<'_>) -> Result<Self> {
                let group = node.group_of("range", "a group (range)")?;
                let new: fn($(range_is_backed!(@end $member T)),*) -> Self = $new;
                Ok(new($(group.field::<T>($name)?),*))
            }
            fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                let group = node.group_of("columns", "a group (columns)")?.table()?;
                if group.len() == 0 {
                    return Ok(Vec::new());
                }
                let new: fn($(range_is_backed!(@end $member T)),*) -> Self = $new;
                $(let mut $member = group.column::<T>($name)?.into_iter();)*
                Ok(std::iter::from_fn(|| Some(new($($member.next()?),*))).collect())
            }
        }
    };
    (@end $member:ident $t:ident) => { $t };
}
range_is_backed!(Range, start "start" => |r| &r.start, end "end" => |r| &r.end; |start, end| start..end);
range_is_backed!(RangeInclusive, start "start" => |r| r.start(), end "end" => |r| r.end(); |start, end| start..=end);
range_is_backed!(RangeFrom, start "start" => |r| &r.start; |start| start..);
range_is_backed!(RangeTo, end "end" => |r| &r.end; |end| ..end);
range_is_backed!(RangeToInclusive, end "end" => |r| &r.end; |end| ..=end);

impl Save for RangeFull {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.group(Stamp::kind("range"))?.end()
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_empty(rows, slot)
    }

    fn is_flat(_: u32) -> bool {
        true
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl FileBacked for RangeFull {
    fn schema() -> Schema {
        Schema::Range(<()>::schema)
    }

    fn read(node: Node<'_>) -> Result<Self> {
        node.group_of("range", "a group (range)").map(|_| ..)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(vec![..; sequence::read_empty(node)?])
    }
}
