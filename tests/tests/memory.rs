//! How much memory saving and loading take, counted in bytes by the allocator: the same in every
//! run.

use filebacked::engine::Engine;
use filebacked::lazy::ArrayOptions;
use filebacked::options::Durability;
use filebacked::{File, FileBacked, LazyArray, ReadOptions, Save, WriteOptions, load};
use filebacked_tests::allocator::{Counting, measured};
use filebacked_tests::scratch;
use ndarray::{Array2, Axis, Ix2, s};
use sprs::CsMat;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

const MIB: usize = 1 << 20;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One measurement at a time: tests run in threads of one process, too.
static ALONE: Mutex<()> = Mutex::new(());

/// Asserts that saving takes no more than the largest column, 8 bytes a row and 4 MiB, and loading
/// no more than `most` bytes for a value of so many.
#[track_caller]
fn within<T: FileBacked + Save>(
    name: &str,
    value: T,
    column: usize,
    rows: usize,
    most: impl Fn(usize) -> usize,
) {
    let _alone = ALONE.lock();
    let (_dir, path) = scratch("memory.h5");
    let options = WriteOptions::new().engine(Engine::Native).durability(Durability::Fast);
    let (saved, peak, _) = measured(|| options.save(&path, &value));
    saved.unwrap();
    let allowed = column + 8 * rows + 4 * MIB;
    println!("{name}: save {peak} of {allowed} bytes");
    assert!(peak <= allowed, "{name}: saving takes {peak} bytes, {allowed} are allowed");
    drop(value);
    let (loaded, peak, size) =
        measured(|| ReadOptions::new().engine(Engine::Native).load::<T>(&path));
    let loaded = loaded.unwrap();
    let allowed = most(size);
    println!(
        "{name}: load {peak} of {allowed} bytes, {size} for the value: {:.2}",
        peak as f64 / size as f64
    );
    assert!(peak <= allowed, "{name}: loading {size} bytes takes {peak}, {allowed} are allowed");
    drop(loaded);
}

/// A big array: its own size and 16 MiB.
fn array(size: usize) -> usize {
    size + 16 * MIB
}

/// Anything else: twice the value, and the blocks of metadata that are kept.
fn double(size: usize) -> usize {
    2 * size + 2 * MIB
}

#[test]
fn arrays() {
    let n = 6_000_000;
    within("Vec<f64>", vec![1.5; n], 0, 0, array);
    within("Array2<f32>", Array2::<f32>::ones((3000, n / 3000)), 0, 0, array);
    within("in a struct", (String::from("name"), vec![3i64; n]), 0, 0, array);
}

#[test]
fn nothing_is_allocated_for_an_array_that_is_there() {
    let _alone = ALONE.lock();
    let (_dir, path) = scratch("into.h5");
    let values: Vec<f64> = (0..2_000_000).map(f64::from).collect();
    WriteOptions::new().engine(Engine::Native).save(&path, &values).unwrap();
    let mut read = vec![0.0; values.len()];
    for engine in [Engine::Native, Engine::Libhdf5] {
        read.fill(0.0);
        let options = ReadOptions::new().engine(engine);
        let (result, peak, _) = measured(|| options.load_into(&path, "value", &mut read[..]));
        result.unwrap();
        assert!(read == values && peak < 256 << 10, "{engine:?}: {peak} bytes");
    }
}

#[derive(FileBacked, Clone)]
struct Record {
    id: u64,
    name: String,
    place: (f64, f64),
    weight: Option<f32>,
    tags: Vec<u16>,
    kind: Kind,
}

#[derive(FileBacked, Clone)]
enum Kind {
    Plain,
    Named(String),
    Sized { width: f64, height: f64 },
}

fn record(i: usize) -> Record {
    Record {
        id: i as u64,
        name: format!("record {i:08}"),
        place: (i as f64, 0.5),
        weight: i.is_multiple_of(3).then_some(1.5),
        tags: vec![i as u16; i % 5],
        kind: match i % 3 {
            0 => Kind::Plain,
            1 => Kind::Named(format!("{i}")),
            _ => Kind::Sized { width: 1.0, height: 2.0 },
        },
    }
}

#[test]
fn records() {
    let n = 200_000;
    // The names are the largest column.
    within("records", (0..n).map(record).collect::<Vec<_>>(), 16 * n, n, double);
}

#[test]
fn texts() {
    let n = 400_000;
    within("alike", (0..n).map(|i| format!("text {i:07}")).collect::<Vec<_>>(), 12 * n, n, double);
    let skewed = |i: usize| "x".repeat(1 + i.wrapping_mul(2_654_435_761) % 1000 / (1 + i % 7));
    let total: usize = (0..n / 4).map(|i| skewed(i).len()).sum();
    within("skewed", (0..n / 4).map(skewed).collect::<Vec<_>>(), total, n / 4, double);
    within(
        "long",
        (0..n / 40).map(|i| "y".repeat(i % 2 + 600)).collect::<Vec<_>>(),
        601 * n / 40,
        n,
        double,
    );
}

#[test]
fn maps() {
    let n = 200_000;
    let map: BTreeMap<String, f64> = (0..n).map(|i| (format!("key {i}"), i as f64)).collect();
    within("BTreeMap", map, 10 * n, n, double);
    let map: HashMap<String, f64> = (0..n).map(|i| (format!("key {i}"), i as f64)).collect();
    // Its entries are sorted, which takes 80 bytes a row.
    within("HashMap", map, 0, n * 10, double);
    // The links of a group are a heap of its own in the file: some 40 bytes and two records in the
    // indexes each.
    let links: BTreeMap<u32, Vec<f32>> = (0..50_000).map(|i| (i, vec![i as f32; 40])).collect();
    within("links", links, 50_000 * 400, 0, double);
}

#[test]
fn sparse_matrices() {
    let (rows, each) = (100_000, 30);
    let starts: Vec<usize> = (0..=rows).map(|row| row * each).collect();
    let indices: Vec<usize> = (0..rows * each).map(|i| i % each * 7).collect();
    let matrix = CsMat::new((rows, 1000), starts, indices, vec![0.5; rows * each]);
    within("CsMat<f64>", matrix, 0, rows, double);
}

/// Ten arrays of 100 MiB, of which nothing is stored.
#[derive(FileBacked)]
struct Ten {
    arrays: Pair,
    a: LazyArray<f64, Ix2>,
    b: LazyArray<f64, Ix2>,
    c: LazyArray<f64, Ix2>,
    d: LazyArray<f64, Ix2>,
    e: LazyArray<f64, Ix2>,
    f: LazyArray<f64, Ix2>,
    g: LazyArray<f64, Ix2>,
    h: LazyArray<f64, Ix2>,
}

#[derive(FileBacked)]
struct Pair {
    a: LazyArray<f64, Ix2>,
    b: LazyArray<f64, Ix2>,
}

#[test]
fn lazy_arrays_are_loaded_in_no_memory() {
    let _alone = ALONE.lock();
    let (_dir, path) = scratch("ten.h5");
    let file = File::create(&path).unwrap();
    let names = ["arrays/a", "arrays/b", "a", "b", "c", "d", "e", "f", "g", "h"];
    for name in names {
        let shape = (100, MIB / 8);
        drop(LazyArray::<f64, Ix2>::create(&file, name, shape, &ArrayOptions::new()).unwrap());
    }
    file.close().unwrap();
    // What is made once for all files is not counted.
    drop(File::open(&path).unwrap().read::<LazyArray<f64, Ix2>>("a").unwrap());
    for engine in [Engine::Native, Engine::Libhdf5] {
        let (ten, peak, left) = measured(|| ReadOptions::new().engine(engine).load::<Ten>(&path));
        let ten = ten.unwrap();
        assert_eq!(ten.arrays.b.len() * 8, 100 * MIB);
        println!("{engine:?}: {peak} bytes, {left} of them stay");
        assert!(
            peak < 256 << 10 && left < 64 << 10,
            "{engine:?}: {peak} bytes, {left} of them stay"
        );
    }
}

#[test]
fn twenty_gibibytes_are_processed_in_blocks() {
    let _alone = ALONE.lock();
    let (_dir, path) = scratch("huge.h5");
    let shape = (20 * 1024, MIB / 8);
    let chunked = ArrayOptions::new().chunk(&[8, MIB / 64]).unlimited(Axis(0));
    let allowed = 256 * MIB;
    let all = std::env::var_os("FILEBACKED_ALL_BLOCKS").is_some();
    for (name, options) in [("piece", ArrayOptions::new()), ("chunks", chunked)] {
        let ((), peak, _) = measured(|| {
            let file = File::create(&path).unwrap();
            let mut array = LazyArray::<f64, Ix2>::create(&file, name, shape, &options).unwrap();
            let block = Array2::from_shape_fn((16, shape.1), |(i, j)| (i + j % 7) as f64);
            for start in [0, 10_000, shape.0 - 16] {
                array.write_slice(s![start..start + 16, ..], &block).unwrap();
            }
            drop(array);
            file.close().unwrap();
        });
        println!("{name}: write {peak} of {allowed} bytes");
        assert!(peak <= allowed, "{name}: writing takes {peak} bytes");
        for by_library in [false, true] {
            let (seen, peak, _) = measured(|| {
                let array: LazyArray<f64, Ix2> = match by_library {
                    true => File::open(&path).unwrap().read(name).unwrap(),
                    false => load::<Huge>(&path).unwrap().array(name),
                };
                assert_eq!(array.len() * 8, 20 << 30);
                let mut blocks = array.blocks(64 * MIB);
                let mut seen = Vec::new();
                // Unless all are asked for, most blocks are left out: 20 GiB take their time, and
                // every block as much memory.
                let skip = match array.chunk() {
                    _ if all => 0,
                    None => 77,
                    Some(_) => 39,
                };
                while let Some(block) = blocks.nth(skip) {
                    let block = block.unwrap();
                    seen.extend(
                        block
                            .array
                            .column(5)
                            .iter()
                            .zip(block.origin[0]..)
                            .filter(|x| *x.0 != 0.0)
                            .map(|x| x.1),
                    );
                }
                seen
            });
            println!("{name}: read {peak} of {allowed} bytes");
            assert!(peak <= allowed, "{name}: reading takes {peak} bytes");
            let written: Vec<usize> =
                [0, 10_000, shape.0 - 16].into_iter().flat_map(|start| start..start + 16).collect();
            match all {
                true => assert_eq!(seen, written),
                false => assert!(seen.iter().all(|row| written.contains(row)), "{seen:?}"),
            }
        }
        let array: LazyArray<f64, Ix2> = File::open(&path).unwrap().read(name).unwrap();
        assert_eq!(array.read_slice(s![10_009, 5..9]).unwrap().to_vec(), [14.0, 15.0, 9.0, 10.0]);
        assert_eq!(array.read_slice(s![9_999, 5..7]).unwrap().to_vec(), [0.0, 0.0]);
        assert_eq!(
            array.read_slice(s![-1, -1]).unwrap().into_scalar(),
            15.0 + ((shape.1 - 1) % 7) as f64
        );
        drop(array);
        std::fs::remove_file(&path).unwrap();
    }
}

/// The file of [`twenty_gibibytes_are_processed_in_blocks`], with one array or the other.
#[derive(FileBacked)]
struct Huge {
    #[filebacked(default)]
    piece: Option<LazyArray<f64, Ix2>>,
    #[filebacked(default)]
    chunks: Option<LazyArray<f64, Ix2>>,
}

impl Huge {
    fn array(self, name: &str) -> LazyArray<f64, Ix2> {
        if name == "piece" { self.piece.unwrap() } else { self.chunks.unwrap() }
    }
}
