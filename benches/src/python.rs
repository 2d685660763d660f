//! The Python peers: a process that waits for its turn, and answers how long that took.

use crate::Result;
use crate::round::Turn;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running `peers.py`.
pub(crate) struct Peers {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    systems: Vec<String>,
}

/// What it says first.
#[derive(Deserialize)]
struct Ready {
    systems: Vec<String>,
}

/// What it says after a turn.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seconds: Vec<f64>,
    #[serde(default)]
    bytes: u64,
    error: Option<String>,
}

impl Peers {
    /// Starts the peers of a workload, with data of this size; `None` if there are none.
    pub(crate) fn start(
        python: &Path,
        workload: &str,
        size: usize,
        directory: &Path,
    ) -> Result<Option<Self>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/peers.py");
        let mut child = Command::new(python)
            .arg(script)
            .args([workload, &size.to_string()])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", python.display()))?;
        let input = child.stdin.take().ok_or("no way to talk to Python")?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no way to hear from Python")?);
        let Ready { systems } = answer(&mut output)?;
        let peers = Peers { child, input, output, systems };
        Ok((!peers.systems.is_empty()).then_some(peers))
    }

    /// The names of the systems.
    pub(crate) fn systems(&self) -> &[String] {
        &self.systems
    }

    /// Has one system do its work so many times.
    pub(crate) fn turn(&mut self, system: &str, op: &str, repeats: usize) -> Result<Turn> {
        writeln!(self.input, "{}", serde_json::json!([system, op, repeats]))?;
        self.input.flush()?;
        let Answer { seconds, bytes, error } = answer(&mut self.output)?;
        match error {
            Some(error) => Err(error.into()),
            None => Ok(Turn { seconds, bytes }),
        }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        // It may have ended by itself, after an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer<T: for<'a> Deserialize<'a>>(output: &mut impl BufRead) -> Result<T> {
    let mut line = String::new();
    if output.read_line(&mut line)? == 0 {
        return Err("Python ended".into());
    }
    Ok(serde_json::from_str(&line)?)
}
