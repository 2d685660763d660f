//! docs/INTEROP.md: its recipes run, and its table is what they gave.

use filebacked_tests::interop::{
    Document, TOOLS, Tool, guide_lines, h5dump_readings, kinds, readings, table,
};
use std::collections::BTreeSet;

/// Tools whose recipes nothing here can run, and whether they say of every type how it is read.
const NOT_RUN: [(&str, bool); 3] = [("HDF5.jl", true), ("JLD2", false), ("MATLAB", true)];

#[test]
fn every_recipe_reads_its_value_and_the_table_is_true() {
    let (document, kinds) = (Document::open(), kinds());
    let (mut wrong, mut columns) = (String::new(), Vec::new());
    let found: Vec<_> = std::thread::scope(|scope| {
        let (kinds, document) = (&kinds, &document);
        let run = |tool: &'static Tool| {
            scope.spawn(move || readings(tool, kinds, document.recipes(tool.name)))
        };
        let running: Vec<_> = TOOLS.iter().map(run).collect();
        running.into_iter().map(|tool| tool.join().expect("the tool runs")).collect()
    });
    for (tool, found) in TOOLS.iter().zip(found) {
        let readings = found.transpose().unwrap_or_else(|error| {
            wrong += &error;
            None
        });
        columns.push((tool.name, readings));
    }
    assert!(wrong.is_empty(), "recipes of docs/INTEROP.md are wrong:\n{wrong}");
    columns.push(("h5dump", h5dump_readings(&kinds)));
    let table = table(&document, &kinds, &columns);
    if std::env::var_os("FILEBACKED_WRITE_TABLE").is_some() {
        document.write_table(&table);
    }
    let document = Document::open();
    let stale: Vec<_> =
        table.lines().filter(|&row| !document.table().lines().any(|old| old == row)).collect();
    assert!(
        table == document.table(),
        "the table of docs/INTEROP.md is stale, make interop-table: {stale:#?}"
    );
}

#[test]
fn every_line_of_the_guide_gives_what_it_says() {
    let kinds = kinds();
    let lines = guide_lines(&kinds).unwrap_or_else(|error| panic!("{error}"));
    assert!(lines.len() > 30, "docs/GUIDE.md has lost its lines of h5py");
    let (attempts, values): (Vec<_>, Vec<_>) =
        lines.into_iter().map(|line| (line.attempt, line.value)).unzip();
    let h5py = TOOLS[0];
    let Some(outcomes) = h5py.run(&kinds, &attempts) else { return };
    for ((attempt, value), outcome) in attempts.iter().zip(&values).zip(&outcomes) {
        let got = outcome.as_ref().unwrap_or_else(|error| panic!("{attempt:?}: {error}"));
        assert!(h5py.same(value, got), "{attempt:?}: wanted {value}, got {got}");
    }
}

#[test]
fn recipes_are_of_known_types() {
    let (document, kinds) = (Document::open(), kinds());
    let known: BTreeSet<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(known.len(), kinds.len(), "two types of one name");
    let tools: BTreeSet<&str> =
        TOOLS.iter().map(|tool| tool.name).chain(NOT_RUN.map(|(name, _)| name)).collect();
    for tool in document.tools() {
        assert!(tools.contains(tool), "recipes for {tool}, which no test knows");
        let unknown: Vec<_> = document.recipes(tool).kinds().difference(&known).copied().collect();
        assert!(
            unknown.is_empty(),
            "{tool}: recipes for {unknown:?}, which are no types of the tests"
        );
    }
    for (tool, _) in NOT_RUN.iter().filter(|(_, all)| *all) {
        let missing: Vec<_> = known.difference(&document.recipes(tool).kinds()).copied().collect();
        assert!(missing.is_empty(), "{tool}: no recipes for {missing:?}");
    }
}
