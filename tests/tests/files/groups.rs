//! Groups of many links: what our own engine writes is a group like any other to HDF5's library,
//! h5py, h5dump and pyfive, and it reads theirs.

use filebacked::engine::Engine;
use filebacked::{ReadOptions, WriteOptions};
use filebacked_tests::{h5dump, python, scratch};
use std::collections::BTreeMap;
use std::path::Path;

/// A group of so many links, whose order is that of the numbers in their names.
fn links(n: u32) -> BTreeMap<u32, Vec<u8>> {
    (0..n).map(|i| (i * 3, vec![i as u8, (i >> 8) as u8])).collect()
}

/// Saved by our own engine.
fn save(path: &Path, n: u32) {
    let options = WriteOptions::new()
        .engine(Engine::Native)
        .durability(filebacked::options::Durability::Fast);
    options.save(path, &links(n)).unwrap();
}

#[track_caller]
fn reread(path: &Path, n: u32) {
    for engine in [Engine::Native, Engine::Libhdf5] {
        let read: BTreeMap<u32, Vec<u8>> = ReadOptions::new().engine(engine).load(path).unwrap();
        assert!(read == links(n), "{engine:?} reads {n} links");
    }
}

/// h5py's list of names, as numbers.
const NAMES: &str = "[int(name) for name in f]";

#[track_caller]
fn checked_by_h5py(n: u32) {
    let (_dir, path) = scratch("links.h5");
    save(&path, n);
    reread(&path, n);
    let Some(python) = python() else { return };
    let order = python.eval(&path, &format!("{NAMES} == list(range(0, {}, 3))", n * 3));
    assert_eq!(order, true, "{n} links in their order");
    let some = format!("range(0, {n}, {})", n.div_ceil(1000));
    let values =
        format!("all(f[str(i * 3)][:].tolist() == [i % 256, i // 256 % 256] for i in {some})");
    assert_eq!(python.eval(&path, &values), true, "{n} values");
    assert_eq!(python.eval(&path, "'1' in f or 'x' in f"), false);
}

#[test]
fn of_512_links_and_one_more() {
    checked_by_h5py(512);
    checked_by_h5py(513);
}

#[test]
fn of_10_000_links() {
    checked_by_h5py(10_000);
}

#[test]
fn of_100_000_links() {
    checked_by_h5py(100_000);
}

#[test]
fn links_are_added_and_removed_by_h5py() {
    let Some(python) = python() else { return };
    for n in [513u32, 5000, 16_000] {
        let (_dir, path) = scratch("links.h5");
        save(&path, n);
        // More than doubles the heap, so that blocks of every kind are made.
        python.change(
            &path,
            &format!(
                "for i in range({n}, {n} * 5 // 2): f[str(i * 3)] = [i % 256, i // 256 % 256]"
            ),
        );
        assert_eq!(
            python.eval(&path, &format!("{NAMES} == list(range(0, {n} * 5 // 2 * 3, 3))")),
            true
        );
        python.change(&path, &format!("for i in range({n} // 2, {n} * 5 // 2): del f[str(i * 3)]"));
        assert_eq!(
            python.eval(&path, &format!("{NAMES} == list(range(0, {n} // 2 * 3, 3))")),
            true
        );
        reread(&path, n / 2);
        // Down to what the library keeps in the header.
        python.change(&path, &format!("for i in range(3, {n} // 2): del f[str(i * 3)]"));
        assert_eq!(python.eval(&path, NAMES), serde_json::json!([0, 3, 6]));
        reread(&path, 3);
    }
}

#[test]
fn pyfive_and_h5dump_read_them() {
    let (_dir, path) = scratch("links.h5");
    save(&path, 12_000);
    if let Some(text) = h5dump(&["-n"], &path) {
        assert_eq!(
            text.lines().filter(|line| line.trim_start().starts_with("dataset")).count(),
            12_000
        );
    }
    let Some(python) = python() else { return };
    assert_eq!(python.pyfive(&path, "len(f.keys())"), 12_000);
    assert_eq!(
        python.pyfive(&path, "f['29997'][:].tolist()"),
        serde_json::json!([9999 % 256, 9999 / 256])
    );
}

#[test]
fn names_of_all_lengths() {
    let map: BTreeMap<String, u8> =
        (0..2000u32).map(|i| ("ä".repeat(i as usize % 700) + &i.to_string(), i as u8)).collect();
    let map: BTreeMap<String, Vec<u8>> =
        map.into_iter().map(|(name, value)| (name, vec![value])).collect();
    let (_dir, path) = scratch("links.h5");
    WriteOptions::new().engine(Engine::Native).save(&path, &map).unwrap();
    for engine in [Engine::Native, Engine::Libhdf5] {
        let read: BTreeMap<String, Vec<u8>> =
            ReadOptions::new().engine(engine).load(&path).unwrap();
        assert!(read == map, "{engine:?}");
    }
}

/// All their indexes together are more than what is kept in memory.
#[test]
fn large_groups_in_a_group() {
    let inner =
        |i: u32| (0..520 + i % 3).map(|n| (n, vec![(i + n) as u8])).collect::<BTreeMap<u32, _>>();
    let groups: BTreeMap<u32, BTreeMap<u32, Vec<u8>>> = (0..140).map(|i| (i, inner(i))).collect();
    let native =
        (WriteOptions::new().engine(Engine::Native), ReadOptions::new().engine(Engine::Native));
    let bytes = native.0.to_bytes(&groups).unwrap();
    assert!(
        native.1.from_bytes::<BTreeMap<u32, BTreeMap<u32, Vec<u8>>>>(&bytes).unwrap() == groups
    );
    let (_dir, path) = scratch("groups.h5");
    std::fs::write(&path, &bytes).unwrap();
    assert!(native.1.load::<BTreeMap<u32, BTreeMap<u32, Vec<u8>>>>(&path).unwrap() == groups);
}

/// Members are found whatever the order in which they are asked for.
#[test]
fn members_in_another_order() {
    for n in [100, 3000] {
        let map: BTreeMap<u32, Vec<u32>> = (0..n).map(|i| (i, vec![i])).collect();
        let bytes = WriteOptions::new().engine(Engine::Native).to_bytes(&map).unwrap();
        let (_dir, path) = scratch("links.h5");
        std::fs::write(&path, &bytes).unwrap();
        for i in (0..n).rev().step_by(7) {
            let mut found = [0u32];
            ReadOptions::new()
                .engine(Engine::Native)
                .load_into(&path, &i.to_string(), &mut found)
                .unwrap();
            assert_eq!(found, [i]);
        }
    }
}
