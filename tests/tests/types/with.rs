//! The ready-made filters, and the conformance suite that they and others pass.

use filebacked::testing::{Check, Failure, check_filter, check_type};
use filebacked::with::{
    AsString, Bincode, Chunk, Compressed, Each, Gzip, Json, Postcard, Raw, via, whole,
};
use filebacked::{
    Compression, ErrorKind, FileBacked, Filter, Node, ReadOptions, Result, Rows, Slot, Written,
    from_bytes, hdf5, to_bytes,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU8;

#[derive(FileBacked, Debug, PartialEq)]
struct Pair {
    #[filebacked(with = AsString)]
    named: u16,
    plain: u16,
}

#[test]
fn absence_stays_outside_of_a_filter_unless_it_asks_for_the_whole() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Maybe {
        #[filebacked(with = Json)]
        inner: Option<u8>,
        #[filebacked(with = whole(Json))]
        whole: Option<u8>,
    }
    let none = Maybe { inner: None, whole: None };
    let bytes = to_bytes(&none)?;
    assert_eq!(from_bytes::<Maybe>(&bytes)?, none);

    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(name = "Maybe")]
    struct Look {
        inner: Option<String>,
        #[filebacked(with = Raw)]
        whole: String,
    }
    assert_eq!(from_bytes::<Look>(&bytes)?, Look { inner: None, whole: "null".into() });
    let some = Maybe { inner: Some(1), whole: Some(2) };
    assert_eq!(from_bytes::<Maybe>(&to_bytes(&some)?)?, some);
    let rows = vec![none, some];
    assert_eq!(from_bytes::<Vec<Maybe>>(&to_bytes(&rows)?)?, rows);
    Ok(())
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
enum State {
    Idle,
    Busy { job: String, done: Vec<u32> },
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Encoded {
    #[filebacked(bincode)]
    b: State,
    #[filebacked(postcard)]
    p: State,
    #[filebacked(with = Json)]
    j: State,
    #[filebacked(bincode)]
    maybe: Option<State>,
}

fn busy(n: u32) -> State {
    State::Busy { job: "größe \0".into(), done: (0..n).collect() }
}

#[test]
fn encoded_values_come_back_alone_and_in_columns() -> Result<()> {
    let value =
        |n| Encoded { b: busy(n), p: busy(n), j: busy(n), maybe: (n > 3).then_some(State::Idle) };
    let rows: Vec<Encoded> = (0..9).map(value).collect();
    for value in &rows {
        assert_eq!(from_bytes::<Encoded>(&to_bytes(value)?)?, *value);
    }
    assert_eq!(from_bytes::<Vec<Encoded>>(&to_bytes(&rows)?)?, rows);
    Ok(())
}

#[test]
fn encoded_values_are_refused_by_fields_that_do_not_ask_for_them() -> Result<()> {
    #[derive(FileBacked, Debug)]
    struct Bytes {
        #[filebacked(bincode)]
        #[allow(dead_code)]
        x: Vec<u8>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Bytes")]
    struct Plain {
        #[allow(dead_code)]
        x: Vec<u8>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Bytes")]
    struct Other {
        #[filebacked(postcard)]
        #[allow(dead_code)]
        x: Vec<u8>,
    }
    let bytes = to_bytes(&Bytes { x: vec![1, 2] })?;
    let unknown = ErrorKind::UnknownFilter("Bincode".into());
    assert_eq!(*from_bytes::<Plain>(&bytes).unwrap_err().kind(), unknown);
    assert_eq!(*from_bytes::<Other>(&bytes).unwrap_err().kind(), unknown);
    let rows = to_bytes(&vec![Bytes { x: vec![1] }])?;
    assert_eq!(*from_bytes::<Vec<Plain>>(&rows).unwrap_err().kind(), unknown);
    Ok(())
}

#[test]
fn long_encoded_values_are_refused_and_damaged_ones_too() -> Result<()> {
    let bytes = to_bytes(&Encoded { b: busy(100), p: State::Idle, j: State::Idle, maybe: None })?;
    let error = ReadOptions::new().decode_limit(64).from_bytes::<Encoded>(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
    assert!(error.help().unwrap_or_default().contains("decode_limit"));
    let json = to_bytes(&Encoded { b: State::Idle, p: State::Idle, j: busy(100), maybe: None })?;
    assert_eq!(
        ReadOptions::new().decode_limit(64).from_bytes::<Encoded>(&json).unwrap_err().path(),
        "/j"
    );
    let rows = to_bytes(&vec![Encoded { b: busy(1), p: busy(100), j: State::Idle, maybe: None }])?;
    assert_eq!(
        ReadOptions::new().decode_limit(64).from_bytes::<Vec<Encoded>>(&rows).unwrap_err().path(),
        "/value/p"
    );

    // Bytes that promise more text than there is, bytes behind the value, and bytes of another
    // codec.
    #[derive(FileBacked)]
    #[filebacked(name = "Text")]
    struct Bytes {
        x: Vec<u8>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Text")]
    struct InBincode {
        #[filebacked(bincode)]
        #[allow(dead_code)]
        x: String,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Text")]
    struct InPostcard {
        #[filebacked(postcard)]
        #[allow(dead_code)]
        x: String,
    }
    for bytes in [&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0x10, b'x'][..], &[1, b'x', b'y'], &[], &[1, 0xff]] {
        let bytes = to_bytes(&Bytes { x: bytes.to_vec() })?;
        let bincode = from_bytes::<InBincode>(&bytes).unwrap_err();
        for error in [bincode, from_bytes::<InPostcard>(&bytes).unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{error}");
            assert_eq!(error.path(), "/x");
        }
    }
    Ok(())
}

#[test]
fn floats_that_json_lacks_are_refused_before_they_are_lost() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Numbers {
        #[filebacked(with = Json)]
        x: Vec<Option<(f32, HashMap<String, f64>)>>,
    }
    let numbers = |x, y| Numbers { x: vec![None, Some((x, [("a".to_string(), y)].into()))] };
    assert_eq!(from_bytes::<Numbers>(&to_bytes(&numbers(0.1, 1e300))?)?, numbers(0.1, 1e300));
    for bad in [numbers(f32::NAN, 0.0), numbers(0.0, f64::INFINITY)] {
        let error = to_bytes(&bad).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.path(), "/x");
    }
    Ok(())
}

#[test]
fn text_that_does_not_parse_says_so() -> Result<()> {
    #[derive(FileBacked)]
    #[filebacked(name = "Pair")]
    struct Texts {
        named: String,
        plain: u16,
    }
    let error =
        from_bytes::<Pair>(&to_bytes(&Texts { named: "70000".into(), plain: 1 })?).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Invalid(what) if what.contains("70000") && what.contains("u16")),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
    let error = from_bytes::<Pair>(&to_bytes(&Pair { named: 1, plain: 1 })?);
    assert!(error.is_ok());
    Ok(())
}

#[test]
fn compression_and_chunks_need_no_filter_to_be_read() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Stored {
        #[filebacked(with = Gzip(9))]
        gzip: Vec<f64>,
        #[filebacked(with = Compressed(Compression::Gzip(1)))]
        compressed: Option<Vec<f64>>,
        #[filebacked(with = Chunk([100]))]
        chunk: Vec<f64>,
        #[filebacked(with = Gzip(9))]
        small: Vec<f64>,
        #[filebacked(compression = Compression::Gzip(9))]
        field: Vec<f64>,
    }
    let value = Stored {
        gzip: vec![0.5; 5000],
        compressed: Some(vec![0.25; 5000]),
        chunk: vec![1.0; 1000],
        small: vec![0.5; 100],
        field: vec![0.5; 100],
    };
    let bytes = to_bytes(&value)?;
    assert!(bytes.len() < 20_000);
    assert_eq!(from_bytes::<Stored>(&bytes)?, value);
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("x.h5"), &bytes)?;
    let file = hdf5::File::open(dir.path().join("x.h5")).unwrap();
    assert!(file.dataset("gzip").unwrap().attr("filebacked_filter").is_err());
    assert_eq!(file.dataset("chunk").unwrap().chunk(), Some(vec![100]));
    assert!(!file.dataset("compressed").unwrap().filters().is_empty());
    // A filter compresses what the options would; a field, whatever it says.
    assert!(file.dataset("small").unwrap().filters().is_empty());
    assert_eq!(file.dataset("small").unwrap().chunk(), None);
    assert!(!file.dataset("field").unwrap().filters().is_empty());
    Ok(())
}

#[test]
fn ready_made_filters_keep_the_contract() -> std::result::Result<(), Failure> {
    let texts = || ["", "x", "größe", "a\0b"].map(String::from);
    check_filter::<u16, _>(AsString, [0, 7, u16::MAX])?;
    check_filter::<String, _>(AsString, texts())?;
    check_filter::<State, _>(Json, [State::Idle, busy(3)])?;
    check_filter::<State, _>(Bincode, [State::Idle, busy(3), busy(0)])?;
    check_filter::<State, _>(Postcard, [State::Idle, busy(3), busy(0)])?;
    check_filter::<(), _>(Bincode, [(), ()])?;
    check_filter::<u16, _>(via::<i64>(), [0, 7])?;
    check_filter::<Vec<f64>, _>(Gzip(4), [vec![], vec![1.0; 5000]])?;
    check_filter::<String, _>(Compressed(Compression::Gzip(4)), texts())?;
    check_filter::<Vec<u16>, _>(Chunk([3]), [vec![1, 2, 3, 4]])?;
    check_filter::<Vec<u16>, _>(Each(AsString), [vec![], vec![1, 2]])?;
    check_filter::<VecDeque<u16>, _>(Each(AsString), [[].into(), [1, 2].into()])?;
    check_filter::<Box<[u16]>, _>(Each(AsString), [vec![].into(), vec![1, 2].into()])?;
    check_filter::<Option<u8>, _>(whole(Json), [None, Some(1)])?;
    check_filter::<String, _>(Raw, texts())
}

#[test]
fn types_keep_the_contract() -> std::result::Result<(), Failure> {
    check_type([1u16, 2])?;
    check_type(["", "x"].map(String::from))?;
    check_type([vec![1.5], vec![]])?;
    check_type([Some(1), None])?;
    check_type([Some(Some(1)), Some(None), None])?;
    check_type([Pair { named: 1, plain: 2 }])?;
    check_type([HashMap::from([("a".to_string(), 1)]), HashMap::new()])?;
    check_type([(1u8, "x".to_string())])?;
    check_type([NonZeroU8::MIN])
}

#[test]
fn the_suite_finds_what_breaks_the_contract() {
    /// Each flaw in one filter, by its number.
    struct Flawed(u8);
    impl Filter<u16> for Flawed {
        fn name(&self) -> &str {
            if self.0 == 0 { "" } else { "Flawed" }
        }
        fn write(&self, value: &u16, slot: Slot<'_>) -> Result<Written> {
            slot.put(&if self.0 == 1 { value / 2 } else { *value })
        }
        fn read(&self, node: Node<'_>) -> Result<u16> {
            match self.0 {
                2 => Ok(node.get::<u16>().unwrap()),
                _ => node.get(),
            }
        }
        fn write_rows(&self, rows: Rows<'_, u16>, slot: Slot<'_>) -> Result<Written> {
            match (self.0, rows.as_slice()) {
                (3, Some(values)) => slot.put_rows(Rows::slice(values)),
                (3, None) => slot.put_rows(Rows::slice(&Vec::<u16>::new())),
                _ => slot.put_rows(rows),
            }
        }
        fn read_rows(&self, node: Node<'_>) -> Result<Vec<u16>> {
            let mut rows = node.get_rows::<u16>()?;
            if self.0 == 4 {
                rows.reverse();
            }
            Ok(rows)
        }
        fn is_recorded(&self) -> bool {
            true
        }
    }
    let check = |flaw| check_filter(Flawed(flaw), [1, 2, 3]).unwrap_err().check();
    assert_eq!(check(0), Check::Name);
    assert_eq!(check(1), Check::Foreign);
    assert_eq!(check(2), Check::OddData);
    assert_eq!(check(3), Check::Rows);
    assert_eq!(check(4), Check::Rows);
}
