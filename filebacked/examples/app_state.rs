//! Stores the state of an application in one file: trains a classifier of handwritten digits, saves
//! it, loads it in a new process, and continues the training without a difference.
//!
//! ```text
//! cargo run -p filebacked --example app_state [file]
//! ```

use filebacked::{FileBacked, inspect};
use ndarray::{Array1, Array2, Axis};
use sprs::{CsMat, TriMat};
use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The whole state of the application. The derive is all that saving it needs.
#[derive(FileBacked, Debug, Clone, PartialEq)]
struct App {
    config: Config,
    classes: Vec<String>,
    params: Params,
    velocity: Option<Params>,
    history: Vec<Epoch>,
    metrics: BTreeMap<String, f64>,
    confusion: CsMat<u32>,
    rng: Rng,
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Config {
    optimizer: Optimizer,
    schedule: Schedule,
    rate: f64,
    batch: usize,
    weight_decay: Option<f64>,
    early_stop: Option<u32>,
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
#[allow(dead_code)]
enum Optimizer {
    Descent,
    Momentum { beta: f64 },
}

#[derive(FileBacked, Debug, Clone, Copy, PartialEq)]
#[allow(dead_code)]
enum Schedule {
    Constant,
    InverseRoot,
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Params {
    weights: Array2<f64>,
    bias: Array1<f64>,
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Epoch {
    number: u32,
    rate: f64,
    loss: f64,
}

/// A small random number generator (splitmix64). Its state is saved too, so that training continues
/// as it would have.
#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Rng {
    state: u64,
}

const PIXELS: usize = 64;
const CLASSES: usize = 10;
/// The number of training rows; the other rows are for testing.
const TRAINING: usize = 1400;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => run(&root().join("target/demo/app_state.h5")),
        [path] => run(Path::new(path)),
        [word, path] if word == "resume" => resume(Path::new(path)),
        _ => Err("usage: app_state [file]".into()),
    }
}

/// Trains, saves, lets another process continue, and checks that this makes no difference.
fn run(path: &Path) -> Result<()> {
    let digits = Digits::read(&root().join("examples/data/digits.csv"))?;
    let mut app = App::new();
    println!("before training:            {}", app.evaluate(&digits));
    app.train(&digits, 3);
    println!("after 3 epochs:             {}", app.evaluate(&digits));

    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    filebacked::save(path, &app)?;
    let loaded: App = filebacked::load(path)?;
    assert_eq!(loaded, app);
    println!("saved and loaded again:     equal, digest {:016x}", digest(&app)?);

    let status = Command::new(env::current_exe()?).arg("resume").arg(path).status()?;
    if !status.success() {
        return Err(format!("the new process failed: {status}").into());
    }

    app.train(&digits, 20);
    app.evaluate(&digits);
    let resumed: App = filebacked::load(path)?;
    assert_eq!(resumed, app);
    println!("trained without a break:    equal, digest {:016x}\n", digest(&app)?);

    print!("{}", inspect::tree(path)?);
    show_in_python(path)
}

/// Loads the state in the new process, continues the training, and saves it again.
fn resume(path: &Path) -> Result<()> {
    let digits = Digits::read(&root().join("examples/data/digits.csv"))?;
    let mut app: App = filebacked::load(path)?;
    println!(
        "loaded by a new process:    digest {:016x}, {}",
        digest(&app)?,
        app.evaluate(&digits)
    );
    app.train(&digits, 20);
    println!("after 20 more epochs:       {}", app.evaluate(&digits));
    filebacked::save(path, &app)?;
    Ok(())
}

impl App {
    fn new() -> Self {
        let names =
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        App {
            config: Config {
                optimizer: Optimizer::Momentum { beta: 0.9 },
                schedule: Schedule::InverseRoot,
                rate: 0.1,
                batch: 32,
                weight_decay: Some(1e-4),
                early_stop: None,
            },
            classes: names.map(String::from).to_vec(),
            params: Params::zeros(),
            velocity: None,
            history: Vec::new(),
            metrics: BTreeMap::new(),
            confusion: CsMat::zero((CLASSES, CLASSES)),
            rng: Rng { state: 42 },
        }
    }

    /// Softmax regression: several epochs over the training rows, in random order.
    fn train(&mut self, digits: &Digits, epochs: u32) {
        for _ in 0..epochs {
            let number = self.history.len() as u32 + 1;
            let rate = match self.config.schedule {
                Schedule::Constant => self.config.rate,
                Schedule::InverseRoot => self.config.rate / f64::from(number).sqrt(),
            };
            let mut loss = 0.0;
            let order = self.rng.permutation(TRAINING);
            for batch in order.chunks(self.config.batch) {
                let pixels = digits.pixels.select(Axis(0), batch);
                let mut errors = self.params.probabilities(&pixels);
                for (mut error, row) in errors.rows_mut().into_iter().zip(batch) {
                    let label = digits.labels[*row];
                    loss -= error[label].ln();
                    error[label] -= 1.0;
                }
                errors /= batch.len() as f64;
                self.step(
                    Params { weights: pixels.t().dot(&errors), bias: errors.sum_axis(Axis(0)) },
                    rate,
                );
            }
            self.history.push(Epoch { number, rate, loss: loss / TRAINING as f64 });
        }
    }

    fn step(&mut self, mut gradient: Params, rate: f64) {
        if let Some(decay) = self.config.weight_decay {
            gradient.weights.scaled_add(decay, &self.params.weights);
        }
        if let Optimizer::Momentum { beta } = self.config.optimizer {
            if let Some(velocity) = &self.velocity {
                gradient.weights.scaled_add(beta, &velocity.weights);
                gradient.bias.scaled_add(beta, &velocity.bias);
            }
            self.velocity = Some(gradient.clone());
        }
        self.params.weights.scaled_add(-rate, &gradient.weights);
        self.params.bias.scaled_add(-rate, &gradient.bias);
    }

    /// Tests the other rows, and records the result.
    fn evaluate(&mut self, digits: &Digits) -> String {
        let rows: Vec<usize> = (TRAINING..digits.labels.len()).collect();
        let probabilities = self.params.probabilities(&digits.pixels.select(Axis(0), &rows));
        let mut confusion = TriMat::new((CLASSES, CLASSES));
        let mut right = 0;
        for (row, probabilities) in rows.iter().zip(probabilities.rows()) {
            let label = digits.labels[*row];
            let guess = (0..CLASSES)
                .fold(0, |best, i| if probabilities[i] > probabilities[best] { i } else { best });
            confusion.add_triplet(label, guess, 1);
            right += usize::from(guess == label);
        }
        let accuracy = right as f64 / rows.len() as f64;
        self.confusion = confusion.to_csr();
        self.metrics.insert("test accuracy".into(), accuracy);
        self.metrics.insert("test rows".into(), rows.len() as f64);
        format!("{:.1} % of {} test digits are right", 100.0 * accuracy, rows.len())
    }
}

impl Params {
    fn zeros() -> Self {
        Params { weights: Array2::zeros((PIXELS, CLASSES)), bias: Array1::zeros(CLASSES) }
    }

    /// The probability of each class, with one row per image.
    fn probabilities(&self, pixels: &Array2<f64>) -> Array2<f64> {
        let mut scores = pixels.dot(&self.weights) + &self.bias;
        for mut row in scores.rows_mut() {
            let highest = row.fold(f64::MIN, |a, b| a.max(*b));
            row.mapv_inplace(|score| (score - highest).exp());
            let sum = row.sum();
            row /= sum;
        }
        scores
    }
}

impl Rng {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, (self.next() % (i as u64 + 1)) as usize);
        }
        order
    }
}

/// The table: one row per image, and its digit.
struct Digits {
    pixels: Array2<f64>,
    labels: Vec<usize>,
}

impl Digits {
    fn read(path: &Path) -> Result<Self> {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for line in std::fs::read_to_string(path)?.lines() {
            let numbers: Vec<f64> =
                line.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?;
            let [image @ .., label] = &numbers[..] else { return Err("an empty line".into()) };
            pixels.extend(image.iter().map(|pixel| pixel / 16.0));
            labels.push(*label as usize);
        }
        Ok(Digits { pixels: Array2::from_shape_vec((labels.len(), PIXELS), pixels)?, labels })
    }
}

/// Equal values give equal files, so a digest of the bytes (FNV-1a) identifies the value.
fn digest(app: &App) -> Result<u64> {
    let bytes = filebacked::to_bytes(app)?;
    Ok(bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    }))
}

/// The repository with the table.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const SCRIPT: &str = r#"
import h5py, sys
with h5py.File(sys.argv[1]) as f:
    print("classes          ", *f["classes"].asstr()[:])
    print("params/weights   ", f["params/weights"].dtype, f["params/weights"].shape, "norm %.4f" % (f["params/weights"][:] ** 2).sum() ** 0.5)
    print("history/loss[-3:]", f["history/loss"][-3:])
"#;

/// Prints three fields with h5py, if Python has it.
fn show_in_python(path: &Path) -> Result<()> {
    let python = env::var("FILEBACKED_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_h5py = Command::new(&python)
        .args(["-c", "import h5py"])
        .output()
        .is_ok_and(|o| o.status.success());
    if !has_h5py {
        println!("\n{python} has no h5py, so it cannot show the file");
        return Ok(());
    }
    println!("\nThe same file in Python, by h5py:");
    let status = Command::new(&python).args(["-c", SCRIPT]).arg(path).status()?;
    if status.success() { Ok(()) } else { Err("h5py could not read the file".into()) }
}
