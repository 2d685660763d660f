//! Large and deep values: how many objects they make, and that nothing overflows.

use filebacked::engine::Engine;
use filebacked::inspect::{TreeNode, TreeOptions};
use filebacked::{ErrorKind, FileBacked, ReadOptions, Save, WriteOptions};
use std::collections::BTreeMap;

/// How many objects a file has, the root included.
fn objects(value: &impl Save) -> usize {
    fn count(node: &TreeNode) -> usize {
        1 + node.members().iter().map(count).sum::<usize>()
    }
    let bytes = filebacked::to_bytes(value).unwrap();
    let options = TreeOptions::new().depth(1000).members(100_000).objects(1_000_000).values(false);
    count(&options.tree_of_bytes(&bytes).unwrap().root)
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Position {
    x: f64,
    y: f64,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    Plain,
    Named(String),
    Placed { at: Position, tags: Vec<u16> },
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Record {
    id: u64,
    at: Position,
    weight: Option<f64>,
    parent: Option<Option<u32>>,
    kind: Kind,
    ragged: Vec<Vec<f32>>,
    pair: (bool, String),
    boxed: Box<Position>,
    names: BTreeMap<String, u8>,
    corners: [Position; 2],
}

fn record(i: usize) -> Record {
    let at = |x| Position { x, y: i as f64 };
    Record {
        id: i as u64,
        at: at(0.5),
        weight: i.is_multiple_of(3).then_some(1.5),
        parent: [None, Some(None), Some(Some(7))][i % 3],
        kind: match i % 3 {
            0 => Kind::Plain,
            1 => Kind::Named(format!("n{i}")),
            _ => Kind::Placed { at: at(2.5), tags: vec![i as u16; i % 4] },
        },
        ragged: vec![vec![1.0; i % 3]; i % 4],
        pair: (i.is_multiple_of(2), "p".repeat(i % 5)),
        boxed: Box::new(at(3.5)),
        names: (0..i % 3).map(|n| (n.to_string(), n as u8)).collect(),
        corners: [at(4.5), at(5.5)],
    }
}

#[test]
fn nested_records_make_as_many_objects_whatever_their_number() {
    let records = |n: usize| (0..n).map(record).collect::<Vec<_>>();
    let few = objects(&records(3));
    assert_eq!(objects(&records(0)), few, "a table without rows shows its columns");
    assert_eq!(objects(&records(1)), few);
    assert_eq!(objects(&records(5000)), few);
    for engine in [Engine::Native, Engine::Libhdf5] {
        let bytes = WriteOptions::new().engine(engine).to_bytes(&records(500)).unwrap();
        assert_eq!(
            ReadOptions::new().engine(engine).from_bytes::<Vec<Record>>(&bytes).unwrap(),
            records(500)
        );
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone, Default)]
struct Tree {
    value: u32,
    kids: Vec<Tree>,
}

impl Tree {
    fn depth(&self) -> usize {
        1 + self.kids.iter().map(Tree::depth).max().unwrap_or(0)
    }

    fn len(&self) -> usize {
        1 + self.kids.iter().map(Tree::len).sum::<usize>()
    }

    /// A tree of so many levels, whose nodes have `width` children in the upper levels and one
    /// below.
    fn grown(levels: usize, wide: usize, width: usize) -> Tree {
        let kids = if levels <= 1 {
            0
        } else if wide > 0 {
            width
        } else {
            1
        };
        let kid = |_| Tree::grown(levels - 1, wide.saturating_sub(1), width);
        Tree { value: levels as u32, kids: (0..kids).map(kid).collect() }
    }
}

#[test]
fn a_tree_makes_objects_by_its_depth() {
    let (small, large) = (Tree::grown(20, 2, 3), Tree::grown(20, 7, 4));
    assert_eq!((small.depth(), large.depth()), (20, 20));
    assert!(large.len() > 200_000 && small.len() < 300, "{} and {}", large.len(), small.len());
    assert_eq!(objects(&large), objects(&small));
    assert_eq!(
        filebacked::from_bytes::<Tree>(&filebacked::to_bytes(&large).unwrap()).unwrap(),
        large
    );
}

#[test]
fn a_tree_of_64_levels_goes_through() {
    let tree = Tree::grown(64, 3, 4);
    assert_eq!(
        filebacked::from_bytes::<Tree>(&filebacked::to_bytes(&tree).unwrap()).unwrap(),
        tree
    );
}

#[test]
fn a_chain_deeper_than_the_limit_is_an_error() {
    let mut chain = Tree::default();
    for _ in 0..3000 {
        chain = Tree { value: 0, kids: vec![chain] };
    }
    for engine in [Engine::Native, Engine::Libhdf5] {
        let error = WriteOptions::new().engine(engine).to_bytes(&chain).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 128 });
    }
    // Taken apart from the top: dropping it whole would recurse as deep as it is.
    while let Some(kid) = chain.kids.pop() {
        chain = kid;
    }
}

#[test]
fn a_tree_of_a_million_nodes() {
    let tree = Tree::grown(64, 4, 12);
    assert!(tree.len() > 1_000_000);
    assert_eq!(objects(&tree), objects(&Tree::grown(64, 1, 1)));
    assert_eq!(
        filebacked::from_bytes::<Tree>(&filebacked::to_bytes(&tree).unwrap()).unwrap(),
        tree
    );
}
