//! What every value has to survive.

use crate::scratch;
use filebacked::engine::Engine;
use filebacked::{ErrorKind, File, FileBacked, ReadOptions, Save, WriteOptions};
use std::fmt::Debug;

/// Both engines. Each does all that is asked of a whole file.
pub const ENGINES: [Engine; 2] = [Engine::Native, Engine::Libhdf5];

/// Asserts that a value comes back equal from bytes and from a file, whichever engine writes and
/// whichever reads, and that equal values give equal bytes.
#[track_caller]
pub fn round_trip<T: FileBacked + PartialEq + Debug>(value: &T) {
    round_trip_by(value, |a, b| a == b);
}

/// The same for values that are compared in another way.
#[track_caller]
pub fn round_trip_by<T: FileBacked + Debug>(value: &T, same: impl Fn(&T, &T) -> bool) {
    ENGINES.into_iter().for_each(|writer| round_trip_of(writer, value, &same));
}

/// The same for values that need the C library: our own engine declines them, and reads nothing of
/// them.
#[track_caller]
pub fn round_trip_by_library<T: FileBacked + PartialEq + Debug>(value: &T) {
    let error = WriteOptions::new().engine(Engine::Native).to_bytes(value).map(drop).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5);
    round_trip_of(Engine::Any, value, &|a, b| a == b);
}

#[track_caller]
fn round_trip_of<T: FileBacked + Debug>(writer: Engine, value: &T, same: &impl Fn(&T, &T) -> bool) {
    let (_dir, path) = scratch("value.h5");
    let options = WriteOptions::new().engine(writer);
    let to_bytes = |value: &T| {
        options
            .to_bytes(value)
            .unwrap_or_else(|e| panic!("{writer:?} does not write {value:?}: {e:?}"))
    };
    let bytes = to_bytes(value);
    assert!(bytes == to_bytes(value), "{writer:?}: two saves of one value differ: {value:?}");
    let save = || {
        options
            .save(&path, value)
            .unwrap_or_else(|e| panic!("{writer:?} does not save {value:?}: {e:?}"));
        std::fs::read(&path).expect("the file is there")
    };
    let stored = save();
    assert!(stored == save(), "{writer:?}: two files of one value differ: {value:?}");
    // The C library lays files in memory out in another way than files on a disk.
    assert!(writer != Engine::Native || stored == bytes, "the file is the bytes");

    for reader in [Engine::Native, Engine::Libhdf5, Engine::Any] {
        // What the library was needed for, it is needed for again.
        if (writer, reader) == (Engine::Any, Engine::Native) {
            continue;
        }
        let options = ReadOptions::new().engine(reader);
        let reads = [
            ("bytes", options.from_bytes::<T>(&bytes)),
            ("a file", options.load(&path)),
            ("a file's bytes", options.from_bytes(&stored)),
        ];
        for (from, read) in reads {
            let loaded = read.unwrap_or_else(|e| {
                panic!("{writer:?} to {reader:?}, from {from}: {value:?}: {e:?}")
            });
            assert!(
                same(value, &loaded),
                "{writer:?} to {reader:?}, from {from}\nsaved  {value:?}\nloaded {loaded:?}"
            );
            // Also tells apart what `==` does not: the bits of a NaN, the sign of a zero.
            assert!(
                bytes == to_bytes(&loaded),
                "{writer:?} to {reader:?}, from {from}: what was loaded is saved as other bytes: {value:?}"
            );
        }
    }
}

/// Loads as one type what was saved as another.
#[track_caller]
pub fn reread<T: FileBacked>(value: &impl Save) -> filebacked::Result<T> {
    filebacked::from_bytes(&filebacked::to_bytes(value).unwrap())
}

/// The sorted names at the root of the file that a value is saved as.
pub fn links(value: &impl Save) -> Vec<String> {
    let (_dir, path) = scratch("links.h5");
    filebacked::save(&path, value).unwrap();
    let mut names = File::open(&path).unwrap().names().unwrap();
    names.sort();
    names
}
