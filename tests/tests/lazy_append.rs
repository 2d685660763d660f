//! Rows that are appended to tables in files.

use filebacked::{Compression, ErrorKind, File, FileBacked, LazyVec, WriteOptions, from_bytes, load, save, to_bytes};
use filebacked_tests::row::{Inner, Row, Shape, inner, row};
use filebacked_tests::{python, scratch};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Rows that come in pieces, into files of both engines, are what they are when they are saved at once.
fn check<T: FileBacked + Clone + Debug + PartialEq>(rows: &Vec<T>) {
    let (_dir, path) = scratch("rows.h5");
    let whole = path.with_file_name("whole.h5");
    save(&whole, rows).unwrap();
    let n = rows.len();
    for (first, pieces) in [(0, vec![1, n / 2, n]), (1, vec![1, 2, 4, n]), (n / 2, vec![n / 2 + 1, n]), (n - 1, vec![n])] {
        for way in ["native", "library", "compressed"] {
            let old = rows[..first].to_vec();
            match way {
                "native" => save(&path, &old).unwrap(),
                "library" => File::create(&path).unwrap().write("value", &old).unwrap(),
                _ => WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(300).save(&path, &old).unwrap(),
            }
            let file = File::open_rw(&path).unwrap();
            let mut lazy: LazyVec<T> = file.read("value").unwrap();
            let mut start = first;
            for end in pieces.iter().copied().filter(|end| *end >= first) {
                lazy.extend(rows[start.min(end)..end].iter().cloned());
                start = start.max(end);
                lazy.flush().unwrap_or_else(|e| panic!("{way} {first}..{end}: {e}"));
                assert_eq!((lazy.len(), lazy.pending().len()), (end, 0));
                assert_eq!(lazy.get(end - 1).unwrap(), rows[end - 1], "{way} {first}..{end}");
                assert_eq!(lazy.read().unwrap(), rows[..end], "{way} {first}..{end}");
                assert_eq!(file.read::<Vec<T>>("value").unwrap(), rows[..end]);
            }
            drop((lazy, file));
            assert_eq!(load::<Vec<T>>(&path).unwrap(), *rows, "{way} {first}");
            assert_eq!(load::<LazyVec<T>>(&path).unwrap().range(n / 3..).unwrap(), rows[n / 3..]);
            let Some(python) = python() else { continue };
            assert_eq!(python.read(&path), python.read(&whole), "{way} {first}");
        }
    }
}

#[test]
fn rows_of_every_form() {
    check(&(0..53).map(row).collect());
}

#[test]
fn sequences_of_every_kind() {
    check(&(0..20_000).map(|i| i as f64).collect());
    check(&(0..200u8).collect());
    check(&(0..100).map(|i| "ö".repeat(i % 9)).collect());
    check(&(0..100).map(|i| "x".repeat(i * i)).collect());
    check(&(0..100).map(|i| (i % 7 > 2).then_some(i)).collect::<Vec<Option<u64>>>());
    check(&(0..100).map(|i| (i % 7 > 2).then(|| inner(i))).collect::<Vec<_>>());
    check(&(0..30).map(|i| vec![(i, format!("{i}")); i % 4]).collect::<Vec<_>>());
    check(&(0..30).map(|i| Array2::from_elem((i % 3, 2), i as f32)).collect::<Vec<_>>());
    check(&(0..100).map(|i| row(i).shape).collect());
    check(&(0..100).map(|i| row(i).color).collect());
    check(&(0..100).map(|i| [format!("a\0{i}"), "b".into()]).collect::<Vec<_>>());
    check(&(0..100).map(|i| row(i).map).collect::<Vec<_>>());
    check(&vec![(); 70]);
    check(&(0..100).map(|i| [i, i + 1, i + 2]).collect::<Vec<[u16; 3]>>());
    check(&(0..70).map(|i| if i % 3 == 0 { Ok(i) } else { Err(format!("e{i}")) }).collect::<Vec<Result<u8, String>>>());
}
