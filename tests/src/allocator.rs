//! Bytes that a program has allocated, counted by its allocator: the same in every run.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which counts. A program that measures has it as its global allocator.
#[derive(Debug)]
pub struct Counting;

fn more(bytes: usize) {
    PEAK.fetch_max(NOW.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let start = unsafe { System.alloc(layout) };
        if !start.is_null() {
            more(layout.size());
        }
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract.
        let moved = unsafe { System.realloc(start, layout, size) };
        if !moved.is_null() {
            // Where it has to move, both are there for a while; as a rule the kernel moves the
            // pages of large ones.
            more(size.saturating_sub(layout.size()));
            NOW.fetch_sub(layout.size().saturating_sub(size), Relaxed);
        }
        moved
    }
}

/// What a call returns, how many bytes it had allocated at once at most, and how many of them are
/// left.
pub fn measured<R>(call: impl FnOnce() -> R) -> (R, usize, usize) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = call();
    (result, PEAK.load(Relaxed).saturating_sub(before), NOW.load(Relaxed).saturating_sub(before))
}
