//! What the allocator and the kernel are asked for.

use crate::Result;
use std::fs::File;
use std::os::fd::AsRawFd;

/// Has glibc keep freed memory instead of giving it back: otherwise a job's time depends on what
/// ran before it.
pub(crate) fn keep_the_heap() {
    // SAFETY: sets two numbers of the allocator, before any thread is started. 32 MiB is the
    // largest that glibc takes.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Numbers without invalid values or padding.
pub(crate) trait Plain: Copy {}
impl Plain for u8 {}
impl Plain for i32 {}
impl Plain for f64 {}

/// The bytes of numbers, as they lie in memory.
pub(crate) fn as_bytes<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: every byte of a `Plain` is initialised, and a byte has no alignment.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// Reads numbers into a new `Vec`, in huge pages where they are asked for and it is large: the
/// least that a load of an array can take, as long as the kernel has huge pages at hand.
pub(crate) fn read_new<T: Plain>(
    file: &File,
    offset: usize,
    len: usize,
    huge: bool,
) -> Result<Vec<T>> {
    let mut values: Vec<T> = Vec::with_capacity(len);
    let bytes = len * size_of::<T>();
    let start = values.as_mut_ptr().cast::<u8>();
    #[cfg(target_os = "linux")]
    if huge && bytes >= 4 << 20 {
        let page = start.align_offset(4096);
        // SAFETY: the whole pages inside the allocation; advice does not change what they hold.
        unsafe {
            libc::madvise(start.add(page).cast(), (bytes - page) & !4095, libc::MADV_HUGEPAGE)
        };
    }
    // SAFETY: the allocation has this many bytes.
    unsafe { pread(file, offset, start, bytes)? };
    // SAFETY: all of them were just written, and a `Plain` may be any bytes.
    unsafe { values.set_len(len) };
    Ok(values)
}

/// Reads into memory that is there.
pub(crate) fn read_over<T: Plain>(file: &File, values: &mut [T]) -> Result<()> {
    let bytes = size_of_val(values);
    // SAFETY: the slice has this many bytes, and a `Plain` may be any bytes.
    unsafe { pread(file, 0, values.as_mut_ptr().cast(), bytes) }
}

/// Fills memory from a file.
///
/// # Safety
///
/// So many bytes from `start` on may be written.
unsafe fn pread(file: &File, offset: usize, start: *mut u8, bytes: usize) -> Result<()> {
    let mut done = 0;
    while done < bytes {
        let at = i64::try_from(offset + done)?;
        // SAFETY: what is left of the memory that the caller vouches for.
        let got =
            unsafe { libc::pread(file.as_raw_fd(), start.add(done).cast(), bytes - done, at) };
        match usize::try_from(got) {
            Ok(0) => return Err("the file ends too early".into()),
            Ok(got) => done += got,
            Err(_) => return Err(std::io::Error::last_os_error().into()),
        }
    }
    Ok(())
}
