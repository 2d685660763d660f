//! The results: as JSON, and as tables of ratios.

use crate::Result;
use serde::{Deserialize, Serialize};

/// The median of one job.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) system: String,
    pub(crate) op: String,
    pub(crate) seconds: f64,
    /// The size of the file or image.
    pub(crate) bytes: u64,
}

/// Columns of a table are the peers; those of Python have a table of their own.
const RUST: &[&str] = &[
    "ours, 1 thread",
    "raw bytes",
    "bincode",
    "postcard",
    "rkyv",
    "hdf5-metno",
    "raw bytes, small pages",
    "raw bytes into own buffer",
    "one write",
    "in memory",
];

/// What is wanted: workload, op, peer, the largest ratio that is good enough.
const TARGETS: &[(&str, &str, &str, f64)] = &[
    ("W1", "save", "bincode", 1.5),
    ("W1", "load", "bincode", 1.5),
    ("W1", "save", "h5py", 1.0 / 60.0),
    ("W1", "load", "h5py", 1.0 / 60.0),
    ("W2", "save", "raw bytes", 1.05),
    ("W2", "load", "raw bytes", 1.1),
    ("W3-i32", "save", "h5py", 0.1),
    ("W3-i32", "load", "h5py", 0.1),
    ("W3-i32", "size", "hdf5-metno gzip-1", 1.15),
    ("W3-f64", "save", "h5py", 0.2),
    ("W3-f64", "load", "h5py", 0.2),
    ("W3-f64", "size", "hdf5-metno gzip-1", 1.15),
    ("W3-sine", "save", "h5py", 0.1),
    ("W3-sine", "load", "h5py", 0.1),
    ("W3-sine", "size", "hdf5-metno gzip-1", 1.15),
    ("W3-random", "save", "h5py", 0.1),
    ("W3-random", "load", "h5py", 0.1),
    ("W3-random", "size", "hdf5-metno gzip-1", 1.15),
    // On two cores: 1.9 times as quick as on one.
    ("W3-i32", "save", "ours, 1 thread", 1.0 / 1.9),
    ("W3-i32", "load", "ours, 1 thread", 1.0 / 1.9),
    ("W3-f64", "save", "ours, 1 thread", 1.0 / 1.9),
    ("W3-f64", "load", "ours, 1 thread", 1.0 / 1.9),
    ("W3-sine", "save", "ours, 1 thread", 1.0 / 1.9),
    ("W3-sine", "load", "ours, 1 thread", 1.0 / 1.9),
    ("W4", "save", "bincode", 1.3),
    ("W4", "load", "bincode", 1.3),
    ("W4-nested", "save", "bincode", 1.3),
    ("W4-nested", "load", "bincode", 1.3),
    ("W5", "save", "bincode", 1.2),
    ("W5", "load", "bincode", 1.2),
    ("W5-HashMap", "save", "bincode", 3.0),
    ("W5-HashMap", "load", "bincode", 1.2),
    ("W5-unsorted", "save", "bincode", 1.2),
    ("W5-unsorted", "load", "bincode", 1.2),
    ("W6", "save", "raw bytes", 1.05),
    ("W6", "load", "raw bytes", 1.3),
    ("W7", "save", "bincode", 1.0),
    ("W7", "load", "bincode", 1.0),
    ("W7-skewed", "save", "bincode", 2.0),
    ("W7-skewed", "load", "bincode", 2.0),
    ("W8", "load", "hdf5-metno", 1.2),
    ("W9-append", "save", "one write", 2.0),
    ("W9-map", "load", "in memory", 1.1),
    ("W9-get", "load", "hdf5-metno", 2.0),
];

/// The results as a list of objects, one a line.
pub(crate) fn json(rows: &[Row]) -> Result<String> {
    let lines =
        rows.iter().map(serde_json::to_string).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Prints all tables.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "Medians. The column `ours` is a time, the others are ours divided by theirs: below 1, ours is the faster one."
    );
    let fast = "Durability::Fast, and nobody else waits for the disk either";
    table(rows, &format!("Files ({fast})"), "", RUST);
    table(rows, &format!("Files, beside Python ({fast})"), "", &python_systems(rows));
    let durable = "Durability::Durable; the others write, fsync, rename and fsync the directory";
    table(rows, &format!("Files on the disk ({durable})"), ", Durable", RUST);
    table(rows, "In memory (no files)", ", in memory", RUST);
    targets(rows);
}

/// The peers that are written in Python, in the order in which they come.
fn python_systems(rows: &[Row]) -> Vec<&str> {
    let mut systems = Vec::new();
    for row in rows {
        let system = whole(&row.system);
        let rust = system.contains(", ")
            || ["ours", "hdf5-metno gzip-1"].contains(&system)
            || RUST.contains(&system);
        if !rust && !systems.contains(&system) {
            systems.push(system);
        }
    }
    systems
}

/// The name of a system without the part of the data that it got, as in `hickle 1/50 x50`.
fn whole(system: &str) -> &str {
    system.split(" 1/").next().unwrap_or(system)
}

fn find<'r>(rows: &'r [Row], workload: &str, system: &str, op: &str) -> Option<&'r Row> {
    rows.iter().find(|row| row.workload == workload && whole(&row.system) == system && row.op == op)
}

/// Prints what ours takes and its ratio to each peer. The suffix tells the systems of this table
/// from others.
fn table(rows: &[Row], title: &str, suffix: &str, peers: &[&str]) {
    let full = |system: &str| format!("{system}{suffix}");
    let theirs = |row: &Row, peer: &str| find(rows, &row.workload, &full(peer), &row.op);
    let mut ours: Vec<&Row> = rows.iter().filter(|row| row.system == full("ours")).collect();
    ours.retain(|row| peers.iter().any(|peer| theirs(row, peer).is_some()));
    let has = |peer: &&&str| ours.iter().any(|row| theirs(row, peer).is_some());
    let peers: Vec<&&str> = peers.iter().filter(has).collect();
    if ours.is_empty() {
        return;
    }
    println!("\n{title}\n");
    let mut lines = vec![vec!["workload".to_string(), "op".into(), "ours".into()]];
    lines[0].extend(peers.iter().map(|peer| peer.to_string()));
    for row in ours {
        let mut line = vec![row.workload.clone(), row.op.clone(), time(row.seconds)];
        line.extend(peers.iter().map(|peer| match theirs(row, peer) {
            Some(theirs) if theirs.system.contains(" 1/") => {
                ratio(row.seconds / theirs.seconds) + "*"
            }
            Some(theirs) => ratio(row.seconds / theirs.seconds),
            None => String::new(),
        }));
        lines.push(line);
    }
    aligned(&lines);
}

/// Prints how far each target is.
fn targets(rows: &[Row]) {
    let header = ["workload", "op", "divided by", "at most", "measured", ""];
    let mut lines = vec![header.map(String::from).to_vec()];
    let mut line = |workload: &str, op: &str, peer: &str, most: f64, measured: f64| {
        let verdict = if measured <= most { "reached" } else { "missed" };
        let cells = [workload, op, peer, &ratio(most), &ratio(measured), verdict];
        lines.push(cells.map(String::from).to_vec());
    };
    for &(workload, op, peer, most) in TARGETS {
        let of = if op == "size" { "save" } else { op };
        let (Some(ours), Some(theirs)) =
            (find(rows, workload, "ours", of), find(rows, workload, peer, of))
        else {
            continue;
        };
        let measured = if op == "size" {
            ours.bytes as f64 / theirs.bytes as f64
        } else {
            ours.seconds / theirs.seconds
        };
        line(workload, op, peer, most, measured);
    }
    for op in ["save", "load"] {
        if let (Some(small), Some(large)) =
            (find(rows, "W4", "ours", op), find(rows, "W4-10M", "ours", op))
        {
            line("W4-10M", op, "100 times W4", 1.2, large.seconds / (100.0 * small.seconds));
        }
    }
    println!("\nTargets (files, Durability::Fast)\n");
    aligned(&lines);
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.3} us", s * 1e6),
        s if s < 1.0 => format!("{:.3} ms", s * 1e3),
        s => format!("{s:.3} s"),
    }
}

/// To two digits, or three.
fn ratio(ratio: f64) -> String {
    match ratio {
        r if r < 0.000_995 => format!("{r:.1e}"),
        r if r < 0.0995 => format!("{r:.4}"),
        r if r < 9.95 => format!("{r:.2}"),
        r => format!("{r:.0}"),
    }
}

/// Prints a Markdown table with its columns under each other.
fn aligned(lines: &[Vec<String>]) {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(3)
        })
        .collect();
    let print = |cells: Vec<String>| println!("| {} |", cells.join(" | "));
    for (number, line) in lines.iter().enumerate() {
        print(line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect());
        if number == 0 {
            print(widths.iter().map(|&width| "-".repeat(width)).collect());
        }
    }
}
