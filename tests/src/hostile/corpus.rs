//! [`Corpus`]: files of others and of this library, and their mutants.

use crate::mutants::{Damage, Numbers, Sums, links, record, state};
use crate::python;
use filebacked::engine::Engine;
use filebacked::{Compression, WriteOptions};
use serde_json::json;
use std::path::Path;

/// A file that is whole.
#[derive(Debug)]
pub struct Original {
    pub name: String,
    pub bytes: Vec<u8>,
    sums: Sums,
    /// Where its structures begin.
    starts: Vec<usize>,
}

/// Files, which all have as many mutants as are asked for.
#[derive(Debug)]
pub struct Corpus(Vec<Original>);

/// What structures without a checksum begin with.
const UNCHECKED: [&[u8]; 5] = [b"TREE", b"SNOD", b"HEAP", b"GCOL", b"EADB"];

/// How much behind the beginning of a structure is damaged more often than the rest.
const HEAD: usize = 200;

impl Corpus {
    /// Writes files of this library into a folder, and with Python those of others.
    pub fn write(folder: &Path) {
        let save = |name: &str, options: WriteOptions| {
            let path = folder.join(format!("{name}.h5"));
            options.save(&path, &state()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        };
        save("own", WriteOptions::new().engine(Engine::Native).digest(true));
        save("own_libhdf5", WriteOptions::new().engine(Engine::Libhdf5));
        save(
            "own_gzip",
            WriteOptions::new().compression(Compression::Gzip(1)).fletcher32(true).digest(true),
        );
        filebacked::save(folder.join("own_links.h5"), &links()).expect("links are saved");
        filebacked::save(folder.join("own_rows.h5"), &(0..5).map(record).collect::<Vec<_>>())
            .expect("rows are saved");
        if let Some(python) = python() {
            let code = format!("import hostile; hostile.make({:?})", folder.display().to_string());
            python.ask(&json!({"op": "exec", "code": code})).expect("files of others are written");
        }
    }

    /// The files of a folder.
    pub fn of(folder: &Path) -> Self {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder of files")
            .map(|entry| entry.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "h5"))
            .collect();
        paths.sort();
        let mut originals = Vec::new();
        for path in paths {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).expect("the file is read");
            // Our own decoder leaves superblocks of version 3 to the C library: what is below them
            // it looks at under a 2.
            if bytes.starts_with(b"\x89HDF\r\n\x1a\n\x03") {
                let mut dressed = bytes.clone();
                dressed[8] = 2;
                let sums = Sums::of(&bytes);
                sums.repair(&mut dressed);
                originals.push(Original::new(format!("{name}_as_2"), dressed));
            }
            originals.push(Original::new(name, bytes));
        }
        Corpus(originals)
    }

    /// The files.
    pub fn originals(&self) -> &[Original] {
        &self.0
    }

    /// The file that a mutant is made of.
    pub fn original(&self, number: usize) -> &Original {
        &self.0[number % self.0.len()]
    }

    /// A mutant: the same for the same number. The first ones are not damaged.
    pub fn mutant(&self, number: usize) -> Vec<u8> {
        let original = self.original(number);
        let mut bytes = original.bytes.clone();
        if number < self.0.len() {
            return bytes;
        }
        let mut numbers = Numbers::new(number as u64);
        let all = 0..bytes.len();
        let heads: Vec<_> =
            original.starts.iter().map(|start| *start..(*start + HEAD).min(bytes.len())).collect();
        let places = if heads.is_empty() || numbers.next(3) == 0 {
            std::slice::from_ref(&all)
        } else {
            &heads
        };
        let donor = &self.0[numbers.next(self.0.len())].bytes;
        Damage { places, truncates: true, donor, starts: &original.starts }
            .apply(&mut bytes, &mut numbers);
        // Without it, most would be found by a checksum.
        if numbers.next(10) > 0 {
            original.sums.repair(&mut bytes);
        }
        bytes
    }
}

impl Original {
    fn new(name: String, bytes: Vec<u8>) -> Self {
        let sums = Sums::of(&bytes);
        let unchecked =
            bytes.windows(4).enumerate().filter(|(_, window)| UNCHECKED.contains(window));
        let mut starts: Vec<usize> = unchecked.map(|(at, _)| at).chain(sums.starts()).collect();
        starts.sort_unstable();
        Original { name, bytes, sums, starts }
    }
}
