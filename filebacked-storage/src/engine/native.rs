//! The native engine: whole files of a subset of HDF5, at memory speed.

use super::{
    Answer, Engine, Fill, Look, Medium, NATIVE, Reading, Target, Writing, open_on_disk,
    size_of_store,
};
use crate::changes;
use crate::error::{ErrorKind, Result};
use crate::native::{NativeSink, NativeSource};
use crate::seal;
use crate::store;
use crate::temporary;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// Files up to this size are read at once and decoded in memory; larger files are read in parts on
/// request.
const AT_ONCE: u64 = 256 << 10;

pub(super) struct Native;

impl Engine for Native {
    fn name(&self) -> &'static str {
        NATIVE
    }

    fn reads(&self, how: &Reading) -> bool {
        // An interrupted file is for the library, unless that must not see it.
        !how.interrupted || how.limits.is_some() || !cfg!(feature = "libhdf5")
    }

    fn read(
        &self,
        medium: Medium<'_>,
        how: &Reading,
        last: bool,
        look: &mut Look<'_>,
    ) -> Result<Answer<()>> {
        match medium {
            Medium::Bytes(bytes) => looked_at(NativeSource::new(bytes), how, last, look),
            Medium::Path(path) => {
                let opened = changes::now();
                let (file, _) = open_on_disk(path)?;
                if is_changing(&file) {
                    let what = "a file that this process has open for writing";
                    return Ok(Answer::Declined(ErrorKind::Unsupported(what.into()).into()));
                }
                // A commit of another process waits, or its bytes are there.
                let _lock = temporary::ReadLock::of(&file);
                let len = file.metadata()?.len();
                if len > AT_ONCE {
                    let source = NativeSource::of_file(&file, len);
                    return looked_at(source.map(|s| s.named(path, opened)), how, last, look);
                }
                let mut bytes = Vec::with_capacity(len as usize);
                // As many bytes as the file had: asking for its end would be one more system call.
                (&file).take(len).read_to_end(&mut bytes)?;
                let source = NativeSource::new(&bytes);
                looked_at(source.map(|s| s.named(path, opened)), how, last, look)
            }
            Medium::Store(store) => {
                let len = size_of_store(store)?;
                if len > AT_ONCE || store.as_bytes().is_some() {
                    return looked_at(NativeSource::of_store(store, len), how, last, look);
                }
                let mut bytes = vec![0; len as usize];
                let read = store::fill(store, 0, &mut bytes)?;
                bytes.truncate(read);
                looked_at(NativeSource::new(&bytes), how, last, look)
            }
        }
    }

    fn write(
        &self,
        target: Target<'_>,
        how: &Writing,
        fill: &mut Fill<'_>,
    ) -> Result<Answer<Vec<u8>>> {
        let mut sink = match target {
            // A digest is made of what is read again.
            Target::Path(path) => NativeSink::to_file(
                File::options().read(true).write(true).create(true).truncate(true).open(path)?,
            ),
            Target::New(replacement) => NativeSink::to_file(replacement.file()?),
            Target::Memory | Target::Store(_) => NativeSink::in_memory(),
        };
        let written = fill(&mut sink);
        let written = written
            .and_then(|()| if how.digest { seal::put(&mut sink, seal::UNKNOWN) } else { Ok(()) });
        match written {
            Ok(()) => {}
            Err(error) if sink.declined() => return Ok(Answer::Declined(error)),
            Err(error) => return Err(error),
        }
        match target {
            Target::Path(_) | Target::New(_) => {
                let file = sink.into_file()?;
                if how.digest {
                    seal_file(&file)?;
                }
                drop(file);
                Ok(Answer::Done(Vec::new()))
            }
            Target::Memory => Ok(Answer::Done(sealed(sink, how)?)),
            Target::Store(store) => {
                let bytes = sealed(sink, how)?;
                store::put(&**store, 0, &bytes)?;
                store.set_size(bytes.len() as u64)?;
                store.sync()?;
                Ok(Answer::Done(Vec::new()))
            }
        }
    }
}

/// Whether this process has changed a file, and libhdf5 knows more of it than is on the disk.
fn is_changing(file: &File) -> bool {
    #[cfg(unix)]
    return crate::journal::is_open(file);
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// The bytes of a file in memory.
fn sealed(sink: NativeSink, how: &Writing) -> Result<Vec<u8>> {
    let mut bytes = sink.into_bytes()?;
    if how.digest {
        let (at, header) = with_digest(&NativeSource::new(&bytes)?)?;
        let at = at as usize;
        if let Some(place) = bytes.get_mut(at..at + header.len()) {
            place.copy_from_slice(&header);
        }
    }
    Ok(bytes)
}

fn looked_at(
    source: Result<NativeSource<'_>>,
    how: &Reading,
    last: bool,
    look: &mut Look<'_>,
) -> Result<Answer<()>> {
    let source = match source {
        Ok(source) => source.limited(how.limits),
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported(_)) => {
            return Ok(Answer::Declined(error));
        }
        Err(error) => return Err(error),
    };
    if !last && source.is_large() && !source.is_own() {
        // Most of a large file of other programs would be read in vain.
        let what = "a large file that another program wrote";
        return Ok(Answer::Declined(ErrorKind::Unsupported(what.into()).into()));
    }
    match look(&source) {
        Ok(()) => Ok(Answer::Done(())),
        Err(error) if source.declined() => Ok(Answer::Declined(error)),
        Err(error) => Err(error),
    }
}

/// Puts the digest of a file into the place that was left for it.
fn seal_file(mut file: &File) -> Result<()> {
    let (at, header) = with_digest(&NativeSource::of_file(file, file.metadata()?.len())?)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(file.write_all(&header)?)
}

/// The place of the root's header, and the header with the digest filled in.
fn with_digest(source: &NativeSource<'_>) -> Result<(u64, Vec<u8>)> {
    source.root_with(seal::UNKNOWN.as_bytes(), seal::digest(source)?.as_bytes())
}
