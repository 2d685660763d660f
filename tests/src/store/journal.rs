//! A store that remembers what was done to it, so that power can be lost afterwards.

use filebacked::store::{Memory, ReadAt, Store};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was done to a store.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Write(u64, Vec<u8>),
    SetSize(u64),
    Sync,
}

/// A store in memory with all its changes.
#[derive(Debug, Default)]
pub struct Journal {
    now: Memory,
    changes: Mutex<Vec<Change>>,
}

impl Journal {
    pub fn new() -> Self {
        Journal::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many changes there were.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The changes.
    pub fn changes(&self) -> Vec<Change> {
        self.lock().clone()
    }

    /// What a disk has when power is lost after so many changes: all up to the last `sync` before
    /// that, and of the later ones those of these places, counted from that `sync`, in this order.
    pub fn after_power_loss(
        &self,
        changes: usize,
        survivors: impl IntoIterator<Item = usize>,
    ) -> Vec<u8> {
        let all = self.lock();
        let before = &all[..changes];
        let synced =
            before.iter().rposition(|change| *change == Change::Sync).map_or(0, |place| place + 1);
        let disk = Memory::new();
        before[..synced].iter().for_each(|change| apply(&disk, change));
        let later = &before[synced..];
        survivors
            .into_iter()
            .filter_map(|place| later.get(place))
            .for_each(|change| apply(&disk, change));
        disk.into_vec()
    }

    /// How many of so many changes the last `sync` before does not cover.
    pub fn unsynced(&self, changes: usize) -> usize {
        self.lock()[..changes].iter().rev().take_while(|change| **change != Change::Sync).count()
    }
}

fn apply(disk: &Memory, change: &Change) {
    let done = match change {
        Change::Write(offset, data) => {
            disk.write_at(*offset, data).map(|written| assert_eq!(written, data.len()))
        }
        Change::SetSize(size) => disk.set_size(*size),
        Change::Sync => Ok(()),
    };
    done.expect("memory does not fail");
}

impl ReadAt for Journal {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.now.read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        self.now.size()
    }
}

impl Store for Journal {
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        self.lock().push(Change::Write(offset, data.to_vec()));
        self.now.write_at(offset, data)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.lock().push(Change::SetSize(size));
        self.now.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.lock().push(Change::Sync);
        self.now.sync()
    }
}
