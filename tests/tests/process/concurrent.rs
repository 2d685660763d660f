//! Several threads and several handles that change one file.

use filebacked::file::{Group, Journal};
use filebacked::inspect::verify;
use filebacked::lazy::ArrayOptions;
use filebacked::options::Overwrite;
use filebacked::{
    Compression, ErrorKind, File, FileBacked, LazyArray, LazyMap, LazyVec, Slot, WriteOptions,
    Written, save,
};
use filebacked_tests::scratch;
use ndarray::{Array1, Axis, Ix1};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

const ROUNDS: usize = 150;

fn replacing() -> WriteOptions {
    WriteOptions::new().overwrite(Overwrite::Replace)
}

/// A value that says whose it is, in all its parts.
#[derive(FileBacked, Debug, PartialEq)]
struct Owned {
    numbers: Vec<u64>,
    text: String,
    inner: Inner,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Inner {
    rows: Vec<u64>,
}

fn owned(owner: u64, len: usize) -> Owned {
    Owned {
        numbers: vec![owner; len],
        text: owner.to_string(),
        inner: Inner { rows: vec![owner; 2 * len + 1] },
    }
}

fn is_by(value: &Owned, owner: u64) -> bool {
    let len = value.numbers.len();
    *value == owned(owner, len)
}

#[test]
fn updates_and_writes_do_not_meet() {
    let (_dir, path) = scratch("updates.h5");
    let file = File::create(&path).unwrap();
    for owner in 0..4 {
        file.write(&format!("v{owner}"), &owned(owner, 1)).unwrap();
    }
    std::thread::scope(|scope| {
        for owner in 0..4u64 {
            let file = &file;
            scope.spawn(move || {
                let name = format!("v{owner}");
                for round in 0..ROUNDS {
                    // Of another length each time: it is written beside the old one.
                    let value = owned(owner, 1 + round % 7);
                    match (owner + round as u64) % 3 {
                        0 => file.update(&name, &value).unwrap(),
                        1 => file.write_with(&name, &value, &replacing()).unwrap(),
                        _ => {
                            let new = format!("{name} {round}");
                            file.write(&new, &value).unwrap();
                            assert_eq!(file.read::<Owned>(&new).unwrap(), value);
                            file.delete(&new).unwrap();
                            continue;
                        }
                    }
                    assert_eq!(file.read::<Owned>(&name).unwrap(), value, "{owner} {round}");
                }
            });
        }
    });
    assert_eq!(file.count().unwrap(), 4, "nothing is left that was under way");
    drop(file);
    let file = File::open(&path).unwrap();
    for owner in 0..4 {
        assert!(is_by(&file.read(&format!("v{owner}")).unwrap(), owner));
    }
}

#[test]
fn one_name_is_replaced_and_updated_by_many() {
    let (_dir, path) = scratch("replaced.h5");
    let file = File::create(&path).unwrap();
    std::thread::scope(|scope| {
        for owner in 0..4u64 {
            let file = &file;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let value = owned(owner, 1 + round % 5);
                    match round % 2 {
                        0 => file.write_with("group/value", &value, &replacing()).unwrap(),
                        _ => file.update("group/value", &value).unwrap(),
                    }
                }
            });
        }
    });
    let found: Owned = file.read("group/value").unwrap();
    assert!((0..4).any(|owner| is_by(&found, owner)), "{found:?}");
    assert_eq!(file.group("group").unwrap().names().unwrap(), ["value"]);
}

#[test]
fn one_thread_gets_a_name_that_many_want() {
    let (_dir, path) = scratch("taken.h5");
    let file = File::create(&path).unwrap();
    for round in 0..ROUNDS / 3 {
        let (name, got) = (format!("taken/{round}"), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for owner in 0..4u64 {
                let (file, name, got) = (&file, &name, &got);
                scope.spawn(move || match file.write(name, &owned(owner, 3)) {
                    Ok(()) => drop(got.fetch_add(1 + 10 * owner as usize, Ordering::Relaxed)),
                    Err(error) => {
                        assert_eq!(*error.kind(), ErrorKind::Exists, "{error}");
                        assert!(error.help().unwrap().contains("Overwrite::Replace"), "{error:#}");
                    }
                });
            }
        });
        let got = got.into_inner();
        assert_eq!(got % 10, 1);
        assert!(is_by(&file.read(&name).unwrap(), got as u64 / 10));
    }
}

#[test]
fn attributes_are_set_by_many() {
    let (_dir, path) = scratch("attributes.h5");
    let file = File::create(&path).unwrap();
    file.write("data", &1u8).unwrap();
    let attrs = file.attrs_of("data").unwrap();
    std::thread::scope(|scope| {
        for owner in 0..4u64 {
            let attrs = &attrs;
            scope.spawn(move || {
                // Two of them in each of the two encodings of names.
                let name = if owner % 2 == 0 { format!("a{owner}") } else { format!("ä{owner}") };
                for round in 0..ROUNDS {
                    let value = vec![owner; 1 + round % 5];
                    attrs.set(&name, &value).unwrap();
                    assert_eq!(attrs.get::<Vec<u64>>(&name).unwrap(), value, "{name}");
                    if round % 10 == 0 {
                        attrs.rename(&name, &format!("{name}!")).unwrap();
                        attrs.rename(&format!("{name}!"), &name).unwrap();
                        attrs.remove(&name).unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(attrs.keys().unwrap(), ["a0", "a2", "ä1", "ä3"]);
}

/// A handle into an array that others change.
fn array_of(file: &File, name: &str) -> LazyArray<u64, Ix1> {
    loop {
        match file.read(name) {
            Ok(array) => return array,
            Err(error) => assert_eq!(*error.kind(), ErrorKind::Changed, "{error}"),
        }
    }
}

/// Threads append to an array through handles of their own: what was confirmed is in it, once, and
/// nothing else.
fn append_by_many(file: &File, name: &str) {
    let first: Vec<u64> = file.read(name).unwrap();
    let mut confirmed: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4u64)
            .map(|owner| {
                scope.spawn(move || {
                    let mut confirmed = Vec::new();
                    let mut array = array_of(file, name);
                    for round in 0..60 {
                        let rows: Vec<u64> = (0..1 + round % 4)
                            .map(|k| 1000 + owner * 1000 + round * 10 + k)
                            .collect();
                        match array.append(Axis(0), &Array1::from_vec(rows.clone())) {
                            Ok(()) => confirmed.extend(rows),
                            Err(error) => {
                                assert_eq!(*error.kind(), ErrorKind::Changed, "{error}");
                                array = array_of(file, name);
                            }
                        }
                    }
                    confirmed
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(!confirmed.is_empty());
    let mut found: Vec<u64> = file.read(name).unwrap();
    assert_eq!(found[..first.len()], first);
    found.drain(..first.len());
    found.sort_unstable();
    confirmed.sort_unstable();
    assert_eq!(found, confirmed);
}

#[test]
fn arrays_that_many_append_to_lose_no_row() {
    let (_dir, path) = scratch("arrays.h5");
    let file = File::create(&path).unwrap();
    let growing = ArrayOptions::<u64>::new().unlimited(Axis(0)).chunk(&[16]);
    LazyArray::<u64, Ix1>::create(&file, "chunked", 0, &growing).unwrap();
    append_by_many(&file, "chunked");
    let packed = growing.compression(Compression::Gzip(1));
    LazyArray::<u64, Ix1>::create(&file, "packed", 5, &packed).unwrap();
    append_by_many(&file, "packed");
    for round in 0..10 {
        // One of them writes it anew, in chunks.
        let name = format!("contiguous {round}");
        file.write(&name, &vec![1u64; 10_000]).unwrap();
        append_by_many(&file, &name);
    }
}

#[test]
fn an_array_that_nothing_leads_to_is_refused() {
    let (_dir, path) = scratch("gone.h5");
    let file = File::create(&path).unwrap();
    file.write("a", &vec![1u64; 10]).unwrap();
    let [mut first, mut second] = [(); 2].map(|()| file.read::<LazyArray<u64, Ix1>>("a").unwrap());
    first.append(Axis(0), &Array1::ones(5)).unwrap();
    let changed =
        |error: filebacked::Error| assert_eq!(*error.kind(), ErrorKind::Changed, "{error}");
    changed(second.append(Axis(0), &Array1::ones(5)).unwrap_err());
    changed(second.write(&Array1::zeros(10)).unwrap_err());
    file.delete("a").unwrap();
    changed(first.append(Axis(0), &Array1::ones(5)).unwrap_err());
    changed(first.resize(&[3]).unwrap_err());
}

/// Whether the file says that it is being changed: the lowest bit of the flags of its superblock.
#[cfg(unix)]
fn is_marked(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(bytes[8], 2, "the superblock's version");
    bytes[11] & 1 == 1
}

/// A value that, when it is written for the n-th time, lets another thread go on and waits for
/// that, if not for ever: it may have to wait for its turn.
struct Scene {
    writes_before: AtomicUsize,
    begun: Mutex<Sender<()>>,
    gone: Mutex<Receiver<()>>,
}

impl filebacked::Save for Scene {
    fn write(&self, slot: Slot<'_>) -> filebacked::Result<Written> {
        if self.writes_before.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.begun.lock().unwrap().send(()).unwrap();
            let _ = self.gone.lock().unwrap().recv_timeout(Duration::from_millis(500));
        }
        slot.put(&1u8)
    }
}

/// A group that is written while something else happens.
#[derive(filebacked::Save)]
struct Slow {
    first: u64,
    scene: Scene,
    last: u64,
}

/// Writes a value, and does something else on another thread in the middle of that.
fn in_the_middle(
    writes_before: usize,
    write: impl FnOnce(&Slow) + Send,
    other: impl FnOnce() + Send,
) {
    let (begun, wait) = mpsc::channel();
    let (go, gone) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            wait.recv().unwrap();
            other();
            let _ = go.send(());
        });
        scope.spawn(move || {
            let scene = Scene {
                writes_before: writes_before.into(),
                begun: begun.into(),
                gone: gone.into(),
            };
            write(&Slow { first: 1, scene, last: 2 });
        });
    });
}

#[test]
fn who_changes_in_the_middle_of_a_change_waits() {
    let (_dir, path) = scratch("middle.h5");
    let file = File::create(&path).unwrap();
    for (round, other) in
        ["write", "update", "replace", "members", "map", "attribute"].into_iter().enumerate()
    {
        let name = format!("slow {round}");
        // What is there already is of another kind, so that it is written beside that.
        file.write(&name, &owned(5, 3).numbers).unwrap();
        file.write("there", &owned(6, 3)).unwrap();
        let map: LazyMap<String, Owned> = [("a".to_string(), owned(7, 1))].into_iter().collect();
        file.write("map", &map).unwrap();
        let change = || match other {
            "write" => file.write("new", &owned(8, 4)).unwrap(),
            "update" => file.update("there", &owned(8, 4)).unwrap(),
            "replace" => file.write_with("there", &owned(8, 4), &replacing()).unwrap(),
            "members" => file.update_root(&Members { member: owned(8, 4).numbers }).unwrap(),
            "map" => {
                let mut map: LazyMap<String, Owned> = file.read("map").unwrap();
                map.insert("a".into(), owned(8, 4)).unwrap();
                map.flush().unwrap();
            }
            _ => file.attrs().unwrap().set("attribute", vec![8u64; 4]).unwrap(),
        };
        // The first time, it is looked through before anything is changed.
        in_the_middle(1, |slow| file.update(&name, slow).unwrap(), change);
        assert_eq!(file.read::<u64>(&format!("{name}/first")).unwrap(), 1, "{other}");
        assert_eq!(file.read::<u64>(&format!("{name}/last")).unwrap(), 2, "{other}");
        match other {
            "write" => assert!(is_by(&file.read("new").unwrap(), 8)),
            "update" | "replace" => assert!(is_by(&file.read("there").unwrap(), 8)),
            "members" => assert_eq!(file.read::<Vec<u64>>("member").unwrap(), [8; 4]),
            "map" => assert!(is_by(&file.read("map/a").unwrap(), 8)),
            _ => assert_eq!(file.attrs().unwrap().get::<Vec<u64>>("attribute").unwrap(), [8; 4]),
        }
        file.delete("there").unwrap();
        file.delete("map").unwrap();
    }
}

#[derive(FileBacked)]
struct Members {
    member: Vec<u64>,
}

#[test]
fn a_name_that_is_taken_in_the_middle_is_replaced() {
    let (_dir, path) = scratch("meanwhile.h5");
    let file = File::create(&path).unwrap();
    let other = || file.create_group("new").map(drop).unwrap();
    in_the_middle(0, |slow| file.write_with("new", slow, &replacing()).unwrap(), other);
    assert_eq!(file.read::<u64>("new/last").unwrap(), 2);
    let refused = |slow: &Slow| {
        let error = file.write("newer", slow).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Exists, "{error}");
        assert!(error.help().unwrap().contains("Overwrite::Replace"), "{error:#}");
    };
    in_the_middle(0, refused, || file.create_group("newer").map(drop).unwrap());
    assert_eq!(file.group("newer").unwrap().count().unwrap(), 0);
    assert_eq!(file.names().unwrap(), ["new", "newer"]);
    // Of what is under way nothing is seen.
    in_the_middle(
        0,
        |slow| file.write("last", slow).unwrap(),
        || assert_eq!((file.count().unwrap(), file.names().unwrap().len()), (2, 2)),
    );
}

#[test]
#[cfg(unix)]
fn a_flush_does_not_end_the_change_of_another_thread() {
    let (_dir, path) = scratch("marked.h5");
    let file = File::options().journal(Journal::Off).create(&path).unwrap();
    file.write("old", &7u8).unwrap();
    file.flush().unwrap();
    assert!(!is_marked(&path));
    for way in ["flush", "image", "handle", "append"] {
        let other = || {
            match way {
                "flush" => file.flush().unwrap(),
                "image" => drop(file.to_image().unwrap()),
                "handle" => {
                    let mut array =
                        LazyArray::<u8, Ix1>::create(&file, "h", 2, &ArrayOptions::new()).unwrap();
                    array.write(&Array1::ones(2)).unwrap();
                }
                _ => {
                    LazyArray::<u8, Ix1>::create(&file, "v", 2, &ArrayOptions::new()).unwrap();
                    let mut rows: LazyVec<u8> = file.read("v").unwrap();
                    rows.push(3);
                    rows.flush().unwrap();
                }
            }
            assert!(is_marked(&path), "{way}: the other one is in the middle of its change");
        };
        in_the_middle(0, |slow| file.write(way, slow).unwrap(), other);
        assert!(
            !is_marked(&path),
            "{way}: the last change has taken the mark away, which the flush did not"
        );
    }
}

#[test]
fn a_commit_waits_for_the_change_of_another_thread() {
    let (_dir, path) = scratch("committed.h5");
    let copy = path.with_file_name("copy.h5");
    let file = File::create(&path).unwrap();
    file.flush().unwrap();
    for way in ["flush", "append"] {
        LazyArray::<u8, Ix1>::create(&file, &format!("{way} v"), 2, &ArrayOptions::new()).unwrap();
        let other = || {
            let before = std::fs::read(&path).unwrap();
            match way {
                "flush" => file.flush().unwrap(),
                _ => {
                    let mut rows: LazyVec<u8> = file.read(&format!("{way} v")).unwrap();
                    rows.push(3);
                    rows.flush().unwrap();
                }
            }
            assert_ne!(std::fs::read(&path).unwrap(), before, "{way}");
            std::fs::copy(&path, &copy).unwrap();
        };
        in_the_middle(0, |slow| file.write(way, slow).unwrap(), other);
        // The change is there as a whole.
        let committed = File::open(&copy).unwrap();
        assert_eq!(
            committed.group(way).unwrap().names().unwrap(),
            file.group(way).unwrap().names().unwrap()
        );
    }
}

#[test]
fn an_array_is_updated_while_others_change_its_shape() {
    let (_dir, path) = scratch("shapes.h5");
    let file = File::create(&path).unwrap();
    let options = ArrayOptions::<u64>::new().unlimited(Axis(0)).chunk(&[1000]);
    LazyArray::<u64, Ix1>::create(&file, "a", 10, &options).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let changed = array_of(&file, "a").resize(&[100_000]);
                    let changed = changed.and_then(|()| array_of(&file, "a").resize(&[10]));
                    if let Err(error) = changed {
                        assert_eq!(*error.kind(), ErrorKind::Changed, "{error}");
                    }
                }
            });
        }
        scope.spawn(|| {
            for round in 0..4 * ROUNDS as u64 {
                file.update("a", &vec![round; 10]).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
#[cfg(unix)]
fn a_group_that_outlives_its_file_leaves_no_mark() {
    let (_dir, path) = scratch("outlived.h5");
    let file = File::create(&path).unwrap();
    let group: Group = file.create_group("group").unwrap();
    drop(file);
    group.write("value", &1u8).unwrap();
    assert!(!is_marked(&path), "nobody else would take it away");
    group.attrs().unwrap().set("a", 1u8).unwrap();
    assert!(!is_marked(&path));
    drop(group);
    assert_eq!(File::open(&path).unwrap().read::<u8>("group/value").unwrap(), 1);
}

#[test]
fn what_changes_nothing_leaves_the_file_as_it_is() {
    let (_dir, path) = scratch("digest.h5");
    let value = owned(1, 3);
    WriteOptions::new().digest(true).save(&path, &value).unwrap();
    let before = std::fs::read(&path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let kinds = [
        file.delete("typo").unwrap_err(),
        file.delete("inner/typo").unwrap_err(),
        file.rename("typo", "new").unwrap_err(),
        file.rename("text", "numbers").unwrap_err(),
        file.rename("inner", "inner/inner").unwrap_err(),
        file.create_group("text").unwrap_err(),
        file.create_hard_link("inner/new/again", "inner").unwrap_err(),
        file.create_soft_link("text", "numbers").unwrap_err(),
        file.write("text", &1u8).unwrap_err(),
        file.attrs().unwrap().remove("typo").unwrap_err(),
        file.attrs().unwrap().rename("typo", "new").unwrap_err(),
        file.attrs().unwrap().set("filebacked", 1u8).unwrap_err(),
        LazyArray::<u8, Ix1>::create(&file, "text", 2, &ArrayOptions::new()).unwrap_err(),
    ];
    let kinds: Vec<String> = kinds.iter().map(|error| format!("{:?}", error.kind())).collect();
    println!("{kinds:?}");
    drop(file);
    assert!(std::fs::read(&path).unwrap() == before);
    assert!(verify(&path).unwrap().digest.is_some());
}

#[test]
fn changes_through_external_links_are_changes_of_the_other_file() {
    let (_dir, path) = scratch("here.h5");
    let there = path.with_file_name("there.h5");
    WriteOptions::new().digest(true).save(&there, &owned(1, 3)).unwrap();
    save(&path, &owned(2, 3)).unwrap();
    let file = File::open_rw(&path).unwrap();
    file.create_external_link("link", "there.h5", "/").unwrap();

    file.write("link/new", &5u8).unwrap();
    assert_eq!(verify(&there).unwrap().digest, None, "what was there has changed");
    file.write("link/groups/that/are/new", &6u8).unwrap();
    file.write_with("link/new", &7u8, &replacing()).unwrap();
    file.update("link/new", &8u8).unwrap();
    file.update("link/inner/rows", &vec![9u64; 2]).unwrap();
    file.delete("link/text").unwrap();
    file.create_group("link/group").unwrap();
    file.attrs_of("link/group").unwrap().set("a", 1u8).unwrap();
    file.rename("link/group", "link/groups/renamed").unwrap();
    let error = file.rename("link/numbers", "numbers2").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    #[cfg(unix)]
    assert!(!is_marked(&there), "nobody else would take it away");
    drop(file);

    let file = File::open(&there).unwrap();
    assert_eq!(file.read::<u8>("new").unwrap(), 8);
    assert_eq!(file.read::<u8>("groups/that/are/new").unwrap(), 6);
    assert_eq!(file.read::<Vec<u64>>("inner/rows").unwrap(), [9, 9]);
    assert!(!file.exists("text").unwrap());
    assert_eq!(file.attrs_of("groups/renamed").unwrap().get::<u8>("a").unwrap(), 1);
    assert!(is_by(&File::open(&path).unwrap().read_root().unwrap(), 2));
}

/// Fails, instead of waiting for ever, where threads wait for one another.
fn in_time(scene: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let scene = std::thread::spawn(move || {
        scene();
        let _ = done.send(());
    });
    match ended.recv_timeout(Duration::from_secs(120)) {
        Err(RecvTimeoutError::Timeout) => panic!("threads wait for one another"),
        _ => scene.join().unwrap(),
    }
}

/// Enough for several chunks.
fn chunks(owner: u64) -> Vec<u64> {
    (0..330_000).map(|k| (owner << 32) | (k % 777)).collect()
}

#[test]
fn threads_of_a_pool_that_all_read_do_not_stop_an_append() {
    in_time(|| {
        let (_dir, path) = scratch("pool.h5");
        let file = File::create(&path).unwrap();
        file.write("small", &1u8).unwrap();
        let options = ArrayOptions::<u64>::new()
            .unlimited(Axis(0))
            .chunk(&[5000])
            .compression(Compression::Gzip(1));
        let mut array = LazyArray::<u64, Ix1>::create(&file, "array", 0, &options).unwrap();
        let done = AtomicBool::new(false);
        rayon::in_place_scope(|scope| {
            for _ in 0..rayon::current_num_threads() {
                scope.spawn(|_| {
                    while !done.load(Ordering::Relaxed) {
                        assert_eq!(file.read::<u8>("small").unwrap(), 1);
                    }
                });
            }
            for owner in 0..5 {
                array.append(Axis(0), &Array1::from_vec(chunks(owner))).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(
            file.read::<Vec<u64>>("array").unwrap(),
            (0..5).flat_map(chunks).collect::<Vec<_>>()
        );
    });
}

#[test]
fn threads_of_a_pool_write_values_on_all_cores() {
    in_time(|| {
        let (_dir, path) = scratch("writers.h5");
        let file = File::create(&path).unwrap();
        let options = WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(64 << 10);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        pool.scope(|scope| {
            for owner in 0..16u64 {
                let (file, options) = (&file, &options);
                scope.spawn(move |_| {
                    file.write_with(&format!("v{owner}"), &chunks(owner), options).unwrap()
                });
            }
        });
        for owner in 0..16 {
            assert_eq!(file.read::<Vec<u64>>(&format!("v{owner}")).unwrap(), chunks(owner));
        }
    });
}
