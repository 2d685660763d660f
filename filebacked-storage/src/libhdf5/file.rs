//! Files: on disk, in memory, and as images.

use super::access::{Access, CloseDegree, Creation, Journal, Libver, Locking};
use super::changes;
use super::driver::Driver;
use super::holders;
use super::id::{Id, check, room};
use super::journaled;
use super::lists::new_list;
use super::stack::forget_error;
use super::vfd::{Attachment, closing, lost};
use super::watch::{Watch, opened};
use crate::error::{Error, ErrorKind, Result};
use crate::replace::Replacement;
use crate::signature::refuse_other;
use crate::store::Image;
use hdf5_metno::globals::H5P_FILE_ACCESS;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::{
    H5F_ACC_EXCL, H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_ACC_TRUNC, H5Fclose, H5Fcreate,
    H5Fget_file_image, H5Fget_name, H5Fopen,
};
use hdf5_metno_sys::h5g::H5Gopen2;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_FILE;
use hdf5_metno_sys::h5i::{H5Idec_ref, H5Iget_type, H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pset_file_image};
use std::ffi::{CStr, CString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open file. It stays open below until everything in it is closed too.
#[derive(Debug)]
pub struct LibFile {
    id: Id,
    /// It is being closed, which does all there is to do.
    is_closing: bool,
    /// The state of a file on the disk when it was opened for reading.
    watch: Option<Arc<Watch>>,
}

/// The default format: that of HDF5 1.8, which every later version reads.
pub(super) const CREATED: (Libver, Libver) = (Libver::V18, Libver::V18);

/// A file may have parts of any format; what is added to it is in the oldest that does.
pub(super) const CHANGED: (Libver, Libver) = (Libver::V18, Libver::Latest);
impl Drop for LibFile {
    fn drop(&mut self) {
        if !self.is_closing {
            changes::settle_dropped(&self.id);
        }
    }
}

impl LibFile {
    /// Creates a file without a journal. An existing file is overwritten, or with `exclusive` is an
    /// error.
    pub fn create(path: &Path, exclusive: bool) -> Result<Self> {
        let access = Access { journal: Journal::Off, ..Access::default() };
        LibFile::create_with(path, exclusive, &access, &Creation::default())
    }

    /// Creates a file, with options that were checked.
    pub fn create_with(
        path: &Path,
        exclusive: bool,
        access: &Access,
        creation: &Creation,
    ) -> Result<Self> {
        let libver = if creation.handles_space() { (Libver::V18, Libver::V110) } else { CREATED };
        if journaled::is_open(path) && !access.driver.is_memory() {
            let handles = holders::holders_of(path)?;
            if exclusive {
                return Err(ErrorKind::Exists.into());
            }
            return Err(Error::new(ErrorKind::StillOpen { handles })
                .with_help("drop them, or use the `File` that is open"));
        }
        // Under those who have the file open, nothing is replaced: the library says so.
        if journaled::is_wanted(access)
            && holders::holders_of(path)?.is_empty()
            && let Some(new) = Replacement::of_plain(path).map_err(without_journal)?
        {
            // The journal of the old file goes when the new one has its place.
            journaled::restore(path)?;
            return LibFile::create_journaled(path, new, exclusive, access, creation, libver);
        }
        let name = c_path(path)?;
        sync(|| {
            let list = access.list(Some(libver))?;
            let raw = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            let flags = if exclusive { H5F_ACC_EXCL } else { H5F_ACC_TRUNC };
            let again = || LibFile::open_with(path, false, access);
            let file = create(&name, flags, &creation.list()?, raw)
                .map_err(|error| explain(path, again, error))?;
            if !exclusive {
                note(path, access);
            }
            Ok(file)
        })
    }

    /// Creates a file under a journal. It takes the place of the old one with the first commit.
    fn create_journaled(
        path: &Path,
        new: Replacement,
        exclusive: bool,
        access: &Access,
        creation: &Creation,
        libver: (Libver, Libver),
    ) -> Result<Self> {
        new.unlock()?;
        let name = c_path(new.path())?;
        sync(|| {
            let locking = cfg!(hdf5_locking).then_some(Locking::Off);
            let list = Access { locking, ..access.clone() }.list(Some(libver))?;
            let raw = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            create(&name, H5F_ACC_TRUNC, &creation.list()?, raw)?.close()
        })?;
        let attached = journaled::attach_new(new, path, exclusive, access)?;
        LibFile::open_attached(path, Some(attached), true, access, Some(libver))
    }

    /// Creates a file over an empty one that this process has locked itself: the library is not to
    /// lock it too.
    pub fn create_private(path: &Path) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            let locking = cfg!(hdf5_locking).then_some(Locking::Off);
            let list = Access { locking, ..Access::default() }.list(Some(CREATED))?;
            let raw = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            create(&name, H5F_ACC_TRUNC, &Creation::default().list()?, raw)
        })
    }

    /// Opens a file to change it that this process has locked itself.
    pub fn open_private(path: &Path) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            let locking = cfg!(hdf5_locking).then_some(Locking::Off);
            let list = Access { locking, ..Access::default() }.list(Some(CHANGED))?;
            let raw = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            open(&name, H5F_ACC_RDWR, raw)
        })
    }

    pub(super) fn of(id: Id) -> Self {
        LibFile { id, is_closing: false, watch: None }
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    /// The other objects that hold this opening of the file.
    pub fn beside(&self) -> Result<Vec<String>> {
        sync(|| holders::beside(&self.id, vec![self.id.raw()]))
    }

    /// The other open objects of the file in this process, of any opening.
    pub fn elsewhere(&self) -> Result<Vec<String>> {
        sync(|| holders::of_shared(&self.id))
    }

    /// Opens a file, to read it or also to change it.
    pub fn open(path: &Path, writable: bool) -> Result<Self> {
        LibFile::open_with(path, writable, &Access::default())
    }

    /// Opens a file, with options that were checked.
    pub fn open_with(path: &Path, writable: bool, access: &Access) -> Result<Self> {
        let opened = LibFile::open_by(path, writable, access, writable.then_some(CHANGED));
        match opened {
            // A commit that a kill has interrupted.
            Err(error) if !writable => match journaled::repaired(path)? {
                true => LibFile::open_by(path, writable, access, None),
                false => Err(error),
            },
            opened => opened,
        }
    }

    /// Opens a file, to be written in a format within these bounds.
    fn open_by(
        path: &Path,
        writable: bool,
        access: &Access,
        libver: Option<(Libver, Libver)>,
    ) -> Result<Self> {
        sync(|| {
            let attached = journaled::attach(path, writable, access)
                .map_err(|error| explain(path, || again(path, writable, access), error))?;
            LibFile::open_attached(path, attached, writable, access, libver)
        })
    }

    /// The same by a journal, if there is one.
    fn open_attached(
        path: &Path,
        attached: Option<Attachment>,
        writable: bool,
        access: &Access,
        libver: Option<(Libver, Libver)>,
    ) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            let list = access.list(libver)?;
            let list = match &attached {
                Some(attached) => Some(attached.on(match list {
                    Some(list) => list,
                    None => new_list(*H5P_FILE_ACCESS)?,
                })?),
                None => list,
            };
            let raw = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            let flags =
                if writable { H5F_ACC_RDWR } else { H5F_ACC_RDONLY } | swmr_flag(writable, access)?;
            let serial = crate::changes::now();
            let mut file = open(&name, flags, raw)
                .map_err(|error| explain(path, || again(path, writable, access), error))?;
            match writable {
                true => note(path, access),
                false => file.watch = opened(&file.id, raw, serial),
            }
            Ok(file)
        })
    }

    /// Creates a file in memory, which grows by so many bytes at a time.
    pub fn create_in_memory(increment: usize) -> Result<Self> {
        let name = memory_name(None)?;
        sync(|| {
            let driver = Driver::core().increment(increment.max(1)).backing_store(false).into();
            let list = Access { driver, ..Access::default() }.list(Some(CREATED))?;
            let raw = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            create(&name, H5F_ACC_TRUNC, &Creation::default().list()?, raw)
        })
    }

    /// Opens the bytes of a file to read them. They are copied.
    pub fn open_image(image: &[u8]) -> Result<Self> {
        LibFile::image_as(image, false, None)
    }

    /// The same, with external links relative to where a file of this name is.
    #[cfg(not(hdf5_drivers))]
    pub fn open_image_beside(image: &[u8], path: Option<&Path>) -> Result<Self> {
        LibFile::image_as(image, false, path.and_then(Path::parent))
    }

    /// Opens the bytes of a file to read and change a copy of them.
    pub fn open_image_rw(image: &[u8]) -> Result<Self> {
        LibFile::image_as(image, true, None)
    }

    fn image_as(image: &[u8], writable: bool, directory: Option<&Path>) -> Result<Self> {
        refuse_other(&Image(image))?;
        let name = memory_name(directory)?;
        sync(|| {
            let driver = Driver::core().backing_store(false).into();
            let list = Access { driver, ..Access::default() }.list(writable.then_some(CHANGED))?;
            let access = list.as_ref().map_or(H5P_DEFAULT, Id::raw);
            let flags = if writable { H5F_ACC_RDWR } else { H5F_ACC_RDONLY };
            // SAFETY: the list is open and the name ends in NUL; the library copies the image and
            // does not write to the one that it is given.
            unsafe {
                check(H5Pset_file_image(access, image.as_ptr().cast_mut().cast(), image.len()))?;
            }
            open(&name, flags, access)
        })
    }

    /// The bytes of the file as it is now.
    pub fn image(&self) -> Result<Vec<u8>> {
        sync(|| {
            changes::write_all(&self.id)?;
            // SAFETY: the file is open, and the vector has room for the size that was asked for.
            unsafe {
                let size = check(H5Fget_file_image(self.id.raw(), std::ptr::null_mut(), 0))?
                    .unsigned_abs();
                let mut image: Vec<u8> = room(size)?;
                let got = check(H5Fget_file_image(self.id.raw(), image.as_mut_ptr().cast(), size))?
                    .unsigned_abs();
                image.set_len(got.min(size));
                Ok(image)
            }
        })
    }

    /// Marks the file as one that is being changed.
    pub fn begin(&self) -> Result<changes::Change> {
        changes::begin(&self.id)
    }

    /// Takes away the mark of a file that was just opened to be changed.
    pub fn opened(&self) -> Result<()> {
        changes::opened(&self.id)
    }

    /// Refuses a file that is marked as one that is being changed, unless it is this process that
    /// changes it.
    pub fn refuse_interrupted(&self) -> Result<()> {
        changes::refuse_interrupted(&self.id)
    }

    /// Gives everything that was written to the operating system.
    pub fn flush(&self) -> Result<()> {
        changes::settle_file(&self.id)
    }

    /// Gives the file back, and says whether that went well, and what else holds it: then it closes
    /// when that goes.
    pub fn close(mut self) -> Result<()> {
        self.is_closing = true;
        let is_last = sync(|| changes::is_last(&self.id))?;
        // The last one commits when it is closed.
        let flushed = match is_last {
            true => changes::write_all(&self.id).and_then(|()| changes::forget(&self.id)),
            false => self.flush(),
        };
        sync(|| {
            let mut handles = self.beside()?;
            if !handles.is_empty() && self.close_degree()? == CloseDegree::Strong {
                // Other references to the file itself keep it open in any case.
                handles.retain(|handle| handle.starts_with(holders::FILE));
            }
            let id = self.id.clone();
            drop(self);
            drop(lost());
            let id = id.into_raw();
            // SAFETY: the reference is given away here and nowhere else.
            let closed = check(closing(|| unsafe { H5Fclose(id) })).inspect_err(|_| give_up(id));
            flushed.and(closed.map(drop)).and(lost().map_or(Ok(()), |error| Err(error.into())))?;
            if handles.is_empty() {
                return Ok(());
            }
            Err(Error::new(ErrorKind::StillOpen { handles })
                .with_help("all data is written; drop these handles to close the file"))
        })
    }

    /// The root group.
    pub fn root(&self) -> Result<Id> {
        // SAFETY: the file is open, the name ends in NUL; the new identifier has no other owner.
        sync(|| unsafe { Id::own(H5Gopen2(self.id.raw(), c"/".as_ptr(), H5P_DEFAULT)) })
    }

    /// The same open file for `hdf5_metno`.
    pub fn to_hdf5(&self) -> Result<hdf5_metno::File> {
        // SAFETY: the reference that is added belongs to the new file object.
        let file = sync(|| unsafe {
            H5Iinc_ref(self.id.raw());
            hdf5_metno::from_id(self.id.raw())
        });
        file.map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))
    }
}

impl LibFile {
    /// A file that `hdf5_metno` has open.
    pub fn of_hdf5(file: &hdf5_metno::File) -> Self {
        LibFile::of(Id::of_location(file))
    }

    /// The name that it was opened by.
    pub fn name(&self) -> Option<PathBuf> {
        path_of(self.id.raw())
    }
}

/// Says of an error what to do where nothing can be written beside a file.
#[cold]
fn without_journal(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => error
            .with_help(
                "a new file is written beside its place, with a journal; `Journal::Off` does \
                 without",
            ),
        _ => error,
    }
}

/// Opens a file once more, as those have opened it who have it open already.
#[cold]
fn again(path: &Path, writable: bool, access: &Access) -> Result<LibFile> {
    match writable {
        true => LibFile::open_with(path, false, &Access { swmr: false, ..access.clone() }),
        false => Err(ErrorKind::Missing.into()),
    }
}

/// Opens a file that exists. The lock is held, and the list is open.
pub(super) fn open(name: &CStr, flags: u32, access: hid_t) -> Result<LibFile> {
    // SAFETY: the name ends in NUL, the list is open; the new identifier has no other owner.
    Ok(LibFile::of(unsafe { Id::own(H5Fopen(name.as_ptr(), flags, access))? }))
}

/// Lets files be opened without locks, where the library knows any. The lock of the library is
/// held.
pub(super) fn unlocked(access: &Id) -> Result<()> {
    #[cfg(hdf5_locking)]
    // SAFETY: the list is open.
    check(unsafe { hdf5_metno_sys::h5p::H5Pset_file_locking(access.raw(), 0, 1) })?;
    let _ = access;
    Ok(())
}

/// The lock is held.
pub(super) fn create(name: &CStr, flags: u32, creation: &Id, access: hid_t) -> Result<LibFile> {
    // SAFETY: the lists are open, the name ends in NUL; the new identifier has no other owner.
    Ok(LibFile::of(unsafe { Id::own(H5Fcreate(name.as_ptr(), flags, creation.raw(), access))? }))
}

#[cfg(hdf5_swmr)]
fn swmr_flag(writable: bool, access: &Access) -> Result<u32> {
    use hdf5_metno_sys::h5f::{H5F_ACC_SWMR_READ, H5F_ACC_SWMR_WRITE};
    Ok(match (access.swmr, writable) {
        (false, _) => 0,
        (true, false) => H5F_ACC_SWMR_READ,
        (true, true) => H5F_ACC_SWMR_WRITE,
    })
}

#[cfg(not(hdf5_swmr))]
fn swmr_flag(_: bool, access: &Access) -> Result<u32> {
    if access.swmr { Err(super::access::older("SWMR")) } else { Ok(0) }
}

/// Tells those who read files by other ways than the library that this one may change from now on.
fn note(path: &Path, access: &Access) {
    if !access.driver.is_memory() {
        crate::changes::note(&access.driver.first_file(path));
    }
}

/// The error of a file that another program has open in a way that forbids this one.
#[cold]
pub fn locked_elsewhere() -> Error {
    Error::new(ErrorKind::Locked).with_help("wait until it is closed")
}

/// Tells from the words of the library that the file is open in this process, in a way that forbids
/// the new one. The lock is held.
#[cold]
fn explain(path: &Path, again: impl FnOnce() -> Result<LibFile>, error: Error) -> Error {
    if *error.kind() == ErrorKind::Locked {
        let handles = holders::holders_of(path).unwrap_or_default();
        if handles.is_empty() {
            return locked_elsewhere().with_source(error);
        }
        return Error::new(ErrorKind::StillOpen { handles })
            .with_help("drop them, or open the file by the same driver")
            .with_source(error);
    }
    let ErrorKind::Hdf5(text) = error.kind() else { return error };
    if text.contains("already open for read-only") || text.contains("file which is already open") {
        return holders::conflict(path, again, error);
    }
    if text.contains("doesn't match")
        || text.contains("don't match")
        || text.contains("SWMR") && text.contains("same")
    {
        let error = error.with_help(
            "use the close degree, locking and SWMR mode with which this process has opened the \
             file",
        );
        return holders::conflict(path, again, error);
    }
    if text.contains("consistency flags") || text.contains("not already open for SWMR") {
        return error.with_help(
            "another program writes it, or was killed while it did: `swmr(true)` reads beside a SWMR writer, \
             `File::recover` reads what a killed one left",
        );
    }
    error
}

/// Lets go of an identifier whose last reference could not be given back. The lock is held.
///
/// The library keeps it then: of a file it has closed all there is, and takes the rest when it is
/// asked again.
#[cold]
pub(super) fn give_up(id: hid_t) {
    // SAFETY: the identifier still has the reference that its last owner wanted to give back.
    if unsafe { H5Iget_type(id) } == H5I_FILE {
        // SAFETY: as above.
        closing(|| unsafe { H5Idec_ref(id) });
    }
    forget_error();
}

/// A name for a file in memory. The library takes two of the same name for the same file.
fn memory_name(directory: Option<&Path>) -> Result<CString> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    c_path(
        &directory
            .unwrap_or(Path::new(""))
            .join(format!("filebacked-memory-{}-{n}", std::process::id())),
    )
}

#[cfg(unix)]
pub(super) fn c_path(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    c_string(path.as_os_str().as_bytes().to_vec())
}

#[cfg(not(unix))]
pub(super) fn c_path(path: &Path) -> Result<CString> {
    match path.to_str() {
        Some(path) => c_string(path.as_bytes().to_vec()),
        None => Err(ErrorKind::Unsupported("a file name that is not Unicode".into()).into()),
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString> {
    CString::new(bytes).map_err(|_| ErrorKind::Unsupported("a file name with NUL".into()).into())
}

/// The name of the file that an object is in.
pub(super) fn path_of(object: hid_t) -> Option<PathBuf> {
    let mut name = vec![0u8; 4096];
    // SAFETY: the object is open, the buffer is writable for its length.
    let len = sync(|| unsafe { H5Fget_name(object, name.as_mut_ptr().cast(), name.len()) });
    name.truncate(usize::try_from(len).ok().filter(|len| *len < 4096)?);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(PathBuf::from(std::ffi::OsString::from_vec(name)))
    }
    #[cfg(not(unix))]
    String::from_utf8(name).ok().map(PathBuf::from)
}
