//! The table of docs/INTEROP.md: which tool reads which type.

use super::document::Document;
use super::kinds::Kind;
use super::tools::{Outcomes, Tool};
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

/// How a tool reads each type, or what is wrong with its recipes.
pub fn readings(
    tool: &Tool,
    kinds: &[Kind],
    outcomes: &BTreeMap<&str, Outcomes>,
) -> Result<Vec<Reading>, String> {
    let mut wrong = String::new();
    let mut readings = Vec::new();
    for kind in kinds {
        let Outcomes { any, recipe } = &outcomes[kind.name];
        if std::env::var_os("SHOW").is_some() { eprintln!("SHOW {} {} {:?} | {:?}", tool.name, kind.name, any.as_ref().map(|a| a.as_ref().map(|v| v.to_string().chars().take(200).collect::<String>())), recipe.as_ref().map(|a| a.as_ref().map(|v| v.to_string().chars().take(300).collect::<String>()))); }
        let whole = |outcome: &Option<_>| matches!(outcome, Some(Ok(got)) if tool.same(&kind.value, got));
        match recipe {
            Some(Ok(got)) if tool.same(&kind.value, got) => {}
            Some(Ok(got)) if kind.parts.as_ref().is_some_and(|parts| tool.same(parts, got)) => {}
            Some(Ok(got)) => {
                let _ = writeln!(wrong, "{} {}: wanted {}, got {got}", tool.name, kind.name, kind.value);
            }
            Some(Err(error)) => {
                let _ = writeln!(wrong, "{} {}: {error}", tool.name, kind.name);
            }
            None => {}
        }
        readings.push(match recipe {
            _ if whole(any) => Reading::Reads,
            Some(_) if tool.typed => Reading::Reads,
            Some(_) => Reading::WithHelp,
            None => Reading::Cannot,
        });
    }
    if wrong.is_empty() { Ok(readings) } else { Err(wrong) }
}

/// The table with these columns; those of tools that are missing stay as the document has them.
pub fn table(document: &Document, kinds: &[Kind], columns: &[(&str, Option<Vec<Reading>>)]) -> String {
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
            let before = || old.get(&(kind.rust.to_string(), name.to_string())).map_or("not run", String::as_str);
            let _ = write!(table, " {} |", readings.as_ref().map_or_else(before, |readings| readings[row].word()));
        }
    }
    table + "\n"
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect()
}
