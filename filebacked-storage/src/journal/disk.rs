//! [`Disk`]: the data file and the log as files of the operating system.

use super::files::{Files, Held, Part};
use super::{JournalOptions, Locks};
use crate::error::{Error, ErrorKind, Result};
use crate::replace::Replacement;
use crate::temporary;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The end of a log's name.
const SUFFIX: &str = "-journal";

/// Between two attempts to lock a file.
const PAUSE: Duration = Duration::from_millis(2);

/// Two files beside each other.
#[derive(Debug)]
pub struct Disk {
    data: File,
    log: File,
    /// The path of the data file, without links.
    path: PathBuf,
    /// The data file has a temporary name until it takes the one of `path`.
    new: Option<New>,
    log_path: PathBuf,
    identity: (u64, u64),
    options: JournalOptions,
}

/// A file that will get its name with the first commit.
#[derive(Debug)]
struct New {
    file: Replacement,
    /// Whether it must not replace another one.
    exclusive: bool,
}

/// The name of the log of a data file, which is not a link.
pub fn log_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(SUFFIX);
    name.into()
}

impl Disk {
    /// Opens a data file and its log, which is created if it is missing, and locks both.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] if another process writes the file; I/O errors, with help where the
    /// directory does not allow a log.
    pub fn open(path: &Path, options: JournalOptions) -> Result<Self> {
        let path = fs::canonicalize(path)?;
        let data = File::options().read(true).write(true).open(&path)?;
        let found = data.metadata()?;
        if !found.is_file() {
            let what = "a journal for something other than a file";
            return Err(Error::new(ErrorKind::Unsupported(what.into()))
                .with_help("open it with `Journal::Off`"));
        }
        let log_path = log_path(&path);
        lock(&data, false, options)?;
        let log = open_log(&log_path, &found, options)?;
        let identity = (found.dev(), found.ino());
        Ok(Disk { data, log, path, new: None, log_path, identity, options })
    }

    /// The same for a complete file that takes its name with the first commit.
    ///
    /// # Errors
    ///
    /// As [`Disk::open`].
    pub fn create(file: Replacement, exclusive: bool, options: JournalOptions) -> Result<Self> {
        let data = file.file()?;
        let found = data.metadata()?;
        let path = absolute(file.target())?;
        let log_path = log_path(&path);
        let log = open_log(&log_path, &found, options)?;
        if log.metadata()?.len() > 0 {
            return Err(Error::new(ErrorKind::Interrupted).with_help(format!(
                "the journal `{}` belongs to a file that had this name: give it its name back, or \
                 remove the journal",
                log_path.display()
            )));
        }
        let identity = (found.dev(), found.ino());
        let new = Some(New { file, exclusive });
        Ok(Disk { data, log, path, new, log_path, identity, options })
    }

    /// The path of the data file, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn part(&self, part: Part) -> &File {
        match part {
            Part::Data => &self.data,
            Part::Log => &self.log,
        }
    }

    /// Changes the lock on the data file, without waiting.
    fn try_lock(&self, alone: bool) -> Result<bool> {
        match temporary::lock(&self.data, alone)? {
            None if self.options.locks == Locks::On => Err(without_locks()),
            held => Ok(held != Some(false)),
        }
    }
}

/// A path without links whose last part need not be there.
pub(super) fn absolute(path: &Path) -> io::Result<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
    Ok(parent.join(path.file_name().unwrap_or_default()))
}

/// Opens and locks a log. One that is removed by its last writer meanwhile is created again.
fn open_log(path: &Path, data: &fs::Metadata, options: JournalOptions) -> Result<File> {
    loop {
        let mut how = File::options();
        how.read(true).write(true).create(true).truncate(false);
        how.mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let log = how.open(path).map_err(|error| {
            Error::from(error).with_help(format!(
                "a file that is open for writing has a journal beside it, here `{}`; \
                 `Journal::Off` does without",
                path.display()
            ))
        })?;
        lock(&log, true, options)?;
        if temporary::is_at(&log, path)? {
            // The log holds parts of the data file: who may read one may read the other. One that
            // fewer may read is good enough.
            let _ = temporary::hand_over(&log, data);
            return Ok(log);
        }
    }
}

/// Locks a file of a journal that is being opened.
fn lock(file: &File, alone: bool, options: JournalOptions) -> Result<()> {
    if options.locks == Locks::Off {
        return Ok(());
    }
    let until = Instant::now() + options.lock_timeout;
    loop {
        match temporary::lock(file, alone)? {
            Some(true) => return Ok(()),
            None if options.locks == Locks::On => return Err(without_locks()),
            None => return Ok(()),
            Some(false) if Instant::now() >= until => {
                return Err(Error::new(ErrorKind::Locked).with_help("wait until it is closed"));
            }
            Some(false) => std::thread::sleep(PAUSE),
        }
    }
}

#[cold]
fn without_locks() -> Error {
    Error::new(ErrorKind::Io(io::ErrorKind::Unsupported))
        .with_help("the file system has no locks; `Locking::BestEffort` does without")
}

impl Files for Disk {
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(self.part(part), buffer, offset)
    }

    fn write_at(&mut self, part: Part, offset: u64, data: &[u8]) -> io::Result<usize> {
        FileExt::write_at(self.part(part), data, offset)
    }

    fn size(&self, part: Part) -> io::Result<u64> {
        Ok(self.part(part).metadata()?.len())
    }

    fn set_size(&mut self, part: Part, size: u64) -> io::Result<()> {
        again(|| self.part(part).set_len(size))
    }

    fn flush(&mut self, part: Part) -> io::Result<()> {
        again(|| self.part(part).sync_data())
    }

    fn flush_names(&mut self) -> io::Result<()> {
        let parent = self.log_path.parent().unwrap_or(Path::new("/"));
        match File::open(parent).and_then(|directory| directory.sync_all()) {
            // Some file systems cannot flush directories, and say so in one of these ways.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            done => done,
        }
    }

    fn copy(&mut self, from: u64, to: u64, len: u64) -> io::Result<()> {
        let done = system::copy(&self.log, from, &self.data, to, len)?;
        copy_by_memory(&self.log, from + done, &self.data, to + done, len - done)
    }

    fn reserve(&mut self, ranges: &[(u64, u64)]) -> io::Result<()> {
        let found = self.data.metadata()?;
        if found.blocks().saturating_mul(512) >= found.len() {
            return Ok(());
        }
        ranges.iter().try_for_each(|(from, len)| system::reserve(&self.data, *from, *len))
    }

    fn lock(&mut self, alone: bool) -> io::Result<Held> {
        if self.options.locks == Locks::Off {
            return Ok(if alone { Held::Alone } else { Held::Shared });
        }
        let before = stamp(&self.data)?;
        let until = Instant::now() + self.options.lock_timeout;
        let mut is_first = true;
        loop {
            if self.try_lock(alone)? {
                // A lock that cannot be changed is lost, and a writer may have come and gone.
                if !is_first && stamp(&self.data)? != before {
                    return Err(Error::from(ErrorKind::Changed).into());
                }
                return Ok(if alone { Held::Alone } else { Held::Shared });
            }
            is_first = false;
            let is_shared = alone && self.try_lock(false)?;
            if is_shared && stamp(&self.data)? != before {
                return Err(Error::from(ErrorKind::Changed).into());
            }
            if Instant::now() >= until {
                return Ok(if is_shared { Held::Shared } else { Held::Nothing });
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn is_new(&self) -> bool {
        self.new.is_some()
    }

    fn publish(&mut self, durable: bool) -> Result<()> {
        let Some(New { file, exclusive }) = &mut self.new else { return Ok(()) };
        let published = if *exclusive { file.publish_new(durable) } else { file.publish(durable) };
        if file.is_done() {
            self.new = None;
            lock(&self.data, false, self.options)?;
        }
        published
    }

    fn is_named(&self) -> io::Result<bool> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) => Ok((found.dev(), found.ino()) == self.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn identity(&self) -> (u64, u64) {
        self.identity
    }

    fn release(&mut self) -> Result<()> {
        // Another file may have the name by now, whose log is not this one.
        if temporary::is_at(&self.log, &self.log_path)? {
            fs::remove_file(&self.log_path)?;
        }
        temporary::unlock(&self.log)?;
        temporary::unlock(&self.data)
    }

    fn abandon(&mut self) -> Result<()> {
        if self.log.metadata()?.len() == 0 {
            return self.release();
        }
        temporary::unlock(&self.log)?;
        temporary::unlock(&self.data)
    }

    fn descriptor(&self) -> io::Result<Option<File>> {
        self.data.try_clone().map(Some)
    }

    fn log_name(&self) -> String {
        self.log_path.display().to_string()
    }
}

/// The length and the time of a file, which change when a program writes to it.
fn stamp(file: &File) -> io::Result<(u64, i64, i64)> {
    let found = file.metadata()?;
    Ok((found.len(), found.mtime(), found.mtime_nsec()))
}

/// Repeats what a signal has interrupted.
fn again(mut call: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Copies bytes between files.
fn copy_by_memory(
    from: &File,
    mut at: u64,
    to: &File,
    mut place: u64,
    mut len: u64,
) -> io::Result<()> {
    let mut buffer = vec![0; len.min(1 << 20) as usize];
    while len > 0 {
        let part = &mut buffer[..len.min(1 << 20) as usize];
        from.read_exact_at(part, at)?;
        to.write_all_at(part, place)?;
        at += part.len() as u64;
        place += part.len() as u64;
        len -= part.len() as u64;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;

    /// Has the system copy bytes between files, as far as it can. Returns how many.
    pub(super) fn copy(from: &File, at: u64, to: &File, place: u64, len: u64) -> io::Result<u64> {
        let (mut source, mut target) = (offset(at)?, offset(place)?);
        let mut done = 0;
        while done < len {
            let most = (len - done).min(1 << 30) as usize;
            // SAFETY: both descriptors are open, and both offsets writable.
            let count = unsafe {
                let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
                libc::copy_file_range(from, &raw mut source, to, &raw mut target, most, 0)
            };
            match count {
                0 => break,
                count if count > 0 => done += count.unsigned_abs() as u64,
                _ => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error if is_unsupported(&error) => break,
                    error => return Err(error),
                },
            }
        }
        Ok(done)
    }

    /// Whether the system cannot copy between these files.
    fn is_unsupported(error: &io::Error) -> bool {
        matches!(
            error.raw_os_error(),
            Some(libc::ENOSYS | libc::EXDEV | libc::EINVAL | libc::EOPNOTSUPP | libc::EPERM)
        )
    }

    /// Allocates bytes of a file, if the file system can.
    pub(super) fn reserve(file: &File, from: u64, len: u64) -> io::Result<()> {
        let number = |at| libc::off_t::try_from(at).map_err(|_| io::ErrorKind::FileTooLarge);
        let (from, len) = (number(from)?, number(len)?);
        loop {
            // SAFETY: the descriptor is open.
            if unsafe { libc::fallocate(file.as_raw_fd(), 0, from, len) } == 0 {
                return Ok(());
            }
            match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error if is_unsupported(&error) => return Ok(()),
                error => return Err(error),
            }
        }
    }

    fn offset(at: u64) -> io::Result<libc::off64_t> {
        libc::off64_t::try_from(at).map_err(|_| io::ErrorKind::FileTooLarge.into())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;
    use std::io;

    /// The system copies nothing.
    pub(super) fn copy(_: &File, _: u64, _: &File, _: u64, _: u64) -> io::Result<u64> {
        Ok(0)
    }

    /// A full disk is noticed by the writes.
    pub(super) fn reserve(_: &File, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }
}
