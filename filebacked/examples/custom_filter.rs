//! Writes a filter for a type of another crate, names it on a field, and registers it.
//!
//! Run with `cargo run -p filebacked --example custom_filter`.

use filebacked::{
    FileBacked, Filter, Node, ReadOptions, Registry, Result, Rows, Slot, WriteOptions, Written,
};
use std::sync::Arc;
use std::time::Duration;

/// Stores a duration as seconds, as plots need it.
struct Seconds;

impl Filter<Duration> for Seconds {
    fn name(&self) -> &str {
        "custom_filter.Seconds"
    }

    fn write(&self, value: &Duration, slot: Slot<'_>) -> Result<Written> {
        slot.attributes(&[("units", "s")]).put(&value.as_secs_f64())
    }

    fn read(&self, node: Node<'_>) -> Result<Duration> {
        Duration::try_from_secs_f64(node.get()?).map_err(filebacked::Error::custom)
    }

    // Many durations are one dataset.
    fn write_rows(&self, rows: Rows<'_, Duration>, slot: Slot<'_>) -> Result<Written> {
        let seconds: Vec<f64> = rows.iter().map(Duration::as_secs_f64).collect();
        slot.attributes(&[("units", "s")]).put_rows(Rows::slice(&seconds))
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<Duration>> {
        let seconds = node.get_rows::<f64>()?;
        seconds
            .into_iter()
            .map(|s| Duration::try_from_secs_f64(s).map_err(filebacked::Error::custom))
            .collect()
    }
}

#[derive(FileBacked, Debug, PartialEq)]
struct Lap {
    runner: String,
    #[filebacked(with = Seconds)]
    time: Duration,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Race {
    limit: Duration,
    laps: Vec<Lap>,
}

fn main() -> Result<()> {
    let dir = std::env::temp_dir().join(format!("filebacked-custom-filter-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let path = dir.join("race.h5");

    let lap = |runner: &str, ms| Lap { runner: runner.into(), time: Duration::from_millis(ms) };
    let race = Race {
        limit: Duration::from_secs(100),
        laps: vec![lap("Ada", 61_250), lap("Grace", 59_500)],
    };

    // The field names its filter: `laps/time` is a column of seconds, `limit` is stored as
    // durations usually are.
    filebacked::save(&path, &race)?;
    assert_eq!(filebacked::load::<Race>(&path)?, race);

    // A registry has it for every duration: `limit` too.
    let mut registry = Registry::new();
    registry.register(Seconds);
    let registry = Arc::new(registry);
    WriteOptions::new().registry(registry.clone()).save(&path, &race)?;
    assert_eq!(ReadOptions::new().registry(registry).load::<Race>(&path)?, race);

    // Without it, the file says what is missing.
    if let Err(error) = filebacked::load::<Race>(&path) {
        println!("{error:#}");
    }
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
