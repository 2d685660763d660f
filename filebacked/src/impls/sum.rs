//! `Result` and `Bound`: enums with data, stored as the derive stores those.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{ErrorKind, Result};
use crate::impls::pointer::schema_of;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::{FieldSchema, Schema, Seen, VariantSchema};
use crate::slot::{Slot, Written};
use std::ops::Bound;

/// An enum whose variants have at most one field, of a type parameter: `Variant(T) = "name", ...`.
macro_rules! sum_is_backed {
    ($t:ident<$($p:ident),*> $label:literal: $($variant:ident($field:ident) $values:ident $index:literal),*; $($unit:ident $unit_index:literal),*) => {
        impl<$($p: Save),*> Save for $t<$($p),*> {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                match self {
                    $($t::$variant(value) => {
                        let mut group = slot.union($index).variant($label, 1, "variant", stringify!($variant))?;
                        group.field("0", value)?;
                        group.end()
                    })*
                    $($t::$unit => slot.variant($label, 1, "variant", stringify!($unit))?.end(),)*
                }
            }

            fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                let mut group = slot.variant_rows::<Self>($label, 1, rows.len())?;
                if group.is_stub() {
                    return group.end();
                }
                let names = [$(stringify!($variant),)* $(stringify!($unit),)*];
                group.tags("variant", &names, rows, |row| match row {
                    $($t::$variant(_) => $index,)*
                    $($t::$unit => $unit_index,)*
                })?;
                $(
                    let mut values: Vec<&$field> = Vec::new();
                    rows.for_each(|row| {
                        if let $t::$variant(value) = row {
                            values.push(value);
                        }
                    });
                    let mut columns = group.variant_columns(stringify!($variant), values.len())?;
                    columns.column("0", Rows::refs(&values))?;
                    columns.end()?;
                )*
                group.end()
            }

            fn needs_objects(seen: &mut Seen) -> bool {
                seen.enter::<Self>() && (false $(|| $p::needs_objects(seen))*)
            }

            fn key() -> Option<Key<Self>> {
                fn schema<$($p: Save),*>() -> Schema {
                    Schema::variants($label, 1, vec![
                        $(VariantSchema::new(stringify!($variant), vec![FieldSchema::new("0", schema_of::<$field>)]),)*
                        $(VariantSchema::new(stringify!($unit), Vec::new()),)*
                    ])
                }
                $($p::key()?;)*
                Some(Key::of_container(schema::<$($p),*>))
            }
        }

        impl<$($p: FileBacked),*> FileBacked for $t<$($p),*> {
            fn schema() -> Schema {
                Schema::variants($label, 1, vec![
                    $(VariantSchema::new(stringify!($variant), vec![FieldSchema::new("0", $field::schema)]),)*
                    $(VariantSchema::new(stringify!($unit), Vec::new()),)*
                ])
            }

            fn read(node: Node<'_>) -> Result<Self> {
                let group = sum_is_backed!(@open node, $label; $($variant),*; $($unit),*)?;
                match group.variant() {
                    $(stringify!($variant) => Ok($t::$variant(group.field("0")?)),)*
                    $(stringify!($unit) => Ok($t::$unit),)*
                    _ => Err(group.unknown_variant(&[$(stringify!($variant),)* $(stringify!($unit),)*])),
                }
            }

            fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                let group = node.variant_rows($label, 1)?;
                if group.len() == 0 {
                    return Ok(Vec::new());
                }
                let tags = group.tags("variant", &[$(&[stringify!($variant)],)* $(&[stringify!($unit)],)*])?;
                $(
                    let count = tags.iter().filter(|tag| **tag == $index).count();
                    let columns = group.variant_columns(&[stringify!($variant)], count)?;
                    let mut $values = if count == 0 { Vec::new() } else { columns.column::<$field>("0")? }.into_iter();
                )*
                let row = |tag| match tag {
                    $($index => $values.next().map($t::$variant),)*
                    $($unit_index => Some($t::$unit),)*
                    _ => None,
                };
                let rows: Option<Vec<Self>> = tags.into_iter().map(row).collect();
                rows.ok_or_else(|| ErrorKind::Damaged("fewer values than rows of their variant".into()).into())
            }
        }
    };
    (@open $node:ident, $label:literal; $($variant:ident),*;) => {
        $node.union($label, 1, "variant", &[$(stringify!($variant)),*])
    };
    (@open $node:ident, $label:literal; $($variant:ident),*; $($unit:ident),+) => { $node.variant($label, 1, "variant") };
}
sum_is_backed!(Result<T, E> "Result": Ok(T) good 0, Err(E) bad 1;);
sum_is_backed!(Bound<T> "Bound": Included(T) included 0, Excluded(T) excluded 1; Unbounded 2);
