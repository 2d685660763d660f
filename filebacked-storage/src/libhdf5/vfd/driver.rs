//! The file driver: what the C library calls when it reads and writes a store.
//!
//! Every callback runs under the library's lock, on the thread of whoever called the library.

use super::class::{Class, DATA, DICHOTOMY, Kind, Public, VERSION};
use super::failure::{self, caught};
use super::medium::{Attached, Medium};
use crate::checksum::lookup3;
use crate::error::{Error, ErrorKind, Result};
#[cfg(unix)]
use crate::journal::JournaledFile;
use crate::libhdf5::id::check;
use crate::signature::SIGNATURE;
use hdf5_metno_sys::h5::{H5get_libversion, haddr_t, herr_t};
use hdf5_metno_sys::h5f::H5F_close_degree_t::H5F_CLOSE_WEAK;
use hdf5_metno_sys::h5f::{H5F_ACC_EXCL, H5F_ACC_RDWR, H5F_ACC_TRUNC};
use hdf5_metno_sys::h5fd::{
    H5FD_FEAT_ACCUMULATE_METADATA, H5FD_FEAT_AGGREGATE_METADATA, H5FD_FEAT_AGGREGATE_SMALLDATA,
    H5FD_FEAT_DATA_SIEVE, H5FD_FEAT_DEFAULT_VFD_COMPATIBLE, H5FDregister,
};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::{H5Pget_driver, H5Pget_driver_info, H5Pset_driver};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};
use std::io;
use std::sync::{Arc, OnceLock};

/// The largest address, as that of a file on the disk.
const LARGEST: haddr_t = (1 << 63) - 1;

/// The first identifier for drivers outside of libhdf5.
const VALUE: c_int = 512 + 0xF8;

const FAILED: herr_t = -1;

/// `H5FD_FEAT_SUPPORTS_SWMR_IO` of `H5FDdevelop.h`.
const SUPPORTS_SWMR_IO: c_uint = 0x1000;

static CLASS: Class = Class {
    version: VERSION,
    value: VALUE,
    name: c"filebacked-store".as_ptr(),
    maxaddr: LARGEST,
    fc_degree: H5F_CLOSE_WEAK,
    terminate: None,
    sb_size: None,
    sb_encode: None,
    sb_decode: None,
    fapl_size: 0,
    fapl_get: Some(links),
    fapl_copy: Some(share),
    fapl_free: Some(release),
    dxpl_size: 0,
    dxpl_copy: None,
    dxpl_free: None,
    open: Some(open),
    close: Some(close),
    cmp: Some(compare),
    query: Some(query),
    get_type_map: None,
    alloc: None,
    free: None,
    get_eoa: Some(end_of_addresses),
    set_eoa: Some(set_end_of_addresses),
    get_eof: Some(end_of_file),
    get_handle: None,
    read: Some(read),
    write: Some(write),
    pieces: [None; 4],
    flush: Some(flush),
    truncate: Some(truncate),
    // A lock would mark the file as being written, for readers in other processes.
    lock: None,
    unlock: None,
    del: None,
    ctl: None,
    fl_map: DICHOTOMY,
};

/// An open file of this driver. The library knows of the first member only. Cells, since a store
/// that breaks the rules and uses the library may come back here while it is asked.
#[repr(C)]
struct Open {
    public: Public,
    attached: Arc<Attached>,
    /// Where the addresses end that the library has given away.
    addresses: Cell<u64>,
    /// Where the bytes of the store end.
    bytes: Cell<u64>,
    /// Whether anything was written since the last sync of the store.
    unsynced: Cell<bool>,
}

/// Lets files be opened in a store by this access list. The lock is held.
pub(super) fn set(list: hid_t, attached: &Arc<Attached>) -> Result<()> {
    let driver = driver()?;
    let info: *const Attached = Arc::as_ptr(attached);
    // SAFETY: the list is open; what it is given is copied by `share`, which takes a reference of
    // its own.
    check(unsafe { H5Pset_driver(list, driver, info.cast()) }).map(drop)
}

/// The journal of the file that was opened by this access list. The lock is held.
#[cfg(unix)]
pub(super) fn journal_of(list: hid_t) -> Result<Option<Arc<JournaledFile>>> {
    let Some(driver) = DRIVER.get() else { return Ok(None) };
    // SAFETY: the list is open.
    if check(unsafe { H5Pget_driver(list) })? != *driver {
        return Ok(None);
    }
    // SAFETY: the list is open, and of this driver: what it holds lives as long as the list.
    let info = unsafe { H5Pget_driver_info(list).cast_const().cast::<Attached>().as_ref() };
    Ok(info.and_then(|attached| attached.medium.journal().cloned()))
}

static DRIVER: OnceLock<hid_t> = OnceLock::new();

/// The driver, registered once. The lock is held.
fn driver() -> Result<hid_t> {
    if let Some(driver) = DRIVER.get() {
        return Ok(*driver);
    }
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: the numbers are writable.
    check(unsafe { H5get_libversion(&mut major, &mut minor, &mut patch) })?;
    if !matches!((major, minor), (1, 14) | (2, 0..=2)) {
        let what = format!("stores need libhdf5 1.14 to 2.2, not {major}.{minor}.{patch}");
        return Err(Error::new(ErrorKind::Unsupported(what)).with_help(
            "enable the feature `static` of filebacked, which builds one of these versions",
        ));
    }
    // SAFETY: the class is one of this version of the library, as was just seen, and lives as long
    // as the program.
    let driver = check(unsafe { H5FDregister((&raw const CLASS).cast()) })?;
    Ok(*DRIVER.get_or_init(|| driver))
}

/// Runs a callback: what goes wrong is left for whoever called the library.
fn guarded<R>(failed: R, call: impl FnOnce() -> io::Result<R>) -> R {
    caught(call).unwrap_or_else(|error| {
        failure::leave(error);
        failed
    })
}

/// The open file that the library passes.
///
/// # Safety
///
/// The pointer is one that `open` has returned and `close` not yet taken back.
unsafe fn at<'a>(file: *const Public) -> &'a Open {
    // SAFETY: the contract of this function; the library's part is the first of an `Open`.
    unsafe { &*file.cast() }
}

/// Copies what an access list holds.
unsafe extern "C" fn share(info: *const c_void) -> *mut c_void {
    // SAFETY: lists of this driver hold a pointer of an `Arc<Attached>` that is alive.
    unsafe { Arc::increment_strong_count(info.cast::<Attached>()) };
    info.cast_mut()
}

/// Drops what an access list holds.
unsafe extern "C" fn release(info: *mut c_void) -> herr_t {
    guarded(FAILED, || {
        // SAFETY: as above; the list's reference is given back.
        unsafe { Arc::decrement_strong_count(info.cast_const().cast::<Attached>()) };
        Ok(0)
    })
}

/// What the list holds that an open file gives of itself: the files that its external links lead to
/// are opened by that.
unsafe extern "C" fn links(file: *mut Public) -> *mut c_void {
    guarded(std::ptr::null_mut(), || {
        // SAFETY: an open file of this driver.
        let links = unsafe { at(file) }.attached.links();
        Ok(Arc::into_raw(Arc::new(links)).cast_mut().cast())
    })
}

unsafe extern "C" fn open(
    name: *const c_char,
    flags: c_uint,
    list: hid_t,
    _: haddr_t,
) -> *mut Public {
    guarded(std::ptr::null_mut(), || {
        // SAFETY: the list is open, and of this driver.
        let info = unsafe { H5Pget_driver_info(list) }.cast_const().cast::<Attached>();
        // SAFETY: the name ends in NUL.
        let name = unsafe { CStr::from_ptr(name) };
        // SAFETY: the list has a reference, and is open during this call.
        let attached = match unsafe { info.as_ref() } {
            // SAFETY: as above; the reference that is added is owned here.
            Some(known) if known.name.as_c_str() == name => unsafe {
                Arc::increment_strong_count(info);
                Arc::from_raw(info)
            },
            // A file that an external link leads to. If there is none, libhdf5 reports the link.
            #[cfg(unix)]
            Some(from) if from.medium.journal().is_some() => {
                match from.linked_journal(name, flags & H5F_ACC_RDWR != 0)? {
                    Some(linked) => Arc::new(linked),
                    None => return Ok(std::ptr::null_mut()),
                }
            }
            Some(from) if flags & H5F_ACC_RDWR == 0 => match from.linked(name) {
                Some(linked) => Arc::new(linked),
                None => return Ok(std::ptr::null_mut()),
            },
            _ => return Ok(std::ptr::null_mut()),
        };
        if flags & H5F_ACC_RDWR != 0 && matches!(attached.medium, Medium::Read(_)) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let mut bytes = attached.medium.size()?;
        if flags & H5F_ACC_EXCL != 0 && bytes > 0 {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if flags & H5F_ACC_TRUNC != 0 && bytes > 0 {
            attached.medium.set_size(0)?;
            // One that cannot become shorter is overwritten.
            bytes = 0;
        }
        #[cfg(unix)]
        if let Some(journal) = attached.medium.journal() {
            journal.enter();
        }
        // SAFETY: the library fills its part in before it uses it; all of it may be zero.
        let public: Public = unsafe { std::mem::zeroed() };
        Ok(Box::into_raw(Box::new(Open {
            public,
            attached,
            addresses: Cell::new(0),
            bytes: Cell::new(bytes),
            unsynced: Cell::new(false),
        }))
        .cast())
    })
}

unsafe extern "C" fn close(file: *mut Public) -> herr_t {
    guarded(FAILED, || {
        // SAFETY: the library gives back what `open` has made, and does not use it again.
        let open = unsafe { Box::from_raw(file.cast::<Open>()) };
        #[cfg(unix)]
        if let Some(journal) = open.attached.medium.journal() {
            // A change that a panic has interrupted may be incomplete.
            if let Err(error) = journal.leave(std::thread::panicking()) {
                // `LibFile::close` reports it, too; dropping the last handle does not.
                log::error!("the changes of a file are not committed: {error}");
                failure::lose(error.into());
            }
            return Ok(0);
        }
        // The library writes once more after it has flushed.
        Ok(if open.unsynced.get() { synced(&open, false) } else { 0 })
    })
}

unsafe extern "C" fn compare(a: *const Public, b: *const Public) -> c_int {
    // SAFETY: the library compares open files of one driver.
    let (a, b) = unsafe { (at(a), at(b)) };
    a.attached.medium.address().cmp(&b.attached.medium.address()) as c_int
}

/// Also called without a file.
unsafe extern "C" fn query(file: *const Public, flags: *mut c_ulong) -> herr_t {
    let mut all = H5FD_FEAT_AGGREGATE_METADATA
        | H5FD_FEAT_ACCUMULATE_METADATA
        | H5FD_FEAT_DATA_SIEVE
        | H5FD_FEAT_AGGREGATE_SMALLDATA
        | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    // SAFETY: null, or an open file of this driver.
    let attached = unsafe { file.cast::<Open>().as_ref() }.map(|open| &open.attached);
    if attached.is_some_and(|attached| is_journaled(attached)) {
        // Then the journal is turned off.
        all |= SUPPORTS_SWMR_IO;
    }
    // SAFETY: null, or a place for the answer.
    if let Some(flags) = unsafe { flags.as_mut() } {
        *flags = c_ulong::from(all);
    }
    0
}

#[cfg(unix)]
fn is_journaled(attached: &Attached) -> bool {
    attached.medium.journal().is_some()
}

#[cfg(not(unix))]
fn is_journaled(_: &Attached) -> bool {
    false
}

unsafe extern "C" fn end_of_addresses(file: *const Public, _: Kind) -> haddr_t {
    // SAFETY: an open file of this driver.
    unsafe { at(file) }.addresses.get()
}

unsafe extern "C" fn set_end_of_addresses(file: *mut Public, _: Kind, end: haddr_t) -> herr_t {
    // SAFETY: an open file of this driver.
    unsafe { at(file) }.addresses.set(end);
    0
}

unsafe extern "C" fn end_of_file(file: *const Public, _: Kind) -> haddr_t {
    // SAFETY: an open file of this driver.
    unsafe { at(file) }.bytes.get()
}

unsafe extern "C" fn read(
    file: *mut Public,
    _: Kind,
    _: hid_t,
    address: haddr_t,
    len: usize,
    buffer: *mut c_void,
) -> herr_t {
    guarded(FAILED, || {
        // SAFETY: an open file of this driver, and a buffer that is writable for so many bytes. It
        // may be memory that nobody has written to, which a store must not see.
        let (open, buffer) = unsafe {
            buffer.cast::<u8>().write_bytes(0, len);
            (at(file), std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len))
        };
        // A journal has what it could not write.
        let lost = open.attached.lost().filter(|_| !is_journaled(&open.attached));
        if let Some(error) = lost.filter(|_| !failure::is_closing()) {
            return Err(error);
        }
        let found =
            address.saturating_add(open.attached.medium.read_to_end(address, buffer)? as u64);
        // Addresses may be given away that are not written yet: they read as zeros. What was there
        // once does not.
        match found < address.saturating_add(len as u64).min(open.bytes.get()) {
            true => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the store became shorter")),
            false => Ok(0),
        }
    })
}

/// Does what changes a store. Where the library would not survive an error it is told that all went
/// well, and the file has lost something: it fails from then on.
fn changed(open: &Open, survives: bool, change: impl FnOnce(&Medium) -> io::Result<()>) -> herr_t {
    let attached = &*open.attached;
    let done = match attached.lost().filter(|_| !is_journaled(attached)) {
        Some(error) => Err(error),
        None => caught(|| change(&attached.medium)),
    };
    match done {
        Ok(()) => 0,
        Err(error) if survives && !failure::is_closing() => {
            failure::leave(error);
            FAILED
        }
        Err(error) => {
            attached.lose(&error);
            failure::lose(error);
            0
        }
    }
}

/// The superblock of a file with a single writer and many readers, if these are its bytes. The
/// library sets only one of the two flags that its readers want where a driver has no locks.
fn for_readers(data: &[u8]) -> Option<[u8; 96]> {
    let (flags, sum_at) = (data.get(11)?, 12 + 4 * usize::from(*data.get(9)?));
    let is_one = data.starts_with(&SIGNATURE) && data[8] == 3 && flags & 5 == 4 && data.len() <= 96;
    let mut patched = [0; 96];
    patched.get_mut(..data.len()).filter(|_| is_one)?.copy_from_slice(data);
    patched[11] |= 1;
    let sum = lookup3(patched.get(..sum_at)?).to_le_bytes();
    patched.get_mut(sum_at..sum_at + 4)?.copy_from_slice(&sum);
    Some(patched)
}

unsafe extern "C" fn write(
    file: *mut Public,
    kind: Kind,
    _: hid_t,
    address: haddr_t,
    len: usize,
    data: *const c_void,
) -> herr_t {
    // SAFETY: an open file of this driver, and so many readable bytes.
    let (open, data) = unsafe { (at(file), std::slice::from_raw_parts(data.cast::<u8>(), len)) };
    let patched = is_journaled(&open.attached).then(|| for_readers(data)).flatten();
    let data = patched.as_ref().map_or(data, |patched| &patched[..len]);
    // An entry that the metadata cache could not write stays marked as being written: the cache can
    // never be emptied again, and its file never be closed.
    let code = changed(open, kind == DATA, |medium| medium.write_all(address, data));
    open.unsynced.set(true);
    if code >= 0 {
        open.bytes.set(open.bytes.get().max(address.saturating_add(len as u64)));
    }
    code
}

unsafe extern "C" fn flush(file: *mut Public, _: hid_t, closing: bool) -> herr_t {
    // SAFETY: an open file of this driver.
    synced(unsafe { at(file) }, !closing)
}

/// Has the store keep what was written.
fn synced(open: &Open, survives: bool) -> herr_t {
    open.unsynced.set(false);
    #[cfg(unix)]
    if let Some(journal) = open.attached.medium.journal() {
        // Nothing is committed here: the library flushes in the middle of changes.
        return changed(open, survives, |_| match journal.failure() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        });
    }
    // After a failed sync the state of the store is unknown.
    changed(open, survives, |medium| medium.sync().inspect_err(|error| open.attached.lose(error)))
}

unsafe extern "C" fn truncate(file: *mut Public, _: hid_t, closing: bool) -> herr_t {
    // SAFETY: an open file of this driver.
    let open = unsafe { at(file) };
    let end = open.addresses.get();
    if end == open.bytes.get() {
        return 0;
    }
    let code = changed(open, !closing, |medium| medium.set_size(end));
    open.unsynced.set(true);
    if code >= 0 {
        open.bytes.set(end);
    }
    code
}
