//! Huge pages under large buffers that are about to be filled.
//!
//! The first touch of fresh memory costs several times the read itself when it happens in pages of
//! 4 KiB. Huge pages cure that, as numpy knows, which asks for them too.

#[cfg(target_os = "linux")]
pub(super) use linux::advise;

/// Does nothing: only Linux takes advice on huge pages.
#[cfg(not(target_os = "linux"))]
pub(super) fn advise<T>(_: &mut Vec<T>) {}

#[cfg(target_os = "linux")]
mod linux {
    /// Smaller buffers come out of memory that the process has touched already.
    const LARGE: usize = 8 << 20;

    /// Bytes of a huge page on the machines that have small ones of 4 KiB.
    const PAGE: usize = 2 << 20;

    /// Asks for huge pages under the whole capacity of a buffer.
    pub(crate) fn advise<T>(buffer: &mut Vec<T>) {
        let bytes = buffer.capacity() * size_of::<T>();
        if bytes < LARGE {
            return;
        }
        let start = buffer.as_mut_ptr() as usize;
        let (first, end) = (start.next_multiple_of(PAGE), (start + bytes) / PAGE * PAGE);
        if first < end {
            // SAFETY: the range lies inside of the buffer's own allocation, and the advice changes
            // no contents. Whether it is taken does not matter.
            unsafe { libc::madvise(first as *mut libc::c_void, end - first, libc::MADV_HUGEPAGE) };
        }
    }
}
