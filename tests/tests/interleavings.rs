//! The locks of the library in every order in which threads may run, as loom makes them: its files,
//! compiled with loom's locks.

#[path = "../../filebacked-storage/src/chunks/line.rs"]
mod line;
#[path = "../../filebacked-storage/src/openings.rs"]
mod openings;

/// What stands for the module of this name in the library.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
}

use line::Line;
use loom::sync::Arc;
use loom::sync::atomic::AtomicBool;
use loom::thread::{self, JoinHandle};
use openings::Openings;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use sync::{AtomicU64, Mutex, Ordering};

/// All orders in which threads are interrupted at most so often where they need not be. Says how
/// many there were.
fn every_order(interruptions: usize, model: impl Fn() + Sync + Send + 'static) -> usize {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let orders = std::sync::Arc::new(AtomicUsize::new(0));
    let count = orders.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    });
    orders.load(Ordering::Relaxed)
}

/// Things are made on this thread and others, and handed over; the result, and what was handed
/// over.
fn run(
    lanes: usize,
    count: usize,
    ahead: usize,
    wrong: Option<usize>,
) -> (Result<(), usize>, Vec<(usize, usize)>) {
    let lanes: &'static mut [u32] = Box::leak(vec![0; lanes].into_boxed_slice());
    let line: Arc<Line<'static, u32, usize, usize>> = Arc::new(Line::new(lanes, count, ahead));
    let make = move |lane: &mut u32, thing: &mut usize, k: usize| {
        *lane += 1;
        *thing = k * 10;
        if wrong == Some(k) { Err(k) } else { Ok(()) }
    };
    let (mut seen, mut threads): (Vec<(usize, usize)>, Vec<JoinHandle<()>>) = Default::default();
    let mut own = 0;
    let result = line.run(
        &mut own,
        &make,
        &mut |k, thing: &usize| {
            seen.push((k, *thing));
            Ok(())
        },
        |lane| {
            let line = line.clone();
            threads.push(thread::spawn(move || line.work(lane, &make)));
        },
    );
    // None of them waits for anything any more.
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    (result, seen)
}

#[test]
fn things_made_on_several_threads_come_in_order_and_nobody_waits_for_ever() {
    for (lanes, count, ahead) in [(1, 2, 1), (1, 2, 2), (1, 3, 2), (2, 2, 2)] {
        let orders = every_order(2, move || {
            let (result, seen) = run(lanes, count, ahead, None);
            assert_eq!((result, seen), (Ok(()), (0..count).map(|k| (k, k * 10)).collect()));
        });
        assert!(orders > 10, "{orders}");
        println!("{lanes} lanes, {count} things, {ahead} ahead: {orders} orders");
    }
}

#[test]
fn the_first_error_ends_it_whoever_meets_it() {
    for wrong in 0..2 {
        every_order(2, move || {
            let (result, seen) = run(1, 3, 2, Some(wrong));
            assert_eq!((result, seen), (Err(wrong), (0..wrong).map(|k| (k, k * 10)).collect()));
        });
    }
}

fn openings() -> Arc<Openings<u8>> {
    Arc::new(Openings { serial: AtomicU64::new(0), files: Mutex::new(None) })
}

/// Who has looked before a file was opened is told, and who looks afterwards is not, whatever else
/// is opened at the same time.
#[test]
fn no_opening_of_a_file_is_missed() {
    let outcomes = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let found = outcomes.clone();
    every_order(3, move || {
        let openings = openings();
        let flags = || -> [Arc<AtomicBool>; 2] {
            std::array::from_fn(|_| Arc::new(AtomicBool::new(false)))
        };
        let (began, done) = (flags(), flags());
        let threads: Vec<_> = (0..2)
            .map(|file| {
                let (openings, began, done) =
                    (openings.clone(), began[file].clone(), done[file].clone());
                thread::spawn(move || {
                    began.store(true, Ordering::SeqCst);
                    openings.note(file as u8);
                    done.store(true, Ordering::SeqCst);
                })
            })
            .collect();
        let done = done.map(|done| done.load(Ordering::SeqCst));
        let then = openings.now();
        let began = began.map(|began| began.load(Ordering::SeqCst));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        for file in 0..2 {
            let told = openings.since(|| Some(file as u8), then);
            assert!(told || began[file], "file {file} was opened after it was looked at");
            assert!(!told || !done[file], "file {file} was opened before it was looked at");
            found.lock().unwrap().insert(told);
        }
        assert!(!openings.since(|| Some(2), then), "nobody has opened it");
        let now = openings.now();
        assert!(!openings.since(|| Some(0), now) && !openings.since(|| Some(1), now));
    });
    assert_eq!(outcomes.lock().unwrap().len(), 2, "both happen");
}
