//! The arguments of the command line.

use crate::{Result, plan};
use std::path::PathBuf;

/// Printed for `--help`.
const HELP: &str = "\
bench [OPTION]... [WORKLOAD]...     all workloads but W4-10M unless some are named; W3 is short for all that begin so
  --quick             small data and few rounds, to see that everything works; the times mean nothing
  --directory DIR     where the files are written (target/bench/files)
  --out FILE          where the results go (target/bench/results.json)
  --w2-mib N          the size of the large array (512)
  --no-python         without the Python peers
  --only SYSTEM       one system alone, to look at it with a profiler
  --show FILE         prints the tables of a file of results, and runs nothing
  --repeat encode|decode N    only works N times on W1 in memory, for counting instructions
The Python of the peers is named by FILEBACKED_BENCH_PYTHON.";

/// The command line, with its defaults.
pub(crate) struct Args {
    pub(crate) quick: bool,
    pub(crate) directory: PathBuf,
    pub(crate) out: PathBuf,
    pub(crate) w2_mib: usize,
    /// The interpreter of the Python peers.
    pub(crate) python: Option<PathBuf>,
    /// The one system that runs, where not all do.
    pub(crate) only: Option<String>,
    /// Results to print.
    pub(crate) show: Option<PathBuf>,
    pub(crate) workloads: Vec<String>,
    /// The one workload of this process, of those that the main one starts.
    pub(crate) worker: Option<String>,
    /// What to do over and over, and how often.
    pub(crate) repeat: Option<(String, usize)>,
}

impl Args {
    /// Reads the command line of this process.
    pub(crate) fn parse() -> Result<Self> {
        let python = std::env::var_os("FILEBACKED_BENCH_PYTHON").filter(|path| !path.is_empty());
        let mut args = Args {
            quick: false,
            directory: "target/bench/files".into(),
            out: "target/bench/results.json".into(),
            w2_mib: 512,
            python: python.map(PathBuf::from),
            only: None,
            show: None,
            workloads: Vec::new(),
            worker: None,
            repeat: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut next = || words.next().ok_or_else(|| format!("{word} needs a value\n{HELP}"));
            match word.as_str() {
                "--quick" => args.quick = true,
                "--directory" => args.directory = next()?.into(),
                "--out" => args.out = next()?.into(),
                "--w2-mib" => args.w2_mib = next()?.parse()?,
                "--no-python" => args.python = None,
                "--only" => args.only = Some(next()?),
                "--show" => args.show = Some(next()?.into()),
                "--worker" => args.worker = Some(next()?),
                "--repeat" => args.repeat = Some((next()?, next()?.parse()?)),
                "--help" | "-h" => {
                    println!("{HELP}");
                    std::process::exit(0);
                }
                _ => {
                    let meant = |name: &&&str| {
                        **name == word || (name.starts_with(&word) && !name.ends_with("10M"))
                    };
                    let named: Vec<String> =
                        plan::NAMES.iter().filter(meant).map(|name| name.to_string()).collect();
                    if named.is_empty() {
                        return Err(format!(
                            "no workload {word}; there are {}\n{HELP}",
                            plan::NAMES.join(", ")
                        )
                        .into());
                    }
                    args.workloads.extend(named);
                }
            }
        }
        if args.workloads.is_empty() {
            args.workloads = plan::NAMES
                .iter()
                .filter(|name| !name.ends_with("10M"))
                .map(|n| n.to_string())
                .collect();
        }
        Ok(args)
    }
}
