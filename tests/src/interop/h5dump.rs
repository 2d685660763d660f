//! The column of h5dump, which has no recipes: it prints what is in the datasets.

use super::kinds::Kind;
use super::table::Reading;
use crate::tool;
use filebacked::WriteOptions;
use serde_json::Value;

/// How h5dump reads each type: as the value, as parts that are to be put together, or not at all.
/// `None` where it is missing.
pub fn h5dump_readings(kinds: &[Kind]) -> Option<Vec<Reading>> {
    let (_dir, path) = crate::scratch("model.h5");
    kinds
        .iter()
        .map(|kind| {
            kind.save(&WriteOptions::new(), &path)
                .unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            // Without attributes, indices and line breaks.
            let said = tool::h5dump(&["-A", "0", "-y", "-w", "0"], &path)?;
            let (mut wanted, mut got) = (Vec::new(), printed(&said));
            leaves(&kind.value, &mut wanted);
            // In any order: members are sorted by name here, and not in compounds.
            wanted.retain(|wanted| {
                let at = got.iter().position(|got| same(wanted, got));
                at.map(|at| got.swap_remove(at)).is_none()
            });
            Some(if wanted.is_empty() && got.is_empty() {
                Reading::Reads
            } else {
                Reading::WithHelp
            })
        })
        .collect()
}

/// The elements in the datasets.
fn printed(said: &str) -> Vec<String> {
    said.split(" DATA {").skip(1).flat_map(elements).collect()
}

/// What stands before the brace that closes the data: numbers, names, texts in quotes.
fn elements(mut rest: &str) -> Vec<String> {
    let (mut elements, mut depth) = (Vec::new(), 1);
    while let Some(first) = rest.chars().next().filter(|_| depth > 0) {
        let length = match first {
            '{' => {
                depth += 1;
                1
            }
            '}' => {
                depth -= 1;
                1
            }
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ => rest
                .find(|c: char| c == ',' || c == '}' || c.is_whitespace())
                .unwrap_or(rest.len())
                .max(first.len_utf8()),
        };
        if !matches!(first, '{' | '}' | ',') && !first.is_whitespace() {
            elements.push(rest[..length].to_string());
        }
        rest = &rest[length..];
    }
    elements
}

/// The numbers and texts in a value.
fn leaves<'a>(value: &'a Value, into: &mut Vec<&'a Value>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| leaves(value, into)),
        Value::Object(members) => members.values().for_each(|value| leaves(value, into)),
        leaf => into.push(leaf),
    }
}

fn same(wanted: &Value, got: &str) -> bool {
    match wanted {
        Value::Bool(wanted) => got == if *wanted { "TRUE" } else { "FALSE" },
        // As many digits are printed as a float of its size needs.
        Value::Number(wanted) if wanted.is_f64() => got
            .parse::<f64>()
            .is_ok_and(|got| wanted.as_f64().is_some_and(|wanted| wanted as f32 == got as f32)),
        Value::Number(wanted) => got == wanted.to_string(),
        Value::String(wanted) => got == wanted || got == format!("\"{wanted}\""),
        _ => false,
    }
}
