//! Scalars, text, arrays and sparse matrices.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};
use filebacked::FileBacked;
use half::{bf16, f16};
use ndarray::{Array0, Array1, Array2, Array3, arr0, array};
use num_complex::Complex;
use sprs::{CsMat, CsVec, TriMat};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU16, Wrapping};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Scalars {
    i8: i8,
    i16: i16,
    i64: i64,
    i128: i128,
    isize: isize,
    u32: u32,
    u64: u64,
    u128: u128,
    usize: usize,
    f32: f32,
    f64: f64,
    flag: bool,
    nul: char,
    char: char,
    duration: Duration,
    before_1970: SystemTime,
    ip: IpAddr,
    socket: SocketAddr,
    nonzero: NonZeroU16,
    wrapping: Wrapping<i8>,
    boxed: Box<u8>,
    many_wide: Vec<u128>,
    many_chars: Vec<char>,
    many_flags: Vec<bool>,
    many_times: Vec<Duration>,
}

pub(super) fn scalars() -> Scalars {
    Scalars {
        i8: -1,
        i16: i16::MIN,
        i64: i64::MIN,
        i128: -(1 << 100),
        isize: -5,
        u32: 1 << 31,
        u64: u64::MAX,
        u128: 1 << 127,
        usize: 5,
        f32: 0.1,
        f64: f64::NEG_INFINITY,
        flag: true,
        nul: '\0',
        char: '🦀',
        duration: Duration::new(3, 999_999_999),
        before_1970: SystemTime::UNIX_EPOCH - Duration::from_millis(1500),
        ip: [127, 0, 0, 1].into(),
        socket: ([1, 2, 3, 4], 80).into(),
        nonzero: NonZeroU16::MAX,
        wrapping: Wrapping(-3),
        boxed: Box::new(7),
        many_wide: vec![0, u128::MAX],
        many_chars: vec!['a', 'ß', '\0'],
        many_flags: vec![true, false, true],
        many_times: vec![Duration::ZERO, Duration::from_nanos(1)],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct OfCrates {
    half: f16,
    bfloat: bf16,
    complex: (Complex<f32>, Complex<f64>),
    utc: DateTime<Utc>,
    offset: DateTime<FixedOffset>,
    date: NaiveDate,
    leap_second: NaiveTime,
    delta: TimeDelta,
    uuid: Uuid,
    many_complex: Vec<Complex<f64>>,
}

pub(super) fn of_crates() -> OfCrates {
    let utc = DateTime::from_timestamp(-2, 250).unwrap();
    OfCrates {
        half: f16::from_f32(0.5),
        bfloat: bf16::from_f32(-2.0),
        complex: (Complex::new(1.0, -1.0), Complex::new(0.0, 0.25)),
        utc,
        offset: DateTime::parse_from_rfc3339("2026-11-20T12:00:00.5+02:00").unwrap(),
        date: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        leap_second: NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap(),
        delta: TimeDelta::milliseconds(-1500),
        uuid: Uuid::from_u128(0x1234_5678_9abc),
        many_complex: vec![Complex::new(1.5, 2.5)],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Text {
    plain: String,
    empty: String,
    with_nul: String,
    path: PathBuf,
    fixed: Vec<String>,
    variable: Vec<String>,
    with_nuls: Vec<String>,
    #[filebacked(layout = "packed")]
    packed: Vec<String>,
}

pub(super) fn text() -> Text {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    Text {
        plain: "digits".into(),
        empty: String::new(),
        with_nul: "a\0b".into(),
        path: "runs/7".into(),
        fixed: texts(&["a", "bc", ""]),
        variable: [texts(&["", "b"]), vec!["long ".repeat(40)]].concat(),
        with_nuls: texts(&["\0", "x"]),
        packed: texts(&["one", "", "three"]),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Arrays {
    scalar: Array0<f64>,
    one: Array1<i16>,
    two: Array2<f32>,
    three: Array3<u8>,
    empty: Array2<f64>,
    texts: Array2<String>,
    flags: Array1<bool>,
    listed: Vec<Array1<f64>>,
    #[filebacked(layout = "stacked")]
    stacked: Vec<Array1<f64>>,
    #[filebacked(layout = "packed")]
    packed: Vec<Array2<u16>>,
}

pub(super) fn arrays() -> Arrays {
    Arrays {
        scalar: arr0(2.5),
        one: array![-1, 2],
        two: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        three: Array3::from_shape_fn((2, 2, 2), |(i, j, k)| (4 * i + 2 * j + k) as u8),
        empty: Array2::zeros((0, 3)),
        texts: array![["a".to_string(), "bc".to_string()]],
        flags: array![true, false],
        listed: vec![array![1.0], array![]],
        stacked: vec![array![1.0, 2.0], array![3.0, 4.0]],
        packed: vec![array![[1, 2]], array![[3], [4]]],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Sparse {
    csr: CsMat<f64>,
    csc: CsMat<i8>,
    triplets: TriMat<f64>,
    vector: CsVec<u16>,
    many: Vec<CsVec<u16>>,
}

pub(super) fn sparse() -> Sparse {
    let mut triplets = TriMat::new((2, 3));
    triplets.add_triplet(0, 1, 0.5);
    triplets.add_triplet(1, 2, 1.5);
    triplets.add_triplet(0, 1, 2.5);
    let vector = CsVec::new(5, vec![1, 4], vec![7, 8]);
    Sparse {
        csr: CsMat::new((2, 3), vec![0, 1, 2], vec![1, 2], vec![0.5, 1.5]),
        csc: CsMat::new_csc((2, 2), vec![0, 0, 1], vec![1], vec![-3]),
        triplets,
        vector: vector.clone(),
        many: vec![vector, CsVec::empty(2)],
    }
}
