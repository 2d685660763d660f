//! Codecs beside gzip, and checksums: seen by h5py with hdf5plugin, read from its files, damaged.

use filebacked::engine::Engine;
use filebacked::options::{BloscCodec, BloscShuffle};
use filebacked::{
    Compression, ErrorKind, File, FileBacked, ReadOptions, WriteOptions, hdf5, inspect,
};
use filebacked_tests::{Python, adler32, python, scratch};
use ndarray::Array2;
use serde_json::{Value, json};
use std::path::Path;

/// h5py that knows the filters.
fn with_plugins() -> Option<&'static Python> {
    let python = python()?;
    let (_dir, path) = scratch("plugins.h5");
    python.create(&path, "import hdf5plugin");
    Some(python)
}

fn blosc(codec: BloscCodec, level: u8, shuffle: BloscShuffle) -> Compression {
    Compression::Blosc { codec, level, shuffle }
}

/// Every codec, with the numbers of its filters.
fn all() -> Vec<(Compression, &'static [u32])> {
    let mut all: Vec<(Compression, &[u32])> = vec![
        (Compression::Gzip(1), &[2, 1]),
        (Compression::Lz4, &[2, 32004]),
        (Compression::Zstd(-7), &[2, 32015]),
        (Compression::Zstd(1), &[2, 32015]),
        (Compression::Zstd(19), &[2, 32015]),
        (Compression::Raw { id: 1, options: &[3] }, &[1]),
        (Compression::Raw { id: 32015, options: &[3] }, &[32015]),
        (Compression::Raw { id: 32004, options: &[] }, &[32004]),
    ];
    for codec in [BloscCodec::Lz4, BloscCodec::Zlib, BloscCodec::Zstd] {
        for shuffle in [BloscShuffle::None, BloscShuffle::Byte, BloscShuffle::Bit] {
            let level = if codec == BloscCodec::Zlib { 1 } else { 9 };
            all.push((blosc(codec, level, shuffle), &[32001]));
        }
    }
    all
}

fn random(n: usize) -> Vec<u64> {
    let mut state = 88_172_645_463_325_252u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    std::iter::repeat_with(next).take(n).collect()
}

fn sums(n: usize) -> Vec<i32> {
    let steps = random(n).into_iter().map(|x| (x % 7) as i32 - 3);
    steps
        .scan(0, |sum, step| {
            *sum += step;
            Some(*sum)
        })
        .collect()
}

fn options(compression: Compression) -> WriteOptions {
    WriteOptions::new().compression(compression)
}

/// A checksum of the bytes of an array in the file, by h5py.
fn sum_by_h5py(python: &Python, path: &Path, name: &str) -> Value {
    python.eval(path, &format!("__import__('zlib').adler32(f['{name}'][()].tobytes())"))
}

fn bytes<T: Copy, const N: usize>(elements: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    elements.iter().flat_map(|element| to_bytes(*element)).collect()
}

#[derive(FileBacked, Debug, PartialEq)]
struct Arrays {
    integers: Vec<i32>,
    noise: Vec<u64>,
    tiles: Array2<f64>,
    bytes: Vec<u8>,
    constant: Vec<f32>,
    text: Vec<String>,
    odd: Vec<i16>,
}

fn arrays() -> Arrays {
    let integers = sums(50_000);
    Arrays {
        noise: random(9_000),
        tiles: Array2::from_shape_fn((101, 107), |(i, j)| ((i * j) as f64).sqrt().floor()),
        bytes: integers.iter().map(|x| (x >> 4) as u8).collect(),
        constant: vec![7.25; 30_000],
        text: integers[..3000].iter().map(|x| format!("name{x:06}")).collect(),
        odd: integers[..40_003].iter().map(|x| *x as i16).collect(),
        integers,
    }
}

#[test]
fn every_codec_is_read_by_all() {
    let python = with_plugins();
    let arrays = arrays();
    let (_dir, path) = scratch("codecs.h5");
    for (compression, filters) in all() {
        for chunk_bytes in [100, 7000, 1 << 19] {
            // Chunks of 100 bytes are too small for most codecs, and too many for large arrays.
            if chunk_bytes == 100 {
                let short: Vec<i32> = arrays.integers[..3000].to_vec();
                options(compression).chunk_bytes(100).save(&path, &short).unwrap();
                assert!(filebacked::load::<Vec<i32>>(&path).unwrap() == short, "{compression:?}");
                if let Some(python) = python {
                    let sum = adler32(&bytes(&short, i32::to_le_bytes));
                    assert_eq!(sum_by_h5py(python, &path, "value"), json!(sum), "{compression:?}");
                }
                continue;
            }
            let options = options(compression).chunk_bytes(chunk_bytes);
            options.save(&path, &arrays).unwrap();
            let what = format!("{compression:?} in {chunk_bytes}");
            assert!(filebacked::load::<Arrays>(&path).unwrap() == arrays, "{what}");
            // In memory, and in a file that is open for writing, the library's pipeline calls the
            // codec.
            let image = std::fs::read(&path).unwrap();
            assert!(filebacked::from_bytes::<Arrays>(&image).unwrap() == arrays, "{what}");
            assert!(
                File::open_rw(&path).unwrap().read_root::<Arrays>().unwrap() == arrays,
                "{what}"
            );
            options.save(&path, &arrays).unwrap();
            assert!(std::fs::read(&path).unwrap() == image, "equal bytes twice: {what}");
            let Some(python) = python else { continue };
            for (name, all) in [
                ("integers", bytes(&arrays.integers, i32::to_le_bytes)),
                ("noise", bytes(&arrays.noise, u64::to_le_bytes)),
                ("tiles", bytes(arrays.tiles.as_slice().unwrap(), f64::to_le_bytes)),
                ("bytes", arrays.bytes.clone()),
                ("constant", bytes(&arrays.constant, f32::to_le_bytes)),
                ("odd", bytes(&arrays.odd, i16::to_le_bytes)),
            ] {
                assert_eq!(
                    sum_by_h5py(python, &path, name),
                    json!(adler32(&all)),
                    "{name} by {what}"
                );
            }
            let ids = "[x[0] for x in (lambda p: [p.get_filter(i) for i in range(p.get_nfilters())])\
                       (f['integers'].id.get_create_plist())]";
            assert_eq!(python.eval(&path, ids), json!(filters), "{what}");
            let stored = "f['constant'].id.get_storage_size()";
            assert!(python.eval(&path, stored).as_u64().unwrap() < 30_000, "{what}");
        }
    }
}

#[test]
fn the_library_writes_by_them_too() {
    let (_dir, path) = scratch("pipeline.h5");
    let values = sums(200_000);
    for (id, options) in [(32004, vec![]), (32015, vec![3]), (32001, vec![2, 2, 4, 0, 5, 1, 1])] {
        let file = hdf5::File::create(&path).unwrap();
        // What makes the library have the filters.
        filebacked::write(&file, "small", &1).unwrap();
        let builder =
            file.new_dataset::<i32>().shape(values.len()).chunk(30_000).add_filter(id, &options);
        builder.create("x").unwrap().write_raw(&values).unwrap();
        drop(builder);
        assert!(filebacked::read::<Vec<i32>>(&file, "x").unwrap() == values);
        let size = file.dataset("x").unwrap().storage_size();
        assert!(size < 700_000, "{size} bytes of 800000 by {id}");
        drop(file);
        assert!(File::open(&path).unwrap().read::<Vec<i32>>("x").unwrap() == values);
        if let Some(python) = with_plugins() {
            let sum = adler32(&bytes(&values, i32::to_le_bytes));
            assert_eq!(sum_by_h5py(python, &path, "x"), json!(sum), "{id}");
        }
    }
}

#[test]
fn files_of_h5py() {
    let Some(python) = with_plugins() else { return };
    let (_dir, path) = scratch("plugins.h5");
    python.create(
        &path,
        "import numpy as np, hdf5plugin as p\n\
         rng = np.random.default_rng(1)\n\
         x = np.cumsum(rng.integers(-3, 4, size=(103, 107)), axis=1)\n\
         def put(name, dtype, codec, **kw):\n    \
             f.create_dataset(name, data=x.astype(dtype), **codec, **kw)\n\
         for dtype in ('u1', 'i2', 'f8', '>i4', 'S3', 'c16'):\n    \
             for k, chunks in enumerate([(103, 107), (33, 101)]):\n        \
                 put(f'lzf {dtype} {k}', dtype, dict(compression='lzf'), chunks=chunks)\n        \
                 put(f'lzf-shuffle {dtype} {k}', dtype, dict(compression='lzf', shuffle=True, fletcher32=True), chunks=chunks)\n        \
                 put(f'lz4 {dtype} {k}', dtype, p.LZ4(), chunks=chunks)\n        \
                 put(f'lz4-blocks {dtype} {k}', dtype, p.LZ4(nbytes=1000), chunks=chunks, shuffle=True)\n        \
                 put(f'zstd {dtype} {k}', dtype, p.Zstd(), chunks=chunks)\n        \
                 put(f'zstd-quick {dtype} {k}', dtype, p.Zstd(-5), chunks=chunks, shuffle=True)\n        \
                 for cname in ('blosclz', 'lz4', 'lz4hc', 'zlib', 'zstd'):\n            \
                     for shuffle in (0, 1, 2):\n                \
                         for level in (1, 9):\n                    \
                             put(f'blosc {cname} {shuffle} {level} {dtype} {k}', dtype,\n                        \
                                 p.Blosc(cname=cname, clevel=level, shuffle=shuffle), chunks=chunks)\n\
         f.create_dataset('long 0 0', data=(x % 5).astype('i1').repeat(40, axis=0), **p.Blosc(cname='blosclz', clevel=9))\n\
         f.create_dataset('far 0 0', data=np.tile(rng.integers(0, 255, 12000), 30).astype('u1'), chunks=(360000,),\n    \
             **p.Blosc(cname='blosclz', clevel=9, shuffle=0))\n\
         f.create_dataset('far lzf 0', data=np.tile(rng.integers(0, 255, 5000), 30).astype('u1'), chunks=(150000,),\n    \
             compression='lzf')",
    );
    let file = File::open(&path).unwrap();
    let names: Vec<String> = serde_json::from_value(python.eval(&path, "list(f)")).unwrap();
    assert!(names.len() > 400);
    let types = "{'S3': 'S3', 'c16': '<c16'}";
    let sum = format!(
        "__import__('zlib').adler32(f[k][()].astype({types}.get(k.split()[-2], '<f8')).tobytes())"
    );
    let sums = python.eval(&path, &format!("{{k: {sum} for k in f if ' ' in k}}"));
    for name in names.iter().filter(|name| name.contains(' ')) {
        let read: Vec<u8> = if name.contains("S3") {
            let read = file.read::<Array2<String>>(name).unwrap();
            read.iter().flat_map(|t| t.bytes().chain(vec![0; 3 - t.len()])).collect()
        } else if name.contains("c16") {
            let read = file.read::<Array2<num_complex::Complex<f64>>>(name).unwrap();
            read.iter().flat_map(|c| [c.re.to_le_bytes(), c.im.to_le_bytes()].concat()).collect()
        } else {
            let read = file
                .read::<ndarray::ArrayD<f64>>(name)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            read.iter().flat_map(|x| x.to_le_bytes()).collect()
        };
        assert_eq!(json!(adler32(&read)), sums[name], "{name}");
    }
}

/// Text in chunks of lzf, among whose options h5py has no size.
const LZF_TEXTS: &str = "import numpy as np, hdf5plugin
def put(name, texts, **kw):
    f.create_dataset(name, data=np.array(texts, dtype=object), dtype=h5py.string_dtype(), compression='lzf', **kw)
texts = [(str(k % 7) + 'ü') * (k % 40) for k in range(5000)]
put('plain', texts, chunks=(512,))
put('shuffled', texts, shuffle=True)
put('empty', [''] * 100000, chunks=(100000,))
put('one', ['a'], chunks=(1,))
put('zero', texts[:0], chunks=(1,), maxshape=(None,))
put('square', [texts[:70], texts[70:140]])
lists = np.array([np.arange(k % 9, dtype='i4') for k in range(1000)], dtype=object)
f.create_dataset('lists', data=lists, dtype=h5py.vlen_dtype('i4'), compression='lzf', chunks=(300,))
";

#[test]
fn lzf_that_says_no_size() {
    let Some(python) = with_plugins() else { return };
    let (_dir, path) = scratch("lzf.h5");
    python.create(&path, LZF_TEXTS);
    assert_eq!(python.eval(&path, "f['plain'].id.get_create_plist().get_filter(0)[2]"), json!([]));
    let texts: Vec<String> = (0..5000).map(|k| format!("{}ü", k % 7).repeat(k % 40)).collect();
    let lists: Vec<Vec<i32>> = (0..1000).map(|k| (0..k % 9).collect()).collect();
    let square = Array2::from_shape_vec((2, 70), texts[..140].to_vec()).unwrap();
    let file = File::open(&path).unwrap();
    assert!(file.read::<Vec<String>>("plain").unwrap() == texts);
    assert!(file.read::<Vec<String>>("shuffled").unwrap() == texts);
    assert!(file.read::<Vec<String>>("empty").unwrap() == vec![""; 100_000]);
    assert_eq!(file.read::<Vec<String>>("one").unwrap(), ["a"]);
    assert!(file.read::<Vec<String>>("zero").unwrap().is_empty());
    assert!(file.read::<Array2<String>>("square").unwrap() == square);
    assert!(file.read::<Vec<Vec<i32>>>("lists").unwrap() == lists);
}

#[test]
fn hostile_lzf_that_says_no_size() {
    let Some(python) = with_plugins() else { return };
    let (_dir, path) = scratch("lzf.h5");
    // Too few bytes and too many of them, the most that can be had of any, and what is no lzf. A
    // chunk has 8192.
    let chunks: [&[u8]; 7] = [
        &[0, 0],
        &[&[0, 0][..], &[0xe0, 255, 0].repeat(31)].concat(),
        &[&[0, 0][..], &[0xe0, 255, 0].repeat(100_000)].concat(),
        &[0xe0, 255, 0].repeat(31),
        &[31, 1, 2],
        &[0xff; 11],
        &[&[0, 0][..], &[0xe0, 255, 0].repeat(30), &[0xe0, 255]].concat(),
    ];
    for chunk in chunks {
        let bytes: String = chunk.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        python.create(
            &path,
            &format!("{LZF_TEXTS}f['plain'].id.write_direct_chunk((512,), b'{bytes}')"),
        );
        let error = File::open(&path).unwrap().read::<Vec<String>>("plain").unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Damaged(_)) && error.path() == "/plain",
            "{error}"
        );
    }
}

#[test]
fn names_are_shown() {
    let (_dir, path) = scratch("names.h5");
    for (compression, checked, filters) in [
        (Compression::Lz4, false, "shuffle + lz4"),
        (Compression::Zstd(3), true, "shuffle + zstd + fletcher32"),
        (blosc(BloscCodec::Zstd, 5, BloscShuffle::Bit), false, "blosc"),
        (Compression::None, true, "fletcher32"),
    ] {
        options(compression).fletcher32(checked).save(&path, &sums(50_000)).unwrap();
        let tree = inspect::tree(&path).unwrap().to_string();
        assert!(tree.contains(&format!("chunked (50000) {filters}, ")), "{tree}");
    }
}

#[test]
fn mistakes_are_found_before_anything_is_written() {
    let (_dir, path) = scratch("mistakes.h5");
    std::fs::write(&path, "as it was").unwrap();
    for (compression, text) in [
        (Compression::Gzip(10), "gzip of level 10"),
        (Compression::Zstd(23), "Zstandard of level 23"),
        (Compression::Zstd(-131_073), "Zstandard of level -131073"),
        (blosc(BloscCodec::Lz4, 10, BloscShuffle::Byte), "Blosc of level 10"),
        (Compression::Raw { id: 0, options: &[] }, "an HDF5 filter of number 0"),
        (Compression::Raw { id: 65_536, options: &[] }, "an HDF5 filter of number 65536"),
        (
            Compression::Raw { id: 32_013, options: &[] },
            "the HDF5 filter zfp (32013) is not available",
        ),
        (Compression::Raw { id: 60_000, options: &[] }, "the HDF5 filter 60000 is not available"),
        (
            Compression::Raw { id: 32_000, options: &[] },
            "the HDF5 filter lzf (32000) can only read in this build",
        ),
    ] {
        let wrong = options(compression).durability(filebacked::options::Durability::Fast);
        // Not even where there is nothing to compress.
        for error in
            [wrong.save(&path, &sums(50_000)).unwrap_err(), wrong.save(&path, &1).unwrap_err()]
        {
            assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
    }
    #[derive(FileBacked)]
    struct Wrong {
        #[filebacked(compression = Compression::Zstd(99))]
        values: Vec<f64>,
    }
    let error = filebacked::save(&path, &Wrong { values: vec![1.0; 1000] }).unwrap_err();
    assert_eq!(
        (error.path().as_str(), std::fs::read(&path).unwrap()),
        ("/values", b"as it was".to_vec())
    );
    assert!(error.help().unwrap().contains("levels are -131072 to 22"), "{error:#}");
}

#[test]
fn fields_choose() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Chosen {
        #[filebacked(compression = Compression::Lz4)]
        quick: Vec<i32>,
        #[filebacked(compression = Compression::Zstd(19), fletcher32)]
        small: Vec<i32>,
        #[filebacked(fletcher32, chunk = [1000])]
        checked: Vec<i32>,
        #[filebacked(compression = blosc(BloscCodec::Zlib, 5, BloscShuffle::Byte))]
        blosc: Option<Vec<i32>>,
        #[filebacked(fletcher32)]
        inner: Inner,
        plain: Vec<i32>,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Inner {
        values: Vec<i32>,
        few: Vec<i32>,
        scalar: i32,
    }
    let values = sums(30_000);
    let value = Chosen {
        quick: values.clone(),
        small: values.clone(),
        checked: values.clone(),
        blosc: Some(values.clone()),
        inner: Inner { values: values.clone(), few: vec![1, 2, 3], scalar: 1 },
        plain: values,
    };
    let (_dir, path) = scratch("fields.h5");
    filebacked::save(&path, &value).unwrap();
    assert!(filebacked::load::<Chosen>(&path).unwrap() == value);
    let Some(python) = with_plugins() else { return };
    let filters = |name: &str| {
        let list = format!(
            "(lambda p: [p.get_filter(i)[0] for i in range(p.get_nfilters())])(f['{name}'].id.get_create_plist())"
        );
        python.eval(&path, &list)
    };
    assert_eq!(filters("quick"), json!([2, 32004]));
    assert_eq!(filters("small"), json!([2, 32015, 3]));
    assert_eq!(filters("checked"), json!([3]));
    assert_eq!(filters("blosc"), json!([32001]));
    assert_eq!(filters("inner/values"), json!([3]));
    assert_eq!((filters("inner/few"), filters("plain")), (json!([]), json!([])));
    assert_eq!(
        python.eval(&path, "[f[k].fletcher32 for k in ('small', 'checked', 'plain')]"),
        json!([true, true, false])
    );
    let sum: i64 = value.small.iter().map(|x| i64::from(*x)).sum();
    assert_eq!(
        python.eval(&path, "[int(f[k][:].sum()) for k in ('small', 'checked', 'blosc')]"),
        json!([sum, sum, sum])
    );
}

/// Where a chunk lies in the file, and its size.
fn chunk(path: &Path, k: usize) -> (usize, usize) {
    let file = hdf5::File::open(path).unwrap();
    let info = file.dataset("value").unwrap().chunk_info(k).unwrap();
    (info.addr as usize, info.size as usize)
}

#[test]
fn a_flipped_bit_is_found() {
    let (_dir, path) = scratch("flipped.h5");
    let values = sums(100_000);
    let zstd = blosc(BloscCodec::Zstd, 5, BloscShuffle::Byte);
    for compression in
        [Compression::None, Compression::Gzip(4), Compression::Lz4, Compression::Zstd(3), zstd]
    {
        options(compression).fletcher32(true).chunk_bytes(100_000).save(&path, &values).unwrap();
        let original = std::fs::read(&path).unwrap();
        assert!(filebacked::load::<Vec<i32>>(&path).unwrap() == values);
        if let Some(python) = with_plugins() {
            assert_eq!(
                sum_by_h5py(python, &path, "value"),
                json!(adler32(&bytes(&values, i32::to_le_bytes)))
            );
        }
        let (at, size) = chunk(&path, 2);
        for place in [at, at + size / 2, at + size - 1] {
            let mut bytes = original.clone();
            bytes[place] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            // By code of our own, by the library's pipeline in memory, and in a file that is open
            // for writing.
            let errors = [
                filebacked::load::<Vec<i32>>(&path).unwrap_err(),
                filebacked::from_bytes::<Vec<i32>>(&bytes).unwrap_err(),
                File::open_rw(&path).unwrap().read::<Vec<i32>>("value").unwrap_err(),
            ];
            for error in errors {
                assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{compression:?}: {error}");
                assert_eq!(error.path(), "/value", "{compression:?}");
            }
        }
    }
}

#[test]
fn small_data_has_checksums_in_any_case() {
    let (_dir, path) = scratch("compact.h5");
    let values: Vec<i32> = (0..500).collect();
    WriteOptions::new().fletcher32(true).save(&path, &values).unwrap();
    let original = std::fs::read(&path).unwrap();
    let at = original.windows(8).position(|eight| eight == [100, 0, 0, 0, 101, 0, 0, 0]).unwrap();
    for engine in [Engine::Native, Engine::Libhdf5] {
        let mut bytes = original.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        ReadOptions::new().engine(engine).load::<Vec<i32>>(&path).unwrap_err();
    }
    // Of text of variable length only references could have checksums.
    let text: Vec<String> = (0..2000).map(|i| "x".repeat(i % 700)).collect();
    WriteOptions::new().fletcher32(true).compression(Compression::Lz4).save(&path, &text).unwrap();
    assert!(filebacked::load::<Vec<String>>(&path).unwrap() == text);
}

/// A file in which one chunk has been replaced by these bytes, by h5py, which does not look at
/// them.
fn replaced(python: &Python, path: &Path, filters: &str, chunk: &[u8]) {
    let bytes: String = chunk.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    python.create(
        path,
        &format!(
            "import hdf5plugin as p, numpy as np\n\
             d = f.create_dataset('value', shape=(100000,), dtype='i4', chunks=(50000,), {filters})\n\
             d[:] = np.arange(100000)\n\
             d.id.write_direct_chunk((50000,), b'{bytes}')"
        ),
    );
}

#[test]
fn hostile_chunks() {
    let Some(python) = with_plugins() else { return };
    let (_dir, path) = scratch("hostile.h5");
    let lz4 = |size: u64, block: u32, stored: u32| {
        let mut chunk = size.to_be_bytes().to_vec();
        chunk.extend(block.to_be_bytes());
        chunk.extend(stored.to_be_bytes());
        chunk.extend([0x1f, 1, 0, 255, 255, 255, 0]);
        chunk
    };
    let blosc = |flags: u8, element: u8, size: u32, block: u32, start: u32, stored: u32| {
        let mut chunk = vec![2, 1, flags, element];
        [size, block, 40, start, stored].iter().for_each(|n| chunk.extend(n.to_le_bytes()));
        chunk.extend([0x1f, 1, 0, 255, 255, 255, 0]);
        chunk
    };
    // A frame of zstd that says that it holds 2^62 bytes, and one that says 200,000 and is a run of
    // more.
    let zstd = |size: u64, blocks: &[u8]| {
        let mut chunk = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
        chunk.extend(size.to_le_bytes());
        chunk.extend(blocks);
        chunk
    };
    let run = |n: u32, last: u32| {
        (n << 3 | 1 << 1 | last).to_le_bytes()[..3].iter().copied().chain([7]).collect::<Vec<u8>>()
    };
    let filters = ["**p.LZ4()", "**p.Zstd()", "**p.Blosc()", "compression='lzf'"];
    let mut cases: Vec<(usize, Vec<u8>)> = vec![
        (0, lz4(u64::MAX, 1 << 30, 7)),
        (0, lz4(1 << 40, 1 << 30, 7)),
        (0, lz4(200_000, 0, 7)),
        (0, lz4(200_000, 1, 7)),
        (0, lz4(200_000, u32::MAX, u32::MAX)),
        (0, lz4(200_000, 200_000, 7)),
        (0, lz4(100, 100, 7)),
        (1, zstd(1 << 62, &run(100_000, 1))),
        (1, zstd(200_000, &[run(100_000, 0), run(100_001, 1)].concat())),
        (1, zstd(200_000, &run(100_000, 1))),
        (1, zstd(100, &run(100, 1))),
        (2, blosc(0x21, 4, u32::MAX, 1 << 30, 20, 7)),
        (2, blosc(0x21, 4, 200_000, 0, 20, 7)),
        (2, blosc(0x21, 4, 200_000, 1, 20, 7)),
        (2, blosc(0x21, 4, 200_000, u32::MAX, u32::MAX, 7)),
        (2, blosc(0x31, 4, 200_000, 200_000, 20, u32::MAX)),
        (2, blosc(0x34, 0, 200_000, 200_000, 20, 7)),
        (2, blosc(0x34, 255, 200_000, 200_000, 20, 7)),
        (2, blosc(0x02, 4, 200_000, 200_000, 20, 7)),
        (2, blosc(0x10, 4, 200_000, 200_000, 20, 7)),
        (2, blosc(0x50, 4, 200_000, 200_000, 20, 7)),
        (2, blosc(0xf0, 4, 200_000, 200_000, 20, 7)),
        (2, blosc(0x31, 4, 100, 100, 20, 7)),
        (3, vec![0xff, 0xff, 0xff]),
        (3, vec![0, 7, 0xe0, 255, 0]),
        (3, vec![31, 1, 2]),
    ];
    cases.extend((0..4).flat_map(|k| [(k, vec![0]), (k, vec![0xff; 11]), (k, vec![0; 1000])]));
    for (k, chunk) in cases {
        replaced(python, &path, filters[k], &chunk);
        let image = std::fs::read(&path).unwrap();
        for error in [
            filebacked::load::<Vec<i32>>(&path).err(),
            filebacked::from_bytes::<Vec<i32>>(&image).err(),
        ] {
            let error = error.unwrap_or_else(|| panic!("{} took {chunk:?}", filters[k]));
            let good = matches!(error.kind(), ErrorKind::Damaged(_) | ErrorKind::Unsupported(_));
            assert!(good && error.path() == "/value", "{} and {chunk:?}: {error}", filters[k]);
        }
    }
}

#[test]
fn damaged_chunks() {
    let (_dir, path) = scratch("damaged.h5");
    let values = sums(50_000);
    let mut place = 1usize;
    for (compression, _) in all() {
        options(compression).chunk_bytes(50_000).save(&path, &values).unwrap();
        let original = std::fs::read(&path).unwrap();
        let (at, size) = chunk(&path, 1);
        for _ in 0..15 {
            place = (place * 7919 + 12_345) % size;
            let mut bytes = original.clone();
            bytes[at + place] ^= 0x41;
            std::fs::write(&path, &bytes).unwrap();
            // Without checksums other values may come out, but only of the damaged chunk.
            for read in [filebacked::load::<Vec<i32>>(&path), filebacked::from_bytes(&bytes)] {
                match read {
                    Ok(read) => {
                        assert!(read.len() == values.len() && read[..12_500] == values[..12_500])
                    }
                    Err(error) => assert!(
                        matches!(error.kind(), ErrorKind::Damaged(_)),
                        "{compression:?}: {error}"
                    ),
                }
            }
        }
    }
}
