//! Values without a type: any file loads into one, and saves again as the same content.

use filebacked::engine::Engine;
use filebacked::schema::Dtype;
use filebacked::value::{Dataset, Link};
use filebacked::{
    ErrorKind, File, FileBacked, ReadOptions, Value, WriteOptions, from_bytes, to_bytes,
};
use filebacked_tests::{python, round_trip, scratch};
use std::collections::BTreeMap;

/// Loads a file, saves it again, and has h5py compare the two.
#[track_caller]
fn copies(code: &str) -> Option<Value> {
    let python = python()?;
    let (dir, path) = scratch("foreign.h5");
    python.create(&path, code);
    let value: Value = filebacked::load(&path).unwrap_or_else(|e| panic!("{e:?}"));
    // External links are relative to the file.
    let copy = dir.path().join("copy.h5");
    filebacked::save(&copy, &value).unwrap_or_else(|e| panic!("{e:?}"));
    let (before, after) = (python.content(&path), python.content(&copy));
    same(&before, &after, "");
    let again: Value = filebacked::load(&copy).unwrap();
    assert_eq!(again, value);
    assert_eq!(again.to_string(), value.to_string());
    Some(value)
}

/// Equal, and if not, where.
#[track_caller]
fn same(a: &serde_json::Value, b: &serde_json::Value, path: &str) {
    match (a, b) {
        (serde_json::Value::Object(x), serde_json::Value::Object(y)) => {
            let names = |map: &serde_json::Map<String, serde_json::Value>| {
                map.keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(names(x), names(y), "{path}");
            x.iter().for_each(|(name, value)| same(value, &y[name], &format!("{path}/{name}")));
        }
        _ => assert_eq!(a, b, "{path}"),
    }
}

#[test]
fn numbers_of_every_size_and_order_are_copied() {
    let code = "
for kind in ['i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f2', 'f4', 'f8', 'f16', 'c8', 'c16']:
    for order in '<>':
        dtype = np.dtype(order + kind)
        f[f'{order}{kind}/scalar'] = np.array(7, dtype)
        f[f'{order}{kind}/matrix'] = np.arange(6).reshape(2, 3).astype(dtype)
        f[f'{order}{kind}/empty'] = np.zeros((0, 3), dtype)
        f[f'{order}{kind}'].attrs['a'] = np.arange(3).astype(dtype)
f['bool'] = True
f['bools'] = np.array([[True, False]])
f['nan'] = np.array([np.nan, -np.nan, np.inf, -0.0])
";
    let Some(value) = copies(code) else { return };
    assert_eq!(value["<f8/scalar"].as_f64(), Some(7.0));
    assert_eq!(value[">i2/scalar"].as_i64(), Some(7));
    assert_eq!(value["<f2/scalar"].as_f64(), Some(7.0));
    assert_eq!(value[">f8/matrix"].as_slice::<f64>(), Some(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0][..]));
    assert_eq!(value[">u4/matrix"].to_vec::<u8>(), Some(vec![0, 1, 2, 3, 4, 5]));
    assert_eq!(value["<c16/scalar"].as_complex(), Some((7.0, 0.0)));
    assert_eq!(value["bool"].as_bool(), Some(true));
    assert_eq!(value["<i8/matrix"].as_array::<i64>().unwrap()[[1, 2]], 5);
    assert_eq!(value["<u1/empty"].shape(), Some(&[0, 3][..]));
    assert_eq!(value[">f4"].attribute("a").unwrap().as_slice::<f32>(), Some(&[0.0, 1.0, 2.0][..]));
    assert_eq!(value["<i8/matrix"].to_string(), "[[0, 1, 2], [3, 4, 5]]");
}

#[test]
fn text_of_every_kind_is_copied() {
    let code = "
def put(name, cset, pad, size, value):
    tid = h5py.h5t.C_S1.copy()
    tid.set_size(size or h5py.h5t.VARIABLE)
    tid.set_cset(cset)
    if size: tid.set_strpad(pad)
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    for kind in ['dataset', 'attribute']:
        if kind == 'dataset':
            h5py.h5d.create(f.id, name.encode(), tid, space)
            f[name][()] = value
        else:
            aid = h5py.h5a.create(f.id, name.encode(), tid, space)
            if size: aid.write(np.array(value, dtype=f'S{size}'), tid)
            else: f.attrs.create(name, value.decode(), dtype=h5py.string_dtype(['ascii', 'utf-8'][cset]))
for cset in [h5py.h5t.CSET_ASCII, h5py.h5t.CSET_UTF8]:
    put(f'var{cset}', cset, None, None, b'variable')
    for pad in [h5py.h5t.STR_NULLTERM, h5py.h5t.STR_NULLPAD, h5py.h5t.STR_SPACEPAD]:
        put(f'fixed{cset}{pad}', cset, pad, 8, b'text')
f['many'] = ['a', 'größe', '']
f['many'].attrs['many'] = ['x', 'yy']
f['matrix'] = np.array([['a', 'b'], ['c', 'd']], dtype=h5py.string_dtype())
f['latin'] = np.bytes_('größe'.encode('latin-1'))
f['none'] = np.array([], dtype=h5py.string_dtype())
";
    let Some(value) = copies(code) else { return };
    assert_eq!(value["var0"].as_str(), Some("variable"));
    assert_eq!(value["fixed12"].as_str(), Some("text"));
    assert_eq!(value["many"].to_texts(), Some(vec!["a", "größe", ""]));
    assert_eq!(value["many"].attribute("many").unwrap().to_texts(), Some(vec!["x", "yy"]));
    assert_eq!(value["matrix"].at(1).unwrap().to_texts(), Some(vec!["c", "d"]));
    assert_eq!(value["latin"].as_str(), None);
}

#[test]
fn types_without_a_rust_counterpart_are_copied() {
    let code = "
f['opaque'] = np.void(b'\\x01\\x02\\x03')
tid = h5py.h5t.create(h5py.h5t.OPAQUE, 4); tid.set_tag(b'a tag')
h5py.h5d.create(f.id, b'tagged', tid, h5py.h5s.create_simple((2,)))
for bits in [h5py.h5t.STD_B8LE, h5py.h5t.STD_B32BE]:
    d = h5py.h5d.create(f.id, b'bits%d' % bits.get_size(), bits, h5py.h5s.create_simple((3,)))
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(3, dtype=f'u{bits.get_size()}'), bits)
tid = h5py.h5t.STD_I32LE.copy(); tid.set_precision(20)
h5py.h5d.create(f.id, b'twenty', tid, h5py.h5s.create_simple((2,)))
f['longdouble'] = np.array([1.5, -2.5], dtype=np.longdouble)
color = h5py.enum_dtype({'RED': 1, 'GREEN': 300}, basetype='>u2')
f.create_dataset('enum', data=np.array([1, 300, 7], dtype='>u2'), dtype=color)
f.create_dataset('scalar_enum', data=1, dtype=h5py.enum_dtype({'NO': 0, 'YES': 1}, basetype='i8'))
row = np.dtype([('id', '>i4'), ('pos', 'f8', (2, 2)), ('tag', 'S3'), ('sub', [('ok', '?'), ('c', 'c8')])])
f['table'] = np.array([(1, [[1, 2], [3, 4]], b'abc', (True, 1j)), (2, [[0, 0], [0, 0]], b'', (False, 2))], dtype=row)
f['padded'] = np.zeros(2, dtype=np.dtype([('a', 'i1'), ('b', 'f8')], align=True))
f['array'] = np.zeros(2, dtype=np.dtype(('i4', (2, 3))))
f['named'] = np.dtype('f4')
f['named'].attrs['unit'] = 'm'
f['of_named'] = f.create_dataset('x', (2,), dtype=f['named'])
f['null'] = h5py.Empty('f4')
f['null_text'] = h5py.Empty(h5py.string_dtype())
f.attrs['null'] = h5py.Empty('i8')
f.attrs['table'] = f['table'][()]
f.attrs['enum'] = np.array(300, dtype=color)
";
    let Some(value) = copies(code) else { return };
    assert_eq!(value["opaque"].as_bytes(), Some(&[1, 2, 3][..]));
    assert_eq!(value["enum"].at(1).unwrap().as_dataset().unwrap().as_name(), Some("GREEN"));
    assert_eq!(value["enum"].to_vec::<u16>(), Some(vec![1, 300, 7]));
    let row = value["table"].at(0).unwrap();
    assert_eq!(row["id"].as_i64(), Some(1));
    assert_eq!(row["pos"].as_slice::<f64>(), Some(&[1.0, 2.0, 3.0, 4.0][..]));
    assert_eq!(row["tag"].as_str(), Some("abc"));
    assert_eq!(row["sub/ok"].as_bool(), Some(true));
    assert!(value["null"].as_dataset().unwrap().is_null());
    assert!(matches!(value["named"], Value::Datatype(_)));
    assert_eq!(value["named"].attribute("unit").unwrap().as_str(), Some("m"));
}

#[test]
fn sequences_and_references_are_copied() {
    let code = "
f['ints'] = 1
seq = f.create_dataset('seq', (3,), dtype=h5py.vlen_dtype('i4'))
seq[0] = [1, 2, 3]; seq[2] = [7]
texts = f.create_dataset('texts', (2,), dtype=h5py.vlen_dtype(h5py.string_dtype()))
texts[0] = np.array(['a', 'größe'], dtype=object)
row = np.dtype([('name', h5py.string_dtype()), ('n', 'i2'), ('ref', h5py.ref_dtype)])
table = f.create_dataset('table', (2,), dtype=row)
table[0] = ('first', 1, f['ints'].ref)
table[1] = ('', 2, h5py.Reference())
f['refs'] = np.array([f['seq'].ref, f.create_group('z/later').ref, f.ref], dtype=h5py.ref_dtype)
f['a_scalar_ref'] = f['z'].ref
f['ints'].attrs['to'] = f['z/later'].ref
f['scale'] = np.arange(3.0)
f['data'] = np.zeros((3, 2))
f['scale'].make_scale('time')
f['data'].dims[0].attach_scale(f['scale'])
";
    let Some(value) = copies(code) else { return };
    assert_eq!(value["seq"].at(0).unwrap().as_slice::<i32>(), Some(&[1, 2, 3][..]));
    assert_eq!(value["seq"].at(1).unwrap().len(), 0);
    assert_eq!(value["texts"].at(0).unwrap().to_texts(), Some(vec!["a", "größe"]));
    let row = value["table"].at(0).unwrap();
    assert_eq!((row["name"].as_str(), row["n"].as_i64()), (Some("first"), Some(1)));
    assert_eq!(row["ref"].as_dataset().unwrap().as_reference(), Some("/ints"));
    assert_eq!(value["refs"].at(1).unwrap().as_dataset().unwrap().as_reference(), Some("/z/later"));
    assert_eq!(
        value["table"].to_string(),
        "[{name: \"first\", n: 1, ref: -> /ints}, {name: \"\", n: 2, ref: -> nothing}]"
    );
}

#[test]
fn order_links_and_storage_are_copied() {
    let code = "
g = f.create_group('ordered', track_order=True)
for name in ['z', 'a', 'm']: g[name] = name
g = f.create_group('sorted')
for name in ['z', 'a', 'm']: g[name] = name
f['chunked'] = 0
del f['chunked']
f.create_dataset('chunked', data=np.arange(10000).reshape(100, 100), chunks=(10, 100), compression='gzip', shuffle=True, fletcher32=True)
f.create_dataset('resizable', data=np.arange(1000.0), compression='gzip', maxshape=(None,))
f.create_dataset('never_written', (5,), dtype='f8', fillvalue=2.5)
f['soft'] = h5py.SoftLink('/ordered/z')
f['dangling'] = h5py.SoftLink('/nowhere')
f['outside'] = h5py.ExternalLink('missing.h5', '/x')
f['sorted/up'] = h5py.SoftLink('/sorted')
f['twice'] = f['ordered']
f['größe'] = 1
f.create_group('empty')
";
    let Some(value) = copies(code) else { return };
    assert_eq!(
        value["ordered"].members().map(|(name, _)| name).collect::<Vec<_>>(),
        ["z", "a", "m"]
    );
    assert_eq!(value["soft"].as_str(), Some("z"));
    assert_eq!(value["dangling"], Value::Link(Link::Soft("/nowhere".into())));
    assert_eq!(
        value["outside"],
        Value::Link(Link::External { file: "missing.h5".into(), path: "/x".into() })
    );
    assert_eq!(value["sorted/up"], Value::Link(Link::Soft("/sorted".into())));
    assert_eq!(value["twice"], value["ordered"]);
    assert_eq!(value["never_written"].as_slice::<f64>(), Some(&[2.5; 5][..]));
    assert_eq!(value["chunked"].as_slice::<i64>().unwrap().len(), 10_000);
}

#[test]
fn a_hard_link_to_a_group_above_is_an_error_that_names_it() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("cycle.h5");
    python.create(&path, "f.create_group('a/b'); f['a/b/back'] = f['a']");
    let error = filebacked::load::<Value>(&path).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Cycle("/a".into()));
    assert_eq!(error.path(), "/a/b/back");
    python.create(&path, "f['root'] = f['/']");
    assert_eq!(
        *filebacked::load::<Value>(&path).unwrap_err().kind(),
        ErrorKind::Cycle(String::new())
    );
}

#[test]
fn links_that_multiply_objects_meet_a_limit() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("bomb.h5");
    python.create(
        &path,
        "
f.create_group('0')
for i in range(40):
    g = f.create_group(str(i + 1))
    g['a'] = g['b'] = f[str(i)]
",
    );
    let error = filebacked::load::<Value>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    width: u32,
    name: String,
    rate: Option<f64>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Model {
    step: u64,
    wide: i128,
    texts: Vec<String>,
    layers: Vec<Layer>,
    maps: BTreeMap<String, Vec<u8>>,
    #[filebacked(with = filebacked::with::Json)]
    filtered: Vec<u8>,
    nested: Vec<Vec<f64>>,
}

fn model() -> Model {
    Model {
        step: 7,
        wide: -1 << 100,
        texts: vec!["a".into(), "\0".into()],
        layers: vec![
            Layer { width: 64, name: "a".into(), rate: Some(0.1) },
            Layer { width: 10, name: "größe".into(), rate: None },
        ],
        maps: [("x/y".to_string(), vec![1]), (String::new(), vec![])].into(),
        filtered: vec![1, 2],
        nested: vec![vec![1.0], vec![], vec![2.0, 3.0]],
    }
}

#[test]
fn our_files_are_copied_with_their_marks() {
    for engine in [Engine::Native, Engine::Libhdf5, Engine::Any] {
        let bytes = WriteOptions::new().engine(engine).to_bytes(&model()).unwrap();
        for reader in [Engine::Native, Engine::Libhdf5, Engine::Any] {
            if (engine, reader) == (Engine::Libhdf5, Engine::Native) {
                continue;
            }
            let value: Value = ReadOptions::new().engine(reader).from_bytes(&bytes).unwrap();
            assert_eq!(value["wide"].as_i128(), Some(-1 << 100));
            assert_eq!(
                value["filtered"].attribute("filebacked_filter").unwrap().as_str(),
                Some("Json")
            );
            let copy = WriteOptions::new().engine(engine).to_bytes(&value).unwrap();
            assert_eq!(from_bytes::<Model>(&copy).unwrap(), model());
            let again: Value = from_bytes(&copy).unwrap();
            assert_eq!(again, value, "{engine:?} through {reader:?}");
            assert!(WriteOptions::new().engine(engine).to_bytes(&again).unwrap() == copy);
        }
    }
    // A value that is no group lies under a name.
    for bytes in
        [to_bytes(&7u8).unwrap(), to_bytes(&vec![vec![1u8]]).unwrap(), to_bytes(&"text").unwrap()]
    {
        let value: Value = from_bytes(&bytes).unwrap();
        assert_eq!(from_bytes::<Value>(&to_bytes(&value).unwrap()).unwrap(), value);
    }
    assert_eq!(from_bytes::<Value>(&to_bytes(&7u8).unwrap()).unwrap().as_u64(), Some(7));
}

#[test]
fn values_are_fields_elements_entries_and_files() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Holder {
        one: Value,
        many: Vec<Value>,
        maybe: Option<Value>,
        named: BTreeMap<String, Value>,
        boxed: Box<Value>,
    }
    let tree =
        Value::map([("z", Value::from(1.5)), ("a", "text".into()), ("m", vec![1u8, 2].into())]);
    let holder = Holder {
        one: tree.clone(),
        many: vec![7.into(), tree.clone(), Value::none(), vec!["a", "b"].into()],
        maybe: None,
        named: [("x".to_string(), true.into()), ("y".to_string(), tree.clone())].into(),
        boxed: Box::new(Value::from("b")),
    };
    round_trip(&holder);
    round_trip(&vec![holder.clone(), holder.clone()]);
    round_trip(&Holder { one: Value::none(), maybe: Some(tree.clone()), ..holder });
    round_trip(&tree);
    round_trip(&Value::from("text"));
    round_trip(&Value::from("text with \0"));
    round_trip(&Value::from(u128::MAX));
    round_trip(&Value::none());
    round_trip(&Value::list([Value::from(1), tree.clone()]));
    round_trip(&Value::map([("value", 3)]));
    round_trip(&Some(tree.clone()));
    round_trip(&vec![tree.clone()]);
    round_trip(&Value::from(Dataset::null(Dtype::F64)));
    let mut marked = Value::from(vec![1.0, 2.0]);
    marked.set_attribute("unit", "m");
    marked.set_attribute("range", [0.5, 2.5]);
    round_trip(&marked);
    assert_eq!(tree.members().map(|(name, _)| name).collect::<Vec<_>>(), ["z", "a", "m"]);
    // Not equal: another type, another shape, another attribute, the sign of a zero; equal: a NaN.
    assert_ne!(Value::from(1u8), Value::from(1u16));
    assert_ne!(Value::from(1u8), Value::from(vec![1u8]));
    assert_ne!(marked, Value::from(vec![1.0, 2.0]));
    assert_ne!(Value::from(0.0), Value::from(-0.0));
    assert_eq!(Value::from(f64::NAN), Value::from(f64::NAN));
}

#[test]
fn paths_lead_to_parts() {
    let mut tree = Value::map([("a", Value::map([("b", 1)]))]);
    assert_eq!(tree.get("a/b").and_then(Value::as_i64), Some(1));
    assert_eq!(tree["a"]["b"].as_i64(), Some(1));
    assert!(
        tree["a"]["x"]["y"].is_none() && tree.get("a/x").is_none() && tree.get("a/b/c").is_none()
    );
    assert_eq!(tree.insert("a/c/d", "new").unwrap(), None);
    assert_eq!(tree.insert("a/b", 2).unwrap().unwrap().as_i64(), Some(1));
    assert!(matches!(tree.insert("a/b/c", 3).unwrap_err().kind(), ErrorKind::Mismatch { .. }));
    assert_eq!(tree.remove("a/c/d").unwrap().as_str(), Some("new"));
    *tree.get_mut("a/b").unwrap() = Value::from(0.5);
    assert_eq!(tree["a/b"].as_f64(), Some(0.5));
    assert_eq!(tree["a/b"].as_i64(), None);
    assert_eq!(Value::from(-1).as_u64(), None);
}

#[test]
fn patterns_leave_out_what_is_below_a_value() {
    let tree = Value::map([("a", Value::map([("b", 1), ("c", 2)])), ("d", 3.into())]);
    let bytes = WriteOptions::new().skip(["a/b"]).to_bytes(&tree).unwrap();
    assert_eq!(
        from_bytes::<Value>(&bytes).unwrap(),
        Value::map([("a", Value::map([("c", 2)])), ("d", 3.into())])
    );
    let bytes = to_bytes(&tree).unwrap();
    let only: Value = ReadOptions::new().only(["*/b"]).from_bytes(&bytes).unwrap();
    assert_eq!(only, Value::map([("a", Value::map([("b", 1)]))]));
}

#[test]
fn values_lie_beside_others_in_open_files() {
    let (_dir, path) = scratch("open.h5");
    let tree = Value::map([("a", 1.5)]);
    let file = File::create(&path).unwrap();
    file.write("run/7", &tree).unwrap();
    file.write("model", &model()).unwrap();
    assert_eq!(file.read::<Value>("run/7").unwrap(), tree);
    assert_eq!(file.read::<Value>("run").unwrap()["7/a"].as_f64(), Some(1.5));
    let all: Value = file.read_root().unwrap();
    assert_eq!(all["model/step"].as_u64(), Some(7));
    file.write_root(&Value::map([("more", true)])).unwrap();
    assert!(file.read::<bool>("more").unwrap());
}

#[test]
fn what_cannot_be_written_is_an_error_that_says_where() {
    let error = to_bytes(&Value::map([("a/b", 1)])).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported(_))
            && error.help().unwrap().contains("insert"),
        "{error}"
    );
    let mut value = Value::from(1);
    value.set_attribute("group", Value::map([("a", 1)]));
    assert_eq!(to_bytes(&Value::map([("x", value)])).unwrap_err().path(), "/x/group");
    assert!(Dataset::new(Dtype::F64, &[2], vec![0; 15]).is_err());
    assert!(Value::array(&[2, 2], vec![1.0; 3]).is_err());
}

#[test]
fn values_print_as_text_and_trees() {
    let mut tree = Value::map([("name", Value::from("digits")), ("rates", vec![0.1, 0.5].into())]);
    tree.set_attribute("unit", "m");
    assert_eq!(tree["name"].to_string(), "digits");
    assert_eq!(tree["rates"].to_string(), "[0.1, 0.5]");
    assert_eq!(
        Value::from((0..100).collect::<Vec<i32>>()).to_string(),
        "[0, 1, 2, 3, 4, 5, 6, 7, ..]"
    );
    assert_eq!(
        tree.to_string(),
        "/           group\n├── @unit   str[1] = \"m\"\n├── name    str[6] = \"digits\"\n└── rates   f64 (2) = [0.1, 0.5]\n"
    );
}

mod random {
    use super::*;
    use filebacked::schema::{CompoundMember, CompoundType, EnumType, IntType};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    /// A dataset of a type whose elements are any bytes at all.
    fn bytes_of(dtype: Dtype) -> impl Strategy<Value = Value> {
        vec(0..4u64, 0..3).prop_flat_map(move |shape| {
            let elements: u64 = shape.iter().product();
            let (dtype, size) = (dtype.clone(), elements as usize * dtype.size());
            vec(any::<u8>(), size)
                .prop_map(move |bytes| Dataset::new(dtype.clone(), &shape, bytes).unwrap().into())
        })
    }

    fn dtype() -> impl Strategy<Value = Dtype> {
        let int = (prop_oneof![Just(1u8), Just(2), Just(4), Just(8)], any::<bool>());
        let int = int.prop_map(|(size, signed)| IntType { size, signed }).boxed();
        let plain = prop_oneof![
            int.clone().prop_map(Dtype::Int),
            Just(Dtype::F16),
            Just(Dtype::Bf16),
            Just(Dtype::F32),
            Just(Dtype::F64),
            Just(Dtype::Complex32),
            Just(Dtype::Complex64),
            (1..5usize, "[a-z]{0,3}").prop_map(|(size, tag)| Dtype::Opaque(size, tag)),
            int.prop_map(|base| Dtype::Enum(EnumType {
                base,
                members: vec![("A".into(), 1), ("ß".into(), 7)].into()
            })),
        ];
        plain.prop_recursive(2, 6, 3, |inner| {
            let compound = vec(inner.clone(), 1..4).prop_map(|parts| {
                let mut size = 0;
                let member = |(i, dtype): (usize, Dtype)| {
                    let member =
                        CompoundMember { name: format!("m{i}").into(), offset: size, dtype };
                    size += member.dtype.size();
                    member
                };
                let members: Vec<CompoundMember> =
                    parts.into_iter().enumerate().map(member).collect();
                Dtype::Compound(CompoundType { size, members: members.into() })
            });
            let array = (inner, vec(1..3u64, 1..3))
                .prop_map(|(part, shape)| Dtype::Array(Box::new(part), shape));
            prop_oneof![compound, array]
        })
    }

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => dtype().prop_flat_map(bytes_of),
            1 => any::<bool>().prop_map(Value::from),
            1 => any::<i128>().prop_map(Value::from),
            1 => any::<char>().prop_map(Value::from),
            2 => any::<String>().prop_map(Value::from),
            2 => vec(any::<String>(), 0..4).prop_map(Value::from),
            1 => vec("x{100,200}|y?", 2..9).prop_map(Value::from),
            1 => dtype().prop_map(|dtype| Value::from(Dataset::null(dtype))),
            1 => Just(Value::none()),
        ]
    }

    fn attributes() -> impl Strategy<Value = BTreeMap<String, Value>> {
        let attribute =
            prop_oneof![dtype().prop_flat_map(bytes_of), "[^\0]{0,9}".prop_map(Value::from)];
        btree_map("[a-z ß/]{1,9}", attribute, 0..3)
    }

    fn value() -> impl Strategy<Value = Value> {
        let with_attributes = |value: BoxedStrategy<Value>| {
            (value, attributes()).prop_map(|(mut value, attributes)| {
                // A marker of absence is one only by itself.
                if !value.is_none() {
                    attributes
                        .into_iter()
                        .for_each(|(name, attribute)| drop(value.set_attribute(name, attribute)));
                }
                value
            })
        };
        let leaf = with_attributes(leaf().boxed());
        leaf.prop_recursive(3, 24, 5, move |inner| {
            let members = vec(("[^/\0]{1,9}", inner.clone()), 0..5);
            let group = members.prop_map(|mut members| {
                members.retain(|(name, _)| name != ".");
                Value::map(members)
            });
            let list = vec(inner, 0..4).prop_map(Value::list);
            with_attributes(prop_oneof![group, list].boxed())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_value_comes_back_through_both_engines(value in value()) {
            for engine in [Engine::Any, Engine::Native, Engine::Libhdf5] {
                let bytes = match WriteOptions::new().engine(engine).to_bytes(&value) {
                    Ok(bytes) => bytes,
                    Err(error) if engine == Engine::Native && *error.kind() == ErrorKind::NeedsLibhdf5 => continue,
                    Err(error) => return Err(TestCaseError::fail(format!("{engine:?}: {error:?}"))),
                };
                for reader in [Engine::Any, Engine::Libhdf5] {
                    let read: Value = ReadOptions::new().engine(reader).from_bytes(&bytes)
                        .map_err(|e| TestCaseError::fail(format!("{engine:?} to {reader:?}: {e:?}")))?;
                    prop_assert_eq!(&read, &value, "{:?} to {:?}", engine, reader);
                    prop_assert_eq!(read.to_string(), value.to_string());
                    let again = WriteOptions::new().engine(engine).to_bytes(&read).unwrap();
                    prop_assert!(again == bytes, "{:?} to {:?}: other bytes", engine, reader);
                }
            }
        }

        #[test]
        fn any_value_is_json_or_an_error(value in value()) {
            let _ = serde_json::to_string(&value);
        }
    }
}
