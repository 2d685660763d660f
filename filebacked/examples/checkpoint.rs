//! A simulation with a growing log that is killed several times, and resumes exactly.
//!
//! ```text
//! cargo run -p filebacked --example checkpoint
//! ```
//!
//! The simulation keeps two files:
//!
//! ```text
//! checkpoint.h5   the whole state, and how many rows of the log belong to it; only ever saved
//! log.h5          one row per step; grows in place
//! ```
//!
//! A save is atomic, so the checkpoint is complete at every moment. The log is flushed before the
//! checkpoint that counts its rows, so the log has at least the rows that the checkpoint names. A
//! kill leaves the log at its last flush, perhaps with rows that are newer than the checkpoint:
//! `truncate` removes them. The result is the same, because the state includes the random numbers.
//!
//! Without a journal (`Journal::Off`, or HDF5 before 1.14) a kill may leave two other states:
//!
//! - interrupted in a change: `File::recover` reads the rows, and a digest in the checkpoint tells
//!   whether they are right;
//! - interrupted, with rows that are not readable: the simulation starts from its beginning.

use filebacked::{Error, ErrorKind, File, FileBacked, LazyVec};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// A mass on a spring that random kicks push around.
#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Simulation {
    step: u64,
    position: f64,
    velocity: f64,
    random: u64,
}

/// A row of the log.
#[derive(FileBacked, Clone, Debug, PartialEq)]
pub(crate) struct Row {
    step: u64,
    energy: f64,
}

/// The whole state at a step. It is saved, and nothing else changes its file.
#[derive(FileBacked, Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    simulation: Simulation,
    /// The number of rows in the log at this step, and a digest of them.
    rows: usize,
    digest: u64,
}

impl Simulation {
    fn advance(&mut self) -> Row {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let kick = (self.random >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        self.velocity += 0.01 * (kick - self.position);
        self.position += 0.01 * self.velocity;
        self.step += 1;
        Row { step: self.step, energy: self.velocity.powi(2) + self.position.powi(2) }
    }
}

impl Checkpoint {
    fn first() -> Self {
        let simulation = Simulation { step: 0, position: 1.0, velocity: 0.0, random: 7 };
        Checkpoint { simulation, rows: 0, digest: 0 }
    }

    /// Counts a row of the log.
    fn count(&mut self, row: &Row) {
        self.rows += 1;
        for number in [row.step, row.energy.to_bits()] {
            self.digest = (self.digest ^ number).wrapping_mul(0x100_0000_01b3).rotate_left(23);
        }
    }

    /// Whether these are the rows that were counted.
    fn has_counted(&self, rows: &[Row]) -> bool {
        let mut other = Checkpoint::first();
        rows.iter().for_each(|row| other.count(row));
        (other.rows, other.digest) == (self.rows, self.digest)
    }
}

/// Runs the simulation to a step, from the last checkpoint in the folder or from the beginning.
/// Makes a checkpoint after every so many steps, and pauses after each step.
pub(crate) fn run(folder: &Path, last: u64, every: u64, pause: Duration) -> filebacked::Result<()> {
    let (mut checkpoint, mut log) = resume(folder)?;
    while checkpoint.simulation.step < last {
        for _ in 0..every {
            let row = checkpoint.simulation.advance();
            checkpoint.count(&row);
            log.push(row);
            std::thread::sleep(pause);
        }
        // First the log, then the checkpoint that counts its rows.
        log.flush()?;
        filebacked::save(folder.join("checkpoint.h5"), &checkpoint)?;
    }
    Ok(())
}

/// Returns the last checkpoint and the log with the rows that belong to it.
pub(crate) fn resume(folder: &Path) -> filebacked::Result<(Checkpoint, LazyVec<Row>)> {
    let (path, log) = (folder.join("checkpoint.h5"), folder.join("log.h5"));
    let mut checkpoint = match filebacked::load(&path) {
        Ok(checkpoint) => checkpoint,
        Err(error) if error.is_not_found() => Checkpoint::first(),
        Err(error) => return Err(error),
    };
    match open(&log) {
        Ok(mut rows) if rows.len() >= checkpoint.rows => {
            rows.truncate(checkpoint.rows)?;
            return Ok((checkpoint, rows));
        }
        Err(error) if !is_unreadable(&error) => return Err(error),
        _ => {}
    }
    let rows = match recover(&log, checkpoint.rows) {
        Ok(rows) if checkpoint.has_counted(&rows) => rows,
        _ => {
            // The checkpoint goes first: at no moment does it count rows that the log lacks.
            checkpoint = Checkpoint::first();
            filebacked::save(&path, &checkpoint)?;
            Vec::new()
        }
    };
    filebacked::save(&log, &rows)?;
    Ok((checkpoint, open(&log)?))
}

fn open(log: &Path) -> filebacked::Result<LazyVec<Row>> {
    File::open_rw(log)?.read("value")
}

/// Whether an error means that there is no valid log, which a new one may replace. A log that
/// another program has open, or that may not be read, stays.
fn is_unreadable(error: &Error) -> bool {
    error.is_not_found() || matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Damaged(_))
}

/// Reads the first rows of a log whose change was interrupted. It reads column by column, because
/// some may have grown already, and others not.
fn recover(log: &Path, rows: usize) -> filebacked::Result<Vec<Row>> {
    if rows == 0 {
        return Ok(Vec::new());
    }
    let file = File::recover(log)?;
    let step = file.read::<LazyVec<u64>>("value/step")?.range(..rows)?;
    let energy = file.read::<LazyVec<f64>>("value/energy")?.range(..rows)?;
    Ok(step.into_iter().zip(energy).map(|(step, energy)| Row { step, energy }).collect())
}

/// Loads what a finished simulation leaves.
pub(crate) fn result(folder: &Path) -> filebacked::Result<(Checkpoint, Vec<Row>)> {
    let log = File::open(folder.join("log.h5"))?.read("value")?;
    Ok((filebacked::load(folder.join("checkpoint.h5"))?, log))
}

const STEPS: u64 = 1000;
const EVERY: u64 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The program calls itself with a folder.
    if let Some(folder) = std::env::args_os().nth(1) {
        return Ok(run(folder.as_ref(), STEPS, EVERY, Duration::from_micros(300))?);
    }
    let root = std::env::temp_dir().join(format!("filebacked-checkpoint-{}", std::process::id()));
    let (undisturbed, killed) = (root.join("undisturbed"), root.join("killed"));
    std::fs::create_dir_all(&undisturbed)?;
    std::fs::create_dir_all(&killed)?;
    run(&undisturbed, STEPS, EVERY, Duration::ZERO)?;

    let mut kills = 0;
    for step in [100, 350, 600, 850] {
        let status = run_until(&killed, step)?;
        kills += usize::from(!status.success());
    }
    let status = run_until(&killed, u64::MAX)?;
    assert!(status.success(), "the simulation reaches its end: {status}");
    assert!(kills > 0, "the simulation was killed");
    assert!(result(&killed)? == result(&undisturbed)?, "a killed simulation resumes exactly");

    println!("killed {kills} times, and the result is that of an undisturbed run:");
    println!("{}", filebacked::inspect::tree(killed.join("checkpoint.h5"))?);
    println!("{}", filebacked::inspect::tree(killed.join("log.h5"))?);
    std::fs::remove_dir_all(&root)?;
    Ok(())
}

/// Runs the simulation in a process, and kills that once a checkpoint has reached a step.
fn run_until(folder: &Path, step: u64) -> Result<ExitStatus, Box<dyn std::error::Error>> {
    let mut process = Command::new(std::env::current_exe()?).arg(folder).spawn()?;
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(status);
        }
        let found = filebacked::load::<Checkpoint>(folder.join("checkpoint.h5"));
        if found.is_ok_and(|checkpoint| checkpoint.simulation.step >= step) {
            process.kill()?; // SIGKILL, wherever the simulation is
            return Ok(process.wait()?);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
