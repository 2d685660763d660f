//! [`Trial`]: mutants that are looked at in another process, which may crash or hang.

use super::corpus::Corpus;
use super::look::{Reader, Subject, look};
use crate::allocator::measured;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What looking at a mutant came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// So many ways gave something, and so many an error; and how many bytes were allocated at once
    /// at most.
    Done { read: usize, refused: usize, peak: usize },
    /// This library panicked.
    Panicked(String),
    /// The process ended: what it said.
    Crashed(String),
    /// It did not come to an end.
    Hung,
}

/// Mutants that are looked at.
#[derive(Debug)]
pub struct Trial<'a> {
    /// The program that calls [`serve`].
    pub actor: &'a OsStr,
    /// The folder of the corpus.
    pub folder: &'a Path,
    pub reader: Reader,
}

/// Files of so many bytes are not read at once.
const LARGE: usize = 300 << 10;

/// How much memory the process may have, so that no claim makes the machine swap.
const MEMORY: u64 = 2 << 30;

/// So many seconds of the processor's time a mutant may take; most take some milliseconds.
const SECONDS: i64 = 5;

/// A process that waits for something takes none of it: so long it may be silent, on a machine that
/// does other things too.
const SILENCE: Duration = Duration::from_secs(300);

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Trial<'_> {
    /// Looks at the mutants of these numbers, each of which gets a verdict.
    pub fn run(&self, numbers: std::ops::Range<usize>, mut verdict: impl FnMut(usize, Verdict)) {
        let mut next = numbers.start;
        while next < numbers.end {
            next = self.process(next..numbers.end, &mut verdict);
        }
    }

    /// Looks at mutants until there are no more or the process ends; which is the next.
    fn process(
        &self,
        numbers: std::ops::Range<usize>,
        verdict: &mut impl FnMut(usize, Verdict),
    ) -> usize {
        let said = tempfile::NamedTempFile::new().expect("a temporary file");
        let child = Command::new(self.actor)
            .arg("look")
            .arg(self.folder)
            .args([
                format!("{:?}", self.reader),
                numbers.start.to_string(),
                numbers.end.to_string(),
            ])
            .stdout(Stdio::piped())
            .stderr(said.reopen().expect("the file is open"))
            .spawn()
            .expect("the actor starts");
        let mut child = Running(child);
        let output = BufReader::new(child.0.stdout.take().expect("a pipe"));
        let (lines, received) = channel();
        let reading = std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
        });
        let mut next = numbers.start;
        let hung = loop {
            let line = match received.recv_timeout(SILENCE) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => break false,
                Err(RecvTimeoutError::Timeout) => break true,
            };
            verdict(next, Verdict::parsed(&line));
            next += 1;
        };
        if hung {
            child.0.kill().expect("the actor ends");
        }
        let status = child.0.wait().expect("the actor ends");
        let _ = reading.join();
        if hung || status.signal() == Some(libc::SIGPROF) {
            verdict(next, Verdict::Hung);
            return next + 1;
        }
        if !status.success() || next < numbers.end {
            let said = std::fs::read(said.path()).expect("what it said");
            verdict(
                next,
                Verdict::Crashed(format!("{status}: {}", String::from_utf8_lossy(&said).trim())),
            );
            next += 1;
        }
        next
    }
}

impl Verdict {
    /// A line of the process.
    fn parsed(line: &str) -> Self {
        if let Some(message) = line.strip_prefix("panic ") {
            return Verdict::Panicked(message.to_string());
        }
        let mut numbers = line.split(' ').map(|number| number.parse().expect("a number"));
        let mut number = || numbers.next().expect("three numbers");
        Verdict::Done { read: number(), refused: number(), peak: number() }
    }
}

/// What the process does: `look FOLDER READER FROM TO`. Tells a line for each mutant.
pub fn serve(arguments: &[String]) -> Option<()> {
    let [folder, reader, from, to] = arguments else { return None };
    let reader = [Reader::Native, Reader::Usual]
        .into_iter()
        .find(|known| format!("{known:?}") == *reader)?;
    limit();
    let message = std::sync::Arc::new(Mutex::new(String::new()));
    let noted = message.clone();
    std::panic::set_hook(Box::new(move |panic| {
        *noted.lock().unwrap_or_else(PoisonError::into_inner) =
            panic.to_string().replace('\n', " ");
    }));
    let corpus = Corpus::of(Path::new(folder));
    let (_dir, path) = crate::scratch("mutant.h5");
    let mut out = std::io::stdout().lock();
    for number in from.parse().ok()?..to.parse().ok()? {
        let damaged = corpus.mutant(number);
        let whole = &corpus.original(number).bytes;
        let at_least = if number / corpus.originals().len() % 2 == 1 { LARGE } else { 0 };
        let subject = Subject { path: &path, whole, damaged: &damaged, at_least };
        allow(SECONDS);
        let (looked, peak, _) =
            measured(|| catch_unwind(AssertUnwindSafe(|| look(reader, &subject))));
        let told = match looked {
            Ok((read, refused)) => writeln!(out, "{read} {refused} {peak}"),
            Err(_) => {
                writeln!(out, "panic {}", message.lock().unwrap_or_else(PoisonError::into_inner))
            }
        };
        told.and_then(|()| out.flush()).ok()?;
    }
    Some(())
}

/// Ends this process when it has taken so much more of the processor's time.
fn allow(seconds: i64) {
    let none = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer =
        libc::itimerval { it_interval: none, it_value: libc::timeval { tv_sec: seconds, ..none } };
    // SAFETY: the timer is a struct of C, and lives; the old one is not asked for.
    unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, std::ptr::null_mut()) };
}

/// Limits the memory of this process, and lets it leave no cores.
fn limit() {
    for (what, most) in [(libc::RLIMIT_AS, MEMORY), (libc::RLIMIT_CORE, 0)] {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: the limit is a struct of C, and lives.
        unsafe { libc::setrlimit(what, &raw const limit) };
    }
}
