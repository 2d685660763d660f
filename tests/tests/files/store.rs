//! Files in objects: memory, open files, whatever can be sought in.

use filebacked::store::{Image, Memory, ReadAt, Seekable, Store};
use filebacked::store::{load_from, save_to};
use filebacked::{
    Compression, ErrorKind, File, FileBacked, Lazy, ReadOptions, WriteOptions, from_bytes, to_bytes,
};
use filebacked_tests::store::{Fault, Faulty};
use filebacked_tests::{ENGINES, python, scratch};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Run {
    step: u64,
    name: String,
    samples: Vec<f64>,
}

fn run(n: usize) -> Run {
    Run { step: 7, name: "run".into(), samples: (0..n).map(|i| i as f64 * 0.5).collect() }
}

/// Writes two values into a file in a store, one of them compressed, and reads one back before the
/// file is closed.
fn written(store: Arc<impl Store + 'static>) {
    let file = File::create_store(store).unwrap();
    file.write("runs/7", &run(1000)).unwrap();
    file.write_with(
        "packed",
        &vec![3u32; 5000],
        &WriteOptions::new().compression(Compression::Gzip(4)),
    )
    .unwrap();
    assert_eq!(file.read::<Run>("runs/7").unwrap(), run(1000));
    file.close().unwrap();
}

#[track_caller]
fn check(store: Arc<impl ReadAt + 'static>) {
    let file = File::open_store(store).unwrap();
    assert_eq!(file.read::<Run>("runs/7").unwrap(), run(1000));
    assert_eq!(file.read::<Vec<u32>>("packed").unwrap(), [3; 5000]);
    assert_eq!(file.names().unwrap(), ["runs", "packed"]);
}

#[test]
fn a_file_lives_in_anything_with_bytes() {
    let memory = Arc::new(Memory::new());
    written(memory.clone());
    check(memory.clone());
    let bytes = Arc::into_inner(memory).expect("the file is closed").into_vec();

    let cursor = Arc::new(Seekable::new(Cursor::new(Vec::new())));
    written(cursor.clone());
    check(cursor.clone());
    let sought = Arc::into_inner(cursor).expect("the file is closed").into_inner().into_inner();
    assert_eq!(sought, bytes);

    let disk = Arc::new(tempfile::tempfile().unwrap());
    written(disk.clone());
    check(disk);

    // To be read only.
    check(Arc::new(bytes.clone()));
    check(Arc::new(Arc::<[u8]>::from(bytes.as_slice())));
    check(Arc::new(Image(bytes.clone().into_boxed_slice())));
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    check(Arc::new(BYTES.get_or_init(|| bytes.clone()).as_slice()));
    let (_dir, path) = scratch("bytes.h5");
    std::fs::write(&path, &bytes).unwrap();
    check(Arc::new(Seekable::new(std::fs::File::open(&path).unwrap())));
    check(Arc::new(std::fs::File::open(&path).unwrap()));

    if let Some(python) = python() {
        assert_eq!(
            python.eval(&path, "[f['runs/7/step'][()], float(f['runs/7/samples'][999])]"),
            json!([7, 499.5])
        );
        assert_eq!(python.eval(&path, "f['packed'].compression"), json!("gzip"));
    }
}

#[test]
fn short_and_interrupted_calls_are_repeated() {
    let store = Arc::new(Faulty::new(Fault::Short(100)));
    written(store.clone());
    check(store.clone());
    assert!(store.calls() > 2 * 8000 / 100, "{} calls", store.calls());
    let bytes = Arc::into_inner(store).expect("the file is closed").into_inner().into_vec();
    check(Arc::new(bytes));
}

#[test]
fn a_store_that_cannot_shrink_is_used_again() {
    let stale = Cursor::new(vec![0xAB; 300_000]);
    let store = Arc::new(Seekable::new(stale));
    written(store.clone());
    check(store.clone());
    save_to(store.clone(), &run(3)).unwrap();
    assert_eq!(load_from::<Run>(store.clone()).unwrap(), run(3));
    let left = Arc::into_inner(store).expect("the file is closed").into_inner().into_inner();
    assert_eq!(left.len(), 300_000);
    assert_eq!(from_bytes::<Run>(&left).unwrap(), run(3));
}

#[test]
fn whole_values_by_both_engines() {
    for engine in ENGINES {
        for n in [3, 100_000] {
            let store = Arc::new(Memory::new());
            WriteOptions::new().engine(engine).save_to(store.clone(), &run(n)).unwrap();
            let as_bytes = WriteOptions::new().engine(engine).to_bytes(&run(n)).unwrap();
            if engine == ENGINES[0] {
                assert_eq!(store.to_vec(), as_bytes);
            }
            for reader in ENGINES {
                let options = ReadOptions::new().engine(reader);
                assert_eq!(
                    options.load_from::<Run>(store.clone()).unwrap(),
                    run(n),
                    "{engine:?} {reader:?}"
                );
                assert_eq!(options.load_from::<Run>(Arc::new(as_bytes.clone())).unwrap(), run(n));
            }
        }
    }
    let (_dir, path) = scratch("sealed.h5");
    for engine in ENGINES {
        let store = Arc::new(Memory::new());
        WriteOptions::new().engine(engine).digest(true).save_to(store.clone(), &run(1000)).unwrap();
        std::fs::write(&path, store.to_vec()).unwrap();
        assert!(filebacked::inspect::verify(&path).unwrap().digest.is_some());
    }
    let empty = load_from::<Run>(Arc::new(Memory::new())).unwrap_err();
    assert_eq!(*empty.kind(), ErrorKind::NotHdf5);
    assert_eq!(*File::open_store(Arc::new(Memory::new())).unwrap_err().kind(), ErrorKind::NotHdf5);
    assert_eq!(
        *File::open_store(Arc::new(vec![7u8; 5000])).unwrap_err().kind(),
        ErrorKind::NotHdf5
    );
}

#[test]
fn a_store_from_anywhere_is_read_by_our_own_decoder_only() {
    let untrusted = || ReadOptions::new().untrusted();
    for n in [3, 100_000] {
        let native = Arc::new(Memory::new());
        save_to(native.clone(), &run(n)).unwrap();
        assert_eq!(untrusted().load_from::<Run>(native.clone()).unwrap(), run(n));
        let error = untrusted().max_bytes(100).load_from::<Run>(native).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error:?}");
    }
    let packed = Arc::new(Memory::new());
    WriteOptions::new()
        .compression(Compression::Gzip(1))
        .save_to(packed.clone(), &run(100_000))
        .unwrap();
    assert_eq!(load_from::<Run>(packed.clone()).unwrap(), run(100_000));
    assert_eq!(untrusted().load_from::<Run>(packed).unwrap(), run(100_000));
}

/// Counts the bytes that are read.
struct Counted(Memory, AtomicUsize);

impl ReadAt for Counted {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.fetch_add(buffer.len(), Ordering::SeqCst);
        self.0.read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
}

#[derive(FileBacked)]
#[filebacked(name = "Run")]
struct LazyRun {
    step: u64,
    samples: Lazy<Vec<f64>>,
}

#[test]
fn only_what_is_asked_for_is_read() {
    let bytes = to_bytes(&run(1_000_000)).unwrap();
    for engine in ENGINES {
        let store = Arc::new(Counted(Memory::from(bytes.clone()), AtomicUsize::new(0)));
        let lazy: LazyRun = ReadOptions::new().engine(engine).load_from(store.clone()).unwrap();
        assert_eq!(lazy.step, 7);
        let read = store.1.load(Ordering::SeqCst);
        assert!(read < 100_000, "{engine:?} read {read} bytes for one number");
        assert_eq!(lazy.samples.get().unwrap().len(), 1_000_000);
        // What reads later has a part in the store, and gives it back.
        assert!(Arc::strong_count(&store) > 1);
        drop(lazy);
        assert_eq!(Arc::strong_count(&store), 1, "{engine:?}");
    }
}

#[test]
fn what_h5py_writes_into_an_object_is_read_in_an_object() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("made.h5");
    let code = "\
import io, h5py
o = io.BytesIO()
with h5py.File(o, 'w', libver='LIBVER') as g:
    g['step'] = 7
    g['name'] = 'run'
    g.create_dataset('samples', data=[i * 0.5 for i in range(1000)], chunks=(64,), compression='gzip')
f['bytes'] = list(o.getbuffer())
";
    for libver in ["earliest", "v108", "latest"] {
        python.create(&path, &code.replace("LIBVER", libver));
        let bytes: Vec<u8> = File::open(&path)
            .unwrap()
            .read::<Vec<i64>>("bytes")
            .unwrap()
            .iter()
            .map(|b| *b as u8)
            .collect();
        let store = Arc::new(Memory::from(bytes));
        assert_eq!(load_from::<Run>(store.clone()).unwrap(), run(1000), "{libver}");
        let file = File::open_store_rw(store.clone()).unwrap();
        assert_eq!(file.read_root::<Run>().unwrap(), run(1000));
        file.write("more", &run(5)).unwrap();
        file.close().unwrap();
        std::fs::write(&path, store.to_vec()).unwrap();
        assert_eq!(
            python.eval(&path, "[sorted(f), f['more/samples'][4], f['samples'][999]]"),
            json!([["more", "name", "samples", "step"], 2.0, 499.5])
        );
    }
}

#[test]
fn the_same_object_twice_is_the_same_file() {
    let store = Arc::new(Memory::new());
    let file = File::create_store(store.clone()).unwrap();
    file.write("a", &1).unwrap();
    // Not flushed yet: another view of the bytes would not find it.
    let again = File::open_store_rw(store.clone()).unwrap();
    assert_eq!(again.read::<i32>("a").unwrap(), 1);
    again.write("b", &2).unwrap();
    assert_eq!(file.read::<i32>("b").unwrap(), 2);
    // It cannot be emptied meanwhile.
    File::create_store(store.clone()).unwrap_err();
    file.close().unwrap();
    assert_eq!(again.read::<i32>("a").unwrap(), 1);
    again.close().unwrap();
    assert_eq!(Arc::strong_count(&store), 1);
    assert_eq!(File::open_store(store).unwrap().read::<i32>("b").unwrap(), 2);
}

#[test]
fn a_file_that_is_read_cannot_be_changed() {
    let store = Arc::new(Memory::new());
    written(store.clone());
    let before = store.to_vec();
    let file = File::open_store(store.clone()).unwrap();
    file.write("c", &1).unwrap_err();
    file.close().unwrap();
    assert_eq!(store.to_vec(), before);
}

#[test]
fn handles_outlive_the_file_and_the_file_the_caller() {
    let store = Arc::new(Memory::new());
    let weak = Arc::downgrade(&store);
    let file = File::create_store(store.clone()).unwrap();
    file.write("run", &run(2000)).unwrap();
    let lazy: LazyRun = file.read("run").unwrap();
    drop(store);
    assert_eq!(file.read::<Run>("run").unwrap(), run(2000));
    drop(file);
    assert_eq!(lazy.samples.get().unwrap()[1999], 999.5);
    assert!(weak.upgrade().is_some());
    drop(lazy);
    assert!(weak.upgrade().is_none(), "somebody still has the store");

    // Neither closed nor flushed, only dropped.
    let store = Arc::new(Memory::new());
    let file = File::create_store(store.clone()).unwrap();
    file.write("run", &run(5)).unwrap();
    drop(file);
    assert_eq!(File::open_store(store).unwrap().read::<Run>("run").unwrap(), run(5));
}

#[test]
fn a_panic_of_the_object_is_an_error() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|at| at.file().ends_with("faults.rs")) {
            quiet(info);
        }
    }));
    let mut seen = 0;
    for call in 0.. {
        let store = Arc::new(Faulty::new(Fault::Panics(call)));
        let work = || {
            let file = File::create_store(store.clone())?;
            for n in 0..10 {
                file.write(&format!("run/{n}"), &run(1000))?;
                file.flush()?;
            }
            file.close()?;
            File::open_store(store.clone())?.read::<Run>("run/9")
        };
        let done = work();
        if store.calls() <= call {
            done.unwrap();
            break;
        } else if let Err(error) = &done {
            let source = std::error::Error::source(error)
                .and_then(|source| source.downcast_ref::<io::Error>());
            let text = source.unwrap_or_else(|| panic!("no source: {error}")).to_string();
            assert_eq!(text, format!("the store panicked: call {call} of the store"));
            assert_eq!(*error.kind(), ErrorKind::Io(io::ErrorKind::Other));
            seen += 1;
        } else {
            // A call that the library makes once more, in another way.
            assert_eq!(done.unwrap(), run(1000));
        }
        assert_eq!(Arc::strong_count(&store), 1, "after call {call}");
    }
    drop(std::panic::take_hook());
    assert!(seen > 20, "{seen} panics");
}

/// Takes its time.
struct Slow(Memory);

impl ReadAt for Slow {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::thread::sleep(std::time::Duration::from_millis(1));
        self.0.read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
}

#[test]
fn a_slow_object_serves_many_threads() {
    let memory = Arc::new(Memory::new());
    written(memory.clone());
    let store = Arc::new(Slow(Memory::from(memory.to_vec())));
    let file = File::open_store(store.clone()).unwrap();
    let lazy: LazyRun = file.read("runs/7").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                assert_eq!(file.read::<Run>("runs/7").unwrap(), run(1000));
                assert_eq!(lazy.samples.get().unwrap().len(), 1000);
                // A file of its own of the same object, and one of its own object.
                check(store.clone());
                check(Arc::new(Slow(Memory::from(memory.to_vec()))));
                written(Arc::new(Memory::new()));
            });
        }
    });
    drop((file, lazy));
    assert_eq!(Arc::strong_count(&store), 1);
}

#[test]
fn an_external_link_never_leads_back_to_the_object() {
    let Some(python) = python() else { return };
    let (dir, path) = scratch("outer.h5");
    let other = dir.path().join("other.h5");
    python.create(&other, "f['x'] = 2");
    python.create(&path, &format!("import h5py\nf['x'] = 1\nf['far'] = h5py.ExternalLink('other.h5', '/x')\nf['full'] = h5py.ExternalLink({:?}, '/x')\nf['self'] = h5py.ExternalLink('store-1', '/x')", other.to_str().unwrap()));
    // On the disk, the link is followed.
    assert_eq!(File::open(&path).unwrap().read::<i32>("full").unwrap(), 2);
    let bytes = std::fs::read(&path).unwrap();
    for file in [
        File::open_store(Arc::new(bytes.clone())).unwrap(),
        File::open_store_rw(Arc::new(Memory::from(bytes.clone()))).unwrap(),
        File::open_store(Arc::new(std::fs::File::open(&path).unwrap())).unwrap(),
    ] {
        assert_eq!(file.read::<i32>("x").unwrap(), 1);
        for name in ["far", "full", "self"] {
            let error = file.read::<i32>(name).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Dangling(_)), "{name}: {error:?}");
        }
    }
}

#[derive(FileBacked)]
struct Linked {
    step: u64,
    group: Lazy<BTreeMap<String, Vec<f64>>>,
}

#[test]
fn links_of_a_replaced_file_lead_where_they_did() {
    let Some(python) = python() else { return };
    let (dir, path) = scratch("outer.h5");
    python.create(&dir.path().join("other.h5"), "f['x'] = [0.5, 1.5]");
    let ours =
        Linked { step: 1, group: Lazy::new(BTreeMap::from([("here".to_string(), vec![2.5])])) };
    // Read at once, and piece by piece.
    for filling in [0, 1_000_000] {
        filebacked::save(&path, &ours).unwrap();
        let code = "import h5py\nf['group/far'] = h5py.ExternalLink('other.h5', '/x')\nf['zeros'] = bytearray(FILLING)";
        python.change(&path, &code.replace("FILLING", &filling.to_string()));
        let lazy: Linked = filebacked::load(&path).unwrap();
        filebacked::save(&path, &run(3)).unwrap();
        let found = lazy.group.get().unwrap();
        assert_eq!(
            (found["here"].as_slice(), found["far"].as_slice()),
            (&[2.5][..], &[0.5, 1.5][..]),
            "{filling}"
        );
        assert_eq!(lazy.step, 1);
    }
}

#[test]
fn what_is_allocated_and_not_written_reads_as_zeros() {
    use filebacked::hdf5::plist::dataset_create::{AllocTime, FillTime};
    let store = Arc::new(Memory::new());
    let file = File::create_store(store.clone()).unwrap();
    let hdf5 = file.as_hdf5().unwrap();
    let late = hdf5
        .new_dataset::<u64>()
        .shape(100_000)
        .alloc_time(Some(AllocTime::Early))
        .fill_time(FillTime::Never);
    let dataset = late.create("late").unwrap();
    // It holds the file, too.
    drop(late);
    assert!(store.size().unwrap() < 800_000, "the store has the bytes already");
    assert_eq!(dataset.read_raw::<u64>().unwrap(), vec![0; 100_000]);
    drop((dataset, hdf5));
    file.close().unwrap();
    assert!(store.size().unwrap() >= 800_000, "the file ends before its data");
    assert_eq!(File::open_store(store).unwrap().read::<Vec<u64>>("late").unwrap(), [0; 100_000]);
}

#[test]
fn a_replaced_file_is_read_through_its_open_file() {
    let (_dir, path) = scratch("replaced.h5");
    // What only the library reads, of a size that is not read at once.
    let value: Vec<f64> = (0..200_000).map(f64::from).collect();
    let old = Run { samples: value.clone(), ..run(0) };
    filebacked::save(&path, &old).unwrap();
    let lazy: LazyRun = filebacked::load(&path).unwrap();
    filebacked::save(&path, &run(3)).unwrap();
    // Saving what was not read copies what is stored, which the library does.
    let (_dir, copy) = scratch("copy.h5");
    filebacked::save(&copy, &lazy).unwrap();
    assert_eq!(
        filebacked::load::<Run>(&copy.clone()).map(|run| run.samples).unwrap_or_default(),
        Vec::<f64>::new()
    );
    assert_eq!(filebacked::load::<LazyRun>(&copy).unwrap().samples.get().unwrap(), &value);
}
