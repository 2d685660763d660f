//! Types of other crates: half, num-complex, chrono, uuid, indexmap, ndarray, sprs.

use filebacked::{
    Compression, Conversion, ErrorKind, FileBacked, ReadOptions, Save, WriteOptions, from_bytes,
    hdf5, to_bytes,
};
use std::fmt::Debug;

/// Saves and loads a value that is equal to itself.
#[track_caller]
fn round<T: FileBacked + PartialEq + Debug>(value: T) {
    let bytes = to_bytes(&value).unwrap();
    assert_eq!(bytes, to_bytes(&value).unwrap(), "equal values, other bytes");
    assert_eq!(from_bytes::<T>(&bytes).unwrap(), value);
}

#[track_caller]
fn again<T: FileBacked, V: Save>(value: &V) -> T {
    from_bytes(&to_bytes(value).unwrap()).unwrap()
}

#[track_caller]
fn refused<T: FileBacked + Debug>(value: &impl Save) -> ErrorKind {
    from_bytes::<T>(&to_bytes(value).unwrap()).unwrap_err().kind().clone()
}

mod halves {
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn every_bit_pattern_comes_back() {
        let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
        let back: Vec<f16> = again(&all);
        assert!(
            all.iter().zip(&back).all(|(a, b)| a.to_bits() == b.to_bits())
                && all.len() == back.len()
        );
        let all: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
        let back: Vec<bf16> = again(&all);
        assert!(
            all.iter().zip(&back).all(|(a, b)| a.to_bits() == b.to_bits())
                && all.len() == back.len()
        );
        round(f16::from_f32(0.1));
        round(bf16::MIN_POSITIVE);
        round([[f16::ONE, f16::NEG_ONE], [f16::ZERO, f16::INFINITY]]);
        round(vec![Some(f16::ONE), None]);
    }

    #[test]
    fn floats_convert_where_they_are_exact() {
        let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
        let wide: Vec<f64> = again(&all);
        assert!(
            all.iter()
                .zip(&wide)
                .all(|(a, b)| a.to_f64().to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
        );
        let all: Vec<f16> = all.into_iter().filter(|a| !a.is_nan()).collect();
        let back: Vec<f16> = again(&wide.into_iter().filter(|a| !a.is_nan()).collect::<Vec<f64>>());
        assert!(all.iter().zip(&back).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(again::<f16, _>(&1.5f32), f16::from_f32(1.5));
        assert_eq!(again::<f16, _>(&65504u16), f16::MAX);
        assert_eq!(again::<bf16, _>(&(1u64 << 60)).to_f64(), (1u64 << 60) as f64);
        for kind in [
            refused::<f16>(&0.1f64),
            refused::<f16>(&65505u32),
            refused::<f16>(&1e300),
            refused::<f16>(&70000),
        ] {
            assert!(matches!(kind, ErrorKind::OutOfRange { .. }), "{kind:?}");
        }
        assert!(matches!(refused::<bf16>(&257u16), ErrorKind::OutOfRange { .. }));
        assert!(matches!(refused::<f16>(&"1.0"), ErrorKind::Mismatch { .. }));
        let any = ReadOptions::new().conversion(Conversion::Any);
        assert_eq!(any.from_bytes::<f16>(&to_bytes(&0.1f64).unwrap()).unwrap(), f16::from_f64(0.1));
        assert!(any.from_bytes::<f16>(&to_bytes(&1e300).unwrap()).is_err());
        let widen = ReadOptions::new().conversion(Conversion::Widen);
        assert!(widen.from_bytes::<f32>(&to_bytes(&f16::ONE).unwrap()).is_ok());
        assert!(widen.from_bytes::<f16>(&to_bytes(&bf16::ONE).unwrap()).is_err());
    }
}

mod complex {
    use super::*;
    use num_complex::Complex;

    #[test]
    fn bits_come_back() {
        let hard = [f64::from_bits(0x7ff8_dead_beef_0001), -0.0, f64::NEG_INFINITY, 5e-324, 0.1];
        let all: Vec<Complex<f64>> =
            hard.iter().flat_map(|re| hard.map(|im| Complex::new(*re, im))).collect();
        let bits = |c: &Complex<f64>| (c.re.to_bits(), c.im.to_bits());
        assert!(all.iter().map(bits).eq(again::<Vec<Complex<f64>>, _>(&all).iter().map(bits)));
        round(Complex::new(1.5f32, -0.5));
        round([Complex::new(1.5f32, -0.5); 3]);
        round(vec![Some(Complex::new(1.0, 2.0)), None]);
        round(Vec::<Complex<f64>>::new());
    }

    #[derive(FileBacked, Debug, PartialEq)]
    struct Row {
        z: Complex<f64>,
        x: u8,
    }

    #[test]
    fn columns() {
        round((0..5).map(|i| Row { z: Complex::new(i.into(), 0.5), x: i }).collect::<Vec<_>>());
    }

    #[test]
    fn parts_convert_as_numbers_do() {
        assert_eq!(
            again::<Complex<f64>, _>(&Complex::new(0.1f32, 2.0)),
            Complex::new(f64::from(0.1f32), 2.0)
        );
        assert_eq!(again::<Complex<f32>, _>(&Complex::new(0.5f64, 2.0)), Complex::new(0.5, 2.0));
        assert!(matches!(
            refused::<Complex<f32>>(&Complex::new(0.5f64, 0.1)),
            ErrorKind::OutOfRange { .. }
        ));
        assert!(matches!(refused::<Complex<f64>>(&1.0f64), ErrorKind::Mismatch { .. }));
        let widen = ReadOptions::new().conversion(Conversion::Widen);
        assert!(
            widen.from_bytes::<Complex<f64>>(&to_bytes(&Complex::new(1f32, 2.0)).unwrap()).is_ok()
        );
        assert!(
            widen.from_bytes::<Complex<f32>>(&to_bytes(&Complex::new(1f64, 2.0)).unwrap()).is_err()
        );
    }
}

mod time {
    use super::*;
    use chrono::{
        DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike,
        Utc,
    };
    use std::collections::BTreeMap;

    fn leap(time: NaiveTime) -> NaiveTime {
        time.with_nanosecond(1_999_999_999).unwrap()
    }

    #[test]
    fn points_in_time() {
        let naive = [
            NaiveDateTime::MIN,
            NaiveDateTime::MAX,
            NaiveDate::from_ymd_opt(1969, 12, 31)
                .unwrap()
                .and_hms_nano_opt(23, 59, 59, 999_999_999)
                .unwrap(),
            NaiveDate::from_ymd_opt(2016, 12, 31)
                .unwrap()
                .and_hms_nano_opt(23, 59, 59, 1_500_000_000)
                .unwrap(),
            NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_time(leap(NaiveTime::MIN)),
        ];
        for time in naive {
            round(time);
            round(time.and_utc());
        }
        round(naive.to_vec());
        round(naive);
        round(vec![Some(naive[0].and_utc()), None]);
        let system: std::time::SystemTime = again(&DateTime::<Utc>::UNIX_EPOCH);
        assert_eq!(system, std::time::SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn spans_times_and_dates() {
        for span in
            [TimeDelta::MIN, TimeDelta::MAX, TimeDelta::zero(), TimeDelta::milliseconds(-500)]
        {
            round(span);
        }
        round(vec![TimeDelta::nanoseconds(-1), TimeDelta::nanoseconds(1)]);
        let times = [
            NaiveTime::MIN,
            leap(NaiveTime::MIN),
            NaiveTime::from_hms_nano_opt(23, 59, 59, 1_999_999_999).unwrap(),
        ];
        round(times.to_vec());
        round(times[2]);
        let dates =
            [NaiveDate::MIN, NaiveDate::MAX, NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()];
        round(dates.to_vec());
        let _ = dates.map(round);
        assert_eq!(again::<String, _>(&dates[2]), "2026-11-20");
        assert!(matches!(refused::<NaiveDate>(&"2026-13-01"), ErrorKind::Invalid(_)));
        round(BTreeMap::from(dates.map(|date| (date, vec![vec![1u8]]))));
    }

    #[test]
    fn times_with_an_offset() {
        let utc =
            NaiveDate::from_ymd_opt(1890, 1, 1).unwrap().and_hms_nano_opt(0, 0, 0, 1).unwrap();
        for offset in [0, 3600, -34_200, 3208, -3208, 59, -59, 86_399, -86_399] {
            let time = FixedOffset::east_opt(offset).unwrap().from_utc_datetime(&utc);
            let back: DateTime<FixedOffset> = again(&time);
            assert_eq!((back, back.offset()), (time, time.offset()));
        }
        let plus = FixedOffset::east_opt(3600).unwrap();
        let text: String = again(&plus.from_utc_datetime(&utc));
        assert_eq!(text, "1890-01-01T01:00:00.000000001+01:00");
        for naive in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            round(FixedOffset::east_opt(0).unwrap().from_utc_datetime(&naive));
        }
        round(vec![plus.from_utc_datetime(&utc); 3]);
        let leap = NaiveDate::from_ymd_opt(2016, 12, 31)
            .unwrap()
            .and_hms_nano_opt(23, 59, 59, 1_500_000_000)
            .unwrap();
        round(plus.from_utc_datetime(&leap));
        let odd = FixedOffset::east_opt(3601).unwrap().from_utc_datetime(&leap);
        assert!(matches!(to_bytes(&odd).unwrap_err().kind(), ErrorKind::Unsupported(_)));
        assert_eq!(
            again::<DateTime<FixedOffset>, _>(&"2026-11-20 12:30:00Z").timestamp(),
            1_795_177_800
        );
        for bad in [
            "",
            "é",
            "2026-11-20T12:30:00+01:00:60",
            "2026-11-20T12:30:00+23:59:59:59",
            "T12:30:00+01:00",
        ] {
            assert!(
                matches!(refused::<DateTime<FixedOffset>>(&bad), ErrorKind::Invalid(_)),
                "{bad}"
            );
        }
    }

    #[test]
    fn numbers_that_are_no_times() {
        #[derive(Clone, Copy)]
        struct Pair(i64, u32);
        impl Save for Pair {
            fn write(&self, slot: filebacked::Slot<'_>) -> filebacked::Result<filebacked::Written> {
                use filebacked::{CompoundMember, CompoundType, Dtype};
                let members = vec![
                    CompoundMember { name: "secs".into(), offset: 0, dtype: Dtype::I64 },
                    CompoundMember { name: "nanos".into(), offset: 8, dtype: Dtype::U32 },
                ];
                let dtype = Dtype::Compound(CompoundType { size: 12, members: members.into() });
                let bytes = [&self.0.to_le_bytes()[..], &self.1.to_le_bytes()].concat();
                slot.dataset(&dtype, &[], &bytes)
            }
        }
        for bad in [Pair(i64::MAX, 0), Pair(i64::MIN, 0), Pair(0, 2_000_000_000)] {
            assert!(matches!(refused::<DateTime<Utc>>(&bad), ErrorKind::Invalid(_)));
            assert!(matches!(refused::<NaiveDateTime>(&bad), ErrorKind::Invalid(_)));
            assert!(matches!(refused::<NaiveTime>(&bad), ErrorKind::Invalid(_)));
            assert!(matches!(refused::<TimeDelta>(&bad), ErrorKind::Invalid(_)));
        }
        assert!(matches!(refused::<NaiveTime>(&Pair(86_400, 0)), ErrorKind::Invalid(_)));
        assert!(matches!(refused::<NaiveTime>(&Pair(-1, 0)), ErrorKind::Invalid(_)));
        assert!(matches!(refused::<NaiveTime>(&1.0), ErrorKind::Mismatch { .. }));
    }
}

mod ids {
    use super::*;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    #[test]
    fn uuids_are_text() {
        let ids = [Uuid::nil(), Uuid::max(), Uuid::from_u128(0x67e5504410b1426f9247bb680e5fe0c8)];
        let _ = ids.map(round);
        round(ids.to_vec());
        round(vec![ids, ids]);
        round(vec![Some(ids[2]), None]);
        round(BTreeMap::from(ids.map(|id| (id, vec![1.5]))));
        assert_eq!(again::<String, _>(&ids[2]), "67e55044-10b1-426f-9247-bb680e5fe0c8");
        assert!(matches!(refused::<Uuid>(&"67e55044"), ErrorKind::Invalid(_)));
    }
}

mod ordered {
    use super::*;
    use indexmap::{IndexMap, IndexSet};

    #[track_caller]
    fn round_in_order<
        K: FileBacked + Eq + std::hash::Hash + Debug,
        V: FileBacked + PartialEq + Debug,
    >(
        map: IndexMap<K, V>,
    ) {
        let back: IndexMap<K, V> = again(&map);
        assert!(map.iter().eq(back.iter()), "{map:?} {back:?}");
    }

    #[test]
    fn maps_keep_their_order() {
        let keys = ["zeta", "", "alpha", "a/b", ".", "10", "9", "%41"];
        round_in_order(keys.iter().enumerate().map(|(i, key)| (key.to_string(), i)).collect());
        round_in_order(
            keys.iter().enumerate().map(|(i, key)| (key.to_string(), vec![i; i])).collect(),
        );
        round_in_order((0..300).rev().map(|i| (i, vec![i])).collect());
        round_in_order((0..300).rev().map(|i| (Some(i), vec![i])).collect());
        round_in_order(IndexMap::<String, Vec<u8>>::new());
        let many: Vec<IndexMap<String, u8>> = vec![
            [("b".to_string(), 1), ("a".to_string(), 2)].into(),
            IndexMap::new(),
            [("a".to_string(), 1), ("b".to_string(), 2)].into(),
        ];
        let back: Vec<IndexMap<String, u8>> = again(&many);
        assert!(many.iter().flatten().eq(back.iter().flatten()));
    }

    #[test]
    fn the_root_of_a_file_keeps_the_order() {
        let dir = tempfile::tempdir().unwrap();
        for len in [3, 30, 3000] {
            let map: IndexMap<u32, Vec<u32>> =
                (0..len).map(|i| (i * 7919 % 104_729, vec![i])).collect();
            let path = dir.path().join(format!("{len}.h5"));
            let file = filebacked::File::create(&path).unwrap();
            file.write_root(&map).unwrap();
            let back: IndexMap<u32, Vec<u32>> = file.read_root().unwrap();
            assert!(map.iter().eq(back.iter()), "{len}");
            drop(file);
            filebacked::save(&path, &map).unwrap();
            let back: IndexMap<u32, Vec<u32>> = filebacked::load(&path).unwrap();
            assert!(map.iter().eq(back.iter()), "{len}");
        }
    }

    #[test]
    fn sets_keep_their_order() {
        let set: IndexSet<i32> = [3, 1, 2].into();
        assert!(set.iter().eq(again::<IndexSet<i32>, _>(&set).iter()));
        let sets: Vec<IndexSet<String>> = vec![["b".into(), "a".into()].into(), IndexSet::new()];
        let back: Vec<IndexSet<String>> = again(&sets);
        assert!(sets.iter().flatten().eq(back.iter().flatten()) && back.len() == 2);
        assert!(matches!(refused::<IndexSet<i32>>(&vec![1, 1]), ErrorKind::Damaged(_)));
    }
}

mod arrays {
    use super::*;
    use ndarray::{
        ArcArray, Array, Array0, Array1, Array2, Array3, ArrayD, ArrayView1, Axis, CowArray, Ix2,
        IxDyn, ShapeBuilder, arr0, array, s,
    };
    use num_complex::Complex;

    #[test]
    fn every_rank_and_no_elements() {
        round(arr0(7.5));
        round(array![1, 2, 3]);
        round(array![[1u8, 2], [3, 4]]);
        round(Array::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 12 + j * 4 + k) as f32));
        round(Array::from_shape_fn((1, 2, 1, 3, 1, 2), |d| d.1 as i64 - d.3 as i64));
        round(Array1::<f64>::zeros(0));
        round(Array2::<f64>::zeros((0, 3)));
        round(Array2::<f64>::zeros((3, 0)));
        round(Array3::<bool>::from_elem((2, 0, 5), true));
        round(Array2::<String>::from_elem((0, 3), "x".into()));
        for shape in [&[][..], &[0], &[3], &[3, 0], &[2, 3], &[1; 12], &[2, 0, 3, 1, 2, 2, 2]] {
            round(ArrayD::from_elem(IxDyn(shape), 1.5));
        }
    }

    #[test]
    fn every_element() {
        round(array![true, false]);
        round(array![[usize::MAX, 0], [1, 2]]);
        round(array![i128::MIN, -1, i128::MAX]);
        round(array![Complex::new(1.0, -0.0), Complex::new(f64::INFINITY, 0.0)]);
        round(array![half::f16::from_f32(0.1)]);
        round(array!['a', '\0', '€']);
        round(array![std::time::Duration::from_nanos(1)]);
        round(array![[chrono::NaiveDate::MIN], [chrono::NaiveDate::MAX]]);
        round(array![[uuid::Uuid::nil()]]);
        round(array![["".to_string(), "größe".into()], ["x".repeat(500), "y".into()]]);
        round(array![["a\0b".to_string(), "\0".into()], ["".into(), "y".into()]]);
        round(arr0("a\0b".to_string()));
        round(Array2::from_elem((0, 2), "a\0b".to_string()));
        let hard = array![f64::from_bits(0x7ff0_0000_0000_0001), -0.0, f64::NEG_INFINITY, 5e-324];
        let back: Array1<f64> = again(&hard);
        assert!(hard.iter().map(|x| x.to_bits()).eq(back.iter().map(|x| x.to_bits())));
    }

    #[test]
    fn any_order_in_memory() {
        let a = Array::from_shape_fn((4, 5), |(i, j)| i * 5 + j);
        let f = Array::from_shape_vec((4, 5).f(), a.t().iter().copied().collect()).unwrap();
        assert_eq!(f, a);
        assert_eq!(to_bytes(&f).unwrap(), to_bytes(&a).unwrap());
        round(f.clone());
        round(a.t().to_owned());
        let same = |view: ndarray::ArrayView2<'_, usize>| {
            assert_eq!(again::<Array2<usize>, _>(&view), view)
        };
        same(a.slice(s![.., 1..3]));
        same(a.slice(s![..;2, ..;-1]));
        same(a.slice(s![1..2, ..;3]));
        same(a.slice(s![.., 2..3]));
        same(a.slice(s![2..2, ..]));
        same(f.slice(s![1.., 1..]));
        same(a.broadcast((4, 5)).unwrap());
        same(array![1usize, 2, 3].broadcast((4, 3)).unwrap());
        same(arr0(7usize).broadcast((2, 2)).unwrap());
        let cube = Array::from_shape_fn((3, 4, 5), |(i, j, k)| i * 20 + j * 5 + k);
        for axis in 0..3 {
            same(cube.index_axis(Axis(axis), 1));
        }
        assert_eq!(
            again::<Array3<usize>, _>(&cube.slice(s![.., ..;2, 1..])),
            cube.slice(s![.., ..;2, 1..])
        );
        let texts = array![["a".to_string(), "b".into()], ["c".into(), "d".into()]];
        assert_eq!(again::<Array2<String>, _>(&texts.t()), texts.t());
        let mut owned = a.clone();
        assert_eq!(again::<Array2<usize>, _>(&owned.view_mut()), a);
    }

    #[test]
    fn every_owner() {
        round(ArcArray::<f64, Ix2>::zeros((2, 3)));
        let cow: CowArray<'static, f64, Ix2> = Array2::zeros((2, 3)).into();
        round(cow);
        let a = array![1.0, 2.0];
        let cow = CowArray::from(a.view());
        assert_eq!(again::<Array1<f64>, _>(&cow), a);
        assert_eq!(again::<Vec<f64>, _>(&a), [1.0, 2.0]);
        assert_eq!(
            again::<Array2<f64>, _>(&[[1.0, 2.0], [3.0, 4.0]]),
            array![[1.0, 2.0], [3.0, 4.0]]
        );
        assert_eq!(again::<f64, _>(&arr0(2.5)), 2.5);
    }

    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Layer {
        weights: Array2<f32>,
        bias: Option<Array1<f32>>,
        #[filebacked(layout = "stacked")]
        frames: Vec<Array2<u8>>,
        #[filebacked(compression = Compression::Gzip(4))]
        packed: ArrayD<i32>,
        scale: Array0<f64>,
    }

    fn layer(n: usize) -> Layer {
        Layer {
            weights: Array2::from_elem((n, 3), n as f32),
            bias: n.is_multiple_of(2).then(|| Array1::zeros(n)),
            frames: (0..n).map(|i| Array2::from_elem((2, 5), i as u8).reversed_axes()).collect(),
            packed: ArrayD::from_elem(IxDyn(&[n, 100, 20]), 7),
            scale: arr0(n as f64),
        }
    }

    #[test]
    fn fields_and_rows() {
        round(layer(1));
        round(layer(2));
        round(vec![layer(0), layer(1), layer(2)]);
        round(Vec::<Layer>::new());
        round(vec![array![[1]], array![[2, 3]], Array2::zeros((0, 4))]);
        round(Some(array![1, 2]));
        round(vec![Some(array![1, 2]), None]);
        round(vec![vec![array![1, 2]], vec![]]);
        round([array![1, 2], array![3]]);
        round(Box::new(array![1, 2]));
        let views: Vec<ArrayView1<'_, i32>> =
            vec![ArrayView1::from(&[1, 2]), ArrayView1::from(&[3])];
        assert_eq!(again::<Vec<Array1<i32>>, _>(&views), vec![array![1, 2], array![3]]);
        let unequal =
            Layer { frames: vec![Array2::zeros((1, 2)), Array2::zeros((2, 1))], ..layer(1) };
        assert!(matches!(to_bytes(&unequal).unwrap_err().kind(), ErrorKind::Unsupported(_)));
    }

    #[test]
    fn a_stack_is_one_dataset() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.h5");
        filebacked::save(&path, &layer(3)).unwrap();
        let file = hdf5::File::open(&path).unwrap();
        assert_eq!(file.dataset("frames").unwrap().shape(), [3, 5, 2]);
        assert_eq!(file.dataset("scale").unwrap().shape(), [0usize; 0]);
        assert!(file.dataset("packed").unwrap().is_chunked());
        drop(file);
        assert_eq!(filebacked::load::<Layer>(&path).unwrap(), layer(3));
        // Any dataset is a stack of arrays of one dimension less.
        let stack: Vec<Array1<u8>> = again(&array![[1u8, 2], [3, 4]]);
        assert_eq!(stack, [array![1, 2], array![3, 4]]);
        assert_eq!(again::<Vec<Array0<u8>>, _>(&array![1u8, 2]), [arr0(1), arr0(2)]);
        assert_eq!(again::<Vec<ArrayD<u8>>, _>(&Array3::<u8>::zeros((2, 0, 3))).len(), 2);
        assert!(matches!(refused::<Vec<ArrayD<u8>>>(&1u8), ErrorKind::Mismatch { .. }));
    }

    #[test]
    fn another_rank_or_type_is_an_error() {
        for kind in [
            refused::<Array1<f64>>(&array![[1.0]]),
            refused::<Array2<f64>>(&array![1.0]),
            refused::<Array0<f64>>(&array![1.0]),
            refused::<Array1<f64>>(&1.0),
            refused::<f64>(&array![1.0]),
            refused::<Array1<f64>>(&array!["a".to_string()]),
            refused::<Array1<String>>(&array![1.0]),
            refused::<Array1<String>>(&array![["a\0".to_string()]]),
            refused::<ArrayD<f64>>(&(1, 2)),
            refused::<Array1<bool>>(&array![1.0]),
        ] {
            assert!(matches!(kind, ErrorKind::Mismatch { .. }), "{kind:?}");
        }
        assert!(matches!(refused::<Array1<u8>>(&array![256]), ErrorKind::OutOfRange { .. }));
        assert_eq!(again::<Array2<f64>, _>(&array![[1u8, 2]]), array![[1.0, 2.0]]);
    }

    #[test]
    fn arrays_of_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = hdf5::File::create(dir.path().join("x.h5")).unwrap();
        let wanted = Array::from_shape_fn((30, 40), |(i, j)| (i * 40 + j) as i32);
        file.new_dataset_builder()
            .with_data(&wanted)
            .chunk((7, 9))
            .deflate(3)
            .create("chunked")
            .unwrap();
        assert_eq!(
            filebacked::read::<Array2<i64>>(&file, "chunked").unwrap(),
            wanted.mapv(i64::from)
        );
        file.new_dataset::<u8>().shape((usize::MAX / 2, 0)).create("huge").unwrap();
        assert!(filebacked::read::<Array2<u8>>(&file, "huge").unwrap().is_empty());
        let error = filebacked::read::<Vec<Array1<u8>>>(&file, "huge").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
        file.new_dataset::<u8>().shape((usize::MAX / 2, 0, 4)).create("huger").unwrap();
        let error = filebacked::read::<ArrayD<u8>>(&file, "huger").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    }

    #[test]
    fn options_reach_arrays() {
        let a = Array2::<f64>::zeros((100, 100));
        let small = WriteOptions::new().compression(Compression::Gzip(6)).to_bytes(&a).unwrap();
        assert!(small.len() < 10_000);
        assert_eq!(from_bytes::<Array2<f64>>(&small).unwrap(), a);
    }
}

mod sparse {
    use super::*;
    use ndarray::array;
    use num_complex::Complex;
    use sprs::{CsMat, CsMatI, CsVec, CsVecI, TriMat, TriMatI};

    fn small() -> CsMat<f64> {
        CsMat::new((3, 4), vec![0, 2, 2, 4], vec![0, 3, 1, 2], vec![1.0, -0.0, f64::INFINITY, 4.0])
    }

    #[derive(FileBacked, Debug, PartialEq)]
    struct Graph {
        edges: CsMat<f64>,
        shape: Vec<u8>,
        parts: Vec<CsMatI<u8, u32>>,
        maybe: Option<CsVec<f32>>,
    }

    #[test]
    fn matrices() {
        round(small());
        round(small().to_csc());
        round(small().transpose_into());
        round(CsMatI::<u8, u16, u64>::new((2, 2), vec![0, 1, 2], vec![1, 0], vec![1, 2]));
        round(CsMatI::<bool, i32>::new((2, 2), vec![0, 1, 2], vec![1, 0], vec![true, false]));
        round(CsMatI::<Complex<f32>, i64, u32>::new(
            (1, 2),
            vec![0, 1],
            vec![1],
            vec![Complex::new(1.0, 2.0)],
        ));
        round(CsMatI::<String, isize>::new(
            (1, 2),
            vec![0, 2],
            vec![0, 1],
            vec!["a\0".into(), "".into()],
        ));
        round(CsMat::<f64>::zero((0, 0)));
        round(CsMat::<f64>::zero((0, 5)));
        round(CsMat::<f64>::zero((5, 0)));
        round(CsMat::<f64>::zero((3, usize::MAX >> 1)));
        round(CsMat::<f64>::empty(sprs::CSC, 5));
        round(vec![small(), CsMat::zero((1, 1))]);
        round(Graph {
            edges: small().to_csc(),
            shape: vec![1],
            parts: vec![CsMatI::zero((1, 2))],
            maybe: Some(CsVec::new(3, vec![1], vec![2.5])),
        });
    }

    #[test]
    fn views() {
        let matrix = small();
        assert_eq!(again::<CsMat<f64>, _>(&matrix.view()), matrix);
        let lower = matrix.slice_outer(1..3);
        assert_eq!(again::<CsMat<f64>, _>(&lower), lower.to_owned().to_csc().to_csr());
        assert_eq!(
            again::<CsMat<f64>, _>(&matrix.transpose_view()),
            matrix.transpose_view().to_owned()
        );
        let mut changed = matrix.clone();
        assert_eq!(again::<CsMat<f64>, _>(&changed.view_mut()), matrix);
        assert_eq!(
            again::<CsVec<f64>, _>(&matrix.outer_view(0).unwrap()),
            matrix.outer_view(0).unwrap().to_owned()
        );
    }

    #[test]
    fn triplets_and_vectors() {
        let mut triplets = TriMat::new((4, 3));
        for (row, col, value) in [(3, 2, 1.5), (0, 0, 2.5), (3, 2, 1.5)] {
            triplets.add_triplet(row, col, value);
        }
        assert_eq!(again::<TriMat<f64>, _>(&triplets.view()), triplets);
        round(triplets);
        round(TriMatI::<u8, i32>::new((0, 0)));
        round(CsVec::new(5, vec![0, 4], vec![1.0, 2.0]));
        round(CsVecI::<i8, u16>::empty(7));
        round(vec![CsVec::new(5, vec![0, 4], vec![1.0, 2.0]), CsVec::empty(0)]);
    }

    #[test]
    fn index_types_convert_where_they_fit() {
        let narrow: CsMatI<f64, u16, i32> = again(&small());
        assert_eq!(narrow.to_other_types::<usize, f64, usize>(), small());
        assert_eq!(again::<CsMat<f64>, _>(&narrow), small());
        let wide = CsMat::new((1, 70_000), vec![0, 1], vec![69_999], vec![1u8]);
        assert!(matches!(refused::<CsMatI<u8, u16>>(&wide), ErrorKind::OutOfRange { .. }));
        let empty = CsMat::<u8>::zero((1, 70_000));
        assert!(matches!(refused::<CsMatI<u8, u16>>(&empty), ErrorKind::Unsupported(_)));
        let past = CsVecI::<u8, u32>::new(1 << 31 | 1, vec![1 << 31], vec![1]);
        assert!(matches!(to_bytes(&past).unwrap_err().kind(), ErrorKind::Unsupported(_)));
        let largest = i32::MAX as u32;
        let matrix = CsMatI::<u8, u32, u32>::new(
            (2, i32::MAX as usize),
            vec![0, 2, 3],
            vec![0, largest - 1, 5],
            vec![1, 2, 3],
        );
        assert_eq!(
            again::<CsMatI<u8, i32, i32>, _>(&matrix).to_other_types::<u32, u8, u32>(),
            matrix
        );
        round(matrix);
        round(CsVecI::<u8, u32>::new(1 << 31, vec![largest], vec![1]));
        // SAFETY: nothing but the library's check looks at the parts.
        let broken = unsafe { CsVec::<u8>::new_uncheked(3, vec![usize::MAX], vec![1]) };
        assert!(to_bytes(&broken).is_err());
        let huge = CsVec::<u8>::empty(usize::MAX);
        assert!(matches!(to_bytes(&huge).unwrap_err().kind(), ErrorKind::Unsupported(_)));
    }

    #[test]
    fn patterns_do_not_see_the_parts() {
        let graph = Graph { edges: small(), shape: vec![1], parts: vec![], maybe: None };
        let bytes = WriteOptions::new()
            .only(["edges", "shape", "parts", "maybe"])
            .to_bytes(&graph)
            .unwrap();
        assert_eq!(from_bytes::<Graph>(&bytes).unwrap(), graph);
    }

    /// A group as others write it: each part may be left out.
    struct Foreign {
        dir: tempfile::TempDir,
        data: Option<Vec<f64>>,
        indices: Option<Vec<i32>>,
        indptr: Option<Vec<i64>>,
        shape: Option<Vec<i64>>,
        encoding: Option<&'static str>,
    }

    fn foreign() -> Foreign {
        Foreign {
            dir: tempfile::tempdir().unwrap(),
            data: Some(vec![1.0, 2.0, 3.0]),
            indices: Some(vec![0, 2, 1]),
            indptr: Some(vec![0, 2, 3]),
            shape: Some(vec![2, 3]),
            encoding: Some("csr_matrix"),
        }
    }

    impl Foreign {
        fn read<T: FileBacked>(&self) -> filebacked::Result<T> {
            let file = hdf5::File::create(self.dir.path().join("x.h5")).unwrap();
            let group = file.create_group("x").unwrap();
            if let Some(data) = &self.data {
                group.new_dataset_builder().with_data(data).create("data").unwrap();
            }
            if let Some(indices) = &self.indices {
                group.new_dataset_builder().with_data(indices).create("indices").unwrap();
            }
            if let Some(indptr) = &self.indptr {
                group.new_dataset_builder().with_data(indptr).create("indptr").unwrap();
            }
            if let Some(shape) = &self.shape {
                group.new_attr_builder().with_data(shape).create("shape").unwrap();
            }
            if let Some(encoding) = self.encoding {
                let encoding: hdf5::types::VarLenUnicode = encoding.parse().unwrap();
                group
                    .new_attr::<hdf5::types::VarLenUnicode>()
                    .create("encoding-type")
                    .unwrap()
                    .write_scalar(&encoding)
                    .unwrap();
            }
            filebacked::read(&file, "x")
        }

        #[track_caller]
        fn refused(&self) -> filebacked::Error {
            let error = self.read::<CsMat<f64>>().unwrap_err();
            assert!(error.path().starts_with("/x"), "{error}");
            // Indices of the stored size, with a sign and without, are checked in another way.
            let same = |other: filebacked::Error| {
                let kinds = [error.kind(), other.kind()].map(std::mem::discriminant);
                assert!(kinds[0] == kinds[1] && error.path() == other.path(), "{error}\n{other}");
            };
            same(self.read::<CsMatI<f64, i32, i64>>().unwrap_err());
            same(self.read::<CsMatI<f64, u32, u64>>().unwrap_err());
            error
        }
    }

    #[test]
    fn good_ones_of_others() {
        let dense = array![[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]];
        assert_eq!(foreign().read::<CsMat<f64>>().unwrap().to_dense(), dense);
        let unsorted =
            Foreign { indices: Some(vec![2, 0, 1]), data: Some(vec![2.0, 1.0, 3.0]), ..foreign() };
        assert_eq!(unsorted.read::<CsMat<f64>>().unwrap().to_dense(), dense);
        assert_eq!(unsorted.read::<CsMatI<f64, u32, i64>>().unwrap().to_dense(), dense);
        let csc = Foreign { encoding: Some("csc_matrix"), shape: Some(vec![3, 2]), ..foreign() }
            .read::<CsMat<f64>>()
            .unwrap();
        assert!(csc.is_csc());
        assert_eq!(csc.to_dense(), dense.t());
    }

    #[test]
    fn bad_ones_are_refused() {
        assert!(matches!(
            Foreign { indptr: None, ..foreign() }.refused().kind(),
            ErrorKind::Missing
        ));
        assert!(matches!(
            Foreign { indices: None, ..foreign() }.refused().kind(),
            ErrorKind::Missing
        ));
        assert!(matches!(Foreign { data: None, ..foreign() }.refused().kind(), ErrorKind::Missing));
        assert!(matches!(
            Foreign { shape: None, ..foreign() }.refused().kind(),
            ErrorKind::Missing
        ));
        for encoding in [None, Some("array"), Some("coo")] {
            assert!(matches!(
                Foreign { encoding, ..foreign() }.refused().kind(),
                ErrorKind::Mismatch { .. }
            ));
        }
        for shape in [vec![2], vec![2, 3, 4], vec![]] {
            let error = Foreign { shape: Some(shape), ..foreign() }.refused();
            assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
        }
        let bad = [
            Foreign { shape: Some(vec![2, -3]), ..foreign() },
            Foreign { shape: Some(vec![2, 2]), ..foreign() },
            Foreign { shape: Some(vec![3, 3]), ..foreign() },
            Foreign { shape: Some(vec![i64::MAX, 3]), ..foreign() },
            Foreign { indices: Some(vec![0, -1, 1]), ..foreign() },
            Foreign { indices: Some(vec![0, 3, 1]), ..foreign() },
            Foreign { indices: Some(vec![0, 0, 1]), ..foreign() },
            Foreign { indices: Some(vec![0, 2]), ..foreign() },
            Foreign { indices: Some(vec![0, 2, 1, 1]), ..foreign() },
            Foreign { data: Some(vec![1.0]), ..foreign() },
            Foreign { indptr: Some(vec![0, 2]), ..foreign() },
            Foreign { indptr: Some(vec![]), ..foreign() },
            Foreign { indptr: Some(vec![0, 2, 2]), ..foreign() },
            Foreign { indptr: Some(vec![0, 2, 4]), ..foreign() },
            Foreign { indptr: Some(vec![0, 4, 3]), ..foreign() },
            Foreign { indptr: Some(vec![1, 2, 3]), ..foreign() },
            Foreign { indptr: Some(vec![0, -2, 3]), ..foreign() },
            Foreign { indptr: Some(vec![0, i64::MAX, 3]), ..foreign() },
        ];
        for foreign in bad {
            let error = foreign.refused();
            assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
        }
        assert!(matches!(
            refused::<CsMat<f64>>(&TriMat::<f64>::new((1, 1))),
            ErrorKind::Mismatch { .. }
        ));
        assert!(matches!(refused::<TriMat<f64>>(&small()), ErrorKind::Mismatch { .. }));
        assert!(matches!(refused::<CsVec<f64>>(&small()), ErrorKind::Mismatch { .. }));
        assert!(matches!(
            refused::<CsMat<f64>>(&CsVec::<f64>::empty(1)),
            ErrorKind::Mismatch { .. }
        ));
        assert!(matches!(refused::<CsMat<f64>>(&array![[1.0]]), ErrorKind::Mismatch { .. }));
    }
}
