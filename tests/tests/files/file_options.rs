//! How files are opened and created: each option does what it says, and h5py sees it too where it
//! can.

use filebacked::file::{FileOptions, Libver, Locking, SpaceStrategy, userblock};
use filebacked::hdf5;
use filebacked::{ErrorKind, File, load};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::path::Path;

/// A file with these options, in which h5py reads a value; and what an expression over it is.
#[track_caller]
fn seen_by_h5py(options: &FileOptions, expression: &str) -> Option<serde_json::Value> {
    let (_dir, path) = scratch("x.h5");
    filled(options, &path);
    let python = python()?;
    assert_eq!(python.eval(&path, "f['x'][:].tolist()"), json!([1, 2, 3]));
    Some(python.eval(&path, expression))
}

#[track_caller]
fn filled(options: &FileOptions, path: &Path) {
    let file = options.create(path).unwrap();
    file.write("x", &[1, 2, 3]).unwrap();
    file.close().unwrap();
    assert_eq!(File::open(path).unwrap().read::<Vec<i32>>("x").unwrap(), [1, 2, 3]);
}

/// What is said about options that cannot be; no file is there afterwards.
#[track_caller]
fn refused(options: &FileOptions) -> String {
    let (dir, path) = scratch("x.h5");
    let error = options.create(&path).unwrap_err();
    let ErrorKind::InvalidOption(what) = error.kind() else { panic!("{error:?}") };
    assert!(error.help().is_some(), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    // Neither is one that was there touched.
    std::fs::write(&path, "text").unwrap();
    options.create(&path).unwrap_err();
    assert_eq!(std::fs::read(&path).unwrap(), b"text");
    what.clone()
}

#[test]
fn modes_are_those_of_h5py() {
    let (_dir, path) = scratch("modes.h5");
    let open = |mode: &str| File::options().open_mode(&path, mode);
    for mode in ["r", "r+"] {
        assert_eq!(
            open(mode).unwrap_err().kind(),
            &ErrorKind::Io(std::io::ErrorKind::NotFound),
            "{mode}"
        );
    }
    for mode in ["w", "w-", "x", "a"] {
        let file = open(mode).unwrap();
        assert_eq!(file.mode().unwrap(), "r+");
        file.write("x", &1).unwrap();
        drop(file);
        assert_eq!(open("r").unwrap().read::<i32>("x").unwrap(), 1, "{mode}");
        std::fs::remove_file(&path).unwrap();
    }
    open("w").unwrap().write("x", &1).unwrap();
    for mode in ["w-", "x"] {
        assert_eq!(open(mode).unwrap_err().kind(), &ErrorKind::Exists, "{mode}");
    }
    let file = open("r").unwrap();
    assert_eq!(file.mode().unwrap(), "r");
    assert_eq!(file.write("y", &1).unwrap_err().kind(), &ErrorKind::ReadOnly);
    assert_eq!(file.write("g/y", &vec![0.5; 9]).unwrap_err().kind(), &ErrorKind::ReadOnly);
    assert_eq!(file.start_swmr().unwrap_err().kind(), &ErrorKind::ReadOnly);
    drop(file);
    for mode in ["r+", "a"] {
        let file = open(mode).unwrap();
        assert_eq!((file.mode().unwrap(), file.read::<i32>("x").unwrap()), ("r+", 1), "{mode}");
        file.write(&format!("by {mode}"), &2).unwrap();
    }
    assert_eq!(open("w").unwrap().names().unwrap(), [""; 0], "what was there is lost");
}

#[test]
fn an_unknown_mode_is_told_the_known_ones() {
    let (_dir, path) = scratch("x.h5");
    let error = File::options().open_mode(&path, "rw").unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InvalidOption("unknown mode `rw`".into()));
    for mode in ["`r`", "`r+`", "`w`", "`w-`", "`x`", "`a`"] {
        assert!(error.help().unwrap().contains(mode), "{error}");
    }
}

#[test]
fn libver_bounds_are_kept() {
    use Libver::{Earliest, Latest, V18, V110, V112, V114, V200};
    let (_dir, path) = scratch("x.h5");
    assert_eq!(File::create(&path).unwrap().libver().unwrap(), (V18, V18));
    assert_eq!(File::open_rw(&path).unwrap().libver().unwrap(), (V18, V200));
    for (low, high, superblock) in [
        (Earliest, V18, 0),
        (Earliest, Latest, 0),
        (V18, V112, 2),
        (V110, V114, 3),
        (V112, V112, 3),
        (V200, Latest, 3),
    ] {
        let options = File::options().libver(low, high).driver(filebacked::file::Driver::sec2());
        let file = options.create(&path).unwrap();
        let high = if high == Latest { V200 } else { high };
        assert_eq!(file.libver().unwrap(), (low, high));
        drop(file);
        filled(&options, &path);
        let version = std::fs::read(&path).unwrap()[8];
        assert_eq!(version, superblock, "{low:?} {high:?}");
    }
    assert!(refused(&File::options().libver(V114, V110)).contains("V114 to V110"));
    assert!(refused(&File::options().libver(Earliest, Earliest)).contains("Earliest"));
}

#[test]
fn h5py_finds_the_user_block() {
    let (_dir, path) = scratch("x.h5");
    filled(&File::options().userblock(1024), &path);
    assert_eq!(File::open(&path).unwrap().userblock_size().unwrap(), 1024);
    assert_eq!(userblock::size(&path).unwrap(), 1024);
    assert_eq!(userblock::read(&path).unwrap(), vec![0; 1024]);
    userblock::write(&path, b"#!/usr/bin/env").unwrap();
    userblock::write(&path, b"##").unwrap();
    assert!(userblock::read(&path).unwrap().starts_with(b"##/usr/bin/env\0"));
    let all: Vec<u8> = (0..1024u32).map(|i| (i * 7) as u8).collect();
    userblock::write(&path, &all).unwrap();
    assert_eq!(userblock::read(&path).unwrap(), all);
    // All readers look behind it, that for whole files too.
    #[derive(filebacked::FileBacked, Debug, PartialEq)]
    struct X {
        x: [i32; 3],
    }
    assert_eq!(load::<X>(&path).unwrap(), X { x: [1, 2, 3] });
    let Some(python) = python() else { return };
    assert_eq!(
        python.eval(&path, "[f.userblock_size, f['x'][:].tolist()]"),
        json!([1024, [1, 2, 3]])
    );
    // And the other way.
    let made = json!({"op": "exec", "code": format!(
        "f = h5py.File({path:?}, 'w', userblock_size=4096)\nf['x'] = [1, 2, 3]\nf.close()\nopen({path:?}, 'r+b').write(b'mine')"
    )});
    python.ask(&made).unwrap();
    assert_eq!(File::open(&path).unwrap().userblock_size().unwrap(), 4096);
    assert!(userblock::read(&path).unwrap().starts_with(b"mine\0"));
    assert_eq!(load::<X>(&path).unwrap(), X { x: [1, 2, 3] });
}

#[test]
fn a_user_block_is_not_left_nor_written_while_the_file_is_open() {
    let (dir, path) = scratch("x.h5");
    filled(&File::options().userblock(512), &path);
    let before = std::fs::read(&path).unwrap();
    let error = userblock::write(&path, &[1; 513]).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfBounds(what) if what == "513 bytes for a user block of 512"),
        "{error}"
    );
    for writable in [false, true] {
        let file = File::options().open_mode(&path, if writable { "r+" } else { "r" }).unwrap();
        let error = userblock::write(&path, b"x").unwrap_err();
        let ErrorKind::StillOpen { handles } = error.kind() else { panic!("{error:?}") };
        assert_eq!(
            handles,
            &[if writable { "the file (to be written)" } else { "the file (to be read)" }]
        );
        assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1, 2, 3]);
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    if let Some(python) = python() {
        let lock = format!("g = h5py.File({path:?}, 'r')\nimport builtins\nbuiltins.kept = g");
        python.ask(&json!({"op": "exec", "code": lock})).unwrap();
        let error = userblock::write(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("another program"), "{error}");
        python
            .ask(&json!({"op": "exec", "code": "import builtins\nbuiltins.kept.close()"}))
            .unwrap();
    }
    userblock::write(&path, &[7; 512]).unwrap();
    assert_eq!(userblock::read(&path).unwrap(), [7; 512]);
    // No user block at all, and no HDF5 file.
    filled(&File::options(), &path);
    assert_eq!((userblock::size(&path).unwrap(), userblock::read(&path).unwrap()), (0, vec![]));
    assert!(matches!(userblock::write(&path, b"x").unwrap_err().kind(), ErrorKind::OutOfBounds(_)));
    let other = dir.path().join("text");
    std::fs::write(&other, [0; 5000]).unwrap();
    assert_eq!(userblock::read(&other).unwrap_err().kind(), &ErrorKind::NotHdf5);
    assert_eq!(userblock::write(&other, b"x").unwrap_err().kind(), &ErrorKind::NotHdf5);
    for options in [
        File::options().userblock(512).alignment(1, 4096),
        File::options().userblock(1024).alignment(1, 1000),
        File::options().userblock(512).space_strategy(SpaceStrategy::Page),
    ] {
        assert!(refused(&options).contains("begins at multiples"));
    }
    for size in [1, 511, 513, 1000, 1536] {
        assert_eq!(
            refused(&File::options().userblock(size)),
            format!("a user block of {size} bytes")
        );
    }
}

#[test]
fn the_chunk_cache_is_that_of_the_options() {
    let (_dir, path) = scratch("x.h5");
    filled(&File::options(), &path);
    let cache = |options: &FileOptions| {
        let cache = options.open(&path).unwrap().as_hdf5().unwrap().fapl().unwrap().chunk_cache();
        (cache.nslots, cache.nbytes, cache.w0)
    };
    let (slots, bytes, w0) = cache(&File::options());
    assert_eq!((slots, bytes, w0), (8191, 8 << 20, 0.75), "the documented default");
    assert_eq!(cache(&File::options().chunk_cache_slots(997)), (997, bytes, w0));
    assert_eq!(cache(&File::options().chunk_cache_bytes(1 << 20)), (slots, 1 << 20, w0));
    assert_eq!(cache(&File::options().chunk_cache_w0(0.25).chunk_cache_bytes(0)), (slots, 0, 0.25));
    for w0 in [-0.1, 1.1, f64::NAN] {
        assert!(refused(&File::options().chunk_cache_w0(w0)).contains("preemption"));
    }
}

#[test]
fn large_objects_are_aligned() {
    let big = vec![1.5; 20_000];
    for (threshold, interval) in [(1000, 4096), (1000, 65_536)] {
        let (_dir, path) = scratch("x.h5");
        let options = File::options().alignment(threshold, interval);
        let file = options.create(&path).unwrap();
        file.write("before", &[1u8; 777]).unwrap();
        file.write("big", &big).unwrap();
        let alignment = file.as_hdf5().unwrap().fapl().unwrap().alignment();
        assert_eq!((alignment.threshold, alignment.alignment), (threshold, interval));
        let offset = file.as_hdf5().unwrap().dataset("big").unwrap().offset().unwrap();
        assert_eq!(offset % interval, 0);
        drop(file);
        let Some(python) = python() else { continue };
        assert_eq!(python.eval(&path, &format!("f['big'].id.get_offset() % {interval}")), json!(0));
    }
    assert!(refused(&File::options().alignment(1, 0)).contains("multiples of 0"));
}

#[test]
fn metadata_comes_in_blocks() {
    let (_dir, path) = scratch("x.h5");
    assert_eq!(File::create(&path).unwrap().meta_block_size().unwrap(), 2048);
    let apart = |size: u64| {
        let file = File::options().meta_block_size(size).create(&path).unwrap();
        assert_eq!(file.meta_block_size().unwrap(), size);
        file.write("a", &vec![0.5; 10_000]).unwrap();
        file.write("b", &vec![0.5; 10_000]).unwrap();
        let file = file.as_hdf5().unwrap();
        file.dataset("b").unwrap().offset().unwrap() - file.dataset("a").unwrap().offset().unwrap()
    };
    assert_eq!(apart(1 << 20), 80_000, "the metadata of both lies before the data of both");
    assert!(apart(0) > 80_000, "without blocks it lies in between");
}

/// h5py's words for the strategy, persist, threshold and page size.
const SPACE: &str = "[*f.id.get_create_plist().get_file_space_strategy(), f.id.get_create_plist().get_file_space_page_size()]";

#[test]
fn h5py_sees_how_space_is_handed_out() {
    for (options, expected) in [
        (File::options(), json!([0, 0, 1, 4096])),
        (File::options().space_strategy(SpaceStrategy::FreeSpace), json!([0, 0, 1, 4096])),
        (
            File::options().space_strategy(SpaceStrategy::FreeSpace).persist(true).threshold(64),
            json!([0, 1, 64, 4096]),
        ),
        (File::options().space_strategy(SpaceStrategy::Page), json!([1, 0, 1, 4096])),
        (
            File::options()
                .space_strategy(SpaceStrategy::Page)
                .page_size(16_384)
                .persist(true)
                .threshold(5),
            json!([1, 1, 5, 16_384]),
        ),
        (File::options().space_strategy(SpaceStrategy::Aggregate), json!([2, 0, 1, 4096])),
        (File::options().space_strategy(SpaceStrategy::None), json!([3, 0, 1, 4096])),
    ] {
        let Some(seen) = seen_by_h5py(&options, SPACE) else { return };
        assert_eq!(seen, expected, "{options:?}");
    }
}

#[test]
fn free_space_that_persists_is_used_again() {
    let size = |persist: bool| {
        let (_dir, path) = scratch("x.h5");
        let options = File::options().space_strategy(SpaceStrategy::FreeSpace).persist(persist);
        let file = options.create(&path).unwrap();
        file.write("a", &vec![1u8; 300_000]).unwrap();
        file.write("behind", &vec![1u8; 100_000]).unwrap();
        drop(file);
        File::open_rw(&path).unwrap().as_hdf5().unwrap().unlink("a").unwrap();
        File::open_rw(&path).unwrap().write("b", &vec![2u8; 250_000]).unwrap();
        std::fs::metadata(&path).unwrap().len()
    };
    let (kept, lost) = (size(true), size(false));
    assert!(kept < 450_000 && lost > 600_000, "{kept} {lost}");
}

#[test]
fn space_options_contradict_each_other() {
    for options in [
        File::options().page_size(4096),
        File::options().page_size(4096).space_strategy(SpaceStrategy::FreeSpace),
        File::options().page_size(511).space_strategy(SpaceStrategy::Page),
        File::options().page_size((1 << 30) + 1).space_strategy(SpaceStrategy::Page),
        File::options().persist(true),
        File::options().persist(true).space_strategy(SpaceStrategy::Aggregate),
        File::options().threshold(1).space_strategy(SpaceStrategy::None),
        File::options().page_buffer(1 << 20, 0, 0),
        File::options().page_buffer(1 << 20, 60, 41).space_strategy(SpaceStrategy::Page),
        File::options().page_buffer(1 << 20, 101, 0).space_strategy(SpaceStrategy::Page),
        File::options().page_buffer(3000, 0, 0).space_strategy(SpaceStrategy::Page),
        File::options().page_buffer(2048, 0, 0).space_strategy(SpaceStrategy::Page),
        File::options().page_buffer(4096, 0, 0).space_strategy(SpaceStrategy::Page).page_size(8192),
        File::options().space_strategy(SpaceStrategy::Page).libver(Libver::V18, Libver::V18),
    ] {
        refused(&options);
    }
}

#[test]
fn what_is_settled_at_creation_is_refused_for_a_file_that_is_opened() {
    let (_dir, path) = scratch("x.h5");
    filled(&File::options(), &path);
    let space = SpaceStrategy::Page;
    for options in [
        File::options().userblock(512),
        File::options().track_order(true),
        File::options().space_strategy(space),
        File::options().space_strategy(space).page_size(512),
    ] {
        for mode in ["r", "r+"] {
            let error = options.open_mode(&path, mode).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)), "{error:?}");
        }
        options.open_or_create(&path).unwrap(); // which does not create here, but may
    }
}

#[test]
fn pages_are_kept_in_a_buffer() {
    let (_dir, path) = scratch("x.h5");
    let pages = File::options().space_strategy(SpaceStrategy::Page).page_size(4096);
    let buffered = pages.clone().page_buffer(1 << 16, 25, 50);
    filled(&buffered, &path);
    let file = File::options().page_buffer(1 << 16, 25, 50).open(&path).unwrap();
    let buffer = file.as_hdf5().unwrap().fapl().unwrap().page_buffer_size();
    assert_eq!((buffer.buf_size, buffer.min_meta_perc, buffer.min_raw_perc), (1 << 16, 25, 50));
    assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1, 2, 3]);
    drop(file);
    // A file without pages has none to keep.
    filled(&File::options(), &path);
    let file = File::options().page_buffer(1 << 16, 0, 0).open(&path).unwrap();
    assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1, 2, 3]);
}

#[test]
fn the_root_keeps_the_order_of_its_links() {
    let order = |options: FileOptions| {
        let (_dir, path) = scratch("x.h5");
        let file = options.create(&path).unwrap();
        ["c", "a", "b"].iter().for_each(|name| file.write(name, &1).unwrap());
        let root = file.as_hdf5().unwrap();
        ["z", "y"].iter().for_each(|name| drop(root.new_attr::<u8>().create(*name).unwrap()));
        let names = file.names().unwrap();
        drop((root, file));
        let attributes = python().map(|python| {
            assert_eq!(python.eval(&path, "list(f)"), json!(names));
            python.eval(&path, "[a for a in f.attrs if a != 'filebacked_format']")
        });
        (names, attributes)
    };
    let seen = |names: [&str; 2]| python().map(|_| json!(names));
    assert_eq!(
        order(File::options()),
        (["c", "a", "b"].map(String::from).to_vec(), seen(["y", "z"]))
    );
    assert_eq!(
        order(File::options().track_order(true)),
        (["c", "a", "b"].map(String::from).to_vec(), seen(["z", "y"]))
    );
    assert_eq!(
        order(File::options().track_order(false)),
        (["a", "b", "c"].map(String::from).to_vec(), seen(["y", "z"]))
    );
}

/// Whether h5py in another process may write a file that is open here.
fn others_may_write(path: &Path) -> bool {
    let code = format!("h5py.File({path:?}, 'r+').close()");
    python().unwrap().ask(&json!({"op": "exec", "code": code})).is_ok()
}

#[test]
fn locks_keep_other_programs_away() {
    if python().is_none()
        || std::env::var_os(CHILD).is_some()
        || std::env::var_os(VARIABLE).is_some()
    {
        return;
    }
    let (_dir, path) = scratch("x.h5");
    filled(&File::options(), &path);
    for (options, expected) in [
        (File::options(), false),
        (File::options().locking(Locking::On), false),
        (File::options().locking(Locking::BestEffort), false),
        (File::options().locking(Locking::Off), true),
    ] {
        let file = options.open(&path).unwrap();
        assert_eq!(others_may_write(&path), expected, "{options:?}");
        drop(file);
    }
    // An error that says what the matter is.
    let hold = format!("import builtins\nbuiltins.held = h5py.File({path:?}, 'r+')");
    python().unwrap().ask(&json!({"op": "exec", "code": hold})).unwrap();
    let error = File::open(&path).unwrap_err();
    python()
        .unwrap()
        .ask(&json!({"op": "exec", "code": "import builtins\nbuiltins.held.close()"}))
        .unwrap();
    assert_eq!(error.kind(), &ErrorKind::Locked, "{error}");
    // Two ways at once are none.
    let file = File::open(&path).unwrap();
    let error = File::options().locking(Locking::Off).open(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::StillOpen { .. }), "{error:?}");
    drop(file);
}

const VARIABLE: &str = "HDF5_USE_FILE_LOCKING";

/// The file that the child opens.
const CHILD: &str = "FILEBACKED_TEST_LOCKED_FILE";

#[test]
fn the_environment_is_stronger_than_the_option() {
    if python().is_none() {
        return;
    }
    let (_dir, path) = scratch("x.h5");
    filled(&File::options(), &path);
    for (value, expected) in
        [("FALSE", "free"), ("0", "free"), ("TRUE", "locked"), ("BEST_EFFORT", "locked")]
    {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "file_options::child_that_holds_a_file",
                "--nocapture",
                "--include-ignored",
            ])
            .env(VARIABLE, value)
            .env(CHILD, &path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(text.contains(&format!("{value} makes it {expected}")), "{text}");
    }
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_holds_a_file() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let value = std::env::var(VARIABLE).unwrap();
    let path = Path::new(&path);
    // The option says the contrary.
    let option = if value == "FALSE" || value == "0" { Locking::On } else { Locking::Off };
    let file = File::options().locking(option).open(path).unwrap();
    // h5py's process has the variable too, which must not matter.
    let code = format!(
        "import os, subprocess, sys\nenv = {{k: v for k, v in os.environ.items() if k != {VARIABLE:?}}}\n\
         result = subprocess.run([sys.executable, '-c', 'import h5py; h5py.File(' + repr({path:?}) + ', \"r+\")'], env=env, \
         capture_output=True).returncode"
    );
    let code = python().unwrap().ask(&json!({"op": "exec", "code": code})).unwrap();
    println!("{value} makes it {}", if code == json!(0) { "free" } else { "locked" });
    drop(file);
}

#[test]
fn a_file_tells_what_it_is() {
    let (_dir, path) = scratch("x.h5");
    let file = File::create(&path).unwrap();
    assert_eq!((file.path(), file.driver().unwrap(), file.mode().unwrap()), (&*path, "sec2", "r+"));
    assert!(!file.swmr_mode().unwrap());
    assert_eq!(
        format!("{file:?}"),
        format!("File {{ path: {path:?}, mode: \"r+\", driver: \"sec2\" }}")
    );
    let same: hdf5::File = file.as_hdf5().unwrap();
    assert_eq!(same.filename(), path.to_str().unwrap());
}
