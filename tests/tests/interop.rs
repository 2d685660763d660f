//! docs/INTEROP.md: its recipes run, and its table is what they gave.

use filebacked_tests::interop::{Document, TOOLS, kinds, readings, table};
use std::collections::BTreeSet;

/// The recipes that nothing here can run.
const NOT_RUN: [&str; 3] = ["HDF5.jl", "JLD2", "MATLAB"];

#[test]
fn every_recipe_reads_its_value_and_the_table_is_true() {
    let (document, kinds) = (Document::open(), kinds());
    let mut wrong = String::new();
    let mut columns = Vec::new();
    for tool in TOOLS {
        let outcomes = tool.run(&kinds, document.recipes(tool.name));
        let readings = outcomes.and_then(|outcomes| {
            readings(&tool, &kinds, &outcomes).map_err(|error| wrong += &error).ok()
        });
        columns.push((tool.name, readings));
    }
    assert!(wrong.is_empty(), "recipes of docs/INTEROP.md are wrong:\n{wrong}");
    let table = table(&document, &kinds, &columns);
    if std::env::var_os("FILEBACKED_WRITE_TABLE").is_some() {
        document.write_table(&table);
    }
    assert_eq!(table, Document::open().table(), "the table of docs/INTEROP.md is stale: make interop-table");
}

#[test]
fn recipes_are_of_known_types() {
    let (document, kinds) = (Document::open(), kinds());
    let known: BTreeSet<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(known.len(), kinds.len(), "two types of one name");
    let tools: BTreeSet<&str> = TOOLS.iter().map(|tool| tool.name).chain(NOT_RUN).collect();
    for tool in document.tools() {
        assert!(tools.contains(tool), "recipes for {tool}, which no test knows");
        let unknown: Vec<_> = document.recipes(tool).kinds().difference(&known).copied().collect();
        assert!(unknown.is_empty(), "{tool}: recipes for {unknown:?}, which are no types of the tests");
    }
}
