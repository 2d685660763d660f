//! Eight threads that read and change one file, through handles that they share and handles of
//! their own: right results, and no deadlock.

use filebacked::options::Overwrite;
use filebacked::{
    ErrorKind, File, FileBacked, Lazy, LazyArray, LazyMap, LazyVec, Result, WriteOptions, load,
    save,
};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, Axis, Ix1, s};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

const THREADS: usize = 8;

/// Far more than the work takes on a loaded machine.
const LIMIT: Duration = Duration::from_secs(180);

/// Does the work in a thread of its own, and fails when that does not come back.
fn within<R: Send + 'static>(limit: Duration, work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, waits) = mpsc::channel();
    let thread = std::thread::spawn(move || done.send(work()));
    match waits.recv_timeout(limit) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the threads wait for each other"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => unreachable!("it has sent what it did"),
        },
    }
}

fn rounds(usual: usize) -> usize {
    std::env::var("FILEBACKED_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Row {
    writer: u32,
    number: u32,
    note: Option<String>,
}

fn row(writer: usize, number: usize) -> Row {
    let note = number.is_multiple_of(3).then(|| format!("{writer}/{number}"));
    Row { writer: writer as u32, number: number as u32, note }
}

/// What all threads look at, and none changes.
#[derive(FileBacked)]
struct Shared {
    value: Lazy<Vec<String>>,
    plain: LazyArray<f64, Ix1>,
    packed: LazyArray<f64, Ix1>,
    rows: LazyVec<Row>,
    map: LazyMap<String, Vec<u32>>,
}

fn texts() -> Vec<String> {
    (0..500).map(|i| "t".repeat(i % 17)).collect()
}

fn entry(i: usize) -> Vec<u32> {
    vec![i as u32; i % 9]
}

/// What is in the file besides: one place for each kind of change.
fn prepare(path: &Path) {
    #[derive(FileBacked)]
    struct Start {
        value: Vec<String>,
        plain: Array1<f64>,
        #[filebacked(compression = filebacked::Compression::Gzip(1), chunk = [100])]
        packed: Array1<f64>,
        rows: Vec<Row>,
        map: BTreeMap<String, Vec<u32>>,
    }
    let numbers = |n: usize| Array1::from_iter((0..n).map(|i| i as f64));
    let map = (0..700).map(|i| (format!("key {i}"), entry(i))).collect();
    let rows = (0..1000).map(|i| row(99, i)).collect();
    save(path, &Start { value: texts(), plain: numbers(5000), packed: numbers(5000), rows, map })
        .unwrap();
    let file = File::open_rw(path).unwrap();
    file.create_group("changed").unwrap();
    file.write("changed/log", &Vec::<Row>::new()).unwrap();
    file.write("changed/numbers", &Array1::<u64>::from_vec(vec![])).unwrap();
    file.write("changed/links", &BTreeMap::<String, Vec<u64>>::new()).unwrap();
    file.close().unwrap();
}

fn look(shared: &Shared, i: usize) -> Result<()> {
    assert_eq!(shared.value.get()?, &texts());
    let (start, end) = (i * 37 % 4000, i * 37 % 4000 + 900);
    let expected: Vec<f64> = (start..end).map(|i| i as f64).collect();
    assert_eq!(shared.plain.read_slice(s![start..end])?.to_vec(), expected);
    assert_eq!(shared.packed.read_slice(s![start..end])?.to_vec(), expected);
    assert_eq!(shared.rows.get(i * 13 % 1000)?, row(99, i * 13 % 1000));
    assert_eq!(shared.map.get(&format!("key {}", i * 7 % 700))?, Some(&entry(i * 7 % 700)));
    Ok(())
}

/// Whether a change was made; a thread that was overtaken is told.
fn made(change: Result<()>) -> bool {
    match change {
        Ok(()) => true,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
            false
        }
    }
}

/// The rows, by writer and number, and the numbers that are in the file now.
type Done = (BTreeSet<(u32, u32)>, BTreeSet<u64>);

/// What one thread does.
fn work(file: &File, shared: &Shared, writer: usize, rounds: usize) -> Result<Done> {
    let attrs = file.attrs_of("changed")?;
    let replace = WriteOptions::new().overwrite(Overwrite::Replace);
    let (mut rows, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for i in 0..rounds {
        look(shared, i * THREADS + writer)?;
        let mut log: LazyVec<Row> = file.read("changed/log")?;
        log.extend([row(writer, 2 * i), row(writer, 2 * i + 1)]);
        if made(log.flush()) {
            rows.extend([(writer as u32, 2 * i as u32), (writer as u32, 2 * i as u32 + 1)]);
        }
        let mut array: LazyArray<u64, Ix1> = file.read("changed/numbers")?;
        let number = (writer * 1_000_000 + i) as u64;
        if made(array.append(Axis(0), &ndarray::arr1(&[number; 3]))) {
            numbers.insert(number);
        }
        // Of another length each time, so that other objects take their places.
        file.update(&format!("changed/updated {writer}"), &vec![i as u64; i % 5 + 1])?;
        file.write_with(
            &format!("changed/written {writer}"),
            &vec![writer as u64; i % 7 + 1],
            &replace,
        )?;
        attrs.set(&format!("attr {writer}"), format!("{writer}:{}", "x".repeat(i % 6)))?;
        let mut links: LazyMap<String, Vec<u64>> = file.read("changed/links")?;
        links.insert(format!("{writer}"), vec![i as u64; i % 3])?;
        while !made(links.flush().map(drop)) {
            links = file.read("changed/links")?;
            links.insert(format!("{writer}"), vec![i as u64; i % 3])?;
        }
        if i.is_multiple_of(4) {
            file.flush()?;
        }
    }
    Ok((rows, numbers))
}

#[test]
fn eight_threads_read_and_change_one_file() {
    let (_dir, path) = scratch("threads.h5");
    prepare(&path);
    let rounds = rounds(12);
    let at = path.clone();
    let (rows, numbers) = within(LIMIT, move || {
        let file = File::open_rw(&at).unwrap();
        let shared: Shared = file.read_root().unwrap();
        let done: Vec<_> = std::thread::scope(|scope| {
            let (file, shared) = (&file, &shared);
            let threads: Vec<_> = (0..THREADS)
                .map(|writer| scope.spawn(move || work(file, shared, writer, rounds).unwrap()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        drop(shared);
        file.close().unwrap();
        let mut all = Done::default();
        for (rows, numbers) in done {
            all.0.extend(rows);
            all.1.extend(numbers);
        }
        all
    });
    assert!(
        rows.len() >= 2 * rounds && numbers.len() >= rounds,
        "{} rows, {} numbers",
        rows.len(),
        numbers.len()
    );

    let file = File::open(&path).unwrap();
    let log: Vec<Row> = file.read("changed/log").unwrap();
    assert_eq!(log.len(), rows.len(), "no row twice");
    assert!(log.iter().all(|found| *found == row(found.writer as usize, found.number as usize)));
    assert_eq!(log.iter().map(|row| (row.writer, row.number)).collect::<BTreeSet<_>>(), rows);
    let array: Array1<u64> = file.read("changed/numbers").unwrap();
    assert_eq!(array.len(), 3 * numbers.len());
    assert!(
        array.exact_chunks(3).into_iter().all(|three| three[0] == three[1] && three[1] == three[2])
    );
    assert_eq!(array.iter().copied().collect::<BTreeSet<_>>(), numbers);
    let last = rounds - 1;
    for writer in 0..THREADS {
        let updated: Vec<u64> = file.read(&format!("changed/updated {writer}")).unwrap();
        assert_eq!(updated, vec![last as u64; last % 5 + 1]);
        let written: Vec<u64> = file.read(&format!("changed/written {writer}")).unwrap();
        assert_eq!(written, vec![writer as u64; last % 7 + 1]);
        let attr: String =
            file.attrs_of("changed").unwrap().get(&format!("attr {writer}")).unwrap();
        assert_eq!(attr, format!("{writer}:{}", "x".repeat(last % 6)));
        let link: Vec<u64> = file.read(&format!("changed/links/{writer}")).unwrap();
        assert_eq!(link, vec![last as u64; last % 3]);
    }
    drop(file);
    let Some(python) = python() else { return };
    let names = python.eval(&path, "sorted(f['changed'])");
    let mut expected: Vec<String> = ["links", "log", "numbers"].map(str::to_string).to_vec();
    expected.extend(
        (0..THREADS).flat_map(|writer| [format!("updated {writer}"), format!("written {writer}")]),
    );
    expected.sort();
    assert_eq!(names, serde_json::json!(expected));
    assert_eq!(python.eval(&path, "len(f['changed/numbers'])"), 3 * numbers.len());
}

/// Handles that came from `load` have no file in common; each thread asks all of them.
#[test]
fn eight_threads_share_handles_of_a_loaded_file() {
    let (_dir, path) = scratch("threads.h5");
    prepare(&path);
    let rounds = rounds(30);
    within(LIMIT, move || {
        let shared: Shared = load(&path).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..THREADS {
                let shared = &shared;
                scope.spawn(move || {
                    (0..rounds).for_each(|i| look(shared, i * THREADS + writer).unwrap())
                });
            }
        });
    });
}
