//! Hard names: of map keys, of types and variants, of fields; and hard text as values.

use filebacked::{ErrorKind, File, FileBacked};
use filebacked_tests::{python, round_trip, round_trip_by_library, scratch};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

fn hard_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        "/",
        "//",
        "/a",
        "a/",
        "a/b",
        ".",
        "..",
        "...",
        "./a",
        "../a",
        "a/./b",
        ". ",
        "\0",
        "a\0b",
        "%",
        "%%",
        "%2F",
        "%2f",
        "%00",
        "%2E",
        "%zz",
        "%C3",
        "100%",
        " ",
        " a ",
        "\t\n\r",
        "\u{7f}",
        "\u{1b}[0m",
        "größe",
        "日本語",
        "\u{10ffff}",
        "e\u{301}",
        "\u{e9}",
        "\u{202e}x",
        "👩‍👩‍👧",
        "keys",
        "values",
        "len",
        "filebacked",
        "variant",
        "0",
        "-0",
        "00",
        "1e3",
        "value",
    ]
    .map(String::from)
    .into();
    names.push("x".repeat(70_000));
    names.push("ü/%\0".repeat(17_500));
    names
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Maps {
    flat: HashMap<String, u32>,
    links: HashMap<String, Vec<u32>>,
    #[filebacked(layout = "links")]
    flat_as_links: BTreeMap<String, u32>,
    #[filebacked(layout = "columns")]
    links_as_columns: BTreeMap<String, Vec<u32>>,
    structs: BTreeMap<String, Inner>,
    of_maps: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Inner {
    name: String,
    list: Vec<String>,
}

fn maps(names: &[String]) -> Maps {
    let numbered = || names.iter().cloned().zip(0u32..);
    Maps {
        flat: numbered().collect(),
        links: numbered().map(|(name, i)| (name, vec![i])).collect(),
        flat_as_links: numbered().collect(),
        links_as_columns: numbered().map(|(name, i)| (name, vec![i; 2])).collect(),
        structs: numbered()
            .map(|(name, _)| (name.clone(), Inner { name, list: names[..3].to_vec() }))
            .collect(),
        of_maps: numbered()
            .map(|(name, i)| (name.clone(), BTreeMap::from([(name, vec![i as u8])])))
            .collect(),
    }
}

#[test]
fn keys_of_maps_come_back() {
    let names = hard_names();
    let (short, long): (Vec<_>, Vec<_>) =
        names.iter().cloned().partition(|name| name.len() < 60_000);
    round_trip(&maps(&short));
    round_trip_by_library(&maps(&names));
    round_trip(&vec![maps(&names[..10]), maps(&[]), maps(&names[10..20])]);
    // Each alone, so that one cannot hide behind another; at the root of the file, too.
    for name in short {
        round_trip(&BTreeMap::from([(name.clone(), vec![1u8])]));
        round_trip(&BTreeMap::from([(name.clone(), 1u8)]));
    }
    for name in long {
        round_trip_by_library(&BTreeMap::from([(name.clone(), vec![1u8])]));
        round_trip(&BTreeMap::from([(name, 1u8)]));
    }
}

#[test]
fn keys_stay_readable_in_the_file() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("keys.h5");
    let names = ["a b", "größe", "a/b", ".", "..", "", "%2F", "a\0b", "...", "\u{10ffff}"];
    filebacked::save(
        &path,
        &names.map(|name| (name, vec![1u8])).into_iter().collect::<HashMap<_, _>>(),
    )
    .unwrap();
    let mut links: Vec<String> = serde_json::from_value(python.eval(&path, "list(f)")).unwrap();
    links.sort();
    let mut wanted =
        ["a b", "größe", "a%2Fb", "%2E", "%2E%2E", "%", "%252F", "a%00b", "...", "\u{10ffff}"];
    wanted.sort_unstable();
    assert_eq!(links, wanted);
}

fn hard_texts() -> Vec<String> {
    let mut texts = hard_names();
    texts.extend([
        "\0\0".to_string(),
        "a\0".into(),
        "x".repeat(200_000),
        "\u{feff}bom".into(),
        "a ".into(),
    ]);
    texts
}

#[derive(FileBacked, Debug, PartialEq)]
struct Texts {
    one: String,
    list: Vec<String>,
    map: BTreeMap<String, String>,
    maybe: Option<String>,
    options: Vec<Option<String>>,
    #[filebacked(layout = "packed")]
    packed: Vec<String>,
    #[filebacked(layout = "packed")]
    packed_one: String,
    pair: (String, char),
}

#[test]
fn text_comes_back() {
    let texts = |one: &str| Texts {
        one: one.into(),
        list: vec![one.into(), "a".into(), one.into()],
        map: BTreeMap::from([("k".to_string(), one.into())]),
        maybe: Some(one.into()),
        options: vec![None, Some(one.into()), Some("b".into())],
        packed: vec!["a".into(), one.into()],
        packed_one: one.into(),
        pair: (one.into(), one.chars().next().unwrap_or('\0')),
    };
    for text in hard_texts() {
        round_trip(&texts(&text));
    }
    round_trip(&hard_texts().iter().map(|text| texts(text)).collect::<Vec<_>>());
    round_trip(&hard_texts());
    // Every character that there is.
    let all: String = (1..=0x10ffff).filter_map(char::from_u32).collect();
    assert_eq!(
        filebacked::from_bytes::<String>(&filebacked::to_bytes(&all).unwrap()).unwrap(),
        all
    );
}

#[derive(FileBacked, Debug, PartialEq)]
struct Attributes {
    #[filebacked(attr)]
    text: String,
    #[filebacked(attr)]
    list: Vec<String>,
    #[filebacked(attr, rename = "größe 1 %2F 2")]
    size: Option<String>,
}

#[test]
fn text_in_attributes() {
    let values = |text: &str| Attributes {
        text: text.into(),
        list: vec!["a".into(), text.into(), String::new()],
        size: Some(text.into()),
    };
    for text in hard_texts().iter().filter(|text| text.len() < 10_000 && !text.contains('\0')) {
        round_trip(&values(text));
    }
    round_trip(&Attributes { text: String::new(), list: vec![], size: None });
    // What an attribute cannot hold comes back, or is an error when it is written.
    for text in ["a\0b", "\0"] {
        match filebacked::to_bytes(&values(text)) {
            Ok(bytes) => {
                assert_eq!(filebacked::from_bytes::<Attributes>(&bytes).unwrap(), values(text))
            }
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}"),
        }
    }
    // An attribute has 64 KiB.
    match filebacked::to_bytes(&values(&"x".repeat(70_000))) {
        Ok(bytes) => assert_eq!(
            filebacked::from_bytes::<Attributes>(&bytes).unwrap(),
            values(&"x".repeat(70_000))
        ),
        Err(error) => assert_eq!(error.path(), "/text", "{error}"),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "My Model / 100% [x]")]
struct Spaced {
    #[filebacked(rename = "learning rate")]
    rate: f64,
    #[filebacked(rename = "größe")]
    size: u8,
    #[filebacked(rename = "%2F")]
    escaped: u8,
    #[filebacked(rename = "filebacked")]
    ours: u8,
    #[filebacked(rename = "len")]
    len: u8,
    shape: SpacedShape,
    kind: SpacedKind,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "a shape")]
enum SpacedShape {
    #[filebacked(rename = "no shape")]
    None,
    #[filebacked(rename = "größer [1]")]
    Circle { radius: f64 },
    #[filebacked(rename = "len")]
    Len(u8),
}

#[derive(FileBacked, Debug, PartialEq)]
enum SpacedKind {
    #[filebacked(rename = "kind of blue")]
    Blue,
    #[filebacked(rename = "größer")]
    Larger,
}

fn spaced(i: u8) -> Spaced {
    let shape = [SpacedShape::None, SpacedShape::Circle { radius: 1.5 }, SpacedShape::Len(3)];
    Spaced {
        rate: 0.5,
        size: i,
        escaped: 2,
        ours: 3,
        len: 4,
        shape: shape.into_iter().nth(usize::from(i) % 3).unwrap(),
        kind: if i == 1 { SpacedKind::Blue } else { SpacedKind::Larger },
    }
}

#[test]
fn names_of_types_and_variants() {
    for i in 0..3 {
        round_trip(&spaced(i));
    }
    round_trip(&(0..3).map(spaced).collect::<Vec<_>>());
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("names.h5");
    filebacked::save(&path, &spaced(1)).unwrap();
    let file = python.describe_saved(&spaced(1));
    let members = ["%2F", "filebacked", "größe", "kind", "learning rate", "len", "shape"];
    file.group("/", "struct My%20Model%20/%20100%25%20%5Bx] 1", &members);
    let shape = file.group("/shape", "enum a%20shape 1", &["radius"]);
    shape.attribute("variant").holds("str-fixed-12-utf8", &[], "größer [1]");
    file.dataset("/kind", r#"enum:{"kind of blue":0,"gr\u00f6\u00dfer":1}"#, &[], 0);
    assert_eq!(python.eval(&path, "f['learning rate'][()]"), json!(0.5));
}

#[derive(FileBacked, Debug, PartialEq)]
struct r#Raw {
    r#type: u8,
    r#fn: Option<String>,
    r#match: r#Enum,
}

#[derive(FileBacked, Debug, PartialEq)]
enum r#Enum {
    r#Loop,
    r#Where { r#in: u8 },
}

#[test]
fn raw_identifiers_are_stored_without_their_mark() {
    let raw = || Raw { r#type: 1, r#fn: Some("f".into()), r#match: Enum::Where { r#in: 2 } };
    round_trip(&raw());
    round_trip(&vec![raw(), Raw { r#match: Enum::Loop, ..raw() }]);
    let Some(python) = python() else { return };
    let file = python.describe_saved(&raw());
    file.group("/", "struct Raw 1", &["type", "fn", "match"]);
    file.group("/match", "enum Enum 1", &["in"]).attribute("variant").holds(
        "str-fixed-5-utf8",
        &[],
        "Where",
    );
}

macro_rules! renamed {
    ($($rule:literal $name:ident $field:literal $variant:literal;)*) => {
        $(
            #[test]
            fn $name() {
                #[derive(FileBacked, Debug, PartialEq)]
                #[filebacked(rename_all = $rule)]
                struct Fields { learning_rate: u8, x: u8, layer_2_width: u8 }
                #[derive(FileBacked, Debug, PartialEq)]
                #[filebacked(rename_all = $rule)]
                enum Variants { LearningRate, #[filebacked(rename = "kept As")] Other }
                #[derive(FileBacked, Debug, PartialEq)]
                #[filebacked(rename_all_fields = $rule)]
                enum Data { LearningRate { learning_rate: u8 } }

                round_trip(&Fields { learning_rate: 1, x: 2, layer_2_width: 3 });
                round_trip(&vec![Variants::LearningRate, Variants::Other]);
                let (_dir, path) = scratch("renamed.h5");
                let file = File::create(&path).unwrap();
                file.write("fields", &Fields { learning_rate: 1, x: 2, layer_2_width: 3 }).unwrap();
                file.write("data", &Data::LearningRate { learning_rate: 4 }).unwrap();
                file.write("variants", &BTreeMap::from([("a", Variants::LearningRate), ("b", Variants::Other)])).unwrap();
                assert_eq!(file.read::<u8>(concat!("fields/", $field)).unwrap(), 1);
                assert_eq!(file.read::<u8>(concat!("data/", $field)).unwrap(), 4);
                drop(file);
                let Some(python) = python() else { return };
                let names = "sorted(h5py.check_enum_dtype(f['variants/values'].dtype))";
                let mut wanted = vec![$variant, "kept As"];
                wanted.sort_unstable();
                assert_eq!(python.eval(&path, names), json!(wanted));
                assert_eq!(python.eval(&path, "f['data'].attrs['variant'].decode()"), json!("LearningRate"));
            }
        )*
    };
}
renamed! {
    "snake_case" snake_case "learning_rate" "learning_rate";
    "camelCase" camel_case "learningRate" "learningRate";
    "PascalCase" pascal_case "LearningRate" "LearningRate";
    "SCREAMING_SNAKE_CASE" screaming_snake_case "LEARNING_RATE" "LEARNING_RATE";
    "kebab-case" kebab_case "learning-rate" "learning-rate";
    "SCREAMING-KEBAB-CASE" screaming_kebab_case "LEARNING-RATE" "LEARNING-RATE";
    "lowercase" lowercase "learning_rate" "learningrate";
    "UPPERCASE" uppercase "LEARNING_RATE" "LEARNINGRATE";
}
