//! What errors look like, and what they become outside: one line, help apart, `std::io`.

use filebacked::{Error, ErrorKind, File, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{ENGINES, scratch};
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::io;

#[derive(FileBacked, Debug, PartialEq, Default)]
struct World {
    size: (u32, u32),
    name: String,
    step: u64,
}

#[derive(FileBacked, Debug, PartialEq, Default)]
struct Config {
    seed: u64,
    name: String,
}

/// As a `World`, under another name.
#[derive(FileBacked, Debug, PartialEq, Default)]
struct Globe {
    size: (u32, u32),
    name: String,
    step: u64,
}

#[derive(FileBacked, Debug)]
enum Shape {
    #[allow(dead_code)]
    Point,
    Circle(f64),
}

fn world() -> World {
    World { size: (3, 4), name: "a".into(), step: 7 }
}

#[test]
fn the_text_is_one_line_and_help_stands_apart() {
    let (_dir, path) = scratch("model.h5");
    filebacked::save(&path, &world()).unwrap();
    let error = ReadOptions::new().only(["stepp"]).load::<World>(&path).unwrap_err();
    let line = format!("cannot load {}: `stepp` matches nothing in the type", path.display());
    assert_eq!(error.to_string(), line);
    assert_eq!(error.help(), Some("did you mean `step`?"));
    assert_eq!(format!("{error:#}"), format!("{line}\nhelp: did you mean `step`?"));

    // What other libraries say on several lines is on one, too.
    let error = Error::custom("first\n  second\n\nthird");
    assert_eq!(error.to_string(), "first; second; third");
    assert_eq!(*error.kind(), ErrorKind::Custom("first\n  second\n\nthird".into()));
}

/// `fn main() -> Result<()>` and `unwrap` print `Debug`.
#[test]
fn what_a_program_ends_with_can_be_read() {
    let (_dir, path) = scratch("missing.h5");
    let error = filebacked::load::<World>(&path).unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        format!(
            "cannot load {}: no such file or directory\n\
             caused by: No such file or directory (os error 2)",
            path.display()
        )
    );
    let error = Error::new(ErrorKind::Missing).at("step").with_help("add a default");
    assert_eq!(format!("{error:?}"), "/step: not in the file\nhelp: add a default");
    let fields = format!("{error:#?}");
    assert!(fields.starts_with("Error {") && fields.contains("kind: Missing"), "{fields}");
}

#[test]
fn the_middle_of_a_long_path_is_left_out() {
    let path = |names: usize| {
        let error = (0..names)
            .rev()
            .fold(Error::new(ErrorKind::Missing), |error, i| error.at(&format!("n{i}")));
        (error.to_string(), error.path())
    };
    let whole = |names: usize| (0..names).map(|i| format!("/n{i}")).collect::<String>();
    for names in [1, 12, 13] {
        let (text, path) = path(names);
        assert_eq!((text, path), (format!("{}: not in the file", whole(names)), whole(names)));
    }
    let (text, path) = path(128);
    assert_eq!(path, whole(128));
    assert_eq!(
        text,
        "/n0/n1/n2/n3/n4/n5/[116 more]/n122/n123/n124/n125/n126/n127: not in the file"
    );
}

#[test]
fn a_file_that_is_not_there() {
    let (dir, path) = scratch("missing.h5");
    for error in [
        filebacked::load::<World>(&path).unwrap_err(),
        File::open(&path).unwrap_err(),
        File::open_rw(&path).unwrap_err(),
        filebacked::inspect::tree(&path).unwrap_err(),
        filebacked::save(path.join("x.h5"), &world()).unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
        assert!(error.to_string().ends_with(": no such file or directory"), "{error}");
    }
    filebacked::save(&path, &world()).unwrap();
    let file = File::open(&path).unwrap();
    assert!(!file.read::<u8>("other").unwrap_err().is_not_found(), "a member is not a file");
    assert!(!File::open(dir.path()).unwrap_err().is_not_found());
}

#[test]
fn errors_become_those_of_std_io() {
    fn in_io(error: Error) -> io::Result<()> {
        Err(error)?
    }
    let (_dir, path) = scratch("x.h5");
    let error = in_io(filebacked::load::<World>(&path).unwrap_err()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("x.h5"), "{error}");
    // The error is inside, with what caused it.
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).unwrap();
    assert!(inner.is_not_found() && inner.file() == Some(&path));
    let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(cause.raw_os_error(), Some(2));
    // And comes out again.
    let again = Error::from(error);
    assert_eq!((again.file(), again.is_not_found()), (Some(path.as_path()), true));

    for (kind, expected) in [
        (ErrorKind::Missing, io::ErrorKind::NotFound),
        (ErrorKind::Exists, io::ErrorKind::AlreadyExists),
        (ErrorKind::NotHdf5, io::ErrorKind::InvalidData),
        (ErrorKind::Damaged("x".into()), io::ErrorKind::InvalidData),
        (ErrorKind::ReadOnly, io::ErrorKind::PermissionDenied),
        (ErrorKind::InvalidOption("x".into()), io::ErrorKind::InvalidInput),
        (ErrorKind::Unsupported("x".into()), io::ErrorKind::Unsupported),
        (ErrorKind::Locked, io::ErrorKind::ResourceBusy),
        (ErrorKind::Io(io::ErrorKind::StorageFull), io::ErrorKind::StorageFull),
        (ErrorKind::Cancelled, io::ErrorKind::Other),
        (ErrorKind::CommittedPending, io::ErrorKind::Other),
    ] {
        assert_eq!(io::Error::from(Error::new(kind.clone())).kind(), expected, "{kind}");
    }
}

#[track_caller]
fn is_of_another_type(error: &Error, expected: &str, found: &str) {
    let wanted = ErrorKind::WrongType { expected: expected.into(), found: found.into() };
    assert_eq!(*error.kind(), wanted, "{error:#}");
    let text = format!("holds a `{found}`, not a `{expected}`");
    assert!(error.to_string().ends_with(&text), "{error}");
    assert!(error.source().is_some(), "the difference is kept");
}

#[test]
fn a_file_of_another_type_says_so_first() {
    let (_dir, path) = scratch("world.h5");
    for engine in ENGINES {
        WriteOptions::new().engine(engine).save(&path, &world()).unwrap();
        for reader in ENGINES {
            let error = ReadOptions::new().engine(reader).load::<Config>(&path).unwrap_err();
            is_of_another_type(&error, "Config", "World");
            assert_eq!(
                error.to_string(),
                format!(
                    "cannot load {}: this file holds a `World`, not a `Config`",
                    path.display()
                )
            );
            assert_eq!(error.path(), "/");
            assert!(error.help().unwrap().contains("/seed: not in the file"), "{error:#}");
        }
    }
    is_of_another_type(&filebacked::load::<Shape>(&path).unwrap_err(), "Shape", "World");
    is_of_another_type(
        &filebacked::load::<Vec<Config>>(&path).unwrap_err(),
        "Vec<Config>",
        "World",
    );
    is_of_another_type(&filebacked::load::<Vec<World>>(&path).unwrap_err(), "Vec<World>", "World");
    // What has the form of a type is read whatever it is called.
    assert_eq!(filebacked::load::<Globe>(&path).unwrap().step, 7);

    filebacked::save(&path, &Shape::Circle(0.5)).unwrap();
    is_of_another_type(&filebacked::load::<Config>(&path).unwrap_err(), "Config", "Shape");
    filebacked::save(&path, &vec![world()]).unwrap();
    is_of_another_type(&filebacked::load::<Config>(&path).unwrap_err(), "Config", "Vec<World>");
    let error = filebacked::load::<Vec<Config>>(&path).unwrap_err();
    is_of_another_type(&error, "Vec<Config>", "Vec<World>");

    let file = File::create(&path).unwrap();
    file.write("run/7", &world()).unwrap();
    let error = file.read::<Config>("run/7").unwrap_err();
    is_of_another_type(&error, "Config", "World");
    assert_eq!(error.path(), "/run/7");
    assert!(error.to_string().ends_with(": /run/7: holds a `World`, not a `Config`"), "{error}");
}

#[test]
fn other_errors_of_a_renamed_type_stay_what_they_are() {
    let (_dir, path) = scratch("world.h5");
    filebacked::save(&path, &world()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let error = filebacked::load::<Globe>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    // The same type with a member less.
    let file = BTreeMap::from([("name".to_string(), "a".to_string())]);
    filebacked::save(&path, &file).unwrap();
    let error = filebacked::load::<Config>(&path).unwrap_err();
    assert!(!matches!(error.kind(), ErrorKind::WrongType { .. }), "{error}");
}

/// The help for a missing field, where the file has these members.
fn help<T: FileBacked + std::fmt::Debug>(members: &[&str]) -> String {
    let (_dir, path) = scratch("members.h5");
    let file = File::create(&path).unwrap();
    members.iter().for_each(|name| file.write(name, &1u64).unwrap());
    drop(file);
    let error = filebacked::load::<T>(&path).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Missing, "{error}");
    error.help().unwrap_or_default().to_string()
}

#[test]
fn only_near_names_are_hinted_at() {
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct One {
        learning_rate: u64,
    }
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Short {
        x: u64,
    }
    for near in ["learning_rte", "learning-rate", "Learning_Rate", "lerning_rates", "learnign_rate"]
    {
        assert!(help::<One>(&[near]).contains(&format!("there is `{near}`")), "{near}");
    }
    for far in ["burning_gate", "rate", "learning", "x"] {
        assert!(!help::<One>(&[far]).contains("there is"), "{far}");
    }
    assert!(help::<Short>(&["xs"]).contains("there is `xs`"));
    for far in ["y", "ab"] {
        assert!(!help::<Short>(&[far]).contains("there is"), "{far}");
    }
}

/// A name that another field reads is never offered as an alias.
#[test]
fn members_of_other_fields_are_not_hinted_at() {
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Steps {
        step: u64,
        steps: u64,
        #[filebacked(alias = "stop")]
        end: u64,
    }
    let text = help::<Steps>(&["steps", "stop"]);
    assert!(!text.contains("steps") && !text.contains("stop"), "{text}");
    assert!(text.contains("#[filebacked(default)]"), "{text}");
    assert!(help::<Steps>(&["steps", "stop", "stepp"]).contains("there is `stepp`"));
}
