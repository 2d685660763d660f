//! The threads that code chunks, for whoever has to wait while some of their work is undone.

/// Whether the calling thread is one of the pool's: it must not just block, since those it waits
/// for may wait for its work.
pub fn is_worker() -> bool {
    #[cfg(feature = "compress")]
    return rayon::current_thread_index().is_some();
    #[cfg(not(feature = "compress"))]
    false
}

/// Lets a thread of the pool do a piece of the pool's work, or pause where there is none.
pub fn work_or_pause() {
    #[cfg(feature = "compress")]
    if rayon::yield_now() == Some(rayon::Yield::Executed) {
        return;
    }
    std::thread::sleep(std::time::Duration::from_micros(50));
}
