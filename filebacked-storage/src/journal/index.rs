//! [`Index`]: which pages of the data file the log has, and where.

use std::collections::BTreeMap;

/// The slot of a page that is all zeros, and is not in the log.
pub(super) const ZEROS: u64 = u64::MAX;

/// Neighbouring pages of the data file in neighbouring slots of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The first page.
    pub(super) first: u64,
    /// The number of pages.
    pub(super) pages: u64,
    /// The slot of the first page, or [`ZEROS`] for all of them.
    pub(super) slot: u64,
}

impl Run {
    /// The page behind the last.
    pub(super) fn end(&self) -> u64 {
        self.first + self.pages
    }

    /// The part between two pages, without the second.
    pub(super) fn clip(&self, from: u64, to: u64) -> Option<Run> {
        let (first, end) = (self.first.max(from), self.end().min(to));
        (first < end).then(|| Run { first, pages: end - first, slot: self.slot_of(first) })
    }

    fn slot_of(&self, page: u64) -> u64 {
        if self.slot == ZEROS { ZEROS } else { self.slot + (page - self.first) }
    }

    fn continues_in(&self, next: &Run) -> bool {
        let both_zeros = self.slot == ZEROS && next.slot == ZEROS;
        let neighbours = self.slot != ZEROS && self.slot + self.pages == next.slot;
        self.end() == next.first && (both_zeros || neighbours)
    }
}

/// Runs by their first page. They do not overlap.
#[derive(Debug, Default)]
pub(super) struct Index(BTreeMap<u64, Run>);

impl Index {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The slot of a page.
    pub(super) fn get(&self, page: u64) -> Option<u64> {
        self.within(page, page + 1).next().map(|run| run.slot)
    }

    /// The runs between two pages, without the second, cut there.
    pub(super) fn within(&self, from: u64, to: u64) -> impl Iterator<Item = Run> + '_ {
        let before = self.0.range(..=from).next_back().map_or(from, |(first, _)| *first);
        self.0.range(before..to.max(before)).filter_map(move |(_, run)| run.clip(from, to))
    }

    /// All runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        self.0.values().copied()
    }

    /// The number of runs.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a run, in place of what its pages had.
    pub(super) fn insert(&mut self, mut run: Run) {
        self.remove(run.first, run.end());
        let before = self.0.range(..run.first).next_back().map(|(_, before)| *before);
        if let Some(before) = before.filter(|before| before.continues_in(&run)) {
            self.0.remove(&before.first);
            run = Run { pages: before.pages + run.pages, ..before };
        }
        let after = self.0.get(&run.end()).copied();
        if let Some(after) = after.filter(|after| run.continues_in(after)) {
            self.0.remove(&after.first);
            run.pages += after.pages;
        }
        self.0.insert(run.first, run);
    }

    /// Removes the pages between two, without the second.
    pub(super) fn remove(&mut self, from: u64, to: u64) {
        let parts: Vec<Run> = self.within(from, to).collect();
        for part in parts {
            let Some((first, run)) = self.0.range(..=part.first).next_back() else { continue };
            let (first, run) = (*first, *run);
            self.0.remove(&first);
            for rest in [run.clip(0, from), run.clip(to, u64::MAX)].into_iter().flatten() {
                self.0.insert(rest.first, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, pages: u64, slot: u64) -> Run {
        Run { first, pages, slot }
    }

    #[test]
    fn neighbours_become_one_run() {
        let mut index = Index::default();
        index.insert(run(4, 2, 10));
        index.insert(run(8, 1, 14));
        index.insert(run(6, 2, 12));
        assert_eq!(index.runs().collect::<Vec<_>>(), [run(4, 5, 10)]);
        index.insert(run(9, 1, 40));
        index.insert(run(10, 3, ZEROS));
        index.insert(run(13, 1, ZEROS));
        let all = [run(4, 5, 10), run(9, 1, 40), run(10, 4, ZEROS)];
        assert_eq!(index.runs().collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_run_replaces_parts_of_others() {
        let mut index = Index::default();
        index.insert(run(0, 10, 100));
        index.insert(run(4, 2, 7));
        let all = [run(0, 4, 100), run(4, 2, 7), run(6, 4, 106)];
        assert_eq!(index.runs().collect::<Vec<_>>(), all);
        assert_eq!(
            [3, 4, 5, 6, 10].map(|page| index.get(page)),
            [Some(103), Some(7), Some(8), Some(106), None]
        );
        assert_eq!(index.within(2, 5).collect::<Vec<_>>(), [run(2, 2, 102), run(4, 1, 7)]);
        index.remove(1, 9);
        assert_eq!(index.runs().collect::<Vec<_>>(), [run(0, 1, 100), run(9, 1, 109)]);
    }

    #[test]
    fn an_index_is_what_an_array_of_pages_is() {
        // A linear congruential generator: any sequence does.
        let mut seed = 7u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let (mut index, mut pages) = (Index::default(), [None; 64]);
        for _ in 0..5000 {
            let (first, count) = (next(64), 1 + next(8));
            let end = (first + count).min(64);
            let slot = if next(4) == 0 { ZEROS } else { next(1000) };
            match next(3) {
                0 => {
                    index.remove(first, end);
                    pages[first as usize..end as usize].fill(None);
                }
                _ => {
                    index.insert(run(first, end - first, slot));
                    for page in first..end {
                        let place = if slot == ZEROS { ZEROS } else { slot + page - first };
                        pages[page as usize] = Some(place);
                    }
                }
            }
            for (page, slot) in pages.iter().enumerate() {
                assert_eq!(index.get(page as u64), *slot);
            }
        }
    }
}
