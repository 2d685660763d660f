//! The workloads: which systems run on what data, how often.

use crate::args::Args;
use crate::codec::{durable, fast, image, ours, ours_in_files, raw, serialisers};
use crate::memory::{Plain, as_bytes, read_new, read_over};
use crate::python::Peers;
use crate::report::Row;
use crate::round::{Effort, Jobs};
use crate::{Result, codec, data, hand, handles};
use filebacked::{Compression, File as H5File, FileBacked, WriteOptions};
use hdf5_metno::H5Type;
use sprs::CsMatI;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

/// All workloads. Those that end in `10M` run only when named.
pub(crate) const NAMES: [&str; 19] = [
    "W1",
    "W2",
    "W3-i32",
    "W3-f64",
    "W3-sine",
    "W3-random",
    "W4",
    "W4-nested",
    "W4-10M",
    "W5",
    "W5-HashMap",
    "W5-unsorted",
    "W6",
    "W7",
    "W7-skewed",
    "W8",
    "W9-append",
    "W9-map",
    "W9-get",
];

/// Runs one workload.
pub(crate) fn run(workload: &str, args: &Args) -> Result<Vec<Row>> {
    let directory = args.directory.join(workload);
    fs::create_dir_all(&directory)?;
    let rows = Run { workload, args, directory: &directory }.run();
    // What the systems wrote is of no use to anyone.
    fs::remove_dir_all(&directory)?;
    rows
}

/// Saves or loads W1 in memory over and over.
pub(crate) fn repeat(what: &str, times: usize) -> Result<()> {
    let state = data::app_state();
    let bytes = filebacked::to_bytes(&state)?;
    for _ in 0..times {
        match what {
            "encode" => drop(black_box(filebacked::to_bytes(black_box(&state))?)),
            "decode" => {
                drop(black_box(filebacked::from_bytes::<data::AppState>(black_box(&bytes))?))
            }
            _ => return Err(format!("{what} is neither encode nor decode").into()),
        }
    }
    Ok(())
}

/// One workload and where it runs.
struct Run<'a> {
    workload: &'a str,
    args: &'a Args,
    directory: &'a Path,
}

impl Run<'_> {
    fn run(&self) -> Result<Vec<Row>> {
        match self.workload {
            "W1" => self.app_state(),
            "W2" => self.large_array(),
            "W3-i32" => self.compressed(&data::walk(self.size(32 << 20))),
            "W3-f64" => self.compressed(&data::float_walk(self.size(16 << 20))),
            "W3-sine" => self.compressed(&data::sine(self.size(16 << 20))),
            "W3-random" => self.compressed(&data::random_bytes(self.size(128 << 20))),
            "W4" => self.records(100_000, 25),
            "W4-10M" => self.records(10_000_000, 3),
            "W4-nested" => self.particles(),
            "W5" => self.ordered_map(),
            "W5-HashMap" => self.hash_map(&fast()),
            "W5-unsorted" => self.hash_map(&fast().deterministic(false)),
            "W6" => self.matrix(),
            "W7" => self.strings(data::items(self.size(1_000_000)), 11),
            "W7-skewed" => self.strings(data::skewed(self.size(1_000_000)), 7),
            "W8" => self.members(),
            "W9-append" => self.appended(),
            "W9-map" => self.mapped(),
            "W9-get" => self.picked(),
            other => Err(format!("no workload {other}").into()),
        }
    }

    /// A full size, or 1/100 of it for a quick run.
    fn size(&self, full: usize) -> usize {
        if self.args.quick { full / 100 } else { full }
    }

    fn jobs<'v>(&self) -> Jobs<'v> {
        Jobs::new(self.directory, self.args.only.as_deref())
    }

    /// Adds the Python peers, with data of this size, and runs everything.
    fn finish(
        &self,
        mut jobs: Jobs<'_>,
        size: usize,
        rounds: usize,
        repeats: usize,
    ) -> Result<Vec<Row>> {
        let peers = match &self.args.python {
            // Python has no such handles.
            Some(python) if self.args.only.is_none() && !self.workload.starts_with("W9") => {
                Peers::start(python, self.workload, size, self.directory)?
            }
            _ => None,
        };
        jobs.python(peers);
        let rounds = if self.args.quick { 2 } else { rounds };
        let budget = if self.args.quick { 0.5 } else { 6.0 };
        Ok(jobs.run(self.workload, Effort { rounds, repeats, budget }))
    }

    fn app_state(&self) -> Result<Vec<Row>> {
        let value = data::app_state();
        let image = image(&value, &fast())?;
        let mut jobs = self.jobs();
        ours(&mut jobs, &value, &fast())?;
        raw(&mut jobs, &image);
        serialisers!(&mut jobs, &value, data::AppState);
        let save = |path: &Path| hand::save_app_state(path, &value);
        jobs.file("hdf5-metno", save, hand::load_app_state, |made| *made == value);
        durable(&mut jobs, &value, &image);
        self.finish(jobs, 0, 60, 20)
    }

    fn large_array(&self) -> Result<Vec<Row>> {
        let len = self.size(self.args.w2_mib << 17);
        let value = data::numbers(len);
        let buffer = RefCell::new(vec![0.0; len]);
        let mut jobs = self.jobs();
        // In files only: the image of an array of this size is one more copy of it.
        ours_in_files(&mut jobs, &value, fast());
        let save = |path: &Path| Ok(fs::write(path, as_bytes(&value))?);
        let path = jobs.saves("raw bytes", save);
        let load = |path: &Path| read_new::<f64>(&File::open(path)?, 0, len, true);
        jobs.loads("raw bytes", path.clone(), load, |made| *made == value);
        let load = |path: &Path| read_new::<f64>(&File::open(path)?, 0, len, false);
        jobs.loads("raw bytes, small pages", path.clone(), load, |made| *made == value);
        let load = |path: &Path| read_over(&File::open(path)?, &mut buffer.borrow_mut());
        jobs.loads("raw bytes into own buffer", path, load, |()| *buffer.borrow() == value);
        self.array_by_hand(&mut jobs, &value, None);
        let save = |path: &Path| Ok(fs::write(path, codec::to_bincode(&value)?)?);
        jobs.file(
            "bincode",
            save,
            |path| codec::from_bincode::<Vec<f64>>(&fs::read(path)?),
            |made| *made == value,
        );
        self.finish(jobs, len, 4, 3)
    }

    fn array_by_hand<'v, T: H5Type + PartialEq>(
        &self,
        jobs: &mut Jobs<'v>,
        value: &'v [T],
        gzip: Option<u8>,
    ) {
        let save = move |path: &Path| hand::save_numbers(path, value, gzip);
        jobs.file("hdf5-metno", save, hand::load_numbers::<T>, move |made| made == value);
    }

    fn compressed<T>(&self, value: &Vec<T>) -> Result<Vec<Row>>
    where
        T: H5Type + Plain + PartialEq + Send + Sync,
        Vec<T>: FileBacked,
    {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        let (one, mut jobs) = (&one, self.jobs());
        let options = fast().compression(Compression::Gzip(4));
        ours_in_files(&mut jobs, value, options.clone());
        let save = move |path: &Path| Ok(one.install(|| options.save(path, value))?);
        let load = |path: &Path| Ok(one.install(|| filebacked::load::<Vec<T>>(path))?);
        jobs.file("ours, 1 thread", save, load, |made| made == value);
        self.array_by_hand(&mut jobs, value, Some(4));
        jobs.saves("hdf5-metno gzip-1", |path| hand::save_numbers(path, value, Some(1)));
        let save = |path: &Path| Ok(fs::write(path, as_bytes(value))?);
        let load = |path: &Path| read_new::<T>(&File::open(path)?, 0, value.len(), true);
        jobs.file("raw bytes", save, load, |made| made == value);
        self.finish(jobs, value.len(), 3, 1)
    }

    fn records(&self, full: usize, rounds: usize) -> Result<Vec<Row>> {
        let value = data::records(self.size(full));
        let image = image(&value, &fast())?;
        let mut jobs = self.jobs();
        ours(&mut jobs, &value, &fast())?;
        raw(&mut jobs, &image);
        serialisers!(&mut jobs, &value, Vec<data::Record>);
        if full == 100_000 {
            let save = |path: &Path| hand::save_records(path, &value);
            jobs.file("hdf5-metno", save, hand::load_records, |made| *made == value);
            durable(&mut jobs, &value, &image);
        }
        self.finish(jobs, value.len(), rounds, 1)
    }

    fn particles(&self) -> Result<Vec<Row>> {
        let value = data::particles(self.size(100_000));
        let image = image(&value, &fast())?;
        let mut jobs = self.jobs();
        ours(&mut jobs, &value, &fast())?;
        raw(&mut jobs, &image);
        serialisers!(&mut jobs, &value, Vec<data::Particle>);
        self.finish(jobs, value.len(), 25, 1)
    }

    fn ordered_map(&self) -> Result<Vec<Row>> {
        let value = data::map(self.size(100_000));
        let image = image(&value, &fast())?;
        let mut jobs = self.jobs();
        ours(&mut jobs, &value, &fast())?;
        raw(&mut jobs, &image);
        serialisers!(&mut jobs, &value, BTreeMap<String, f64>);
        self.finish(jobs, value.len(), 25, 1)
    }

    fn hash_map(&self, options: &WriteOptions) -> Result<Vec<Row>> {
        let value: HashMap<String, f64> = data::map(self.size(100_000)).into_iter().collect();
        let image = image(&value, options)?;
        let mut jobs = self.jobs();
        ours(&mut jobs, &value, options)?;
        raw(&mut jobs, &image);
        serialisers!(&mut jobs, &value, HashMap<String, f64>);
        self.finish(jobs, value.len(), 25, 1)
    }

    fn matrix(&self) -> Result<Vec<Row>> {
        let value = data::matrix(self.size(20_000_000));
        let starts = value.indptr();
        let (starts, columns, numbers) = (starts.raw_storage(), value.indices(), value.data());
        let mut jobs = self.jobs();
        ours_in_files(&mut jobs, &value, fast());
        let save = |path: &Path| {
            let mut file = File::create(path)?;
            file.write_all(as_bytes(starts))?;
            file.write_all(as_bytes(columns))?;
            Ok(file.write_all(as_bytes(numbers))?)
        };
        let load = |path: &Path, huge: bool| {
            let file = File::open(path)?;
            let after_starts = size_of_val(starts);
            let after_columns = after_starts + size_of_val(columns);
            Ok((
                read_new::<i32>(&file, 0, starts.len(), huge)?,
                read_new::<i32>(&file, after_starts, columns.len(), huge)?,
                read_new::<f64>(&file, after_columns, numbers.len(), huge)?,
            ))
        };
        let same = |(s, c, n): &(Vec<i32>, Vec<i32>, Vec<f64>)| {
            s == starts && c == columns && n == numbers
        };
        let path = jobs.saves("raw bytes", save);
        jobs.loads("raw bytes", path.clone(), move |path| load(path, true), same);
        jobs.loads("raw bytes, small pages", path, move |path| load(path, false), same);
        let save = |path: &Path| {
            Ok(fs::write(path, codec::to_bincode(&(value.shape(), starts, columns, numbers))?)?)
        };
        let load = |path: &Path| {
            type Parts = ((usize, usize), Vec<i32>, Vec<i32>, Vec<f64>);
            let (shape, starts, columns, numbers): Parts = codec::from_bincode(&fs::read(path)?)?;
            CsMatI::try_new(shape, starts, columns, numbers).map_err(|(.., error)| error.into())
        };
        jobs.file("bincode", save, load, |made| *made == value);
        self.finish(jobs, value.nnz(), 5, 3)
    }

    fn strings(&self, value: Vec<String>, rounds: usize) -> Result<Vec<Row>> {
        let image = image(&value, &fast())?;
        let mut jobs = self.jobs();
        ours(&mut jobs, &value, &fast())?;
        raw(&mut jobs, &image);
        serialisers!(&mut jobs, &value, Vec<String>);
        self.finish(jobs, value.len(), rounds, 1)
    }

    fn members(&self) -> Result<Vec<Row>> {
        let keys = self.size(100 * 10_000).min(10_000);
        let mut jobs = self.jobs();
        let save = move |path: &Path| {
            let file = H5File::create(path)?;
            for i in 0..keys {
                file.write(&format!("key_{i:05}"), &(i as f64))?;
            }
            Ok(file.close()?)
        };
        let load = |path: &Path| Ok(H5File::open(path)?.read::<f64>("key_00777")?);
        jobs.file("ours", save, load, |made| *made == 777.0);
        let load = |path: &Path| hand::load_key(path, "key_00777");
        jobs.file(
            "hdf5-metno",
            move |path| hand::save_keys(path, keys),
            load,
            |made| *made == 777.0,
        );
        self.finish(jobs, keys, 15, 1)
    }

    fn appended(&self) -> Result<Vec<Row>> {
        let rows = data::records(self.size(1_000_000));
        let mut jobs = self.jobs();
        handles::append(&mut jobs, &rows);
        self.finish(jobs, rows.len(), 7, 1)
    }

    fn mapped(&self) -> Result<Vec<Row>> {
        let mut jobs = self.jobs();
        handles::map(&mut jobs, data::numbers(self.size(64 << 17)));
        self.finish(jobs, 0, 15, 1)
    }

    fn picked(&self) -> Result<Vec<Row>> {
        let rows = data::positions(self.size(1_000_000));
        let mut jobs = self.jobs();
        handles::get(&mut jobs, &rows);
        self.finish(jobs, rows.len(), 7, 1)
    }
}
