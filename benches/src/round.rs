//! Jobs that are timed in rounds, each round in another random order.

use crate::Result;
use crate::python::Peers;
use crate::report::Row;
use std::cell::RefCell;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

/// How often each job runs.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// How often in a row; more than once where one run is so short that what ran before it would
    /// decide.
    pub(crate) repeats: usize,
    /// A job that took so many seconds is left out of further rounds.
    pub(crate) budget: f64,
}

/// The times of one turn of a job.
pub(crate) struct Turn {
    pub(crate) seconds: Vec<f64>,
    /// Of the file or image.
    pub(crate) bytes: u64,
}

struct Job<'v> {
    system: String,
    op: &'static str,
    run: Box<dyn FnMut(usize) -> Result<Turn> + 'v>,
    seconds: Vec<f64>,
    bytes: u64,
    spent: f64,
}

/// The jobs of one workload.
pub(crate) struct Jobs<'v> {
    directory: PathBuf,
    only: Option<String>,
    jobs: Vec<Job<'v>>,
}

impl<'v> Jobs<'v> {
    /// No jobs yet; their files will lie in this directory. Those of other systems than the only
    /// one are left out.
    pub(crate) fn new(directory: &Path, only: Option<&str>) -> Self {
        Jobs { directory: directory.to_path_buf(), only: only.map(String::from), jobs: Vec::new() }
    }

    fn job(&mut self, system: &str, op: &'static str, run: impl FnMut(usize) -> Result<Turn> + 'v) {
        if self.only.as_ref().is_some_and(|only| only != system) {
            return;
        }
        let run = Box::new(run);
        self.jobs.push(Job {
            system: system.into(),
            op,
            run,
            seconds: Vec::new(),
            bytes: 0,
            spent: 0.0,
        });
    }

    /// A system that saves to files and loads from them. Each save makes a new file; what is loaded
    /// is compared.
    pub(crate) fn file<L>(
        &mut self,
        system: &str,
        save: impl Fn(&Path) -> Result<()> + 'v,
        load: impl Fn(&Path) -> Result<L> + 'v,
        same: impl Fn(&L) -> bool + 'v,
    ) {
        let path = self.saves(system, save);
        self.loads(system, path, load, same);
    }

    /// A system that loads from a file of another.
    pub(crate) fn loads<L>(
        &mut self,
        system: &str,
        path: PathBuf,
        load: impl Fn(&Path) -> Result<L> + 'v,
        same: impl Fn(&L) -> bool + 'v,
    ) {
        self.job(system, "load", move |repeats| {
            let bytes = std::fs::metadata(&path)?.len();
            timed(repeats, bytes, || load(&path), &same)
        });
    }

    /// A system of which only the saving is of interest, or that loads in more than one way. Gives
    /// the path of its file.
    pub(crate) fn saves(
        &mut self,
        system: &str,
        save: impl Fn(&Path) -> Result<()> + 'v,
    ) -> PathBuf {
        let path = self.directory.join(format!("{}.bin", system.replace([' ', ','], "_")));
        let file = path.clone();
        self.job(system, "save", move |repeats| {
            let mut seconds = Vec::with_capacity(repeats);
            for _ in 0..repeats {
                let _ = std::fs::remove_file(&file);
                let start = Instant::now();
                save(&file)?;
                seconds.push(start.elapsed().as_secs_f64());
            }
            Ok(Turn { seconds, bytes: std::fs::metadata(&file)?.len() })
        });
        path
    }

    /// A system that makes bytes in memory and a value of them.
    pub(crate) fn memory<B: AsRef<[u8]> + 'v, L>(
        &mut self,
        system: &str,
        encode: impl Fn() -> Result<B> + 'v,
        decode: impl Fn(&[u8]) -> Result<L> + 'v,
        same: impl Fn(&L) -> bool + 'v,
    ) -> Result<()> {
        let system = format!("{system}, in memory");
        let image = encode()?;
        let bytes = image.as_ref().len() as u64;
        self.job(&system, "save", move |repeats| timed(repeats, bytes, &encode, |_| true));
        self.job(&system, "load", move |repeats| {
            timed(repeats, bytes, || decode(black_box(image.as_ref())), &same)
        });
        Ok(())
    }

    /// The Python peers, in a process that waits while others have their turn.
    pub(crate) fn python(&mut self, peers: Option<Peers>) {
        let Some(peers) = peers else { return };
        let names = peers.systems().to_vec();
        let peers = Rc::new(RefCell::new(peers));
        for name in names {
            for op in ["save", "load"] {
                let (peers, system) = (peers.clone(), name.clone());
                self.job(&name, op, move |repeats| peers.borrow_mut().turn(&system, op, repeats));
            }
        }
    }

    /// Runs all jobs and gives their medians.
    pub(crate) fn run(mut self, workload: &str, effort: Effort) -> Vec<Row> {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        let mut broken = vec![false; self.jobs.len()];
        // The first round, in which every save comes before its load, does not count unless it is
        // the only one.
        for round in 0..=effort.rounds {
            if round > 0 {
                random.shuffle(&mut order);
            }
            for &index in &order {
                let job = &mut self.jobs[index];
                if broken[index] || job.spent > effort.budget {
                    continue;
                }
                if round == 1 {
                    job.seconds.clear();
                }
                match (job.run)(effort.repeats) {
                    Ok(turn) => {
                        job.spent += turn.seconds.iter().sum::<f64>();
                        job.seconds.extend(turn.seconds);
                        job.bytes = turn.bytes;
                    }
                    Err(error) => {
                        eprintln!("  {workload}: {} cannot {}: {error}", job.system, job.op);
                        broken[index] = true;
                    }
                }
            }
        }
        let ran = self
            .jobs
            .into_iter()
            .zip(broken)
            .filter(|(job, broken)| !broken && !job.seconds.is_empty());
        ran.map(|(mut job, _)| Row {
            workload: workload.into(),
            system: job.system,
            op: job.op.into(),
            seconds: median(&mut job.seconds),
            bytes: job.bytes,
        })
        .collect()
    }
}

/// Times what makes a value; the value is checked, the last time, and dropped outside.
fn timed<L>(
    repeats: usize,
    bytes: u64,
    make: impl Fn() -> Result<L>,
    same: impl Fn(&L) -> bool,
) -> Result<Turn> {
    let mut seconds = Vec::with_capacity(repeats);
    for repeat in 1..=repeats {
        let start = Instant::now();
        let made = black_box(make()?);
        seconds.push(start.elapsed().as_secs_f64());
        if repeat == repeats && !same(&made) {
            return Err("what was loaded is not what was saved".into());
        }
    }
    Ok(Turn { seconds, bytes })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
}

/// Marsaglia's xorshift: the same order in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}
