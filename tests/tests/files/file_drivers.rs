//! Drivers: what each of them puts where, and that h5py opens it with the same one.

use filebacked::file::{Driver, FileOptions, Libver, SpaceStrategy};
use filebacked::{ErrorKind, File, FileBacked, Lazy, load};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::path::Path;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What h5py says with this driver of a file that was closed.
#[track_caller]
fn by_h5py(path: &Path, driver: &str, expression: &str) -> Option<serde_json::Value> {
    let code = format!("with h5py.File({path:?}, 'r', {driver}) as f:\n    result = {expression}");
    Some(python()?.ask(&json!({"op": "exec", "code": code})).unwrap())
}

#[test]
fn plain_files_by_sec2_and_stdio_and_log() {
    let (dir, path) = scratch("x.h5");
    let log = dir.path().join("log.txt");
    for (driver, name) in
        [(Driver::sec2(), "sec2"), (Driver::stdio(), "stdio"), (Driver::log(&log), "log")]
    {
        let options = File::options().driver(driver);
        let file = options.create(&path).unwrap();
        assert_eq!(file.driver().unwrap(), name);
        file.write("x", &vec![0.5; 10_000]).unwrap();
        file.close().unwrap();
        assert_eq!(
            options.open(&path).unwrap().read::<Vec<f64>>("x").unwrap(),
            vec![0.5; 10_000],
            "{name}"
        );
        assert_eq!(File::open(&path).unwrap().read::<Vec<f64>>("x").unwrap(), vec![0.5; 10_000]);
        if name != "log" {
            let seen =
                by_h5py(&path, &format!("driver={name:?}"), "[f.driver, float(f['x'][999])]");
            assert_eq!(seen.unwrap_or(json!([name, 0.5])), json!([name, 0.5]));
        }
    }
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.lines().any(|line| line.contains("80000 bytes) (H5FD_MEM_DRAW) Read")), "{log}");
}

#[test]
fn a_file_in_memory_is_written_when_it_is_closed() {
    let (dir, path) = scratch("x.h5");
    let file = File::options().driver(Driver::core().increment(1 << 20)).create(&path).unwrap();
    assert_eq!(file.driver().unwrap(), "core");
    file.write("x", &[1, 2]).unwrap();
    file.close().unwrap();
    assert_eq!(load_x(&path), [1, 2]);
    assert!(
        std::fs::metadata(&path).unwrap().len() < 1 << 20,
        "the file ends where its content does"
    );
    let seen = by_h5py(&path, "driver='core', backing_store=False", "[f.driver, int(f['x'][1])]");
    assert_eq!(seen.unwrap_or(json!(["core", 2])), json!(["core", 2]));
    assert_eq!(names(dir.path()), ["x.h5"]);
}

fn load_x(path: &Path) -> Vec<i32> {
    File::open(path).unwrap().read("x").unwrap()
}

#[test]
fn a_file_in_memory_without_a_backing_store_touches_no_disk() {
    let (dir, path) = scratch("x.h5");
    let memory = File::options().driver(Driver::core().backing_store(false));
    for create in ["w", "x", "a"] {
        let file = memory.open_mode(&path, create).unwrap();
        file.write("x", &[1, 2]).unwrap();
        file.flush().unwrap();
        assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1, 2]);
        // The same name is the same file as long as it is open.
        let error = memory.create(&path).unwrap_err();
        assert_eq!(
            error.kind(),
            &ErrorKind::StillOpen { handles: vec!["the file (to be written)".into()] }
        );
        file.close().unwrap();
        assert_eq!(names(dir.path()), [""; 0], "{create}");
    }
    // One that exists is read, and what is changed is lost.
    File::create(&path).unwrap().write("x", &[1, 2]).unwrap();
    let before = std::fs::read(&path).unwrap();
    let file = memory.open_rw(&path).unwrap();
    std::fs::rename(&path, dir.path().join("moved.h5")).unwrap();
    assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1, 2], "it is in memory");
    file.write("y", &3).unwrap();
    file.close().unwrap();
    assert_eq!(std::fs::read(dir.path().join("moved.h5")).unwrap(), before);
    assert_eq!(names(dir.path()), ["moved.h5"]);
    assert_eq!(
        memory.open(&path).unwrap_err().kind(),
        &ErrorKind::Io(std::io::ErrorKind::NotFound)
    );
    // Creating one over a file that is there leaves that.
    File::options()
        .driver(Driver::core().backing_store(false))
        .create(dir.path().join("moved.h5"))
        .unwrap();
    assert_eq!(std::fs::read(dir.path().join("moved.h5")).unwrap(), before);
}

#[test]
fn a_family_has_parts_of_a_size() {
    let (dir, path) = scratch("run-%03d.h5");
    let family = |size| File::options().driver(Driver::family(size));
    let file = family(65_536).create(&path).unwrap();
    assert_eq!(file.driver().unwrap(), "family");
    file.write("x", &vec![1u16; 100_000]).unwrap();
    file.close().unwrap();
    assert_eq!(names(dir.path()), ["run-000.h5", "run-001.h5", "run-002.h5", "run-003.h5"]);
    assert_eq!(std::fs::metadata(dir.path().join("run-001.h5")).unwrap().len(), 65_536);
    for size in [0, 65_536] {
        let file = family(size).open(&path).unwrap();
        assert_eq!(file.read::<Vec<u16>>("x").unwrap(), vec![1; 100_000]);
    }
    assert!(family(4096).open(&path).is_err(), "parts of another size");
    let seen = by_h5py(&path, "driver='family', memb_size=65536", "[f.driver, f['x'].shape[0]]");
    assert_eq!(seen.unwrap_or(json!(["family", 100_000])), json!(["family", 100_000]));
    // What exists is found by its first part.
    assert_eq!(family(65_536).create_new(&path).unwrap_err().kind(), &ErrorKind::Exists);
    assert_eq!(
        family(65_536).open_or_create(&path).unwrap().read::<Vec<u16>>("x").unwrap().len(),
        100_000
    );
    let error = family(0).open(dir.path().join("other-%d.h5")).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Io(std::io::ErrorKind::NotFound));
}

#[test]
fn names_that_c_would_take_for_something_else_are_refused() {
    let (dir, _) = scratch("");
    for name in [
        "x.h5",
        "x%s.h5",
        "x%d-%d.h5",
        "x%n%d.h5",
        "x%99d.h5",
        "x%-3d.h5",
        "x%ld.h5",
        "x%",
        "x%*d",
        "100%.h5",
    ] {
        let error =
            File::options().driver(Driver::family(1024)).create(dir.path().join(name)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)), "{name}: {error:?}");
        assert!(error.help().unwrap().contains("%05d"));
    }
    let (dir, path) = scratch("x");
    for (meta, raw) in [
        ("", "r"),
        ("m", ""),
        ("%d", "r"),
        ("m", "%s%s"),
        ("m%n%s", "r"),
        ("m", "m"),
        ("m\0", "r"),
        ("%", "r"),
    ] {
        let error = File::options().driver(Driver::split(meta, raw)).create(&path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)), "{meta} {raw}: {error:?}");
    }
    let long = dir.path().join("long".repeat(300));
    for driver in [Driver::split("m", "r"), Driver::multi()] {
        let error = File::options().driver(driver).create(&long).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)), "{error:?}");
    }
    assert_eq!(names(dir.path()), [""; 0]);
    // A percent sign, and one that is doubled for C.
    let path = dir.path().join("100%%-%d.h5");
    File::options()
        .driver(Driver::family(1 << 20))
        .create(&path)
        .unwrap()
        .write("x", &[1])
        .unwrap();
    assert_eq!(names(dir.path()), ["100%-0.h5"]);
    let file = File::options().driver(Driver::family(0)).open(&path).unwrap();
    assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1]);
    assert!(matches!(
        File::options().driver(Driver::family(0)).create(&path).unwrap_err().kind(),
        ErrorKind::InvalidOption(what) if what == "parts of 0 bytes"
    ));
    let error = File::options().driver(Driver::core().increment(0)).create(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)));
}

#[test]
fn metadata_and_data_are_apart() {
    let (dir, path) = scratch("x");
    let split = File::options().driver(Driver::split("-m.h5", "-r.h5"));
    let file = split.create(&path).unwrap();
    assert_eq!(file.driver().unwrap(), "multi");
    file.write("x", &vec![0.25f32; 50_000]).unwrap();
    file.close().unwrap();
    assert_eq!(names(dir.path()), ["x-m.h5", "x-r.h5"]);
    let len = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len();
    assert!(len("x-r.h5") >= 200_000 && len("x-m.h5") < 20_000);
    assert_eq!(split.open(&path).unwrap().read::<Vec<f32>>("x").unwrap(), vec![0.25; 50_000]);
    let seen = by_h5py(
        &path,
        "driver='split', meta_ext=b'-m.h5', raw_ext=b'-r.h5'",
        "float(f['x'][49999])",
    );
    assert_eq!(seen.unwrap_or(json!(0.25)), json!(0.25));
    assert_eq!(split.create_new(&path).unwrap_err().kind(), &ErrorKind::Exists);
    split.open_or_create(&path).unwrap().write("y", &1).unwrap();
    // One of the two is in another directory.
    let fast = dir.path().join("fast");
    std::fs::create_dir(&fast).unwrap();
    let aside = File::options().driver(Driver::split("%s.meta", "%s.raw"));
    aside.create(fast.join("y")).unwrap().write("x", &vec![1; 1000]).unwrap();
    assert_eq!(names(&fast), ["y.meta", "y.raw"]);
    assert_eq!(aside.open(fast.join("y")).unwrap().read::<Vec<i32>>("x").unwrap(), vec![1; 1000]);
    // Half of it is no file.
    std::fs::remove_file(dir.path().join("x-m.h5")).unwrap();
    assert_eq!(split.open(&path).unwrap_err().kind(), &ErrorKind::Io(std::io::ErrorKind::NotFound));
}

#[test]
fn six_files_have_a_kind_of_content_each() {
    let (dir, path) = scratch("x");
    let multi = File::options().driver(Driver::multi());
    multi.create(&path).unwrap().write("x", &vec![0.25f32; 50_000]).unwrap();
    let found = names(dir.path());
    assert!(
        found.len() > 2 && found.contains(&"x-r.h5".into()) && found.contains(&"x-s.h5".into()),
        "{found:?}"
    );
    let file = multi.open(&path).unwrap();
    assert_eq!(
        (file.driver().unwrap(), file.read::<Vec<f32>>("x").unwrap()),
        ("multi", vec![0.25; 50_000])
    );
    assert_eq!(multi.create_new(&path).unwrap_err().kind(), &ErrorKind::Exists);
}

#[test]
fn drivers_have_the_names_of_h5py() {
    for (name, driver) in [
        ("sec2", Driver::sec2()),
        ("stdio", Driver::stdio()),
        ("core", Driver::core().into()),
        ("family", Driver::family((1 << 31) - 1)),
        ("split", Driver::split("-m.h5", "-r.h5")),
        ("multi", Driver::multi()),
    ] {
        assert_eq!(Driver::named(name).unwrap(), driver);
    }
    for (name, why, instead) in [
        ("ros3", "built without", "from_bytes"),
        ("direct", "built without", "sec2"),
        ("mpio", "without MPI", "external links"),
        ("fileobj", "Python", "to_bytes"),
        ("warp", "unknown driver `warp`", "`sec2`, `stdio`, `core`"),
    ] {
        let error = Driver::named(name).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unsupported(what) if what.contains(why)),
            "{error}"
        );
        assert!(error.help().unwrap().contains(instead), "{error}");
    }
}

#[test]
fn handles_work_whatever_the_driver() {
    #[derive(FileBacked)]
    struct Run {
        samples: Lazy<Vec<f64>>,
    }
    for driver in
        [Driver::core().into(), Driver::family(40_000), Driver::split("m", "r"), Driver::stdio()]
    {
        let (_dir, path) = scratch("x%d");
        let options = File::options().driver(driver);
        let file = options.create(&path).unwrap();
        file.write("run", &Run { samples: vec![1.5; 30_000].into() }).unwrap();
        drop(file);
        let run: Run = options.open(&path).unwrap().read("run").unwrap();
        let error = options.create(&path).unwrap_err();
        let expected = vec!["dataset /run/samples (to be read)".to_string()];
        assert_eq!(error.kind(), &ErrorKind::StillOpen { handles: expected }, "{options:?}");
        assert_eq!(run.samples.get().unwrap(), &vec![1.5; 30_000]);
        drop(run);
        options.create(&path).unwrap();
    }
}

#[test]
fn whole_files_are_read_from_what_core_wrote() {
    let (_dir, path) = scratch("x.h5");
    #[derive(FileBacked, Debug, PartialEq)]
    struct Pair {
        one: i32,
        two: String,
    }
    let pair = Pair { one: 1, two: "two".into() };
    File::options().driver(Driver::core()).create(&path).unwrap().write_root(&pair).unwrap();
    assert_eq!(load::<Pair>(&path).unwrap(), pair);
}

#[test]
fn two_drivers_do_not_meet_in_one_file() {
    let (_dir, path) = scratch("x.h5");
    File::create(&path).unwrap().write("x", &[1]).unwrap();
    let file = File::open(&path).unwrap();
    for driver in [Driver::stdio(), Driver::core().into()] {
        let error = File::options().driver(driver).open_rw(&path).unwrap_err();
        assert_eq!(
            error.kind(),
            &ErrorKind::StillOpen { handles: vec!["the file (to be read)".into()] },
            "{error}"
        );
    }
    drop(file);
    File::options().driver(Driver::stdio()).open_rw(&path).unwrap();
}

/// Whatever is not refused before is created, and opened again.
#[test]
fn options_either_are_refused_at_once_or_work() {
    let drivers: [fn(&Path) -> Driver; 8] = [
        |_| Driver::sec2(),
        |_| Driver::stdio(),
        |_| Driver::core().into(),
        |_| Driver::core().backing_store(false).into(),
        |_| Driver::family(1 << 20),
        |_| Driver::split("m", "r"),
        |_| Driver::multi(),
        |dir| Driver::log(dir.parent().unwrap().join("log")),
    ];
    type Change = fn(FileOptions) -> FileOptions;
    let changes: [&[Change]; 4] = [
        &[
            |o| o,
            |o| o.space_strategy(SpaceStrategy::FreeSpace),
            |o| o.space_strategy(SpaceStrategy::FreeSpace).persist(true),
            |o| o.space_strategy(SpaceStrategy::Page),
            |o| o.space_strategy(SpaceStrategy::Page).persist(true).page_size(512),
            |o| o.space_strategy(SpaceStrategy::Page).page_buffer(8192, 10, 10),
            |o| o.space_strategy(SpaceStrategy::Aggregate),
            |o| o.space_strategy(SpaceStrategy::None),
        ],
        &[|o| o, |o| o.userblock(512), |o| o.userblock(8192)],
        &[
            |o| o,
            |o| o.libver(Libver::Earliest, Libver::V18),
            |o| o.libver(Libver::Latest, Libver::Latest),
        ],
        &[
            |o| o,
            |o| o.alignment(1, 512).meta_block_size(0),
            |o| o.alignment(100, 3000).track_order(false),
        ],
    ];
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("files");
    std::fs::create_dir(&dir).unwrap();
    let path = dir.join("x%d");
    let mut worked = 0;
    for driver in drivers {
        for n in 0..changes.iter().map(|c| c.len()).product::<usize>() {
            let mut options = File::options().driver(driver(&dir));
            let mut rest = n;
            for changes in changes {
                options = changes[rest % changes.len()](options);
                rest /= changes.len();
            }
            match options.create(&path) {
                Ok(file) => {
                    file.write("x", &vec![0.5; 2000]).unwrap();
                    let memory = names(&dir).is_empty();
                    file.close().unwrap();
                    if !memory {
                        let options = File::options().driver(driver(&dir));
                        assert_eq!(
                            options.open(&path).unwrap().read::<Vec<f64>>("x").unwrap(),
                            vec![0.5; 2000]
                        );
                    }
                    worked += 1;
                }
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::InvalidOption(_)),
                    "{options:?}: {error:?}"
                ),
            }
            for name in names(&dir) {
                std::fs::remove_file(dir.join(name)).unwrap();
            }
        }
    }
    assert!(worked > 500, "{worked}");
}

/// A process that is killed leaves what is on the disk: what was flushed is valid, a change since
/// is noticed, by every driver.
#[test]
fn what_was_flushed_is_valid_by_every_driver() {
    for libver in [Libver::V18, Libver::V110] {
        let drivers = [
            ("x.h5", Driver::sec2()),
            ("x.h5", Driver::stdio()),
            ("x.h5", Driver::core().into()),
            ("x-%d.h5", Driver::family(1 << 16)),
            ("x", Driver::split("-m.h5", "-r.h5")),
            ("x", Driver::multi()),
            (
                "x.h5",
                Driver::log(
                    std::env::temp_dir().join(format!("filebacked-log-{}", std::process::id())),
                ),
            ),
        ];
        for (name, driver) in drivers {
            let (dir, path) = scratch(name);
            let what = format!("{driver:?} {libver:?}");
            let killed = || {
                let copy = tempfile::tempdir().unwrap();
                for name in names(dir.path()) {
                    std::fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
                }
                let file = File::options().driver(driver.clone()).open(copy.path().join(name));
                file.and_then(|file| file.read::<Vec<u16>>("x"))
            };
            let options = File::options().driver(driver.clone()).libver(libver, libver);
            let file = options.create(&path).unwrap();
            file.write("x", &vec![1u16; 5]).unwrap();
            assert!(killed().is_err(), "{what}");
            file.flush().unwrap();
            assert_eq!(killed().expect(&what), [1; 5], "{what}");
            // A journal keeps the last commit; without one, the file is marked.
            let is_journaled = driver == Driver::sec2();
            let in_change = |committed: Vec<u16>| match is_journaled {
                true => assert_eq!(killed().expect(&what), committed, "{what}"),
                false => {
                    let error = killed().expect_err(&what);
                    assert_eq!(error.kind(), &ErrorKind::Interrupted, "{what}");
                }
            };
            file.write("y", &vec![2u16; 50_000]).unwrap();
            in_change(vec![1; 5]);
            file.flush().unwrap();
            assert_eq!(killed().expect(&what), [1; 5], "{what}");
            file.close().unwrap();
            assert_eq!(killed().expect(&what), [1; 5], "{what}");
            // Opened to be changed, and not changed yet.
            let file = options.open_rw(&path).unwrap();
            assert_eq!(killed().expect(&what), [1; 5], "{what}");
            file.update("x", &vec![3u16; 5]).unwrap();
            in_change(vec![1; 5]);
            file.close().unwrap();
            assert_eq!(killed().expect(&what), [3; 5], "{what}");
        }
    }
}
