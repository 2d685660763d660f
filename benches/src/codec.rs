//! Systems that turn any value into bytes: this crate and the binary serialisers.

use crate::Result;
use crate::round::Jobs;
use bincode::config::{Configuration, standard};
use filebacked::options::Durability;
use filebacked::{FileBacked, ReadOptions, Save, WriteOptions};
use serde::{Serialize, de::DeserializeOwned};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// No save waits for the disk.
pub(crate) fn fast() -> WriteOptions {
    WriteOptions::new().durability(Durability::Fast)
}

/// Ours, in files and in memory.
pub(crate) fn ours<'v, T: FileBacked + PartialEq>(
    jobs: &mut Jobs<'v>,
    value: &'v T,
    options: &WriteOptions,
) -> Result<()> {
    ours_in_files(jobs, value, options.clone());
    let options = options.clone();
    let encode = move || Ok(options.to_bytes(value)?);
    jobs.memory(
        "ours",
        encode,
        |bytes| Ok(filebacked::from_bytes::<T>(bytes)?),
        move |made| made == value,
    )
}

/// Ours, in files.
pub(crate) fn ours_in_files<'v, T: FileBacked + PartialEq>(
    jobs: &mut Jobs<'v>,
    value: &'v T,
    options: WriteOptions,
) {
    let load = |path: &Path| Ok(ReadOptions::new().load::<T>(path)?);
    jobs.file("ours", move |path| Ok(options.save(path, value)?), load, move |made| made == value);
}

/// The bytes of our file, to be written by themselves: what the kernel alone takes for them.
pub(crate) fn image<T: Save>(value: &T, options: &WriteOptions) -> Result<Vec<u8>> {
    Ok(options.to_bytes(value)?)
}

/// Bytes in one write and one read.
pub(crate) fn raw<'v>(jobs: &mut Jobs<'v>, image: &'v [u8]) {
    let save = move |path: &Path| Ok(fs::write(path, image)?);
    jobs.file("raw bytes", save, |path| Ok(fs::read(path)?), move |made| made == image);
}

/// Ours, bincode and raw bytes, each with the file complete and on the disk before it has its name.
pub(crate) fn durable<'v, T>(jobs: &mut Jobs<'v>, value: &'v T, image: &'v [u8])
where
    T: Save + bincode::Encode,
{
    let options = WriteOptions::new().durability(Durability::Durable);
    jobs.saves("ours, Durable", move |path| Ok(options.save(path, value)?));
    jobs.saves("bincode, Durable", move |path| write_durably(path, &to_bincode(value)?));
    jobs.saves("raw bytes, Durable", move |path| write_durably(path, image));
}

/// What `Durability::Durable` does, by hand.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// A serialiser: into a `Vec` and one write, one read and out of it; and both in memory.
pub(crate) fn codec<'v, T: PartialEq, B: AsRef<[u8]> + 'v>(
    jobs: &mut Jobs<'v>,
    system: &str,
    value: &'v T,
    encode: fn(&T) -> Result<B>,
    decode: fn(&[u8]) -> Result<T>,
) -> Result<()> {
    let save = move |path: &Path| Ok(fs::write(path, encode(value)?)?);
    jobs.file(system, save, move |path| decode(&fs::read(path)?), move |made| made == value);
    jobs.memory(system, move || encode(value), decode, move |made| made == value)
}

const BINCODE: Configuration = standard();

pub(crate) fn to_bincode<T: bincode::Encode>(value: &T) -> Result<Vec<u8>> {
    Ok(bincode::encode_to_vec(value, BINCODE)?)
}

pub(crate) fn from_bincode<T: bincode::Decode<()>>(bytes: &[u8]) -> Result<T> {
    Ok(bincode::decode_from_slice(bytes, BINCODE)?.0)
}

pub(crate) fn to_postcard<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    Ok(postcard::to_stdvec(value)?)
}

pub(crate) fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    Ok(postcard::from_bytes(bytes)?)
}

/// bincode, postcard and rkyv (checked, and into a value of its own) for a value of the type. A
/// macro, because the bounds of rkyv are long.
macro_rules! serialisers {
    ($jobs:expr, $value:expr, $t:ty) => {{
        use $crate::codec::{codec, from_bincode, from_postcard, to_bincode, to_postcard};
        let value: &$t = $value;
        codec($jobs, "bincode", value, to_bincode, from_bincode)?;
        codec($jobs, "postcard", value, to_postcard, from_postcard)?;
        codec(
            $jobs,
            "rkyv",
            value,
            |value| Ok(rkyv::to_bytes::<rkyv::rancor::Error>(value)?),
            |bytes| Ok(rkyv::from_bytes::<$t, rkyv::rancor::Error>(bytes)?),
        )?;
    }};
}
pub(crate) use serialisers;
