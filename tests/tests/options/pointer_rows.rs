//! `Weak` in rows of every kind.

use filebacked::{FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::ENGINES;
use std::collections::BTreeMap;
use std::rc::{self, Rc};

#[derive(FileBacked, Debug)]
enum Sight {
    Near { what: rc::Weak<f64>, distance: u8 },
    Nothing,
    Pair(rc::Weak<f64>, rc::Weak<f64>),
}

type Entry = (Option<rc::Weak<f64>>, Vec<rc::Weak<f64>>);

/// Everywhere where many values are.
#[derive(FileBacked, Debug)]
struct Everywhere {
    columns: Vec<(u8, rc::Weak<f64>)>,
    options: Vec<Option<rc::Weak<f64>>>,
    arrays: Vec<[rc::Weak<f64>; 2]>,
    array: [rc::Weak<f64>; 2],
    ragged: Vec<Vec<rc::Weak<f64>>>,
    maps: Vec<BTreeMap<u8, rc::Weak<f64>>>,
    variants: Vec<Sight>,
    single: Sight,
    #[filebacked(layout = "rows")]
    list: Vec<rc::Weak<f64>>,
    nested: BTreeMap<u8, Entry>,
    none: Vec<rc::Weak<f64>>,
    #[filebacked(layout = "rows")]
    owners: Vec<Rc<f64>>,
}

#[test]
fn rows_of_every_kind_have_pointers() {
    let owners: Vec<Rc<f64>> = (0..3).map(|i| Rc::new(f64::from(i))).collect();
    let weak = |i: usize| Rc::downgrade(&owners[i]);
    let value = Everywhere {
        columns: vec![(1, weak(2)), (2, rc::Weak::new()), (3, weak(0))],
        options: vec![None, Some(weak(1)), Some(rc::Weak::new())],
        arrays: vec![[weak(0), weak(1)], [weak(2), weak(2)]],
        array: [weak(1), rc::Weak::new()],
        ragged: vec![vec![], vec![weak(0), weak(2)], vec![weak(1)]],
        maps: vec![
            BTreeMap::from([(7, weak(2))]),
            BTreeMap::new(),
            BTreeMap::from([(1, weak(0)), (2, weak(1))]),
        ],
        variants: vec![
            Sight::Pair(weak(0), weak(2)),
            Sight::Nothing,
            Sight::Near { what: weak(1), distance: 4 },
        ],
        single: Sight::Near { what: weak(2), distance: 5 },
        list: vec![weak(2), rc::Weak::new(), weak(0)],
        nested: BTreeMap::from([(1, (Some(weak(0)), vec![weak(1)])), (2, (None, vec![]))]),
        none: vec![],
        owners: owners.clone(),
    };
    for writer in ENGINES {
        let bytes = WriteOptions::new().engine(writer).to_bytes(&value).unwrap();
        for reader in ENGINES {
            check(&ReadOptions::new().engine(reader).from_bytes(&bytes).unwrap(), &owners);
        }
    }
}

fn check(loaded: &Everywhere, owners: &[Rc<f64>]) {
    let is = |weak: &rc::Weak<f64>, i: usize| {
        assert!(Rc::ptr_eq(&weak.upgrade().unwrap(), &loaded.owners[i]), "{i}")
    };
    let gone = |weak: &rc::Weak<f64>| assert!(weak.upgrade().is_none());
    assert_eq!(loaded.owners, owners);
    is(&loaded.columns[0].1, 2);
    gone(&loaded.columns[1].1);
    is(&loaded.columns[2].1, 0);
    assert!(loaded.options[0].is_none());
    is(loaded.options[1].as_ref().unwrap(), 1);
    gone(loaded.options[2].as_ref().unwrap());
    loaded.arrays.iter().flatten().zip([0, 1, 2, 2]).for_each(|(weak, i)| is(weak, i));
    is(&loaded.array[0], 1);
    gone(&loaded.array[1]);
    assert_eq!(loaded.ragged.iter().map(Vec::len).collect::<Vec<_>>(), [0, 2, 1]);
    loaded.ragged.iter().flatten().zip([0, 2, 1]).for_each(|(weak, i)| is(weak, i));
    loaded.maps.iter().flatten().zip([(7, 2), (1, 0), (2, 1)]).for_each(
        |((key, weak), (wanted, i))| {
            assert_eq!(*key, wanted);
            is(weak, i);
        },
    );
    let [Sight::Pair(a, b), Sight::Nothing, Sight::Near { what, distance: 4 }] =
        &loaded.variants[..]
    else {
        panic!("{:?}", loaded.variants)
    };
    [a, b, what].into_iter().zip([0, 2, 1]).for_each(|(weak, i)| is(weak, i));
    let Sight::Near { what, distance: 5 } = &loaded.single else { panic!("{:?}", loaded.single) };
    is(what, 2);
    is(&loaded.list[0], 2);
    gone(&loaded.list[1]);
    is(&loaded.list[2], 0);
    is(loaded.nested[&1].0.as_ref().unwrap(), 0);
    is(&loaded.nested[&1].1[0], 1);
    assert!(loaded.nested[&2].0.is_none() && loaded.none.is_empty());
}
