//! Files from anywhere: what `ReadOptions::untrusted` accepts, and what it refuses before it costs
//! much.

use filebacked::engine::Engine;
use filebacked::inspect::TreeOptions;
use filebacked::{
    Compression, ErrorKind, File, FileBacked, Lazy, LazyArray, ReadOptions, Value, WriteOptions,
};
use filebacked_tests::mutants::{State, record, state};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, Ix1};
use std::collections::BTreeMap;

fn untrusted() -> ReadOptions {
    ReadOptions::new().untrusted()
}

#[track_caller]
fn limit<T: FileBacked>(options: &ReadOptions, bytes: &[u8]) -> String {
    let error = options.from_bytes::<T>(bytes).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error:?}");
    format!("{error:#}")
}

#[test]
fn what_this_library_writes_is_read() {
    let bytes = filebacked::to_bytes(&state()).unwrap();
    assert_eq!(untrusted().from_bytes::<State>(&bytes).unwrap(), state());
    // Whatever engine is asked for.
    assert_eq!(untrusted().engine(Engine::Libhdf5).from_bytes::<State>(&bytes).unwrap(), state());
    untrusted().from_bytes::<Value>(&filebacked::to_bytes(&record(1)).unwrap()).unwrap();
    assert!(
        TreeOptions::new().untrusted().tree_of_bytes(&bytes).unwrap().get("one/name").is_some()
    );
}

#[test]
fn what_the_c_library_would_have_to_read_is_refused() {
    let (_dir, path) = scratch("file.h5");
    WriteOptions::new().compression(Compression::Gzip(1)).save(&path, &vec![0.5; 10_000]).unwrap();
    assert_eq!(untrusted().load::<Vec<f64>>(&path).unwrap(), vec![0.5; 10_000]);
    let file = File::create(&path).unwrap();
    let builder = file.as_hdf5().unwrap().new_dataset_builder().nbit().chunk(1000);
    builder.with_data(&[0.5f64; 10_000][..]).create("value").unwrap();
    file.close().unwrap();
    let error = untrusted().load::<Vec<f64>>(&path).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5, "{error}");
    assert_eq!(ReadOptions::new().load::<Vec<f64>>(&path).unwrap(), vec![0.5; 10_000]);

    let file = File::open(&path).unwrap();
    for error in [
        file.read_with::<Vec<f64>>("value", &untrusted()).map(drop).unwrap_err(),
        file.read_root_with::<Value>(&untrusted()).map(drop).unwrap_err(),
        file.read_into_with("value", &mut [0.0; 10_000][..], &untrusted()).unwrap_err(),
    ] {
        assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5, "{error}");
    }

    file.close().unwrap();
}

/// Files of h5py with its default options are read.
#[test]
fn files_of_other_programs_are_read() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("file.h5");
    python.create(
        &path,
        "f['value'] = [1.0, 2.0]
f['value'].attrs['unit'] = 'm'
f.create_dataset('group/packed', data=np.arange(1000), compression='gzip', chunks=(100,))",
    );
    assert_eq!(std::fs::read(&path).unwrap()[8], 0, "the version of the superblock");
    let value = untrusted().load::<Value>(&path).unwrap();
    assert_eq!(value["value"].as_slice::<f64>(), Some(&[1.0, 2.0][..]));
    assert_eq!(value["value"].attribute("unit").unwrap().as_str(), Some("m"));
    assert_eq!(value["group/packed"].to_vec::<i64>(), Some((0..1000).collect()));
    assert!(TreeOptions::new().untrusted().tree(&path).unwrap().get("group/packed").is_some());
    // Consistency flags of this version mean nothing: HDF5 up to 1.6 left anything there.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] = 3;
    assert_eq!(untrusted().from_bytes::<Value>(&bytes).unwrap(), value);
}

/// Data that takes no place in a file does not take memory that the limits do not allow.
#[test]
fn data_that_was_never_written_is_limited() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("file.h5");
    python.create(
        &path,
        "f.create_dataset('value', (2**36,), 'f8', chunks=(1024,), maxshape=(None,))",
    );
    limit::<Vec<f64>>(&untrusted(), &std::fs::read(&path).unwrap());
}

#[test]
fn bytes_objects_and_levels_are_limited() {
    let bytes = filebacked::to_bytes(&vec![0.5; 1000]).unwrap();
    assert_eq!(untrusted().max_bytes(20_000).from_bytes::<Vec<f64>>(&bytes).unwrap().len(), 1000);
    let error = limit::<Vec<f64>>(&untrusted().max_bytes(4000), &bytes);
    assert!(
        error.contains("more than 4000 bytes are read\nhelp: `ReadOptions::max_bytes` raises"),
        "{error}"
    );

    let links: BTreeMap<String, Vec<u8>> = (0..100).map(|i| (i.to_string(), vec![i])).collect();
    let bytes = filebacked::to_bytes(&links).unwrap();
    assert_eq!(
        untrusted().max_objects(300).from_bytes::<BTreeMap<String, Vec<u8>>>(&bytes).unwrap(),
        links
    );
    let error = limit::<BTreeMap<String, Vec<u8>>>(&untrusted().max_objects(50), &bytes);
    assert!(
        error.contains("more than 50 objects are opened\nhelp: `ReadOptions::max_objects`"),
        "{error}"
    );

    #[derive(FileBacked, Debug)]
    struct Link {
        next: Option<Box<Link>>,
    }
    let long = (0..80).fold(None, |next, _| Some(Box::new(Link { next })));
    let bytes = filebacked::to_bytes(&Link { next: long }).unwrap();
    let error = untrusted().from_bytes::<Link>(&bytes).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 64 });
    ReadOptions::new().from_bytes::<Link>(&bytes).unwrap();
}

/// A small file whose links make a large value of it.
#[test]
fn links_do_not_multiply_what_is_read() {
    let (_dir, path) = scratch("bomb.h5");
    let file = File::create(&path).unwrap();
    file.write("links", &BTreeMap::from([("first".to_string(), vec![1u8; 100_000])])).unwrap();
    let group = file.as_hdf5().unwrap().group("links").unwrap();
    (0..2000).for_each(|i| group.link_hard("first", &format!("again {i}")).unwrap());
    drop(group);
    file.close().unwrap();

    #[derive(FileBacked)]
    struct Root {
        #[filebacked(layout = "links")]
        links: BTreeMap<String, Vec<u8>>,
    }
    for options in [untrusted(), ReadOptions::new()] {
        let error = options.load::<Root>(&path).map(|root| root.links.len()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
    }
}

#[test]
fn handles_keep_to_the_limits() {
    #[derive(FileBacked)]
    struct Handles {
        text: Lazy<Vec<String>>,
        array: LazyArray<f64, Ix1>,
    }
    let value = Handles {
        text: vec!["a".to_string(); 1000].into(),
        array: Array1::from_elem(10_000, 1.0).into(),
    };
    let (_dir, path) = scratch("handles.h5");
    filebacked::save(&path, &value).unwrap();

    let handles: Handles = untrusted().max_bytes(10_000).load(&path).unwrap();
    let error = handles.array.read().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
    assert_eq!(handles.array.read_slice(ndarray::s![..10]).unwrap().len(), 10);
    assert_eq!(handles.text.get().unwrap().len(), 1000);

    // A copy is made of what was read, not by the C library.
    let handles: Handles = untrusted().load(&path).unwrap();
    let (_dir, copy) = scratch("copy.h5");
    for engine in [Engine::Native, Engine::Libhdf5] {
        WriteOptions::new().engine(engine).save(&copy, &handles).unwrap();
        let copied: Handles = filebacked::load(&copy).unwrap();
        assert_eq!(copied.array.read().unwrap(), value.array.read().unwrap());
        assert_eq!(copied.text.get().unwrap(), value.text.get().unwrap());
    }
}

/// A list whose elements own each other, as serde writes it.
#[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
struct Chain(Option<Box<Chain>>);

#[derive(FileBacked, Debug, PartialEq)]
struct Chains {
    #[filebacked(bincode)]
    bincode: Chain,
    #[filebacked(postcard)]
    postcard: Chain,
}

fn chain(len: usize) -> Chain {
    (0..len).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))))
}

/// Takes a list apart without a call for each element.
fn unchain(mut chain: Chain) {
    while let Some(next) = chain.0.take() {
        chain = *next;
    }
}

/// Each level is a byte in the file, and takes the stack of a few calls.
#[test]
fn encoded_values_are_not_followed_to_any_depth() {
    let shallow = Chains { bincode: chain(100), postcard: chain(100) };
    let bytes = filebacked::to_bytes(&shallow).unwrap();
    assert_eq!(untrusted().from_bytes::<Chains>(&bytes).unwrap(), shallow);

    // The encoders need a large stack.
    for len in [(100_000, 0), (0, 100_000)] {
        let encode = move || {
            let deep = Chains { bincode: chain(len.0), postcard: chain(len.1) };
            let bytes = filebacked::to_bytes(&deep).unwrap();
            unchain(deep.bincode);
            unchain(deep.postcard);
            bytes
        };
        let thread = std::thread::Builder::new().stack_size(1 << 30).spawn(encode).unwrap();
        let error = untrusted().from_bytes::<Chains>(&thread.join().unwrap()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooDeep { limit: 64 }), "{error}");
        assert_eq!(error.path(), if len.0 > 0 { "/bincode" } else { "/postcard" });
    }
    unchain(shallow.bincode);
    unchain(shallow.postcard);
}
