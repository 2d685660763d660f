//! Leaves out parts of a value, while writing and while reading.

use filebacked::{FileBacked, ReadOptions, WriteOptions};

#[derive(FileBacked, Debug, PartialEq)]
struct Session {
    name: String,
    steps: Vec<Step>,
    #[filebacked(default)]
    cache: Vec<f64>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Step {
    loss: f64,
    #[filebacked(default)]
    trace: String,
}

fn main() -> filebacked::Result<()> {
    let path = std::env::temp_dir().join(format!("filebacked-skip-only-{}.h5", std::process::id()));
    let session = Session {
        name: "night run".into(),
        steps: vec![
            Step { loss: 0.7, trace: "long".into() },
            Step { loss: 0.4, trace: "longer".into() },
        ],
        cache: vec![0.0; 1000],
    };

    // Left out on writing: neither the cache nor the trace of any step is in the file.
    WriteOptions::new().skip(["cache", "steps/*/trace"]).save(&path, &session)?;
    let small: Session = filebacked::load(&path)?;
    assert_eq!(small.name, session.name);
    assert_eq!(
        (small.steps[1].loss, small.steps[1].trace.as_str(), small.cache.len()),
        (0.4, "", 0)
    );
    println!("without cache and traces:\n{}", filebacked::inspect::tree(&path)?);

    // Left out on reading: the file has everything, and only one column of it is read.
    filebacked::save(&path, &session)?;
    let slim: Session = ReadOptions::new().skip(["**/trace", "cache"]).load(&path)?;
    assert!(slim.cache.is_empty() && slim.steps.iter().all(|step| step.trace.is_empty()));

    // What is left out needs a default. `name` has none, so this says so.
    match ReadOptions::new().only(["steps"]).load::<Session>(&path) {
        Ok(session) => println!("loaded without a name: {session:?}"),
        Err(error) => println!("{error:#}\n"),
    }

    // Patterns are checked against the type before anything happens.
    if let Err(error) = WriteOptions::new().skip(["steps/*/trase"]).save(&path, &session) {
        println!("{error:#}");
    }
    std::fs::remove_file(&path)?;
    Ok(())
}
