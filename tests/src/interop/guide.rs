//! The table of types in docs/GUIDE.md, whose last column are lines of h5py that run.

use super::kinds::Kind;
use super::tools::Attempt;
use serde_json::{Value, json};
use std::path::Path;

/// The beginning of every line: what the guide says of `f`, and what its readers have imported.
const OPENING: &str = "import anndata.io, h5py\nimport numpy as np\nf = h5py.File('model.h5')\n";

/// A type, and what the lines of a row give for it, in their order. Without values, the one line
/// gives the value itself.
type Given = (&'static str, Option<Value>);

/// What each row gives, by its first cell.
fn rows() -> Vec<(&'static str, Vec<Given>)> {
    let values = |kinds: &[&'static str]| kinds.iter().map(|&kind| (kind, None)).collect();
    let lines = |kind: &'static str, values: Value| vec![(kind, Some(values))];
    vec![
        (
            "integers, floats, `bool`, `f16`, complex",
            values(&["u8", "i64", "u64_large", "f32", "f64", "bool", "f16", "complex"]),
        ),
        ("`u128`, `i128`", values(&["u128", "i128"])),
        (
            "`String`, `&str`, `PathBuf`, IP addresses, `Uuid`, ...",
            values(&["string", "string_empty", "ip"]),
        ),
        (
            "`Duration`, `SystemTime`, chrono's times",
            vec![
                ("duration", Some(json!([7]))),
                ("system_time", Some(json!([-1]))),
                ("date_time", Some(json!([1_700_000_000]))),
            ],
        ),
        ("struct", lines("structure", json!([1.5]))),
        ("newtype, `Box`, `Rc`, `Arc`, `Cell`, `Mutex`, ...", Vec::new()),
        ("`Arc`, `Rc` of one value", lines("arc", json!([true]))),
        ("`Weak`", values(&["weak"])),
        (
            "`SoftLink<T>`, `ExternalLink<T>`",
            vec![
                ("soft_link", Some(json!([[1.5, 2.5], "/y"]))),
                ("external_link", Some(json!([[1.5, 2.5], "/x"]))),
            ],
        ),
        ("`Vec<Arc<T>>`, `layout = \"shared\"`", values(&["vec_shared"])),
        ("`Option`", vec![("option", Some(json!([true]))), ("option_none", Some(json!([false])))]),
        ("`Box<dyn Trait>` (feature `dynamic`)", lines("structure", json!(["struct Record 1"]))),
        ("tuple", lines("tuple", json!([1]))),
        ("`[T; N]` of numbers or text", values(&["array_fixed"])),
        (
            "enum without data",
            lines("enumeration", json!([300, {"Red": 1, "Green": 300, "Blue": 2}])),
        ),
        ("enum with data, `Result`", lines("enum_data", json!(["Rect", 1.5]))),
        (
            "`Vec<number>`, `VecDeque`, sets, ...",
            values(&["vec_u8", "vec_i64", "vec_f64", "vec_empty", "set"]),
        ),
        ("`Vec<String>`", values(&["vec_string", "vec_string_uneven"])),
        (
            "`Vec<struct>`",
            vec![
                ("vec_struct", Some(json!([[1.5, 2.5]]))),
                ("vec_struct_empty", Some(json!([[]]))),
            ],
        ),
        (
            "`Vec<struct>`, `layout = \"compound\"`",
            lines("vec_struct_compound", json!([[1.5, 2.5]])),
        ),
        ("`Vec<struct>` with `DataFrame(index = \"id\")`", values(&["vec_struct_frame"])),
        // Whole files of AnnData have tests of their own.
        ("`anndata::AnnData` as a whole file", Vec::new()),
        ("`Vec<enum with data>`", lines("vec_enum_data", json!([[2, 0, 1, 2], [2.5, 4.5]]))),
        ("`Vec<Option<T>>`, T a number", values(&["vec_option", "vec_option_bool"])),
        ("`Vec<Vec<T>>`", values(&["vec_vec"])),
        ("map to numbers, text, structs, enums", values(&["map"])),
        (
            "map to lists, maps, arrays, or structs with arrays inside",
            lines("map_vec", json!([[3.5]])),
        ),
        ("ndarray `Array<T, D>`, any rank", values(&["array_2", "array_3", "array_empty"])),
        ("`Vec<Array>`", lines("vec_array_2", json!([[[1, 2], [3, 4]]]))),
        ("sprs `CsMat`", values(&["csr", "csc"])),
    ]
}

/// A line of the guide on the file of a type, and what it gives.
#[derive(Debug)]
pub struct Line {
    /// What runs.
    pub attempt: Attempt,
    /// What it gives.
    pub value: Value,
}

/// Every line of the table on every type that it is for, or what is wrong with the table.
pub fn guide_lines(kinds: &[Kind]) -> Result<Vec<Line>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/GUIDE.md");
    let text = std::fs::read_to_string(path).expect("docs/GUIDE.md");
    let (_, table) =
        text.split_once("| Rust | HDF5 | h5py |\n").ok_or("docs/GUIDE.md has no table of types")?;
    let known = rows();
    let mut lines = Vec::new();
    for row in table.lines().skip(1).take_while(|line| line.starts_with('|')) {
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let codes: Vec<String> =
            cells[2].split('`').skip(1).step_by(2).map(|code| code.replace('\u{1}', "|")).collect();
        let Some((_, wanted)) = known.iter().find(|(first, _)| *first == cells[0]) else {
            return Err(format!(
                "docs/GUIDE.md: nothing says what the row {:?} gives: tests/src/interop/guide.rs",
                cells[0]
            ));
        };
        for (kind, values) in wanted {
            let own = || kinds.iter().find(|k| k.name == *kind).map(|k| json!([k.value]));
            let values = values.clone().or_else(own).ok_or_else(|| format!("no type {kind}"))?;
            let values = values.as_array().filter(|values| values.len() == codes.len());
            let values = values
                .ok_or_else(|| format!("docs/GUIDE.md: {} has other lines: {codes:?}", cells[0]))?;
            for (code, value) in codes.iter().zip(values) {
                let (how, code) =
                    (format!("line_{}", lines.len()), format!("{OPENING}x = {code}\n"));
                lines.push(Line {
                    attempt: Attempt { kind: kind.to_string(), how, code },
                    value: value.clone(),
                });
            }
        }
    }
    Ok(lines)
}
