//! A type that has changed twice, and files of all its versions that still load.
//!
//! ```text
//! cargo run -p filebacked --example upgrade
//! ```
//!
//! Each version of the program wrote one of the files in `examples/data/upgrade`.

use filebacked::testing::check_versions;
use filebacked::{FileBacked, inspect};
use std::path::Path;

/// A training run, as it is today.
///
/// Since version 2, the losses are a table with one row per step. Small changes need no upgrade:
/// `seed` came later and has a default, and `title` used to be `name`.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(version = 3, upgrade(from = 2, via = v2::Run), deny_unknown, removed("scratch"))]
struct Run {
    #[filebacked(alias = "name")]
    title: String,
    schedule: Schedule,
    steps: Vec<Step>,
    #[filebacked(default = 42)]
    seed: u64,
}

#[derive(FileBacked, Debug, PartialEq)]
enum Schedule {
    Constant { rate: f64 },
    Halving { rate: f64, every: u32 },
}

#[derive(FileBacked, Debug, PartialEq)]
struct Step {
    loss: f64,
    #[filebacked(default)]
    accuracy: Option<f64>,
}

/// A rate that is halved after 0 steps makes no sense, and version 2 did not check it.
impl TryFrom<v2::Run> for Run {
    type Error = String;

    fn try_from(old: v2::Run) -> Result<Self, String> {
        let schedule = match old.halve_after {
            None => Schedule::Constant { rate: old.rate },
            Some(0) => return Err("a rate that is halved after 0 steps".into()),
            Some(every) => Schedule::Halving { rate: old.rate, every },
        };
        let steps = old.losses.into_iter().map(|loss| Step { loss, accuracy: None }).collect();
        Ok(Run { title: old.name, schedule, steps, seed: 42 })
    }
}

/// Old types stay unchanged. Each knows the one before it, so a file of version 1 takes two steps.
mod v2 {
    use filebacked::FileBacked;

    #[derive(FileBacked)]
    #[filebacked(version = 2, upgrade(from = 1, via = super::v1::Run))]
    pub(super) struct Run {
        pub(super) name: String,
        pub(super) rate: f64,
        pub(super) halve_after: Option<u32>,
        pub(super) losses: Vec<f64>,
    }

    impl From<super::v1::Run> for Run {
        fn from(old: super::v1::Run) -> Self {
            let losses = old.losses.split(' ').filter_map(|loss| loss.parse().ok()).collect();
            Run {
                name: old.name,
                rate: 10f64.powi(-i32::from(old.rate_exponent)),
                halve_after: None,
                losses,
            }
        }
    }
}

mod v1 {
    use filebacked::FileBacked;

    #[derive(FileBacked)]
    pub(super) struct Run {
        pub(super) name: String,
        pub(super) rate_exponent: u8,
        /// Separated by spaces: it had to be quick.
        pub(super) losses: String,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/upgrade");
    for file in ["run-1.h5", "run-2.h5", "run-3.h5"] {
        let run: Run = filebacked::load(data.join(file))?;
        println!("{file}: {run:?}");
        assert_eq!(run.steps.iter().map(|step| step.loss).collect::<Vec<_>>(), [0.75, 0.5, 0.375]);
    }

    // A newer file is refused by an older program, with both versions in the message.
    if let Err(error) = filebacked::load::<v2::Run>(data.join("run-3.h5")) {
        println!("{error:#}");
    }
    println!("{}", inspect::tree(data.join("run-2.h5"))?);

    // In a test, this fails as soon as a type changes and keeps its version.
    check_versions::<Run>(&[
        ("Run", 3, 0xc407280cc8246678),
        ("Schedule", 1, 0xc2acc5dc1af2bf07),
        ("Step", 1, 0xcb2295bcaf00b8d8),
    ])?;
    Ok(())
}
