//! Files with every structure that h5py writes, in every version of the format: the native engine
//! reads from them what libhdf5 and h5py read.

use filebacked_storage::engine::read;
use filebacked_storage::{
    Choice, Description, Dtype, Handle, Link, Medium, ObjectKind, Reading, Result, Slab, Source,
    Span, StoredType, read_records,
};
use filebacked_tests::scratch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One object or attribute as an engine reads it.
#[derive(Debug, PartialEq)]
struct Seen {
    kind: ObjectKind,
    members: Vec<String>,
    attributes: Vec<String>,
    described: Option<(Dtype, Vec<u64>, bool)>,
    /// The elements, one behind another and without gaps.
    bytes: Vec<u8>,
    /// A part of them.
    part: Vec<u8>,
    texts: Vec<u8>,
    ends: Vec<usize>,
    /// The type in the file, where the description does not say all of it.
    stored: Option<StoredType>,
    layout: &'static str,
    chunk: Vec<u64>,
    filters: Vec<String>,
}

/// Appends the bytes of an element without its gaps and texts.
fn flatten(dtype: &Dtype, element: &[u8], out: &mut Vec<u8>) {
    match dtype {
        Dtype::Compound(compound) => {
            for member in compound.members.iter() {
                flatten(&member.dtype, &element[member.offset..], out);
            }
        }
        Dtype::Array(part, shape) => {
            let count = shape.iter().product::<u64>() as usize;
            let size = part.stored_size();
            (0..count).for_each(|i| flatten(part, element.get(i * size..).unwrap_or(&[]), out));
        }
        Dtype::VarStr => {}
        _ => out.extend_from_slice(&element[..dtype.size()]),
    }
}

fn without_gaps(dtype: &Dtype, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes.chunks_exact(dtype.size().max(1)).for_each(|element| flatten(dtype, element, &mut out));
    out
}

/// The paths of members that are texts of variable length.
fn texts_in(dtype: &Dtype, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match dtype {
        Dtype::VarStr => found.push(path.clone()),
        Dtype::Compound(compound) => {
            for member in compound.members.iter() {
                path.push(member.name.to_string());
                texts_in(&member.dtype, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn see_data(source: &dyn Source, handle: Handle, seen: &mut Seen) -> Result<()> {
    let description = source.describe(handle)?;
    let Description { dtype, shape, null } = &description;
    seen.described = Some((dtype.with_places(), shape.clone(), *null));
    if handle.kind == ObjectKind::Other {
        seen.stored = source.stored_type(handle, None)?;
        return Ok(());
    }
    seen.stored = source.stored_type(handle, Some(dtype))?;
    if handle.kind == ObjectKind::Dataset {
        let allocation = source.allocation(handle)?;
        seen.layout = allocation.layout;
        (seen.chunk, seen.filters) = (allocation.chunk, allocation.filters);
    }
    let mut paths = Vec::new();
    texts_in(dtype, &mut Vec::new(), &mut paths);
    for path in &paths {
        let texts = source.read_text(handle, path)?;
        seen.texts.extend(texts.bytes);
        seen.ends.extend(texts.ends);
    }
    if *dtype == Dtype::VarStr || *null {
        return Ok(());
    }
    if matches!(dtype, Dtype::Sequence(_) | Dtype::Other(..)) {
        source.sequences(handle)?;
        return Ok(());
    }
    seen.bytes = without_gaps(dtype, &read_records(source, handle, &description)?);
    if handle.kind == ObjectKind::Dataset && !shape.is_empty() && !shape.contains(&0) {
        // Some elements with gaps between them, and a part without.
        for step in [1, 2] {
            let span = |extent: &u64| {
                let start = extent / 3;
                Span { start, step, count: (extent - start).div_ceil(step) }
            };
            let slab = Slab { dims: shape.iter().map(span).collect() };
            let count = slab.shape().iter().product::<u64>() as usize;
            let part = Description {
                dtype: Dtype::U8,
                shape: vec![(count * dtype.size()) as u64],
                null: false,
            };
            if dtype.is_plain() {
                let bytes: Vec<u8> = filebacked_storage::fill_vec(&part, |out| {
                    source.read_slab(handle, dtype, &slab, out)
                })?;
                seen.part.extend(without_gaps(dtype, &bytes));
            }
        }
    }
    Ok(())
}

fn see(source: &dyn Source, handle: Handle) -> Result<Seen> {
    let mut seen = Seen {
        kind: handle.kind,
        members: Vec::new(),
        attributes: Vec::new(),
        described: None,
        bytes: Vec::new(),
        part: Vec::new(),
        texts: Vec::new(),
        ends: Vec::new(),
        stored: None,
        layout: "",
        chunk: Vec::new(),
        filters: Vec::new(),
    };
    match handle.kind {
        ObjectKind::Group => {
            seen.members = source.children(handle)?;
            assert_eq!(source.count(handle)?, seen.members.len());
        }
        _ => see_data(source, handle, &mut seen)?,
    }
    if handle.kind != ObjectKind::Attribute {
        seen.attributes = source.attributes(handle)?;
    }
    Ok(seen)
}

type Found = BTreeMap<String, std::result::Result<Seen, String>>;

/// Looks at an object and all that is below it.
fn walk(source: &dyn Source, handle: Handle, path: &str, found: &mut Found) {
    let seen = see(source, handle);
    if let Ok(seen) = &seen {
        for name in &seen.attributes {
            let attribute = source.attribute(handle, name).transpose().expect("it is listed");
            let seen = attribute.and_then(|attribute| {
                let seen = see(source, attribute);
                source.release(attribute);
                seen
            });
            found.insert(format!("{path}@{name}"), seen.map_err(|error| format!("{error:?}")));
        }
        for name in &seen.members {
            let path = format!("{path}/{name}");
            match source.link(handle, name) {
                Ok(None) => {}
                Ok(Some(Link::Soft(_) | Link::External { .. })) => continue,
                Err(error) => {
                    found.insert(path, Err(format!("{error:?}")));
                    continue;
                }
            }
            match source.child(handle, name) {
                Ok(Some(child)) => {
                    walk(source, child, &path, found);
                    source.release(child);
                }
                Ok(None) => {
                    found.insert(path, Err("it is listed, and not there".into()));
                }
                Err(error) => {
                    found.insert(path, Err(format!("{error:?}")));
                }
            }
        }
    }
    found.insert(path.to_string(), seen.map_err(|error| format!("{error:?}")));
}

fn everything(path: &Path, choice: Choice) -> Found {
    let how = Reading { choice, ..Reading::default() };
    read(Medium::Path(path), &how, |source| {
        let (root, mut found) = (source.root()?, Found::new());
        walk(source, root, "", &mut found);
        source.release(root);
        Ok(found)
    })
    .unwrap_or_else(|error| panic!("{}: {error:?}", path.display()))
}

fn made() -> Option<(tempfile::TempDir, Vec<PathBuf>)> {
    let program = std::env::var("FILEBACKED_PYTHON").ok().filter(|program| !program.is_empty());
    let Some(program) = program else {
        assert!(std::env::var_os("CI").is_none(), "Python with h5py is missing");
        println!("skipped: FILEBACKED_PYTHON is not set");
        return None;
    };
    let (dir, _) = scratch("file.h5");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/structures.py");
    let done = Command::new(program).arg(script).arg(dir.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "h5")).collect();
    files.sort();
    Some((dir, files))
}

fn bytes_of_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

#[test]
fn every_structure_is_read_as_libhdf5_reads_it() {
    let Some((_dir, files)) = made() else { return };
    let (mut decided, mut declined, mut checked) = (0, Vec::new(), 0);
    let mut wrong = Vec::new();
    for path in &files {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let native = everything(path, Choice::Native);
        let mut library = everything(path, Choice::Libhdf5);
        let beside = std::fs::read_to_string(path.with_extension("json")).unwrap();
        let python: BTreeMap<String, String> = serde_json::from_str(&beside).unwrap();
        for (name, hex) in python {
            if let Some(Ok(seen)) = native.get(&format!("/{name}")) {
                checked += 1;
                if seen.bytes != bytes_of_hex(&hex) {
                    wrong.push(format!("{file}: {name} is not what h5py reads"));
                }
            }
        }
        for (name, seen) in native {
            let mut other = library.remove(&name);
            // The native engine describes these completely: gaps, and places of texts.
            if let (Ok(seen), Some(Ok(other))) = (&seen, &mut other)
                && matches!(&*name, "/aligned" | "/named")
                && seen.stored.is_none()
            {
                other.stored = None;
            }
            match (seen, other) {
                (Ok(seen), Some(Ok(other))) if seen == other => decided += 1,
                (Err(error), Some(_)) if error.contains("needs libhdf5") => {
                    declined.push(format!("{file}: {name}: {error}"));
                }
                (seen, other) => {
                    let mut text = format!("{file}: {name}: {seen:?}\n   {other:?}");
                    text.truncate(700);
                    wrong.push(text);
                }
            }
        }
        for name in library.keys() {
            wrong.push(format!("{file}: {name} is missing"));
        }
    }
    println!("{decided} decided, {checked} checked by h5py, {} declined", declined.len());
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
    assert!(decided > 15_000 && checked > 13_000, "{decided} decided, {checked} checked");
    let known = declined.iter().filter(|line| line.contains('?')).count();
    assert!(known == declined.len(), "{}", declined[..declined.len().min(40)].join("\n"));
}
