//! Which engine writes or reads a whole file: our own where it can, the C library for everything
//! else.

use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::context::WriteContext;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
#[cfg(feature = "native")]
use crate::options::Layout;
use crate::options::{ReadOptions, WriteOptions};
use crate::replace::Replacement;
use crate::storage::Source;
#[cfg(feature = "native")]
use crate::storage::changes;
#[cfg(feature = "libhdf5")]
use crate::storage::libhdf5::{Attachment, LibFile, LibSink, LibSource, Medium};
#[cfg(feature = "native")]
use crate::storage::native::{NativeSink, NativeSource};
#[cfg(feature = "native")]
use crate::storage::store;
#[cfg(feature = "digest")]
use crate::storage::walk::seal;
use crate::store::{ReadAt, Store};
use crate::whole;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(not(any(feature = "libhdf5", feature = "native")))]
compile_error!("filebacked needs an engine: the feature `libhdf5`, `native`, or both");

/// The engine of a call. Chosen by the library; tests choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Our own, and the C library for what that declines.
    #[default]
    Any,
    /// Our own only.
    Native,
    /// The C library only.
    Libhdf5,
}

/// Files up to this size are read at once and decoded in memory; of larger ones only what is asked
/// for is read.
#[cfg(feature = "native")]
const AT_ONCE: u64 = 256 << 10;

#[cold]
fn needs_libhdf5(cause: Option<Error>) -> Error {
    let error = Error::new(ErrorKind::NeedsLibhdf5).with_help(match cfg!(feature = "libhdf5") {
        true => "this call leaves it to our own engine, which does not know all of HDF5",
        false => "enable the feature `libhdf5` of filebacked",
    });
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}

/// Where a whole file is written.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// Over what is there.
    Path(&'a Path),
    /// Into a new file that nobody else knows.
    New(&'a Replacement),
}

impl Target<'_> {
    #[cfg(feature = "native")]
    fn open(self) -> Result<File> {
        match self {
            // What a digest is of is read again.
            Target::Path(path) => {
                Ok(File::options().read(true).write(true).create(true).truncate(true).open(path)?)
            }
            Target::New(replacement) => replacement.file(),
        }
    }
}

/// Writes a value as a whole file.
pub(crate) fn write_file<T: Save>(
    target: Target<'_>,
    value: &T,
    options: &WriteOptions,
) -> Result<()> {
    #[cfg(feature = "native")]
    if writes_natively(options) {
        let cx = whole::write_context::<T>(options)?;
        let write = |sink: &mut NativeSink| whole::write_root(sink, &cx, value);
        if let Some(sink) = write_native(NativeSink::to_file(target.open()?), options, write)? {
            let file = sink.into_file()?;
            #[cfg(feature = "digest")]
            if options.has_digest() {
                seal::file(&file)?;
            }
            drop(file);
            return Ok(());
        }
    }
    #[cfg(feature = "libhdf5")]
    {
        let file = match target {
            Target::Path(path) => LibFile::create(path, false)?,
            Target::New(replacement) => {
                replacement.unlock()?;
                LibFile::create_private(replacement.path())?
            }
        };
        fill_with_library(&file, value, options)?;
        file.close()
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// Whether our own engine is to try: the Python layout begins with what it has not.
#[cfg(feature = "native")]
fn writes_natively(options: &WriteOptions) -> bool {
    match options.engine {
        Engine::Any => options.layout == Layout::Native,
        engine => engine == Engine::Native,
    }
}

/// Lets our own engine write; `None` where it declines, and the other one can take over.
#[cfg(feature = "native")]
fn write_native(
    mut sink: NativeSink,
    options: &WriteOptions,
    write: impl FnOnce(&mut NativeSink) -> Result<()>,
) -> Result<Option<NativeSink>> {
    let written = write(&mut sink);
    #[cfg(feature = "digest")]
    let written =
        written.and_then(|()| if options.has_digest() { seal::reserve(&mut sink) } else { Ok(()) });
    match written {
        Ok(()) => Ok(Some(sink)),
        Err(error) if !sink.declined() => Err(error),
        Err(error) if options.engine == Engine::Native || !cfg!(feature = "libhdf5") => {
            Err(needs_libhdf5(Some(error)))
        }
        Err(_) => Ok(None),
    }
}

/// A value as the bytes of a whole file.
pub(crate) fn write_bytes<T: Save>(value: &T, options: &WriteOptions) -> Result<Vec<u8>> {
    #[cfg(feature = "native")]
    if let Some(bytes) = native_bytes(value, options)? {
        return Ok(bytes);
    }
    #[cfg(feature = "libhdf5")]
    {
        let file = LibFile::create_in_memory(64 << 10)?;
        fill_with_library(&file, value, options)?;
        file.image()
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// The bytes of a whole file by our own engine; `None` where it is not to write, or declines.
#[cfg(feature = "native")]
fn native_bytes<T: Save>(value: &T, options: &WriteOptions) -> Result<Option<Vec<u8>>> {
    if !writes_natively(options) {
        return Ok(None);
    }
    let cx = whole::write_context::<T>(options)?;
    let write = |sink: &mut NativeSink| whole::write_root(sink, &cx, value);
    let Some(sink) = write_native(NativeSink::in_memory(), options, write)? else {
        return Ok(None);
    };
    #[cfg_attr(not(feature = "digest"), allow(unused_mut))]
    let mut bytes = sink.into_bytes()?;
    #[cfg(feature = "digest")]
    if options.has_digest() {
        seal::bytes(&mut bytes)?;
    }
    Ok(Some(bytes))
}

/// Writes a value into a new file of the C library.
#[cfg(feature = "libhdf5")]
fn fill_with_library<T: Save>(file: &LibFile, value: &T, options: &WriteOptions) -> Result<()> {
    let cx = whole::write_context::<T>(options)?;
    let mut sink = LibSink::new(file.root()?)?;
    whole::write_root(&mut sink, &cx, value)?;
    drop(sink);
    #[cfg(feature = "digest")]
    if options.has_digest() {
        seal::library(file)?;
    }
    Ok(())
}

/// Refuses what is left for the C library where the file is not trusted.
pub(crate) fn trusted(options: &ReadOptions) -> Result<()> {
    match options.limits {
        None => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::NeedsLibhdf5).with_help(
            "of files that are not trusted, `load` and `from_bytes` read what our own engine knows",
        )),
    }
}

impl ReadOptions {
    #[cfg(feature = "native")]
    fn reads_natively(&self) -> bool {
        // Files whose change was interrupted are for the other one.
        let other = self.engine == Engine::Libhdf5 || self.interrupted && cfg!(feature = "libhdf5");
        !other || self.limits.is_some()
    }
}

/// Reads the value that is a whole file.
pub(crate) fn read_file<T: FileBacked>(path: &Path, options: &ReadOptions) -> Result<T> {
    look_into_file(path, options, |source| whole::read_root(source, options))
}

/// Reads a dataset of a file into a buffer.
pub(crate) fn read_file_into<B: Buffer + ?Sized>(
    path: &Path,
    name: &str,
    buffer: &mut B,
    options: &ReadOptions,
) -> Result<()> {
    look_into_file(path, options, |source| {
        let ours = whole::is_ours(&Object::new(source, source.root()?))?;
        whole::read_member_into(source, name, ours, options, buffer)
    })
}

/// Opens a file on the disk with the engine that is for it. What reads it is called again where our
/// own engine declines.
#[cfg_attr(not(feature = "native"), allow(unused_variables))]
pub(crate) fn look_into_file<R>(
    path: &Path,
    options: &ReadOptions,
    mut look: impl FnMut(&dyn Source) -> Result<R>,
) -> Result<R> {
    #[cfg(feature = "native")]
    let opened = changes::now();
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    if found.is_file() && found.len() == 0 {
        return Err(Error::new(ErrorKind::NotHdf5).with_help("the file is empty"));
    }
    #[cfg(feature = "native")]
    if options.reads_natively()
        && let Some(value) = look_natively(&file, (path, opened), found.len(), options, &mut look)?
    {
        return Ok(value);
    }
    drop(file);
    trusted(options)?;
    #[cfg(feature = "libhdf5")]
    {
        let file = LibFile::open(path, false)?;
        if !options.interrupted {
            file.refuse_interrupted()?;
        }
        LibSource::over(&file.root()?, |source| look(source))
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// Reads the value that the bytes of a whole file hold.
pub(crate) fn read_bytes<T: FileBacked>(bytes: &[u8], options: &ReadOptions) -> Result<T> {
    #[cfg(feature = "native")]
    if options.reads_natively()
        && let Some(value) = looked_at(NativeSource::new(bytes), options, |source| {
            whole::read_root(source, options)
        })?
    {
        return Ok(value);
    }
    trusted(options)?;
    #[cfg(feature = "libhdf5")]
    {
        let file = LibFile::open_image(bytes)?;
        whole::read_root(&LibSource::new(file.root()?)?, options)
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// Writes a value as the whole file of a store.
#[cfg_attr(not(feature = "libhdf5"), allow(clippy::needless_pass_by_value))]
pub(crate) fn write_store<T: Save>(
    store: Arc<impl Store + 'static>,
    value: &T,
    options: &WriteOptions,
) -> Result<()> {
    #[cfg(feature = "native")]
    if let Some(bytes) = native_bytes(value, options)? {
        store::put(&*store, 0, &bytes)?;
        store.set_size(bytes.len() as u64)?;
        return Ok(store.sync()?);
    }
    #[cfg(feature = "libhdf5")]
    {
        let file = Attachment::new(Medium::Write(store)).create()?;
        let filled = fill_with_library(&file, value, options);
        filled.and(file.close())
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// Reads the value that is the whole file of a store.
pub(crate) fn read_store<T: FileBacked>(
    store: Arc<impl ReadAt + 'static>,
    options: &ReadOptions,
) -> Result<T> {
    let len = store.size()?;
    if len == 0 {
        return Err(Error::new(ErrorKind::NotHdf5).with_help("the store is empty"));
    }
    let store: Arc<dyn ReadAt> = store;
    #[cfg(feature = "native")]
    if options.reads_natively() {
        let read = |source: &dyn Source| whole::read_root(source, options);
        let found = match store.as_bytes() {
            None if len <= AT_ONCE => {
                let mut bytes = vec![0; len as usize];
                let read_bytes = store::fill(&*store, 0, &mut bytes)?;
                bytes.truncate(read_bytes);
                looked_at(NativeSource::new(&bytes), options, read)?
            }
            _ => looked_at(NativeSource::of_store(&store, len), options, read)?,
        };
        if let Some(value) = found {
            return Ok(value);
        }
    }
    trusted(options)?;
    #[cfg(feature = "libhdf5")]
    {
        let file = Attachment::new(Medium::Read(store)).open()?;
        whole::read_root(&LibSource::new(file.root()?)?, options)
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// Looks at a file without a type: through the C library where that is built in, since it knows
/// every file.
pub(crate) fn look_at_file<R>(
    path: &Path,
    options: &ReadOptions,
    look: impl FnOnce(&dyn Source) -> Result<R>,
) -> Result<R> {
    #[cfg(feature = "libhdf5")]
    if options.limits.is_none() {
        let file = crate::file::open_file(path, false)?;
        return LibSource::over(&file.root()?, |source| look(source));
    }
    #[cfg(feature = "native")]
    {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let native = options.clone().engine(Engine::Native);
        let found = look_natively(&file, (path, changes::now()), len, &native, look)?;
        found.ok_or_else(|| needs_libhdf5(None))
    }
    #[cfg(not(feature = "native"))]
    Err(needs_libhdf5(None))
}

/// Looks at the bytes of a file without a type.
pub(crate) fn look_at_bytes<R>(
    bytes: &[u8],
    options: &ReadOptions,
    look: impl FnOnce(&dyn Source) -> Result<R>,
) -> Result<R> {
    #[cfg(feature = "libhdf5")]
    if options.limits.is_none() {
        let file = LibFile::open_image(bytes)?;
        return look(&LibSource::new(file.root()?)?);
    }
    #[cfg(feature = "native")]
    {
        let found =
            looked_at(NativeSource::new(bytes), &options.clone().engine(Engine::Native), look)?;
        found.ok_or_else(|| needs_libhdf5(None))
    }
    #[cfg(not(feature = "native"))]
    Err(needs_libhdf5(None))
}

/// Looks at a file on the disk with our own engine; `None` where the file is for the other one.
#[cfg(feature = "native")]
fn look_natively<R>(
    file: &File,
    (path, opened): (&Path, u64),
    len: u64,
    options: &ReadOptions,
    look: impl FnOnce(&dyn Source) -> Result<R>,
) -> Result<Option<R>> {
    if len > AT_ONCE {
        return looked_at(
            NativeSource::of_file(file, len).map(|source| source.named(path, opened)),
            options,
            look,
        );
    }
    let mut bytes = Vec::with_capacity(len as usize);
    // As many bytes as the file had: asking for its end would be one more system call.
    io::Read::read_to_end(&mut io::Read::take(file, len), &mut bytes)?;
    looked_at(NativeSource::new(&bytes).map(|source| source.named(path, opened)), options, look)
}

/// Looks at a file with our own engine; `None` where it is for the other one.
#[cfg(feature = "native")]
fn looked_at<R>(
    source: Result<NativeSource<'_>>,
    options: &ReadOptions,
    look: impl FnOnce(&dyn Source) -> Result<R>,
) -> Result<Option<R>> {
    let only =
        options.engine == Engine::Native || options.limits.is_some() || !cfg!(feature = "libhdf5");
    let found = match source.map(|source| source.limited(options.limits)) {
        // Most of a large file of others would be read in vain.
        Ok(source) if !only && source.is_large() && !source.is_own() => return Ok(None),
        Ok(source) => look(&source).map_err(|error| (error, source.declined())),
        Err(error) => {
            let declined = matches!(error.kind(), ErrorKind::Unsupported(_));
            Err((error, declined))
        }
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err((error, false)) => Err(error),
        Err((error, true)) if only => Err(needs_libhdf5(Some(error))),
        Err(_) => Ok(None),
    }
}

/// A file that says nothing of this library, with a value as its only member; for checks of
/// filters.
pub(crate) fn member_to_bytes<T: Save>(
    name: &str,
    value: &T,
    options: &WriteOptions,
) -> Result<Vec<u8>> {
    let cx = WriteContext::new(options, None)?;
    #[cfg(feature = "native")]
    {
        let write = |sink: &mut NativeSink| whole::write_member(sink, &cx, name, value);
        if let Some(sink) = write_native(NativeSink::in_memory(), options, write)? {
            return sink.into_bytes();
        }
    }
    #[cfg(feature = "libhdf5")]
    {
        let file = LibFile::create_in_memory(64 << 10)?;
        let mut sink = LibSink::new(file.root()?)?;
        whole::write_member(&mut sink, &cx, name, value)?;
        drop(sink);
        file.image()
    }
    #[cfg(not(feature = "libhdf5"))]
    Err(needs_libhdf5(None))
}

/// Reads a member of a file of others out of its bytes; for checks of filters.
pub(crate) fn member_from_bytes<T: FileBacked>(
    bytes: &[u8],
    name: &str,
    options: &ReadOptions,
) -> Result<T> {
    #[cfg(feature = "libhdf5")]
    {
        let file = LibFile::open_image(bytes)?;
        whole::read_member(&LibSource::new(file.root()?)?, name, false, options)
    }
    #[cfg(not(feature = "libhdf5"))]
    whole::read_member(&NativeSource::new(bytes)?, name, false, options)
}
