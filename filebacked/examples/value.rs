//! Prints the content of any HDF5 file, as JSON or as a tree with types.
//!
//! ```text
//! cargo run -p filebacked --features serde --example value -- FILE [PATH] [--tree]
//! ```
//!
//! Without an argument, it creates a file to print.

use filebacked::Value;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let tree = arguments.iter().any(|argument| argument == "--tree");
    arguments.retain(|argument| argument != "--tree");

    let file: Value = match arguments.first() {
        Some(path) => filebacked::load(path)?,
        None => filebacked::from_bytes(&filebacked::to_bytes(&sample()?)?)?,
    };
    let path = arguments.get(1).map_or("", String::as_str);
    let part = file.get(path).ok_or_else(|| format!("there is no `{path}` in the file"))?;

    match tree {
        true => println!("{part}"),
        false => println!("{}", serde_json::to_string_pretty(part)?),
    }
    Ok(())
}

/// A tree built by hand.
fn sample() -> filebacked::Result<Value> {
    let mut run = Value::map([
        ("step", Value::from(7)),
        ("losses", vec![0.5, 0.25, 0.125].into()),
        ("weights", Value::array(&[2, 3], vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?),
        ("names", vec!["zero", "one"].into()),
    ]);
    run.insert("optimizer/name", "adam")?;
    run.insert("optimizer/rate", 0.001)?;
    run.set_attribute("author", "an example");
    Ok(run)
}
