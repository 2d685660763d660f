//! Types of other crates: half, num-complex, chrono, uuid, indexmap, ndarray, sprs.

use filebacked::options::Conversion;
use filebacked::{ErrorKind, FileBacked, ReadOptions, Save, from_bytes, to_bytes};
use std::fmt::Debug;

/// Saves and loads a value that is equal to itself.
#[track_caller]
pub(crate) fn round<T: FileBacked + PartialEq + Debug>(value: T) {
    let bytes = to_bytes(&value).unwrap();
    assert_eq!(bytes, to_bytes(&value).unwrap(), "equal values, other bytes");
    assert_eq!(from_bytes::<T>(&bytes).unwrap(), value);
}

#[track_caller]
pub(crate) fn again<T: FileBacked, V: Save>(value: &V) -> T {
    from_bytes(&to_bytes(value).unwrap()).unwrap()
}

#[track_caller]
pub(crate) fn refused<T: FileBacked + Debug>(value: &impl Save) -> ErrorKind {
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
                use filebacked::schema::{CompoundMember, CompoundType, Dtype};
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
