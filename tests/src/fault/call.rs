//! [`Call`]: a system call that changes files, read out of the traced program.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IoSliceMut};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What one call does to the files below a directory.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Bytes go to a place of a file.
    Write { file: u64, offset: u64, bytes: Vec<u8> },
    /// A file gets a length.
    Resize { file: u64, len: u64 },
    /// A file is opened that was not there.
    Create { path: PathBuf },
    /// A file that was there is emptied as it is opened.
    Empty { file: u64 },
    /// A file takes a name, and another loses it.
    Rename { from: PathBuf, to: PathBuf },
    /// A file loses its name.
    Remove { path: PathBuf },
    /// What was written to a file is on the disk.
    Sync { file: u64 },
    /// The names of a directory are on the disk.
    SyncDirectory { path: PathBuf },
    /// Anything else: permissions, owners, times, copies by the system.
    Other { name: &'static str },
}

/// The number and the arguments of a call that a thread is about to make.
pub(super) struct Entry {
    pub(super) thread: libc::pid_t,
    pub(super) number: i64,
    pub(super) arguments: [u64; 6],
}

impl Entry {
    /// What the call changes below a directory; `None` where it changes nothing there.
    pub(super) fn decode(&self, below: &Path) -> io::Result<Option<Call>> {
        let [a, b, c, d, ..] = self.arguments;
        let here = libc::AT_FDCWD as u64;
        let call = match self.number {
            libc::SYS_write
            | libc::SYS_pwrite64
            | libc::SYS_writev
            | libc::SYS_pwritev
            | libc::SYS_pwritev2 => {
                return self.write(below);
            }
            libc::SYS_ftruncate => {
                self.of_file(a, below)?.map(|file| Call::Resize { file, len: b })
            }
            libc::SYS_truncate => {
                let found = self.path(here, a, below)?.map(fs::metadata).transpose()?;
                found.map(|found| Call::Resize { file: found.ino(), len: b })
            }
            libc::SYS_open => self.open(here, a, b, below)?,
            libc::SYS_creat => self.open(here, a, (libc::O_CREAT | libc::O_TRUNC) as u64, below)?,
            libc::SYS_openat => self.open(a, b, c, below)?,
            libc::SYS_rename => self.rename((here, a), (here, b), below)?,
            libc::SYS_renameat | libc::SYS_renameat2 => self.rename((a, b), (c, d), below)?,
            libc::SYS_unlink => self.path(here, a, below)?.map(|path| Call::Remove { path }),
            libc::SYS_unlinkat => self.path(a, b, below)?.map(|path| Call::Remove { path }),
            libc::SYS_fsync | libc::SYS_fdatasync => match self.descriptor(a) {
                Ok((path, found)) if path.starts_with(below) && found.is_dir() => {
                    Some(Call::SyncDirectory { path })
                }
                Ok((path, found)) if path.starts_with(below) => {
                    Some(Call::Sync { file: found.ino() })
                }
                _ => None,
            },
            libc::SYS_link => self.path(here, b, below)?.map(|_| Call::Other { name: "link" }),
            libc::SYS_linkat => self.path(c, d, below)?.map(|_| Call::Other { name: "linkat" }),
            libc::SYS_symlink => {
                self.path(here, b, below)?.map(|_| Call::Other { name: "symlink" })
            }
            libc::SYS_mkdir => self.path(here, a, below)?.map(|_| Call::Other { name: "mkdir" }),
            libc::SYS_chmod => self.path(here, a, below)?.map(|_| Call::Other { name: "chmod" }),
            libc::SYS_fchmod => self.of_file(a, below)?.map(|_| Call::Other { name: "fchmod" }),
            libc::SYS_fchown => self.of_file(a, below)?.map(|_| Call::Other { name: "fchown" }),
            libc::SYS_fallocate => {
                self.of_file(a, below)?.map(|_| Call::Other { name: "fallocate" })
            }
            libc::SYS_copy_file_range => return self.copy(below),
            libc::SYS_sendfile => self.of_file(a, below)?.map(|_| Call::Other { name: "sendfile" }),
            // FICLONE, which makes one file share the blocks of another.
            libc::SYS_ioctl if b == 0x4004_9409 => {
                self.of_file(a, below)?.map(|_| Call::Other { name: "ficlone" })
            }
            _ => None,
        };
        Ok(call)
    }

    fn write(&self, below: &Path) -> io::Result<Option<Call>> {
        let [descriptor, place, count, position, ..] = self.arguments;
        let Some(file) = self.of_file(descriptor, below)? else { return Ok(None) };
        let mut bytes = Vec::new();
        match self.number {
            libc::SYS_write | libc::SYS_pwrite64 => bytes = self.memory(place, count as usize)?,
            _ => {
                for part in self.memory(place, count as usize * 16)?.chunks_exact(16) {
                    let word = |at: usize| {
                        u64::from_ne_bytes(part[at..at + 8].try_into().expect("eight bytes"))
                    };
                    bytes.extend(self.memory(word(0), word(8) as usize)?);
                }
            }
        }
        let offset = match self.number {
            libc::SYS_write | libc::SYS_writev => self.position(descriptor)?,
            _ => position,
        };
        Ok(Some(Call::Write { file, offset, bytes }))
    }

    /// What is copied is what a write would write.
    fn copy(&self, below: &Path) -> io::Result<Option<Call>> {
        let [from, from_place, into, into_place, count, _] = self.arguments;
        let Some(file) = self.of_file(into, below)? else { return Ok(None) };
        let place = |descriptor: u64, place: u64| match place {
            0 => self.position(descriptor),
            place => {
                Ok(u64::from_ne_bytes(self.memory(place, 8)?.try_into().expect("eight bytes")))
            }
        };
        let (start, offset) = (place(from, from_place)?, place(into, into_place)?);
        let source = fs::read(format!("/proc/{}/fd/{}", self.thread, from as i32))?;
        let bytes = source.into_iter().skip(start as usize).take(count as usize).collect();
        Ok(Some(Call::Write { file, offset, bytes }))
    }

    fn open(
        &self,
        directory: u64,
        name: u64,
        flags: u64,
        below: &Path,
    ) -> io::Result<Option<Call>> {
        let (create, empty) =
            (flags as i32 & libc::O_CREAT != 0, flags as i32 & libc::O_TRUNC != 0);
        if !create && !empty {
            return Ok(None);
        }
        let Some(path) = self.path(directory, name, below)? else { return Ok(None) };
        Ok(match fs::metadata(&path) {
            Ok(found) => empty.then(|| Call::Empty { file: found.ino() }),
            Err(_) => create.then_some(Call::Create { path }),
        })
    }

    fn rename(&self, from: (u64, u64), to: (u64, u64), below: &Path) -> io::Result<Option<Call>> {
        let (from, to) = (self.path(from.0, from.1, below)?, self.path(to.0, to.1, below)?);
        Ok(from.zip(to).map(|(from, to)| Call::Rename { from, to }))
    }

    /// The file that a descriptor stands for, if its name lies below a directory.
    fn of_file(&self, descriptor: u64, below: &Path) -> io::Result<Option<u64>> {
        // Descriptors that are not open are for the call itself to complain of.
        let Ok((path, found)) = self.descriptor(descriptor) else { return Ok(None) };
        Ok(path.starts_with(below).then(|| found.ino()))
    }

    fn descriptor(&self, descriptor: u64) -> io::Result<(PathBuf, fs::Metadata)> {
        let link = format!("/proc/{}/fd/{}", self.thread, descriptor as i32);
        Ok((fs::read_link(&link)?, fs::metadata(&link)?))
    }

    /// Where the next byte goes that is written without a place.
    fn position(&self, descriptor: u64) -> io::Result<u64> {
        let about =
            fs::read_to_string(format!("/proc/{}/fdinfo/{}", self.thread, descriptor as i32))?;
        let position =
            about.lines().find_map(|line| line.strip_prefix("pos:")?.trim().parse().ok());
        position.ok_or_else(|| io::Error::other("a descriptor without a position"))
    }

    /// A name in the memory of the program, if it lies below a directory.
    fn path(&self, directory: u64, name: u64, below: &Path) -> io::Result<Option<PathBuf>> {
        let mut bytes = Vec::new();
        while !bytes.contains(&0) && bytes.len() < 8192 {
            // Not over the end of a page, behind which there may be nothing.
            let at = name + bytes.len() as u64;
            bytes.extend(self.memory(at, (4096 - at % 4096) as usize)?);
        }
        bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
        let mut path = PathBuf::from(OsString::from_vec(bytes));
        if path.is_relative() {
            let base = match directory as i32 {
                libc::AT_FDCWD => fs::read_link(format!("/proc/{}/cwd", self.thread))?,
                _ => self.descriptor(directory)?.0,
            };
            path = base.join(path);
        }
        Ok(path.starts_with(below).then_some(path))
    }

    /// Bytes of the program.
    fn memory(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        if len > 0 {
            let local = IoSliceMut::new(&mut bytes);
            let remote = libc::iovec { iov_base: at as *mut libc::c_void, iov_len: len };
            // SAFETY: an `IoSliceMut` is an iovec of memory that is ours; what is foreign is
            // checked by the system.
            let got = unsafe {
                libc::process_vm_readv(
                    self.thread,
                    (&raw const local).cast::<libc::iovec>(),
                    1,
                    &raw const remote,
                    1,
                    0,
                )
            };
            if got != len as isize {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(bytes)
    }
}
