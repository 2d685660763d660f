//! Carries errors of stores through libhdf5, which has no place for them.
//!
//! A callback that fails leaves its error here and a mark on HDF5's error stack; whoever makes an
//! error of the stack takes what is marked. The stack is cleared by calls of the library that have
//! nothing to do with it, and refilled: without the mark, an error that was left belongs to a call
//! whose failure was of no account.

use hdf5_metno::globals::{H5E_ERR_CLS, H5E_READERROR, H5E_VFL};
use hdf5_metno_sys::h5e::{H5E_DEFAULT, H5Epush2};
use std::cell::{Cell, RefCell};
use std::ffi::CString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// So many errors are kept: the first is the one that counts, the others follow from it.
const KEPT: usize = 8;

/// Before the number of the error, in the text of the mark.
const MARK: &str = "error of the store ";

thread_local! {
    static LEFT: RefCell<Vec<(u64, io::Error)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static CLOSING: Cell<bool> = const { Cell::new(false) };
    static LOST: RefCell<Option<io::Error>> = const { RefCell::new(None) };
}

/// Runs code of a store; a panic is an error of it.
pub(super) fn caught<R>(call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast::<String>().map(|text| *text).or_else(|panic| {
            // Other panic payloads may panic again when they are dropped.
            panic.downcast::<&str>().map(|text| text.to_string()).map_err(std::mem::forget)
        });
        let text = text.unwrap_or_else(|()| "no message".into());
        Err(io::Error::other(format!("the store panicked: {text}")))
    })
}

/// Leaves an error for the call of the library that is under way. Its callback fails now.
#[cold]
pub(super) fn leave(error: io::Error) {
    let number = NEXT.get();
    NEXT.set(number + 1);
    let text =
        CString::new(format!("{MARK}{number}: {error}").replace('\0', " ")).unwrap_or_default();
    // SAFETY: the lock is held, as in every callback; the identifiers are the library's own, the
    // texts end in NUL and are copied, and the message has one argument, as its format says.
    unsafe {
        let here = c"filebacked".as_ptr();
        let (class, major, minor) = (*H5E_ERR_CLS, *H5E_VFL, *H5E_READERROR);
        H5Epush2(
            H5E_DEFAULT,
            here,
            here,
            line!(),
            class,
            major,
            minor,
            c"%s".as_ptr(),
            text.as_ptr(),
        );
    }
    LEFT.with_borrow_mut(|left| {
        if left.len() == KEPT {
            left.remove(0);
        }
        left.push((number, error));
    });
}

/// Takes the first error whose mark is among the texts of a stack, the innermost first. The others
/// are forgotten.
pub(crate) fn take<'a>(texts: impl Iterator<Item = &'a str>) -> Option<io::Error> {
    let mut left = LEFT.take();
    if left.is_empty() {
        return None;
    }
    let marks = texts.filter_map(|text| text.strip_prefix(MARK)?.split(':').next()?.parse().ok());
    let first: u64 = marks.min()?;
    let place = left.iter().position(|(number, _)| *number == first)?;
    Some(left.swap_remove(place).1)
}

/// Forgets errors of a call whose failure was an answer.
pub(crate) fn forget() {
    LEFT.with_borrow_mut(Vec::clear);
}

/// Releases something, which may close a file. The library cannot close a file that it cannot
/// write: it gives up half-way, and what is left of it is reachable still. So stores that fail
/// meanwhile do not tell the library, but lose what is written, and fail from then on.
#[inline]
pub(crate) fn closing<R>(release: impl FnOnce() -> R) -> R {
    let before = CLOSING.replace(true);
    let released = release();
    CLOSING.set(before);
    released
}

/// Whether errors of writing are hidden from libhdf5.
pub(super) fn is_closing() -> bool {
    CLOSING.get()
}

/// Records a loss of data that libhdf5 does not know about.
#[cold]
pub(super) fn lose(error: io::Error) {
    // None at the end of the process: the library closes what is open when the thread is gone.
    let _ = LOST.try_with(|lost| {
        if let Ok(mut lost) = lost.try_borrow_mut() {
            lost.get_or_insert(error);
        }
    });
}

/// Takes the first error that was noted since this was asked last.
pub(crate) fn lost() -> Option<io::Error> {
    LOST.take()
}
