//! Compressed chunks: written and read by code of our own, seen by others, damaged.

use filebacked::engine::Engine;
use filebacked::{
    Compression, ErrorKind, File, FileBacked, LazyArray, ReadOptions, WriteOptions, hdf5,
};
use filebacked_tests::{adler32, python, scratch};
use ndarray::{Array1, Array2, Array3, ArrayD, s};
use num_complex::Complex;
use serde_json::json;
use std::fmt::Debug;
use std::path::Path;

/// Numbers that look like chance and are always the same.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn random(n: usize) -> Vec<u64> {
    let mut random = Random(88_172_645_463_325_252);
    (0..n).map(|_| random.next()).collect()
}

fn sums(n: usize) -> Vec<i32> {
    let mut sum = 0;
    let steps = random(n).into_iter().map(|x| {
        sum += (x % 7) as i32 - 3;
        sum
    });
    steps.collect()
}

fn sine(n: usize) -> Vec<f64> {
    random(n)
        .into_iter()
        .enumerate()
        .map(|(i, x)| (i as f64 * 1e-3).sin() + (x >> 12) as f64 * 1e-18)
        .collect()
}

fn gzip(level: u8) -> WriteOptions {
    WriteOptions::new().compression(Compression::Gzip(level))
}

/// What h5py reads: type, filters, and a checksum of the bytes.
fn h5py(path: &Path, name: &str) -> Option<(String, u32)> {
    let x = format!("f['{name}']");
    let found = python()?
        .eval(path, &format!("[{x}.dtype.str, __import__('zlib').adler32({x}[()].tobytes())]"));
    Some((found[0].as_str().unwrap().to_string(), found[1].as_u64().unwrap() as u32))
}

#[track_caller]
fn check<T: FileBacked + PartialEq + Debug + Send + Sync>(
    value: &T,
    bytes: &[u8],
    options: &WriteOptions,
) {
    let (_dir, path) = scratch("value.h5");
    options.save(&path, value).unwrap();
    let first = std::fs::read(&path).unwrap();
    assert!(filebacked::load::<T>(&path).unwrap() == *value);
    assert!(
        filebacked::from_bytes::<T>(&first).unwrap() == *value,
        "through the library, in memory"
    );
    options.save(&path, value).unwrap();
    assert!(std::fs::read(&path).unwrap() == first, "equal bytes twice");
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| options.save(&path, value)).unwrap();
        assert!(std::fs::read(&path).unwrap() == first, "{threads} threads");
        assert!(
            pool.install(|| filebacked::load::<T>(&path)).unwrap() == *value,
            "{threads} threads"
        );
    }
    if let Some((_, sum)) = h5py(&path, "value") {
        assert_eq!(sum, adler32(bytes), "h5py reads the same");
    }
}

fn bytes<T: Copy, const N: usize>(elements: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    elements.iter().flat_map(|element| to_bytes(*element)).collect()
}

#[test]
fn elements_of_all_sizes() {
    for n in [0, 1, 1000, 70_003, 300_001] {
        let noise = random(n);
        let u8s: Vec<u8> = sums(n).iter().map(|x| *x as u8).collect();
        check(&u8s, &u8s, &gzip(1));
        let i16s: Vec<i16> = sums(n).iter().map(|x| *x as i16).collect();
        check(&i16s, &bytes(&i16s, i16::to_le_bytes), &gzip(4));
        check(&sums(n), &bytes(&sums(n), i32::to_le_bytes), &gzip(1));
        check(&sine(n), &bytes(&sine(n), f64::to_le_bytes), &gzip(4));
        check(&noise, &bytes(&noise, u64::to_le_bytes), &gzip(1));
        let constant = vec![7.25f32; n];
        check(&constant, &bytes(&constant, f32::to_le_bytes), &gzip(9));
        let complex: Vec<Complex<f64>> = sine(n).iter().map(|x| Complex::new(*x, 1.0)).collect();
        let parts: Vec<f64> = complex.iter().flat_map(|x| [x.re, x.im]).collect();
        check(&complex, &bytes(&parts, f64::to_le_bytes), &gzip(1));
        let bools: Vec<bool> = noise.iter().map(|x| x % 3 == 0).collect();
        check(&bools, &bytes(&bools, |b| [u8::from(b)]), &gzip(4));
    }
    let text: Vec<String> = sums(50_000).iter().map(|x| format!("name{x:06}")).collect();
    let all: Vec<u8> = text.iter().flat_map(|text| text.bytes()).collect();
    let width = text.iter().map(String::len).max().unwrap();
    if text.iter().all(|text| text.len() == width) {
        check(&text, &all, &gzip(4));
    } else {
        let padded: Vec<u8> =
            text.iter().flat_map(|t| t.bytes().chain(vec![0; width - t.len()])).collect();
        check(&text, &padded, &gzip(4));
    }
}

#[test]
fn levels() {
    let (values, noise) = (sums(150_000), random(70_000));
    for level in [0, 1, 2, 6, 9] {
        check(&values, &bytes(&values, i32::to_le_bytes), &gzip(level));
        check(&noise, &bytes(&noise, u64::to_le_bytes), &gzip(level));
    }
}

#[test]
fn shapes_and_edges() {
    for shape in [
        vec![1, 300_000],
        vec![300_000, 1],
        vec![531, 601],
        vec![3, 70_001, 2],
        vec![70, 61, 67],
        vec![0, 5],
    ] {
        let array = ArrayD::from_shape_vec(shape.clone(), sums(shape.iter().product())).unwrap();
        let all = bytes(array.as_slice().unwrap(), i32::to_le_bytes);
        for chunk_bytes in [None, Some(1 << 14), Some(100_000), Some(1 << 30)] {
            let options = chunk_bytes.map_or(gzip(1), |n| gzip(1).chunk_bytes(n));
            match shape.len() {
                2 => check(
                    &array.clone().into_dimensionality::<ndarray::Ix2>().unwrap(),
                    &all,
                    &options,
                ),
                _ => check(
                    &array.clone().into_dimensionality::<ndarray::Ix3>().unwrap(),
                    &all,
                    &options,
                ),
            }
        }
    }
}

#[test]
fn chunks_of_a_given_shape() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Chunked {
        #[filebacked(chunk = [17, 33])]
        tiles: Array2<f64>,
        #[filebacked(chunk = [10, 7, 9])]
        boxes: Array3<i32>,
        #[filebacked(chunk = [1000])]
        line: Array1<u64>,
        #[filebacked(chunk = [1, 64])]
        rows: Array2<f64>,
    }
    let value = Chunked {
        tiles: Array2::from_shape_vec((201, 303), sine(201 * 303)).unwrap(),
        boxes: Array3::from_shape_vec((31, 37, 41), sums(31 * 37 * 41)).unwrap(),
        line: Array1::from_vec(random(100_001)),
        rows: Array2::from_shape_vec((300, 77), sine(300 * 77)).unwrap(),
    };
    let (_dir, path) = scratch("chunked.h5");
    gzip(4).save(&path, &value).unwrap();
    assert!(filebacked::load::<Chunked>(&path).unwrap() == value);
    let Some(python) = python() else { return };
    let (_, sum) = h5py(&path, "tiles").unwrap();
    assert_eq!(sum, adler32(&bytes(value.tiles.as_slice().unwrap(), f64::to_le_bytes)));
    let (_, sum) = h5py(&path, "boxes").unwrap();
    assert_eq!(sum, adler32(&bytes(value.boxes.as_slice().unwrap(), i32::to_le_bytes)));
    assert_eq!(
        python.eval(&path, "[list(x.chunks) for x in (f['tiles'], f['boxes'])]"),
        json!([[17, 33], [10, 7, 9]])
    );
    let masks = "sorted({f['line'].id.get_chunk_info(i).filter_mask for i in range(101)})";
    assert_eq!(
        python.eval(&path, masks),
        json!([0]),
        "what does not get shorter is a stream of stored blocks"
    );
    let sum = "__import__('zlib').adler32(f['line'][:].tobytes())";
    assert_eq!(
        python.pyfive(&path, sum),
        json!(adler32(&bytes(value.line.as_slice().unwrap(), u64::to_le_bytes)))
    );
}

#[test]
fn data_is_compressed() {
    let (_dir, path) = scratch("small.h5");
    for (level, bytes) in [(0, 4_000_000), (1, 1_300_000), (4, 1_200_000), (9, 1_200_000)] {
        gzip(level).save(&path, &sums(1_000_000)).unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size < bytes + 20_000, "{size} bytes by level {level}");
        gzip(level.max(1)).save(&path, &vec![1u64; 1_000_000]).unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size < 80_000, "{size} bytes by level {level}");
    }
    // What repeats in another place than the byte before.
    let pattern = random(1000);
    let repeated: Vec<u64> = (0..400_000).map(|i| pattern[i % 1000]).collect();
    gzip(1).save(&path, &repeated).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 400_000, "{size} bytes of 3200000");
}

#[test]
fn the_library_reads_and_is_read() {
    let (_dir, path) = scratch("library.h5");
    let values = sums(500_000);
    gzip(4).save(&path, &values).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    assert!(file.dataset("value").unwrap().read_raw::<i32>().unwrap() == values);
    drop(file);
    let file = hdf5::File::create(&path).unwrap();
    let builder = file
        .new_dataset::<i32>()
        .shape(values.len())
        .chunk(10_000)
        .shuffle()
        .deflate(6)
        .fletcher32();
    builder.create("x").unwrap().write_raw(&values).unwrap();
    // Chunks that are in the library's memory still.
    assert!(filebacked::read::<Vec<i32>>(&file, "x").unwrap() == values);
    drop(file);
    assert!(File::open(&path).unwrap().read::<Vec<i32>>("x").unwrap() == values);
    assert!(File::open_rw(&path).unwrap().read::<Vec<i32>>("x").unwrap() == values);
}

#[test]
fn a_caller_may_hold_the_lock() {
    let (_dir, path) = scratch("locked.h5");
    let values = sums(2_000_000);
    hdf5::sync::sync(|| gzip(1).save(&path, &values)).unwrap();
    let loaded: Vec<i32> = hdf5::sync::sync(|| filebacked::load(&path)).unwrap();
    assert!(loaded == values);
}

#[test]
fn files_of_others() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        "import numpy as np\n\
         rng = np.random.default_rng(1)\n\
         x = np.cumsum(rng.integers(-3, 4, size=(300, 400)), axis=1)\n\
         a = dict(compression='gzip')\n\
         f.create_dataset('auto', data=x.astype('i4'), shuffle=True, **a)\n\
         f.create_dataset('plain', data=x.astype('f8'), compression='gzip', compression_opts=9)\n\
         f.create_dataset('checked', data=x.astype('i8'), shuffle=True, fletcher32=True, **a)\n\
         f.create_dataset('only_checked', data=x.astype('f8'), fletcher32=True, **a)\n\
         f.create_dataset('tiles', data=x.astype('i2'), chunks=(7, 390), shuffle=True, **a)\n\
         f.create_dataset('columns', data=x.astype('f8'), chunks=(300, 1), shuffle=True, **a)\n\
         f.create_dataset('beyond', data=x.astype('f8'), chunks=(512, 512), maxshape=(None, None), shuffle=True, **a)\n\
         f.create_dataset('big_endian', data=x.astype('>i4'), shuffle=True, **a)\n\
         f.create_dataset('scaled', data=x.astype('i4'), scaleoffset=0, **a)\n\
         d = f.create_dataset('missing', (300, 400), 'f8', chunks=(10, 400), fillvalue=2.5, shuffle=True, **a)\n\
         d[20:40] = x[20:40]\n\
         d = f.create_dataset('grown', (10, 400), 'f8', chunks=(16, 100), maxshape=(None, 400), shuffle=True, **a)\n\
         d[:] = x[:10]\n\
         d.resize((300, 400))\n\
         d[:] = x\n\
         d.resize((200, 400))\n\
         d = f.create_dataset('skipped', (1000, 400), 'i4', chunks=(1000, 400), shuffle=True, **a)\n\
         d.id.write_direct_chunk((0, 0), (np.arange(400000) * 7).astype('i4').tobytes(), filter_mask=3)\n\
         f.create_dataset('text', data=np.array([b'abc', b'de'] * 20000), shuffle=True, **a)",
    );
    let file = File::open(&path).unwrap();
    let values = |name: &str| {
        let read = file.read::<ArrayD<f64>>(name).unwrap_or_else(|error| panic!("{error}"));
        bytes(&read.into_iter().collect::<Vec<f64>>(), f64::to_le_bytes)
    };
    for name in [
        "auto",
        "plain",
        "checked",
        "only_checked",
        "tiles",
        "columns",
        "beyond",
        "big_endian",
        "scaled",
        "missing",
        "grown",
        "skipped",
    ] {
        let expr = format!("__import__('zlib').adler32(f['{name}'][()].astype('<f8').tobytes())");
        assert_eq!(json!(adler32(&values(name))), python.eval(&path, &expr), "{name}");
    }
    let text: Vec<String> = file.read("text").unwrap();
    assert!(text.len() == 40_000 && text[0] == "abc" && text[39_999] == "de");
}

#[test]
fn a_user_block() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("block.h5");
    python.create(
        &path,
        &format!(
            "import h5py, numpy as np\n\
             with h5py.File({:?}, 'w', userblock_size=1024) as g:\n    \
             g.create_dataset('x', data=np.arange(100000), compression='gzip', shuffle=True)",
            path.with_file_name("other.h5")
        ),
    );
    let read: Vec<i64> = File::open(path.with_file_name("other.h5")).unwrap().read("x").unwrap();
    assert!(read == (0..100_000).collect::<Vec<i64>>());
}

/// Overwrites bytes of a file and reads it: an error of a kind that says so, or the right values.
fn damage(path: &Path, original: &[u8], at: usize, with: &[u8], values: &[i32]) -> bool {
    let mut bytes = original.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    std::fs::write(path, bytes).unwrap();
    match filebacked::load::<Vec<i32>>(path) {
        Ok(read) => {
            assert!(read == values, "wrong values after a change at {at}");
            false
        }
        Err(error) => {
            let good = matches!(
                error.kind(),
                ErrorKind::Damaged(_)
                    | ErrorKind::Hdf5(_)
                    | ErrorKind::Unsupported(_)
                    | ErrorKind::Limit(_)
                    | ErrorKind::NotHdf5
                    | ErrorKind::Mismatch { .. }
                    | ErrorKind::Missing
                    | ErrorKind::Io(_)
            );
            assert!(good, "{error}");
            true
        }
    }
}

#[test]
fn damaged_chunks() {
    let (_dir, path) = scratch("damaged.h5");
    let values = sums(200_000);
    gzip(1).chunk_bytes(40_000).save(&path, &values).unwrap();
    let original = std::fs::read(&path).unwrap();
    let mut found = 0;
    // The streams take nearly all of the file; each ends in a checksum.
    for at in (4096..original.len() - 8).step_by(original.len() / 60) {
        let byte = original[at] ^ 0x55;
        found += usize::from(damage(&path, &original, at, &[byte], &values));
    }
    assert!(found >= 55, "{found} of about 60 were noticed");
    std::fs::write(&path, &original[..original.len() - 20_000]).unwrap();
    filebacked::load::<Vec<i32>>(&path).unwrap_err();
    // One stream for sure, from its first bytes on.
    let start = original.windows(2).rposition(|pair| pair == [0x78, 0x01]).unwrap();
    damage(&path, &original, start, &[0xff, 0xff], &values);
    let error = filebacked::load::<Vec<i32>>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    assert_eq!(error.path(), "/value");
}

#[test]
fn damaged_heads() {
    let (_dir, path) = scratch("heads.h5");
    let values = sums(100_000);
    gzip(1).chunk_bytes(40_000).save(&path, &values).unwrap();
    let original = std::fs::read(&path).unwrap();
    // Object headers and the chunk index, where addresses, sizes, masks, origins are.
    let mut random = Random(7);
    let tree = original.windows(4).position(|w| w == b"TREE").unwrap();
    for at in (0..600).chain(tree..(tree + 1200).min(original.len() - 1)).step_by(7) {
        for with in [0u8, 0xff, random.next() as u8] {
            let mut bytes = original.clone();
            bytes[at] = with;
            std::fs::write(&path, bytes).unwrap();
            let _ = ReadOptions::new().engine(Engine::Libhdf5).load::<Vec<i32>>(&path);
        }
    }
}

#[test]
fn damaged_checksums() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("fletcher.h5");
    python.create(
        &path,
        "import numpy as np\n\
         f.create_dataset('x', data=np.arange(100000), chunks=(50000,), compression='gzip', shuffle=True, fletcher32=True)",
    );
    let info = python
        .eval(&path, "[f['x'].id.get_chunk_info(1).byte_offset, f['x'].id.get_chunk_info(1).size]");
    let (offset, size) = (info[0].as_u64().unwrap() as usize, info[1].as_u64().unwrap() as usize);
    let original = std::fs::read(&path).unwrap();
    for at in [offset, offset + size / 2, offset + size - 5, offset + size - 1] {
        let mut bytes = original.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let error = File::open(&path).unwrap().read::<Vec<i64>>("x").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    }
}

/// Whoever made the file may have left the chunks at the edges without filters, which no mask says.
#[test]
fn chunks_at_the_edges_may_have_no_filters() {
    let (_dir, path) = scratch("partial.h5");
    let array = Array2::from_shape_fn((700, 900), |(i, j)| (i * 900 + j) as i32);
    with_unfiltered_edges(&path, &array);
    if let Some(python) = python() {
        assert_eq!(
            python.eval(&path, "f['x'][:].sum().item()"),
            serde_json::json!(629_999i64 * 630_000 / 2)
        );
    }
    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<Array2<i32>>("x").unwrap(), array);
    let lazy: LazyArray<i32, ndarray::Ix2> = file.read("x").unwrap();
    assert_eq!(lazy.read().unwrap(), array);
    assert_eq!(lazy.read_slice(s![500.., ..]).unwrap(), array.slice(s![500.., ..]));
    let blocks: Vec<_> = lazy.blocks(1 << 20).map(|block| block.unwrap().array).collect();
    assert!(
        blocks.len() > 1 && blocks.iter().map(|block| block.len()).sum::<usize>() == array.len()
    );
    drop((lazy, file));
    // Written into by whole chunks, edges included, they stay what they are to others.
    let file = File::open_rw(&path).unwrap();
    let mut lazy: LazyArray<i32, ndarray::Ix2> = file.read("x").unwrap();
    lazy.write(&(&array + 1)).unwrap();
    drop((lazy, file));
    if let Some(python) = python() {
        assert_eq!(
            python.eval(&path, "f['x'][:].sum().item()"),
            serde_json::json!(630_001i64 * 630_000 / 2)
        );
    }
}

fn with_unfiltered_edges(path: &Path, array: &Array2<i32>) {
    use hdf5_metno_sys::h5d::{
        H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS, H5Dclose, H5Dcreate2, H5Dwrite,
    };

    use hdf5_metno_sys::h5f::{H5F_ACC_TRUNC, H5F_LIBVER_LATEST, H5Fclose, H5Fcreate};
    use hdf5_metno_sys::h5p::{
        H5P_CLS_DATASET_CREATE, H5P_CLS_FILE_ACCESS, H5P_DEFAULT, H5Pclose, H5Pcreate,
        H5Pset_chunk, H5Pset_chunk_opts, H5Pset_deflate, H5Pset_libver_bounds, H5Pset_shuffle,
    };
    use hdf5_metno_sys::h5s::{H5S_ALL, H5Sclose, H5Screate_simple};
    use hdf5_metno_sys::h5t::H5T_NATIVE_INT32;
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: identifiers are open until they are closed, names end in NUL, the data has as many
    // elements as the dataspace.
    unsafe {
        hdf5_metno_sys::h5::H5open();
        let (access, creation) =
            (H5Pcreate(*H5P_CLS_FILE_ACCESS), H5Pcreate(*H5P_CLS_DATASET_CREATE));
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
        let file = H5Fcreate(name.as_ptr(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
        H5Pset_chunk(creation, 2, [256, 256].as_ptr());
        H5Pset_shuffle(creation);
        H5Pset_deflate(creation, 4);
        assert_eq!(H5Pset_chunk_opts(creation, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS), 0);
        let space = H5Screate_simple(2, [700, 900].as_ptr(), std::ptr::null());
        let kind = *H5T_NATIVE_INT32;
        let dataset =
            H5Dcreate2(file, c"x".as_ptr(), kind, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        assert_eq!(
            H5Dwrite(dataset, kind, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.as_ptr().cast()),
            0
        );
        assert_eq!(
            H5Dclose(dataset)
                | H5Sclose(space)
                | H5Pclose(creation)
                | H5Pclose(access)
                | H5Fclose(file),
            0
        );
    }
}
