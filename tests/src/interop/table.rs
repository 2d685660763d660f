//! The table of docs/INTEROP.md: which tool reads which type.

use super::document::{Document, Recipes};
use super::kinds::Kind;
use super::tools::{Attempt, Tool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a tool reads a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Its own view of the object is the value.
    Reads,
    /// By the recipe.
    WithHelp,
    /// There is no recipe.
    Cannot,
}

impl Reading {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Reading::Reads => "reads",
            Reading::WithHelp => "with help",
            Reading::Cannot => "cannot",
        }
    }
}

/// How a tool reads each type, or what is wrong with its recipes. `None` where the tool is missing.
pub fn readings(
    tool: &Tool,
    kinds: &[Kind],
    recipes: &Recipes,
) -> Option<Result<Vec<Reading>, String>> {
    let attempt = |kind: &Kind, how: &str, code| Attempt {
        kind: kind.name.to_string(),
        how: how.to_string(),
        code,
    };
    let by_recipe =
        |kind: &Kind| recipes.recipe(kind.name).map(|code| attempt(kind, "by_recipe", code));
    let as_it_is = |kind: &Kind| recipes.any().map(|code| attempt(kind, "as_it_is", code));
    // First all views without help: what helps one recipe may change the tool for what comes later.
    let attempts: Vec<Attempt> =
        kinds.iter().filter_map(as_it_is).chain(kinds.iter().filter_map(by_recipe)).collect();
    let outcomes = tool.run(kinds, &attempts)?;
    let outcome = |kind: &Kind, how| {
        attempts.iter().position(|a| a.kind == kind.name && a.how == how).map(|at| &outcomes[at])
    };

    let mut wrong = String::new();
    let mut readings = Vec::new();
    for kind in kinds {
        let is_value = |got: &Value| tool.same(&kind.value, got);
        let is_parts = |got: &Value| kind.parts.as_ref().is_some_and(|parts| tool.same(parts, got));
        let recipe = outcome(kind, "by_recipe");
        let _ = match recipe {
            Some(Ok(got)) if !is_value(got) && !is_parts(got) => {
                writeln!(wrong, "{} {}: wanted {}, got {got}", tool.name, kind.name, kind.value)
            }
            Some(Err(error)) => writeln!(wrong, "{} {}: {error}", tool.name, kind.name),
            _ => Ok(()),
        };
        readings.push(match (outcome(kind, "as_it_is"), recipe) {
            (Some(Ok(got)), _) if is_value(got) => Reading::Reads,
            (_, Some(_)) if tool.typed => Reading::Reads,
            (_, Some(_)) => Reading::WithHelp,
            (_, None) => Reading::Cannot,
        });
    }
    Some(if wrong.is_empty() { Ok(readings) } else { Err(wrong) })
}

/// The table with these columns; those of tools that are missing stay as the document has them.
pub fn table(
    document: &Document,
    kinds: &[Kind],
    columns: &[(&str, Option<Vec<Reading>>)],
) -> String {
    let mut old = BTreeMap::new();
    let mut lines = document.table().lines().filter(|line| line.starts_with('|')).map(cells);
    let names = lines.next().unwrap_or_default();
    for line in lines {
        for (column, cell) in names.iter().zip(&line) {
            old.insert((line[0].clone(), column.clone()), cell.clone());
        }
    }
    let mut table = String::from("| type | recipe |");
    for (name, _) in columns {
        let _ = write!(table, " {name} |");
    }
    table += "\n|---|---|";
    table += &"---|".repeat(columns.len());
    for (row, kind) in kinds.iter().enumerate() {
        let _ = write!(table, "\n| {} | `{}` |", kind.rust, kind.name);
        for (name, readings) in columns {
            let before = || {
                old.get(&(kind.rust.to_string(), name.to_string()))
                    .map_or("not run", String::as_str)
            };
            let _ = write!(
                table,
                " {} |",
                readings.as_ref().map_or_else(before, |readings| readings[row].word())
            );
        }
    }
    table + "\n"
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect()
}
