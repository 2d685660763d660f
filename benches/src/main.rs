//! Times saving and loading with filebacked beside other ways of doing the same, and says how they
//! compare.
//!
//! `docs/PERFORMANCE.md` tells what is measured and how to read what this prints. Each workload
//! runs in a process of its own, so that none inherits the heap of another.

mod args;
mod codec;
mod data;
mod hand;
mod handles;
mod memory;
mod plan;
mod python;
mod report;
mod round;

use args::Args;
use report::Row;
use std::process::{Command, Stdio};

/// What can go wrong here is only told, never handled.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    memory::keep_the_heap();
    let args = Args::parse()?;
    if let Some((what, times)) = &args.repeat {
        return plan::repeat(what, *times);
    }
    if let Some(results) = &args.show {
        report::print(&serde_json::from_slice::<Vec<Row>>(&std::fs::read(results)?)?);
        return Ok(());
    }
    std::fs::create_dir_all(&args.directory)?;
    if let Some(workload) = &args.worker {
        let rows = plan::run(workload, &args)?;
        println!("{}", serde_json::to_string(&rows)?);
        return Ok(());
    }

    if args.python.is_none() {
        println!(
            "Python is missing or switched off: h5py, Python FileBacked, hickle and pickle are left out.\n"
        );
    }
    let mut rows: Vec<Row> = Vec::new();
    for workload in &args.workloads {
        eprintln!("{workload} ...");
        let worker = Command::new(std::env::current_exe()?)
            .args(std::env::args().skip(1))
            .args(["--worker", workload])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        if !worker.status.success() {
            return Err(format!("{workload} failed").into());
        }
        rows.extend(serde_json::from_slice::<Vec<Row>>(&worker.stdout)?);
        // What is there so far, for a run that is broken off.
        std::fs::write(&args.out, report::json(&rows)?)?;
    }
    report::print(&rows);
    println!("\nAll numbers: {}", args.out.display());
    Ok(())
}
