//! [`Trie`]: a map to which values can be added while others are borrowed.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::OnceLock;

/// The number of branches below each entry; a part of the hash chooses one.
const BRANCHES: usize = 4;

/// Values by their keys. A shared one only grows, so that references into it stay what they are
/// without a lock.
#[derive(Debug)]
pub(super) struct Trie<K, V> {
    hasher: RandomState,
    root: Place<K, V>,
}

type Place<K, V> = OnceLock<Box<TrieNode<K, V>>>;

#[derive(Debug)]
struct TrieNode<K, V> {
    key: K,
    value: V,
    below: [Place<K, V>; BRANCHES],
}

impl<K, V> Default for Trie<K, V> {
    fn default() -> Self {
        Trie { hasher: RandomState::new(), root: OnceLock::new() }
    }
}

/// The place below an entry for what has this hash, and the hash for the next level.
fn branch(hash: u64) -> (usize, u64) {
    (hash as usize % BRANCHES, hash.rotate_right(BRANCHES.ilog2()))
}

impl<K, V> Trie<K, V> {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.root.get().is_none()
    }

    /// All entries, in no order.
    fn entries(&self) -> impl Iterator<Item = &TrieNode<K, V>> {
        let mut left: Vec<&TrieNode<K, V>> =
            self.root.get().map(|entry| &**entry).into_iter().collect();
        std::iter::from_fn(move || {
            let entry = left.pop()?;
            left.extend(entry.below.iter().filter_map(|place| Some(&**place.get()?)));
            Some(entry)
        })
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.entries().count()
    }
}

impl<K: Eq + Hash, V> Trie<K, V> {
    /// The value of a key, and the key as it is kept.
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let mut hash = self.hasher.hash_one(key);
        let mut entry = self.root.get()?;
        while entry.key.borrow() != key {
            let (number, rest) = branch(hash);
            hash = rest;
            entry = entry.below.get(number)?.get()?;
        }
        Some((&entry.key, &entry.value))
    }

    /// Adds a value, unless another thread has added one.
    pub(super) fn insert(&self, key: K, value: V) {
        let mut hash = self.hasher.hash_one(&key);
        let mut place = &self.root;
        let mut new = Box::new(TrieNode { key, value, below: Default::default() });
        loop {
            match place.get() {
                Some(entry) if entry.key == new.key => return,
                Some(entry) => {
                    let (number, rest) = branch(hash);
                    hash = rest;
                    match entry.below.get(number) {
                        Some(below) => place = below,
                        None => return,
                    }
                }
                None => match place.set(new) {
                    Ok(()) => return,
                    Err(back) => new = back,
                },
            }
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Clone for Trie<K, V> {
    fn clone(&self) -> Self {
        let copy = Trie { hasher: self.hasher.clone(), root: OnceLock::new() };
        self.entries().for_each(|entry| copy.insert(entry.key.clone(), entry.value.clone()));
        copy
    }
}

impl<K, V> Drop for Trie<K, V> {
    /// Not level by level on the stack: keys whose hashes are equal make a chain.
    fn drop(&mut self) {
        let mut left: Vec<Box<TrieNode<K, V>>> = self.root.take().into_iter().collect();
        while let Some(mut entry) = left.pop() {
            left.extend(entry.below.iter_mut().filter_map(OnceLock::take));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trie;
    use std::hash::{Hash, Hasher};
    use std::sync::Arc;

    /// A key all of whose hashes are the same.
    #[derive(PartialEq, Eq, Clone)]
    struct Same(u32);

    impl Hash for Same {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u8(0);
        }
    }

    #[test]
    fn what_was_added_first_stays() {
        let trie = Trie::default();
        for i in 0..1000 {
            trie.insert(format!("{i}"), i);
            trie.insert(format!("{i}"), i + 1);
        }
        assert!(
            (0..1000).all(|i| trie.get(format!("{i}").as_str()) == Some((&format!("{i}"), &i)))
        );
        assert_eq!((trie.get("1000"), trie.len(), trie.clone().len()), (None, 1000, 1000));
    }

    #[test]
    fn equal_hashes_cost_no_stack() {
        let trie = Trie::default();
        (0..3000).for_each(|i| trie.insert(Same(i), i));
        assert_eq!(trie.get(&Same(2999)), Some((&Same(2999), &2999)));
        drop(trie.clone());
    }

    impl std::fmt::Debug for Same {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }

    #[test]
    fn threads_see_one_value() {
        let trie = Trie::default();
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (trie, start) = (&trie, &start);
                scope.spawn(move || {
                    start.wait();
                    for i in 0..500 {
                        trie.insert(i, Arc::new(thread));
                        let first = trie.get(&i).map(|(_, value)| value.clone());
                        let again = trie.get(&i).map(|(_, value)| value.clone());
                        assert!(first.zip(again).is_some_and(|(a, b)| Arc::ptr_eq(&a, &b)));
                    }
                });
            }
        });
        assert_eq!(trie.len(), 500);
    }
}
