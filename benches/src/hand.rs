//! HDF5 by hand, as one writes it with the hdf5-metno crate.

use crate::Result;
use crate::data::{AppState, Record};
use hdf5_metno::types::VarLenUnicode;
use hdf5_metno::{File, H5Type};
use std::path::Path;

/// W1: one dataset per field.
pub(crate) fn save_app_state(path: &Path, state: &AppState) -> Result<()> {
    let file = File::create(path)?;
    macro_rules! numbers {
        ($t:ty: $($name:ident)*) => {
            $(file.new_dataset::<$t>().create(stringify!($name))?.write_scalar(&state.$name)?;)*
        };
    }
    numbers!(i64: i0 i1 i2 i3 i4 i5 i6 i7 i8 i9);
    numbers!(f64: f0 f1 f2 f3 f4 f5 f6 f7 f8 f9);
    let texts = [
        ("s0", &state.s0),
        ("s1", &state.s1),
        ("s2", &state.s2),
        ("s3", &state.s3),
        ("s4", &state.s4),
    ];
    for (name, text) in texts {
        file.new_dataset::<VarLenUnicode>()
            .create(name)?
            .write_scalar(&text.parse::<VarLenUnicode>()?)?;
    }
    file.new_dataset_builder().with_data(&state.a0).create("a0")?;
    file.new_dataset_builder().with_data(&state.a1).create("a1")?;
    file.new_dataset_builder().with_data(&state.a2).create("a2")?;
    Ok(file.close()?)
}

/// W1.
pub(crate) fn load_app_state(path: &Path) -> Result<AppState> {
    let file = File::open(path)?;
    let text = |name| -> Result<String> {
        Ok(file.dataset(name)?.read_scalar::<VarLenUnicode>()?.as_str().to_string())
    };
    macro_rules! state {
        ($($name:ident)*) => {
            AppState {
                $($name: file.dataset(stringify!($name))?.read_scalar()?,)*
                s0: text("s0")?,
                s1: text("s1")?,
                s2: text("s2")?,
                s3: text("s3")?,
                s4: text("s4")?,
                a0: file.dataset("a0")?.read_raw()?,
                a1: file.dataset("a1")?.read_raw()?,
                a2: file.dataset("a2")?.read_raw()?,
            }
        };
    }
    Ok(state!(i0 i1 i2 i3 i4 i5 i6 i7 i8 i9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9))
}

/// W2 and W3: one dataset, with shuffle and gzip of a level if one is given.
pub(crate) fn save_numbers<T: H5Type>(path: &Path, values: &[T], gzip: Option<u8>) -> Result<()> {
    let file = File::create(path)?;
    let builder = file.new_dataset_builder().with_data(values);
    match gzip {
        None => builder.create("o")?,
        Some(level) => builder.shuffle().deflate(level).create("o")?,
    };
    Ok(file.close()?)
}

/// W2 and W3.
pub(crate) fn load_numbers<T: H5Type>(path: &Path) -> Result<Vec<T>> {
    Ok(File::open(path)?.dataset("o")?.read_raw()?)
}

/// A [`Record`] as HDF5 has it.
#[derive(H5Type, Clone)]
#[repr(C)]
struct Row {
    id: i64,
    x: f64,
    y: f64,
    z: f64,
    name: VarLenUnicode,
}

/// W4: one dataset of a compound type.
pub(crate) fn save_records(path: &Path, records: &[Record]) -> Result<()> {
    let row = |r: &Record| -> Result<Row> {
        Ok(Row { id: r.id, x: r.x, y: r.y, z: r.z, name: r.name.parse()? })
    };
    let rows = records.iter().map(row).collect::<Result<Vec<_>>>()?;
    let file = File::create(path)?;
    file.new_dataset_builder().with_data(&rows).create("o")?;
    Ok(file.close()?)
}

/// W4.
pub(crate) fn load_records(path: &Path) -> Result<Vec<Record>> {
    let rows: Vec<Row> = load_numbers(path)?;
    let record =
        |r: Row| Record { id: r.id, x: r.x, y: r.y, z: r.z, name: r.name.as_str().to_string() };
    Ok(rows.into_iter().map(record).collect())
}

/// W8: one dataset per key.
pub(crate) fn save_keys(path: &Path, keys: usize) -> Result<()> {
    let file = File::create(path)?;
    for i in 0..keys {
        file.new_dataset::<f64>()
            .create(format!("key_{i:05}").as_str())?
            .write_scalar(&(i as f64))?;
    }
    Ok(file.close()?)
}

/// W8: one of them.
pub(crate) fn load_key(path: &Path, key: &str) -> Result<f64> {
    Ok(File::open(path)?.dataset(key)?.read_scalar()?)
}

/// W9: some rows of a table of positions, one by one.
pub(crate) fn load_rows(path: &Path, rows: impl Iterator<Item = usize>) -> Result<Vec<f64>> {
    let file = File::open(path)?;
    let columns = ["table/x", "table/y", "table/z"].map(|name| file.dataset(name));
    let [x, y, z] = columns;
    let (x, y, z) = (x?, y?, z?);
    rows.map(|i| {
        let row =
            [&x, &y, &z].map(|column| column.read_slice_1d::<f64, _>(i..i + 1).map(|cell| cell[0]));
        let [x, y, z] = row;
        let (_, y, _) = (x?, y?, z?);
        Ok(y)
    })
    .collect()
}
