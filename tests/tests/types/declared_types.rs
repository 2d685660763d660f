//! Whatever is stored and whatever is declared: an error, or the very same numbers. Never other
//! ones.

use filebacked::engine::Engine;
use filebacked::options::Conversion;
use filebacked::schema::Element;
use filebacked::{ErrorKind, FileBacked, ReadOptions, Save, WriteOptions};
use filebacked_tests::ENGINES;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cmp::Ordering;
use std::fmt::Debug;

/// A number exactly: an integer, or a float.
#[derive(Debug, Clone, Copy)]
enum Exact {
    Integer(i128),
    Float(f64),
}

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        match (*self, *other) {
            (Exact::Integer(a), Exact::Integer(b)) => a == b,
            (Exact::Float(a), Exact::Float(b)) => {
                (a == b && a.is_sign_negative() == b.is_sign_negative())
                    || (a.is_nan() && b.is_nan())
            }
            (Exact::Integer(i), Exact::Float(f)) | (Exact::Float(f), Exact::Integer(i)) => {
                // No integer is -0.0. All the integers here lie far inside of those that the cast does
                // not saturate.
                let is_whole = f.fract() == 0.0 && (f != 0.0 || f.is_sign_positive());
                is_whole && f.abs() < 1e30 && f as i128 == i
            }
        }
    }
}

trait Number: FileBacked + Element + Copy + Debug + PartialEq + 'static {
    const IS_FLOAT: bool;
    fn exact(self) -> Exact;
    fn cast(value: Exact) -> Self;
}

macro_rules! number {
    ($($type:ident $float:literal),*) => { $(
        impl Number for $type {
            const IS_FLOAT: bool = $float;
            fn exact(self) -> Exact {
                if $float { Exact::Float(self as f64) } else { Exact::Integer(self as i128) }
            }
            fn cast(value: Exact) -> Self {
                match value {
                    Exact::Integer(value) => value as $type,
                    Exact::Float(value) => value as $type,
                }
            }
        }
    )* };
}
number!(u8 false, u16 false, u32 false, u64 false, i8 false, i16 false, i32 false, i64 false, f32 true, f64 true);

/// Numbers around the ends of all types, powers of two, and any others.
fn numbers() -> impl Strategy<Value = Vec<Exact>> {
    let near = (0u32..65, -2i128..3, any::<bool>()).prop_map(|(power, off, negative)| {
        let value = (1i128 << power) + off;
        Exact::Integer(if negative { -value } else { value })
    });
    let float = prop_oneof![
        any::<f64>().prop_map(Exact::Float),
        any::<f32>().prop_map(|value| Exact::Float(f64::from(value))),
        (-300i32..300).prop_map(|value| Exact::Float(f64::from(value) / 4.0)),
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), Just(9_007_199_254_740_993.0)]
            .prop_map(Exact::Float),
    ];
    prop::collection::vec(
        prop_oneof![near, float, any::<i64>().prop_map(|i| Exact::Integer(i.into()))],
        1..5,
    )
}

/// Whether all is as it was, or an error that says that it is not.
fn checked<S: Number, T: Number>(
    stored: &[S],
    read: filebacked::Result<Vec<T>>,
    what: &dyn Debug,
) -> Result<bool, TestCaseError> {
    match read {
        Ok(read) => {
            prop_assert_eq!(read.len(), stored.len());
            for (read, stored) in read.iter().zip(stored) {
                prop_assert!(
                    read.exact() == stored.exact(),
                    "{stored:?} was read as {read:?}: {what:?}"
                );
            }
            Ok(true)
        }
        Err(error) => {
            let is_typed =
                matches!(error.kind(), ErrorKind::OutOfRange { .. } | ErrorKind::Mismatch { .. });
            prop_assert!(is_typed, "{error:?}: {what:?}");
            Ok(false)
        }
    }
}

#[derive(FileBacked)]
struct Row<T: Element + FileBacked> {
    number: T,
    maybe: Option<T>,
}

fn pair<S: Number, T: Number>(numbers: &[Exact]) -> Result<(), TestCaseError> {
    let stored: Vec<S> = numbers.iter().map(|number| S::cast(*number)).collect();
    let (first, n) = (stored[0], stored.len());
    let rows: Vec<Row<S>> =
        stored.iter().map(|number| Row { number: *number, maybe: Some(*number) }).collect();
    let array = Array2::from_shape_vec((n, 1), stored.clone()).unwrap();
    let of = |value: &dyn Fn(&WriteOptions) -> filebacked::Result<Vec<u8>>| {
        ENGINES.map(|engine| value(&WriteOptions::new().engine(engine)).unwrap())
    };
    let files = [
        of(&|options| options.to_bytes(&first)),
        of(&|options| options.to_bytes(&stored)),
        of(&|options| options.to_bytes(&array)),
        of(&|options| options.to_bytes(&rows)),
    ];
    let fits = stored.iter().all(|number| T::cast(number.exact()).exact() == number.exact());
    for conversion in [Conversion::Exact, Conversion::Widen, Conversion::Checked] {
        for (reader, writer) in [(Engine::Native, 0), (Engine::Libhdf5, 0), (Engine::Libhdf5, 1)] {
            let options = ReadOptions::new().engine(reader).conversion(conversion);
            let what = (conversion, reader, std::any::type_name::<(S, T)>());
            let scalar = options.from_bytes::<T>(&files[0][writer]).map(|one| vec![one]);
            checked(&stored[..1], scalar, &what)?;
            let list = checked(&stored, options.from_bytes::<Vec<T>>(&files[1][writer]), &what)?;
            // What fits is read where that is allowed: an error is no way out.
            if conversion == Conversion::Checked {
                prop_assert_eq!(list, fits, "{:?} of {:?}", what, stored);
            }
            let array = options
                .from_bytes::<Array2<T>>(&files[2][writer])
                .map(|array| array.into_raw_vec_and_offset().0);
            prop_assert_eq!(checked(&stored, array, &what)?, list);
            let read = options.from_bytes::<Vec<Row<T>>>(&files[3][writer]);
            let column = |of: fn(&Row<T>) -> T| {
                read.as_ref().map(|rows| rows.iter().map(of).collect::<Vec<T>>())
            };
            match column(|row| row.number) {
                Ok(column_read) => {
                    prop_assert!(list);
                    checked(&stored, Ok(column_read), &what)?;
                    checked(
                        &stored,
                        Ok(column(|row| row.maybe.unwrap()).unwrap_or_default()),
                        &what,
                    )?;
                }
                Err(_) => prop_assert!(!list),
            }
        }
    }
    // Rounded where that is asked for, and still nothing that lies out of range.
    let options = ReadOptions::new().conversion(Conversion::Any);
    if let Ok(read) = options.from_bytes::<Vec<T>>(&files[1][0]) {
        for (read, stored) in read.iter().zip(&stored) {
            let (read, stored) = (read.exact(), stored.exact());
            let distance = |a: Exact, b: Exact| match (a, b) {
                (Exact::Integer(a), Exact::Integer(b)) => (a - b).unsigned_abs() as f64,
                (Exact::Float(a), Exact::Float(b)) => (a - b).abs(),
                (Exact::Integer(i), Exact::Float(f)) | (Exact::Float(f), Exact::Integer(i)) => {
                    (i as f64 - f).abs()
                }
            };
            let size = match stored {
                Exact::Integer(i) => i.unsigned_abs() as f64,
                Exact::Float(f) => f.abs(),
            };
            let close = if T::IS_FLOAT { size * 6e-8 + 1e-44 } else { 0.5 };
            let is_close = distance(read, stored).partial_cmp(&close).is_some_and(Ordering::is_le);
            prop_assert!(read == stored || is_close, "{stored:?} was rounded to {read:?}");
        }
    }
    Ok(())
}

macro_rules! to_all {
    ($stored:ident, $numbers:expr) => {
        to_all!($stored, $numbers, u8 u16 u32 u64 i8 i16 i32 i64 f32 f64)
    };
    ($stored:ident, $numbers:expr, $($declared:ident)*) => {
        $( pair::<$stored, $declared>($numbers)?; )*
    };
}

#[test]
fn a_declared_type_gives_the_stored_numbers_or_an_error() {
    let cases = std::env::var("FILEBACKED_CASES").map_or(12, |cases| cases.parse().unwrap());
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&numbers(), |numbers| {
        to_all!(u8, &numbers);
        to_all!(u16, &numbers);
        to_all!(u32, &numbers);
        to_all!(u64, &numbers);
        to_all!(i8, &numbers);
        to_all!(i16, &numbers);
        to_all!(i32, &numbers);
        to_all!(i64, &numbers);
        to_all!(f32, &numbers);
        to_all!(f64, &numbers);
        Ok(())
    });
    result.unwrap();
}

/// Numbers where something else is declared, and something else where numbers are: never a guess.
#[test]
fn other_kinds_of_values_are_errors() {
    fn refused<T: FileBacked>(stored: &impl Save) {
        for engine in ENGINES {
            let bytes = WriteOptions::new().engine(engine).to_bytes(stored).unwrap();
            let error = ReadOptions::new()
                .conversion(Conversion::Any)
                .from_bytes::<T>(&bytes)
                .map(drop)
                .unwrap_err();
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::Mismatch { .. }
                        | ErrorKind::Missing
                        | ErrorKind::Invalid(_)
                        | ErrorKind::OutOfRange { .. }
                ),
                "{}: {error:?}",
                std::any::type_name::<T>()
            );
        }
    }
    refused::<String>(&7u8);
    refused::<u8>(&"7".to_string());
    refused::<char>(&65u32);
    refused::<u8>(&'A');
    refused::<bool>(&2u8);
    refused::<Vec<f64>>(&1.0);
    refused::<f64>(&vec![1.0]);
    refused::<f64>(&vec![1.0, 2.0]);
    refused::<Vec<f64>>(&vec![vec![1.0], vec![2.0]]);
    refused::<Vec<Vec<f64>>>(&vec![1.0]);
    refused::<[f64; 3]>(&vec![1.0, 2.0]);
    refused::<Array2<f64>>(&vec![1.0, 2.0]);
    refused::<Vec<String>>(&vec![1.0]);
    refused::<Vec<f64>>(&vec!["1".to_string()]);
    refused::<std::time::Duration>(&1.0);
    refused::<u64>(&std::time::Duration::from_secs(1));
    refused::<i64>(&1u128);
    refused::<Vec<Row<f64>>>(&vec![1.0]);
}
