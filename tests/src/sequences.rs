//! Sequences of elements that lie in files in every way.

use crate::row::{inner, row};
use filebacked::FileBacked;
use ndarray::Array2;
use std::fmt::Debug;

/// A check that holds for the elements of every type.
pub trait Check {
    fn check<T: FileBacked + Clone + Debug + PartialEq>(&self, elements: Vec<T>);
}

/// Checks a sequence of each kind, with so many numbers and so many values of an enum.
pub fn check_every_kind(check: &impl Check, numbers: usize, enums: usize) {
    check.check((0..numbers).map(|i| i as f64).collect());
    check.check((0..200u8).collect());
    check.check((0..100).map(|i| "ö".repeat(i % 9)).collect());
    check.check((0..100).map(|i| "x".repeat(i * i)).collect());
    check.check((0..100).map(|i| (i % 7 > 2).then_some(i)).collect::<Vec<Option<u64>>>());
    check.check((0..100).map(|i| (i % 7 > 2).then(|| inner(i))).collect());
    check.check((0..30).map(|i| vec![(i, format!("{i}")); i % 4]).collect());
    check.check((0..30).map(|i| Array2::from_elem((i % 3, 2), i as f32)).collect());
    check.check((0..enums).map(|i| row(i).shape).collect());
    check.check((0..100).map(|i| row(i).color).collect());
    check.check((0..100).map(|i| [format!("a\0{i}"), "b".into()]).collect());
    check.check((0..100).map(|i| row(i).map).collect());
    check.check(vec![(); 70]);
    check.check((0..100).map(|i| [i, i + 1, i + 2]).collect::<Vec<[u16; 3]>>());
    check.check(
        (0..70)
            .map(|i| if i % 3 == 0 { Ok(i) } else { Err(format!("e{i}")) })
            .collect::<Vec<Result<u8, String>>>(),
    );
}
