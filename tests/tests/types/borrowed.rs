//! Values that are saved without being owned: they give the files of those that are.

use filebacked::with::{Pairs, Sequence};
use filebacked::{ErrorKind, FileBacked, Save, WriteOptions, from_bytes, to_bytes};
use filebacked_tests::ENGINES;
use ndarray::{Array2, ArrayView2, array, s};
use sprs::{CsMat, CsMatView, CsVec, CsVecView, TriMat, TriMatView};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

#[track_caller]
fn same<A: Save, B: Save>(borrowed: &A, owned: &B) {
    for engine in ENGINES {
        let bytes = |value: &dyn Fn(&WriteOptions) -> filebacked::Result<Vec<u8>>| {
            value(&WriteOptions::new().engine(engine)).unwrap()
        };
        assert_eq!(
            bytes(&|options| options.to_bytes(borrowed)),
            bytes(&|options| options.to_bytes(owned)),
            "{engine:?}"
        );
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Particle {
    id: u32,
    name: String,
    place: [f64; 3],
}

fn particles(n: u32) -> Vec<Particle> {
    (0..n)
        .map(|id| Particle { id, name: format!("p{id}"), place: [f64::from(id), 0.5, -1.0] })
        .collect()
}

/// A row that owns nothing for sure.
type Line = (Cow<'static, str>, Cow<'static, Particle>, Option<Cow<'static, u8>>);

#[test]
fn references_and_slices() {
    let (mut number, mut text, mut many) = (7u16, "a".to_string(), vec![1u8, 2]);
    same(&&&number, &number);
    same(&text.as_str(), &text);
    same(&many.as_slice(), &many);
    let (owned, owned_text, owned_many) = (number, text.clone(), many.clone());
    same(&&mut number, &owned);
    same(&&mut text, &owned_text);
    same(&many.as_mut_slice(), &owned_many);
    same(&vec![&mut number], &vec![owned]);
    same(&particles(3)[1..].iter().collect::<Vec<&Particle>>(), &particles(3)[1..].to_vec());
    same(&&particles(5)[2..4], &particles(5)[2..4].to_vec());
    same(
        &vec![&particles(5)[..2], &[], &particles(5)[4..]],
        &vec![particles(2), vec![], particles(5)[4..].to_vec()],
    );
    same(&Some(&particles(1)[0]), &Some(particles(1).remove(0)));
    same(&vec![Some(&1.5f64), None], &vec![Some(1.5f64), None]);
    same(
        &HashMap::from([("a", &particles(2)[..])]),
        &HashMap::from([("a".to_string(), particles(2))]),
    );
    let arrays = [array![[1.0, 2.0]], array![[3.0], [4.0]]];
    same(&arrays.iter().collect::<Vec<_>>(), &arrays.to_vec());
}

#[test]
fn clone_on_write() {
    let name = String::from("a name");
    same(&Cow::Borrowed(name.as_str()), &name);
    same(
        &vec![Cow::Borrowed(name.as_str()), Cow::Owned("b".to_string())],
        &vec![name.clone(), "b".to_string()],
    );
    same(&[Cow::Borrowed(name.as_str())], &[name.as_str().to_string()]);
    same(
        &HashMap::from([(Cow::Borrowed(name.as_str()), [1u8])]),
        &HashMap::from([(name.clone(), [1u8])]),
    );
    let all = particles(4);
    same(&Cow::Borrowed(&all[1..3]), &all[1..3].to_vec());
    same(&vec![Cow::Borrowed(&all[..1]), Cow::Owned(vec![])], &vec![all[..1].to_vec(), vec![]]);
    same(&Cow::Borrowed(&all[0]), &all[0]);
    same(&vec![Cow::Borrowed(&all[0]), Cow::Owned(all[1].clone())], &all[..2].to_vec());
    same(&vec![Cow::Borrowed(&[1u8, 2]), Cow::Owned([3, 4])], &vec![[1u8, 2], [3, 4]]);

    #[derive(FileBacked, Debug, PartialEq)]
    struct Read {
        text: Cow<'static, str>,
        many: Cow<'static, [f64]>,
        one: Cow<'static, Particle>,
        table: Vec<Line>,
    }
    let one = Cow::Owned(all[2].clone());
    let row = ("x".into(), Cow::Owned(all[1].clone()), Some(Cow::Owned(1)));
    let read = Read { text: "t".into(), many: vec![0.5].into(), one, table: vec![row] };
    assert_eq!(from_bytes::<Read>(&to_bytes(&read).unwrap()).unwrap(), read);
}

#[test]
fn views_of_arrays_and_of_sparse_matrices() {
    let array = Array2::from_shape_fn((4, 6), |(i, j)| (i * 10 + j) as f32);
    same(&array.view(), &array);
    same(&array.slice(s![..;2, 1..;-1]), &array.slice(s![..;2, 1..;-1]).to_owned());
    same(&array.t(), &array.t().to_owned());
    let mut triplets = TriMat::new((3, 4));
    triplets.add_triplet(0, 1, 0.5);
    triplets.add_triplet(2, 3, 1.5);
    let (rows, columns): (CsMat<f64>, CsMat<f64>) = (triplets.to_csr(), triplets.to_csc());
    same(&rows.view(), &rows);
    same(&columns.view(), &columns);
    same(&rows.transpose_view(), &rows.transpose_view().to_owned());
    same(&rows.slice_outer(1..3), &rows.slice_outer(1..3).to_owned());
    same(&triplets.view(), &triplets);
    let vector = CsVec::new(9, vec![2, 7], vec![1.5, 2.5]);
    same(&vector.view(), &vector);
}

#[test]
fn structs_of_what_others_own() {
    #[derive(Save)]
    struct Step<'a> {
        name: &'a str,
        label: Cow<'a, str>,
        particles: &'a [Particle],
        some: Vec<&'a Particle>,
        grid: ArrayView2<'a, f64>,
        part: CsMatView<'a, f64>,
        row: CsVecView<'a, f64>,
        entries: TriMatView<'a, f64>,
        rates: HashMap<&'a str, f64>,
        best: Option<&'a Particle>,
        changed: &'a mut u64,
        inner: Vec<Inner<'a>>,
    }
    #[derive(Save)]
    struct Inner<'a> {
        name: &'a str,
        values: &'a [f64],
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Step")]
    struct Owned {
        name: String,
        label: String,
        particles: Vec<Particle>,
        some: Vec<Particle>,
        grid: Array2<f64>,
        part: CsMat<f64>,
        row: CsVec<f64>,
        entries: TriMat<f64>,
        rates: HashMap<String, f64>,
        best: Option<Particle>,
        changed: u64,
        inner: Vec<OwnedInner>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Inner")]
    struct OwnedInner {
        name: String,
        values: Vec<f64>,
    }
    let mut triplets = TriMat::new((2, 2));
    triplets.add_triplet(1, 0, 2.5);
    let owned = Owned {
        name: "n".into(),
        label: "l".into(),
        particles: particles(4),
        some: particles(2),
        grid: array![[1.0, 2.0], [3.0, 4.0]],
        part: triplets.to_csr(),
        row: CsVec::new(4, vec![1], vec![0.5]),
        entries: triplets,
        rates: HashMap::from([("a".into(), 0.5), ("b".into(), 1.5)]),
        best: Some(particles(3).remove(2)),
        changed: 9,
        inner: vec![
            OwnedInner { name: "i".into(), values: vec![1.0] },
            OwnedInner { name: "j".into(), values: vec![] },
        ],
    };
    let mut changed = owned.changed;
    let step = Step {
        name: &owned.name,
        label: Cow::Borrowed(&owned.label),
        particles: &owned.particles,
        some: owned.some.iter().collect(),
        grid: owned.grid.view(),
        part: owned.part.view(),
        row: owned.row.view(),
        entries: owned.entries.view(),
        rates: owned.rates.iter().map(|(key, rate)| (key.as_str(), *rate)).collect(),
        best: owned.best.as_ref(),
        changed: &mut changed,
        inner: owned
            .inner
            .iter()
            .map(|inner| Inner { name: &inner.name, values: &inner.values })
            .collect(),
    };
    same(&step, &owned);
}

#[test]
fn iterators_are_what_their_values_are() {
    // Blocks end somewhere in the middle.
    for n in [0u32, 1, 8192, 8193, 100_000] {
        let numbers: Vec<f64> = (0..n).map(|i| f64::from(i) * 0.5).collect();
        same(&Sequence::new((0..n).map(|i| f64::from(i) * 0.5)), &numbers);
        same(&Sequence::new(&numbers), &numbers);
        same(
            &Sequence::new((0..n).map(|i| [i, i + 1])),
            &(0..n).map(|i| [i, i + 1]).collect::<Vec<_>>(),
        );
        same(
            &Sequence::new((0..n).map(|i| i % 3 == 0)),
            &(0..n).map(|i| i % 3 == 0).collect::<Vec<_>>(),
        );
    }
    same(&Sequence::new(["a", "bc"]), &vec!["a".to_string(), "bc".to_string()]);
    same(
        &Sequence::new(particles(9).iter().rev()),
        &particles(9).into_iter().rev().collect::<Vec<_>>(),
    );
    same(
        &Sequence::new((0..3usize).map(|i| vec![0.5; i])),
        &(0..3usize).map(|i| vec![0.5; i]).collect::<Vec<_>>(),
    );
    same(
        &Sequence::new((0..3usize).map(|i| Array2::<u8>::ones((i, 2)))),
        &(0..3usize).map(|i| Array2::<u8>::ones((i, 2))).collect::<Vec<_>>(),
    );
    same(&Sequence::new([Some(1u8), None]), &vec![Some(1u8), None]);
    same(&Sequence::new([[0u8; 0]; 3]), &vec![[0u8; 0]; 3]);
    same(&vec![Sequence::new(0..3u8), Sequence::new(0..0)], &vec![vec![0u8, 1, 2], vec![]]);

    #[derive(Save)]
    struct Frame<
        I: ExactSizeIterator<Item = f64> + Clone,
        J: ExactSizeIterator<Item = Particle> + Clone,
    > {
        #[filebacked(compression = filebacked::Compression::Gzip(1))]
        energies: Sequence<I>,
        #[filebacked(layout = "compound")]
        particles: Sequence<J>,
    }
    #[derive(Save)]
    #[filebacked(name = "Frame")]
    struct Owned {
        #[filebacked(compression = filebacked::Compression::Gzip(1))]
        energies: Vec<f64>,
        #[filebacked(layout = "compound")]
        particles: Vec<Particle>,
    }
    #[derive(FileBacked, Clone, Debug)]
    struct Particle {
        id: u32,
    }
    let energies = (0..50_000).map(f64::from);
    let particles = (0..5).map(|id| Particle { id });
    let owned =
        Owned { energies: energies.clone().collect(), particles: particles.clone().collect() };
    let frame = Frame { energies: Sequence::new(energies), particles: Sequence::new(particles) };
    let (one, two) = (to_bytes(&frame).unwrap(), to_bytes(&owned).unwrap());
    assert_eq!(one, two);
}

/// Counts how many of its values live at a time.
struct Live(Rc<(Cell<usize>, Cell<usize>)>);

impl Live {
    fn new(count: &Rc<(Cell<usize>, Cell<usize>)>) -> Self {
        count.0.set(count.0.get() + 1);
        count.1.set(count.1.get().max(count.0.get()));
        Live(count.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}

impl Save for Live {
    fn write(&self, slot: filebacked::Slot<'_>) -> filebacked::Result<filebacked::Written> {
        slot.put(&vec![0.5; 3])
    }
}

#[test]
fn entries_are_what_their_map_is() {
    let values = |i: u32| vec![f64::from(i); i as usize];
    let owned: BTreeMap<u32, Vec<f64>> = (0..20).map(|i| (i, values(i))).collect();
    same(&Pairs::new((0..20).map(|i| (i, values(i)))), &owned);
    same(&Pairs::new(&owned), &owned);
    let flat: BTreeMap<String, f64> = [("a/b".to_string(), 0.5), ("c".to_string(), 1.5)].into();
    same(&Pairs::new(flat.iter().map(|(key, value)| (key.as_str(), *value))), &flat);
    let order: Vec<(String, [u8; 1])> = ["z", "a", "m"].map(|key| (key.to_string(), [1])).to_vec();
    let map: indexmap::IndexMap<String, [u8; 1]> =
        from_bytes(&to_bytes(&Pairs::new(order.clone())).unwrap()).unwrap();
    assert_eq!(map.into_iter().collect::<Vec<_>>(), order);

    let count = Rc::default();
    to_bytes(&Pairs::new((0..100).map(|i: u32| (i, Live::new(&count))))).unwrap();
    assert_eq!((count.0.get(), count.1.get()), (0, 1), "one value at a time");

    for twice in [
        to_bytes(&Pairs::new([("a", 1u8), ("a", 2)])),
        to_bytes(&Pairs::new([("a", vec![1u8]), ("a", vec![])])),
    ] {
        let error = twice.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Contract(_) | ErrorKind::Exists), "{error}");
    }
}

/// Says that it has so many values, and has others.
#[derive(Clone)]
struct Liar {
    said: usize,
    given: usize,
}

impl Iterator for Liar {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.given = self.given.checked_sub(1)?;
        Some(self.given as u64)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.said, Some(self.said))
    }
}

impl ExactSizeIterator for Liar {}

#[test]
fn an_iterator_that_lies_is_an_error() {
    for engine in ENGINES {
        for (said, given) in [
            (10, 5),
            (5, 10),
            (100_000, 10),
            (10, 100_000),
            (9000, 8192),
            (8192, 9000),
            (3, 0),
            (0, 3),
        ] {
            let error = WriteOptions::new()
                .engine(engine)
                .to_bytes(&Sequence::new(Liar { said, given }))
                .unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Contract(_)), "{said} {given}: {error}");
            let texts = Sequence::new(Liar { said, given }.map(|i| i.to_string()));
            let error = WriteOptions::new().engine(engine).to_bytes(&texts).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Contract(_)), "{said} {given}: {error}");
        }
    }
}
