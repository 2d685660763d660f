//! Huge pages under large buffers that are about to be filled.
//!
//! The first touch of fresh memory costs several times the read itself when it happens in pages of
//! 4 KiB. Huge pages cure that as long as the kernel has some at hand. Two things turn the cure
//! into stalls of a second and more: fragmented memory, which the kernel compacts or reclaims
//! first, and a virtual machine that reports its free pages to the host, which takes them away and
//! has to find new ones at the first touch. In both cases they are not asked for.

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

    /// Free blocks are counted by powers of two of small pages; this one is a huge page.
    const ORDER: usize = 9;

    /// Asks for huge pages under the whole capacity of a buffer, if there are enough.
    pub(crate) fn advise<T>(buffer: &mut Vec<T>) {
        let bytes = buffer.capacity() * size_of::<T>();
        if bytes < LARGE {
            return;
        }
        let start = buffer.as_mut_ptr() as usize;
        let (first, end) = (start.next_multiple_of(PAGE), (start + bytes) / PAGE * PAGE);
        // Others want some too: twice what is needed must be there.
        if first < end && !reported() && free().is_some_and(|free| free / 2 > end - first) {
            // SAFETY: the range lies inside of the buffer's own allocation, and the advice changes
            // no contents. Whether it is taken does not matter.
            unsafe { libc::madvise(first as *mut libc::c_void, end - first, libc::MADV_HUGEPAGE) };
        }
    }

    /// Whether free pages are reported to a host: the order from which on they are is set when that
    /// begins.
    fn reported() -> bool {
        let order =
            std::fs::read_to_string("/sys/module/page_reporting/parameters/page_reporting_order");
        order.is_ok_and(|order| order.trim().parse().is_ok_and(|order: u64| order < 64))
    }

    /// How many bytes of free memory lie in blocks of at least a huge page.
    fn free() -> Option<usize> {
        let text = std::fs::read_to_string("/proc/buddyinfo").ok()?;
        let zone = |line: &str| -> usize {
            // `Node 0, zone   Normal    3    1 ...`: the number of free blocks of each order.
            let counts = line.split_whitespace().skip(4).map(|count| count.parse().unwrap_or(0));
            counts.enumerate().skip(ORDER).fold(0, |sum, (order, count): (usize, usize)| {
                sum.saturating_add(count.saturating_mul(4096 << order))
            })
        };
        Some(text.lines().map(zone).sum())
    }
}
