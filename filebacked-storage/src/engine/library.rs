//! The HDF5 library as an engine: every file, every feature.

use super::{
    Answer, Engine, Fill, LIBHDF5, Look, Medium, Reading, Target, Writing, open_on_disk,
    size_of_store,
};
use crate::error::Result;
use crate::libhdf5::{Attachment, LibFile, LibSink, LibSource, Medium as StoreMedium};
use crate::seal;
use crate::signature::explained;

/// Bytes by which a file in memory grows.
const GROWTH: usize = 64 << 10;

pub(super) struct Library;

impl Engine for Library {
    fn name(&self) -> &'static str {
        LIBHDF5
    }

    fn reads(&self, how: &Reading) -> bool {
        // It does not survive every damaged file.
        how.limits.is_none()
    }

    fn read(
        &self,
        medium: Medium<'_>,
        how: &Reading,
        _last: bool,
        look: &mut Look<'_>,
    ) -> Result<Answer<()>> {
        match medium {
            Medium::Path(path) => {
                let (bytes, _) = open_on_disk(path)?;
                let file = LibFile::open(path, false).map_err(|e| explained(&bytes, e))?;
                drop(bytes);
                if !how.interrupted {
                    file.refuse_interrupted()?;
                }
                LibSource::over(&file.root()?, |source| look(source))?;
            }
            Medium::Bytes(bytes) => {
                let file = LibFile::open_image(bytes)?;
                look(&LibSource::new(file.root()?)?)?;
            }
            Medium::Store(store) => {
                size_of_store(store)?;
                let file = Attachment::new(StoreMedium::Read(store.clone())).open()?;
                look(&LibSource::new(file.root()?)?)?;
            }
        }
        Ok(Answer::Done(()))
    }

    fn write(
        &self,
        target: Target<'_>,
        how: &Writing,
        fill: &mut Fill<'_>,
    ) -> Result<Answer<Vec<u8>>> {
        let file = match target {
            Target::Path(path) => LibFile::create(path, false)?,
            Target::New(replacement) => {
                replacement.unlock()?;
                LibFile::create_private(replacement.path())?
            }
            Target::Memory => LibFile::create_in_memory(GROWTH)?,
            Target::Store(store) => Attachment::new(StoreMedium::Write(store.clone())).create()?,
        };
        let filled = filled(&file, how, fill);
        match target {
            Target::Memory => {
                filled?;
                return Ok(Answer::Done(file.image()?));
            }
            // Only closing tells whether the store has everything.
            Target::Store(_) => filled.and(file.close())?,
            Target::Path(_) | Target::New(_) => {
                filled?;
                file.close()?;
            }
        }
        Ok(Answer::Done(Vec::new()))
    }
}

fn filled(file: &LibFile, how: &Writing, fill: &mut Fill<'_>) -> Result<()> {
    fill(&mut LibSink::new(file.root()?)?)?;
    if how.digest {
        let digest = seal::digest(&LibSource::new(file.root()?)?)?;
        seal::put(&mut LibSink::new(file.root()?)?, &digest)?;
    }
    Ok(())
}
