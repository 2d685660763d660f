//! HDF5's error stack as owned text, and the errors of this library that follow from it.

use super::vfd;
use crate::error::{Error, ErrorKind};
use hdf5_metno::MinorErrorCode;
use hdf5_metno_sys::h5::herr_t;
use hdf5_metno_sys::h5e::{
    H5E_DEFAULT, H5E_WALK_DOWNWARD, H5E_error_t, H5Eclear, H5Eclose_stack, H5Eget_current_stack,
    H5Eget_msg, H5Ewalk,
};
use hdf5_metno_sys::h5i::hid_t;
use std::error::Error as StdError;
use std::ffi::{CStr, c_char, c_uint, c_void};
use std::fmt;

/// The error stack of a call into the HDF5 library, the outermost function first.
#[derive(Debug, Clone)]
pub(super) struct Stack(Vec<Frame>);

/// One function's word on what went wrong.
#[derive(Debug, Clone)]
struct Frame {
    function: String,
    text: String,
    minor: MinorErrorCode,
    minor_text: String,
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HDF5 error stack")?;
        for frame in &self.0 {
            write!(f, "\n  {}: {} ({})", frame.function, frame.text, frame.minor_text)?;
        }
        Ok(())
    }
}

impl StdError for Stack {}

impl Frame {
    /// The file was opened to be read.
    fn refuses_change(&self) -> bool {
        self.text.starts_with("no write intent on file")
    }

    /// A chunk could not be decoded, or was another than it should be when it was.
    fn refuses_chunk(&self) -> bool {
        matches!(
            self.text.as_str(),
            "filter returned failure during read"
                | "chunk size is incorrect after being unfiltered"
        )
    }
}

impl Stack {
    /// Takes the current error stack. The lock must be held since before the call that failed.
    #[cold]
    fn take() -> Self {
        let mut stack = Stack(Vec::new());
        // SAFETY: the caller holds the lock. The stack is moved out before it is walked, since
        // asking for a message changes the current one; the callback gets the vector, which
        // outlives the walk.
        unsafe {
            let id = H5Eget_current_stack();
            if id >= 0 {
                H5Ewalk(id, H5E_WALK_DOWNWARD, Some(push), (&raw mut stack.0).cast());
                H5Eclose_stack(id);
            }
            H5Eclear(H5E_DEFAULT);
        }
        stack
    }

    /// The innermost message that says something.
    fn cause(&self) -> &str {
        // Where plugins were looked for says nothing about what they were needed for.
        let useful = |frame: &&Frame| !frame.text.is_empty() && !frame.function.starts_with("H5PL");
        match self.0.iter().rev().find(useful) {
            Some(frame) => &frame.text,
            None => "libhdf5 gave no reason",
        }
    }

    fn find(&self, minors: &[MinorErrorCode]) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|frame| minors.contains(&frame.minor))
            .map(|frame| frame.text.as_str())
    }

    /// The name of a filter that data needs and the library does not have.
    fn missing_filter(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|frame| frame.text.starts_with("required filter"))?
            .text
            .split('\'')
            .nth(1)
    }

    /// The number of the operating system's error, where a driver names one.
    fn errno(&self) -> Option<i32> {
        let text = self.0.iter().rev().find_map(|frame| frame.text.split_once("errno = "))?.1;
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().ok()
    }
}

/// The error of the call that has just failed. The lock must be held since before that call.
#[cold]
pub(super) fn last_error() -> Error {
    use MinorErrorCode::{AlreadyExists, CantLockFile, Exists, FileExists, NotHdf5, Truncated};
    let stack = Stack::take();
    if let Some(error) = vfd::take(stack.0.iter().map(|frame| frame.text.as_str())) {
        return error.into();
    }
    // Elsewhere than on Unix the numbers of C are not those of the system.
    let io =
        stack.errno().filter(|_| cfg!(unix)).map(|n| std::io::Error::from_raw_os_error(n).kind());
    let error = if stack.find(&[NotHdf5]).is_some() {
        Error::new(ErrorKind::NotHdf5)
    } else if let Some(text) = stack.find(&[Truncated]) {
        let text = if text.starts_with("truncated file") { text } else { stack.cause() };
        Error::new(ErrorKind::Damaged(text.to_string()))
    } else if stack.0.iter().any(|frame| frame.text.contains("clear file consistency flags")) {
        Error::new(ErrorKind::Interrupted).with_help(
            "another program writes the file, or was killed while it did; `File::recover` reads \
             what a killed program left",
        )
    } else if stack.find(&[CantLockFile]).is_some() {
        Error::new(ErrorKind::Locked)
    } else if stack
        .0
        .last()
        .is_some_and(|frame| matches!(frame.minor, Exists | AlreadyExists | FileExists))
        || io == Some(std::io::ErrorKind::AlreadyExists)
    {
        Error::new(ErrorKind::Exists)
    } else if stack.0.iter().any(Frame::refuses_change) {
        crate::kept::read_only()
    } else if let Some(filter) = stack.missing_filter() {
        Error::new(ErrorKind::Unsupported(format!("the HDF5 filter {filter} is not available")))
            .with_help("set HDF5_PLUGIN_PATH to the directory of its plugin")
    } else if stack.cause().starts_with("object header message is too large") {
        Error::new(ErrorKind::Unsupported(
            "more than 64 KiB in the header of an object of the \
            oldest format"
                .into(),
        ))
        .with_help(
            "write the file with this crate, or with h5py's libver='v108' or later, to have \
                 room for large attributes",
        )
    } else if stack.0.iter().any(Frame::refuses_chunk) {
        Error::new(ErrorKind::Damaged(format!("a chunk that cannot be decoded: {}", stack.cause())))
    } else if let Some(kind) = io {
        Error::new(ErrorKind::Io(kind))
    } else {
        Error::new(ErrorKind::Hdf5(stack.cause().to_string()))
    };
    error.with_source(stack)
}

/// Whether soft links led to each other without an end.
pub(super) fn is_circle(error: &Error) -> bool {
    let stack = error.source().and_then(|source| source.downcast_ref::<Stack>());
    stack.is_some_and(|stack| stack.find(&[MinorErrorCode::NLinks]).is_some())
}

/// Forgets the error of a call whose failure was an answer.
pub(super) fn forget_error() {
    // SAFETY: the caller holds the lock; clearing the default stack has no other requirement.
    unsafe { H5Eclear(H5E_DEFAULT) };
    vfd::forget();
}

/// The callback of `H5Ewalk` for each entry, with a vector of frames as its data.
unsafe extern "C" fn push(_: c_uint, entry: *const H5E_error_t, frames: *mut c_void) -> herr_t {
    // SAFETY: HDF5 passes a valid entry, and the data is what `Stack::take` gave it.
    unsafe {
        let (entry, frames) = (&*entry, &mut *frames.cast::<Vec<Frame>>());
        frames.push(Frame {
            function: text(entry.func_name),
            text: text(entry.desc),
            minor: MinorErrorCode::from_id(entry.min_num),
            minor_text: message(entry.min_num),
        });
    }
    0
}

/// # Safety
///
/// The pointer is null or one to a string that ends in NUL.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: the contract of this function.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().trim().to_string()
}

/// The text of a registered message.
fn message(id: hid_t) -> String {
    let mut buffer = [0u8; 128];
    // SAFETY: the buffer is writable for the size that is passed, and stays NUL-terminated.
    unsafe {
        H5Eget_msg(id, std::ptr::null_mut(), buffer.as_mut_ptr().cast(), buffer.len());
        text(buffer.as_ptr().cast())
    }
}
