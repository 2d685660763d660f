//! Matrices of sprs.

use super::ext::{again, refused, round};
use filebacked::{ErrorKind, FileBacked, WriteOptions, from_bytes, hdf5, to_bytes};
use ndarray::array;
use num_complex::Complex;
use sprs::{CsMat, CsMatI, CsVec, CsVecI, TriMat, TriMatI};
use std::fmt::Debug;

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
    assert_eq!(again::<CsMatI<u8, i32, i32>, _>(&matrix).to_other_types::<u32, u8, u32>(), matrix);
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
    let bytes =
        WriteOptions::new().only(["edges", "shape", "parts", "maybe"]).to_bytes(&graph).unwrap();
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
    assert!(matches!(Foreign { indptr: None, ..foreign() }.refused().kind(), ErrorKind::Missing));
    assert!(matches!(Foreign { indices: None, ..foreign() }.refused().kind(), ErrorKind::Missing));
    assert!(matches!(Foreign { data: None, ..foreign() }.refused().kind(), ErrorKind::Missing));
    assert!(matches!(Foreign { shape: None, ..foreign() }.refused().kind(), ErrorKind::Missing));
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
    assert!(matches!(refused::<CsMat<f64>>(&CsVec::<f64>::empty(1)), ErrorKind::Mismatch { .. }));
    assert!(matches!(refused::<CsMat<f64>>(&array![[1.0]]), ErrorKind::Mismatch { .. }));
}
