//! W9: handles. What is compared is the same done without them.

use crate::Result;
use crate::data::{Position, Record};
use crate::round::Jobs;
use filebacked::{File, LazyArray, LazyVec};
use std::hint::black_box;
use std::path::Path;

/// Rows that are appended one by one beside all of them at once.
pub(crate) fn append<'v>(jobs: &mut Jobs<'v>, rows: &'v [Record]) {
    let through = |path: &Path, buffer: Option<usize>| -> Result<()> {
        let file = File::create(path)?;
        file.write("log", &Vec::<Record>::new())?;
        let mut log: LazyVec<Record> = file.read("log")?;
        let mut appender = match buffer {
            Some(rows) => log.appender().every(rows),
            None => log.appender(),
        };
        rows.iter().try_for_each(|row| appender.append(row.clone()))?;
        appender.finish()?;
        drop(log);
        Ok(file.close()?)
    };
    jobs.saves("ours", move |path| through(path, None));
    jobs.saves("ours by 1000", move |path| through(path, Some(1000)));
    jobs.saves("one write", |path| {
        // Appending takes the rows; so does this.
        let rows = rows.to_vec();
        let file = File::create(path)?;
        file.write("log", &rows)?;
        Ok(file.close()?)
    });
}

/// A sum over a file in the memory of this process beside one over memory.
pub(crate) fn map(jobs: &mut Jobs<'_>, numbers: Vec<f64>) {
    let total = numbers.iter().sum::<f64>();
    let value = numbers.clone();
    let path = jobs.saves("ours", move |path| Ok(filebacked::save(path, &value)?));
    let sum = |path: &Path| {
        let array: LazyArray<f64, ndarray::Ix1> = File::open(path)?.read("value")?;
        // SAFETY: no other thread or program opens this file.
        let mapped = unsafe { array.map()? };
        Ok(mapped.view().iter().sum::<f64>())
    };
    jobs.loads("ours", path.clone(), sum, move |made| *made == total);
    jobs.loads(
        "in memory",
        path,
        move |_| Ok(black_box(&numbers).iter().sum::<f64>()),
        move |made| *made == total,
    );
}

/// A thousand rows of a table, one by one.
pub(crate) fn get<'v>(jobs: &mut Jobs<'v>, rows: &'v Vec<Position>) {
    let path = jobs.saves("ours", |path| {
        let file = File::create(path)?;
        file.write("table", rows)?;
        Ok(file.close()?)
    });
    let picked = move || (0..1000).map(move |i| i * 7919 % rows.len());
    let same = move |made: &Vec<f64>| made.iter().zip(picked()).all(|(made, i)| *made == rows[i].y);
    let one_by_one = move |path: &Path| {
        let table: LazyVec<Position> = File::open(path)?.read("table")?;
        picked().map(|i| Ok(table.get(i)?.y)).collect::<Result<Vec<f64>>>()
    };
    jobs.loads("ours", path.clone(), one_by_one, same);
    let by_hand = move |path: &Path| crate::hand::load_rows(path, picked());
    jobs.loads("hdf5-metno", path, by_hand, same);
}
