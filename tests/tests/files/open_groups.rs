//! Groups of open files: listing, moving, copying and linking, as h5py sees it and as h5py does it.

use filebacked::error::Operation;
use filebacked::file::{CopyOptions, Group};
use filebacked::hdf5;
use filebacked::schema::ObjectKind;
use filebacked::value::Link;
use filebacked::{Error, ErrorKind, File, FileBacked, ReadOptions};
use filebacked_tests::{python, scratch};
use serde_json::json;

#[derive(FileBacked, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

#[track_caller]
fn fails<T: std::fmt::Debug>(result: filebacked::Result<T>, kind: ErrorKind, path: &str) -> Error {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), &*error.path()), (&kind, path), "{error}");
    assert!(error.file().is_some() && error.operation().is_some(), "{error}");
    error
}

fn mismatch(found: &str) -> ErrorKind {
    ErrorKind::Mismatch { expected: "a group".into(), found: found.into() }
}

/// All that is in the file by name, in h5py's words.
const ALL: &str = "sorted([n + ('/' if isinstance(f[n], h5py.Group) else '') for n in (lambda l: (f.visit(l.append), l)[1])([])])";

#[test]
fn values_are_written_and_read_below_a_group() {
    let (_dir, path) = scratch("groups.h5");
    let file = File::create(&path).unwrap();
    let run = file.create_group("runs/7").unwrap();
    run.write("loss", &vec![0.5, 0.25]).unwrap();
    run.write("deep/er", &7u8).unwrap();
    run.write("/top", &1.5).unwrap();
    file.group("runs")
        .unwrap()
        .create_group("point")
        .unwrap()
        .write_members(&Point { x: 1.0, y: 2.0 })
        .unwrap();
    assert_eq!(run.read::<Vec<f64>>("loss").unwrap(), [0.5, 0.25]);
    assert_eq!(run.read_with::<f32>("/runs/7/deep/er", &ReadOptions::new()).unwrap(), 7.0);
    assert_eq!(file.read::<f64>("top").unwrap(), 1.5);
    let mut buffer = [0.0; 2];
    run.read_into("loss", &mut buffer[..]).unwrap();
    assert_eq!(buffer, [0.5, 0.25]);
    assert_eq!(
        file.group("runs/point").unwrap().read_members::<Point>().unwrap(),
        Point { x: 1.0, y: 2.0 }
    );
    assert_eq!(file.read::<Point>("runs/point").unwrap().y, 2.0);
    let error = fails(run.read::<u8>("los"), ErrorKind::Missing, "/runs/7/los");
    assert_eq!(error.help(), Some("there is `loss`"));
    fails(
        run.read::<String>("loss"),
        run.read::<String>("loss").unwrap_err().kind().clone(),
        "/runs/7/loss",
    );
    drop(file);
    // The group keeps the file open.
    assert_eq!(run.read::<u8>("deep/er").unwrap(), 7);
    drop(run);
    let Some(python) = python() else { return };
    let all = [
        "runs/",
        "runs/7/",
        "runs/7/deep/",
        "runs/7/deep/er",
        "runs/7/loss",
        "runs/point/",
        "runs/point/x",
        "runs/point/y",
        "top",
    ];
    assert_eq!(python.eval(&path, ALL), json!(all));
}

#[test]
fn groups_are_opened_and_made() {
    let (_dir, path) = scratch("groups.h5");
    let file = File::create(&path).unwrap();
    let group = file.create_group("a/b").unwrap();
    assert_eq!((group.path().as_deref(), group.name().as_deref()), (Some("/a/b"), Some("b")));
    assert_eq!(group.parent().unwrap().unwrap().path().as_deref(), Some("/a"));
    assert_eq!(file.group("a").unwrap().parent().unwrap().unwrap().path().as_deref(), Some("/"));
    assert!(file.parent().unwrap().is_none() && group.root().unwrap().parent().unwrap().is_none());
    assert_eq!((file.name().as_deref(), group.file(), file.path()), (Some(""), &*path, &*path));
    assert_eq!(group.group("/a").unwrap().names().unwrap(), ["b"]);
    group.group("/").unwrap().require_group("a/b/c").unwrap().write("x", &1u8).unwrap();
    assert_eq!(group.require_group("c").unwrap().names().unwrap(), ["x"]);
    // Names may have dots in them; in creation order.
    for name in ["z.1", "..x", "...", "a b", "m", "Ψ/ü"] {
        group.create_group(name).unwrap();
    }
    assert_eq!(group.names().unwrap(), ["c", "z.1", "..x", "...", "a b", "m", "Ψ"]);
    assert_eq!((group.count().unwrap(), group.count().unwrap() == 0), (7, false));
    assert!(
        group.is_ordered().unwrap() && file.is_ordered().unwrap() && group.is_writable().unwrap()
    );
    assert!(group.group("m").unwrap().count().unwrap() == 0);

    fails(group.create_group("c"), ErrorKind::Exists, "/a/b/c");
    fails(group.create_group("/a"), ErrorKind::Exists, "/a");
    fails(group.create_group("c/x/y"), mismatch("a dataset"), "/a/b/c/x");
    fails(group.require_group("c/x"), mismatch("a dataset"), "/a/b/c/x");
    fails(group.group("c/x"), mismatch("a dataset"), "/a/b/c/x");
    fails(group.group("c/x/y"), mismatch("a dataset"), "/a/b/c/x");
    let error = fails(file.group("a/d/c"), ErrorKind::Missing, "/a/d");
    assert_eq!(error.help(), None, "one letter is not near another");
    for wrong in ["", "..", "../a", "a/../a", "a\0b"] {
        for result in [
            file.group(wrong).map(drop),
            file.create_group(wrong).map(drop),
            file.delete(wrong),
            file.contains(wrong).map(drop),
        ] {
            assert!(matches!(result.unwrap_err().kind(), ErrorKind::Unsupported(_)), "{wrong:?}");
        }
    }
    assert_eq!(format!("{group:?}"), format!("Group {{ file: {path:?}, path: Some(\"/a/b\") }}"));
    let tree = group.tree().unwrap();
    assert_eq!((&*tree.root.name, tree.root.members().len()), ("b", 7));
    drop((file, group));
    let Some(python) = python() else { return };
    assert_eq!(
        python.eval(&path, "list(f['a/b'])"),
        json!(["c", "z.1", "..x", "...", "a b", "m", "Ψ"])
    );
}

#[test]
fn entries_say_what_they_are() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("entries.h5");
    let code = "g = f.create_group('g'); g['d'] = [1, 2]; g['s'] = h5py.SoftLink('/nowhere/x'); g['e'] = h5py.ExternalLink('other.h5', '/y')\n\
                g['t'] = np.dtype('f8'); g.create_group('sub'); g['h'] = g['d']; g['to sub'] = h5py.SoftLink('sub'); g['dot'] = h5py.SoftLink('sub/inner')";
    python.create(&path, code);
    let file = File::open(&path).unwrap();
    let group = file.group("g").unwrap();
    let entries = group.entries().unwrap();
    let found: Vec<_> =
        entries.iter().map(|entry| (entry.name(), entry.kind(), entry.link().cloned())).collect();
    let soft = |target: &str| Some(Link::Soft(target.into()));
    let external = Some(Link::External { file: "other.h5".into(), path: "/y".into() });
    assert_eq!(
        found,
        [
            ("d", Some(ObjectKind::Dataset), None),
            ("dot", None, soft("sub/inner")),
            ("e", None, external),
            ("h", Some(ObjectKind::Dataset), None),
            ("s", None, soft("/nowhere/x")),
            ("sub", Some(ObjectKind::Group), None),
            ("t", Some(ObjectKind::Other), None),
            ("to sub", None, soft("sub")),
        ]
    );
    assert!(!group.is_ordered().unwrap());
    assert!(
        group.entry("sub").unwrap().unwrap().is_group()
            && group.entry("h").unwrap().unwrap().is_dataset()
    );
    assert_eq!(group.entry("/g/s").unwrap().unwrap().name(), "s");
    assert!(
        group.entry("none").unwrap().is_none()
            && group.entry("d/x").unwrap().is_none()
            && group.entry("s/x").unwrap().is_none()
    );
    assert!(file.entry("/").unwrap().unwrap().is_group());
    assert_eq!(group.kind("to sub").unwrap(), ObjectKind::Group);
    assert_eq!(group.kind("/").unwrap(), ObjectKind::Group);
    fails(group.kind("nothing here"), ErrorKind::Missing, "/g/nothing here");
    let error = group.kind("s").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Dangling(what) if what.contains("/nowhere/x")),
        "{error}"
    );
    for (name, contained, exists) in [
        ("d", true, true),
        ("s", true, false),
        ("e", true, false),
        ("to sub", true, true),
        ("x", false, false),
        ("d/x", false, false),
        ("sub/x", false, false),
        ("t", true, true),
    ] {
        assert_eq!(
            (group.contains(name).unwrap(), group.exists(name).unwrap()),
            (contained, exists),
            "{name}"
        );
    }
}

#[test]
fn links_are_made() {
    let (dir, path) = scratch("links.h5");
    let other = File::create(dir.path().join("other.h5")).unwrap();
    other.write("values/x", &[1.5, 2.5]).unwrap();
    drop(other);
    let file = File::create(&path).unwrap();
    let group = file.create_group("g").unwrap();
    group.write("x", &7u8).unwrap();
    group.create_soft_link("relative", "x").unwrap();
    group.create_soft_link("sub/absolute", "/g/x").unwrap();
    group.create_soft_link("later", "/not/yet").unwrap();
    group.create_external_link("out", "other.h5", "/values/x").unwrap();
    group.create_external_link("gone", "missing.h5", "/values/x").unwrap();
    group.create_hard_link("/hard", "x").unwrap();
    file.create_hard_link("g again", "g").unwrap();
    for name in ["g/relative", "g/sub/absolute", "hard", "g again/relative"] {
        assert_eq!(file.read::<u8>(name).unwrap(), 7, "{name}");
    }
    assert_eq!(file.read::<Vec<f64>>("g/out").unwrap(), [1.5, 2.5]);
    let error = group.read::<u8>("later").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Dangling(_)), "{error}");
    let error = group.read::<u8>("gone").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Dangling(what) if what.contains("missing.h5")),
        "{error}"
    );
    file.write("not/yet", &8u8).unwrap();
    assert_eq!(group.read::<u8>("later").unwrap(), 8);

    fails(group.create_soft_link("x", "y"), ErrorKind::Exists, "/g/x");
    fails(group.create_hard_link("later", "x"), ErrorKind::Exists, "/g/later");
    fails(group.create_hard_link("n", "xx"), ErrorKind::Missing, "/g/xx");
    fails(group.create_hard_link("itself", "/g"), ErrorKind::Cycle("/g".into()), "/g/itself");
    fails(file.create_hard_link("g/sub/root", "/"), ErrorKind::Cycle("/".into()), "/g/sub/root");
    fails(
        file.create_hard_link("g again/sub/up", "g"),
        ErrorKind::Cycle("/g".into()),
        "/g again/sub/up",
    );
    let other = group.create_hard_link("other", "out").unwrap_err();
    assert!(matches!(other.kind(), ErrorKind::Unsupported(_)), "{other}");
    for wrong in ["", "a\0b"] {
        assert!(matches!(
            group.create_soft_link("w", wrong).unwrap_err().kind(),
            ErrorKind::Unsupported(_)
        ));
        assert!(matches!(
            group.create_external_link("w", wrong, "x").unwrap_err().kind(),
            ErrorKind::Unsupported(_)
        ));
        assert!(matches!(
            group.create_external_link("w", "x", wrong).unwrap_err().kind(),
            ErrorKind::Unsupported(_)
        ));
    }
    drop((file, group));
    let Some(python) = python() else { return };
    let link = |name: &str| {
        python.eval(&path, &format!("(lambda l: [type(l).__name__, getattr(l, 'filename', None), getattr(l, 'path', None)])(f.get({name:?}, getlink=True))"))
    };
    assert_eq!(link("g/relative"), json!(["SoftLink", null, "x"]));
    assert_eq!(link("g/sub/absolute"), json!(["SoftLink", null, "/g/x"]));
    assert_eq!(link("g/out"), json!(["ExternalLink", "other.h5", "/values/x"]));
    assert_eq!(link("hard"), json!(["HardLink", null, null]));
    assert_eq!(
        python.eval(
            &path,
            "[f['hard'] == f['g/x'], f['g again'] == f['g'], f['g/out'][:].tolist(), int(f['g/relative'][()])]"
        ),
        json!([true, true, [1.5, 2.5], 7])
    );
}

#[test]
fn names_are_deleted_and_moved() {
    let (_dir, path) = scratch("moved.h5");
    let file = File::create(&path).unwrap();
    let a = file.create_group("a").unwrap();
    a.write("x", &[1, 2]).unwrap();
    a.write("y", &"text".to_string()).unwrap();
    a.create_soft_link("s", "/nowhere").unwrap();
    a.rename("x", "z").unwrap();
    a.rename("y", "/b/c/y").unwrap();
    file.rename("a/s", "b/s").unwrap();
    let inner = file.create_group("a/in/ner").unwrap();
    file.rename("a/in", "b/ä").unwrap();
    assert_eq!(inner.path().as_deref(), Some("/b/ä/ner"));
    file.rename("a/z", "/a/z").unwrap();
    assert_eq!(a.names().unwrap(), ["z"]);

    fails(file.rename("a/x", "b/x"), ErrorKind::Missing, "/a/x");
    fails(file.rename("a/z", "b/s"), ErrorKind::Exists, "/b/s");
    fails(file.rename("a/z", "b/c/y/z"), mismatch("a dataset"), "/b/c/y");
    // Nothing would lead to the group any more.
    file.create_soft_link("to b", "b/ä/../ä").unwrap();
    file.create_soft_link("short", "/b/ä").unwrap();
    fails(file.rename("b", "b/ä/ner/b"), ErrorKind::Cycle("/b".into()), "/b/ä/ner/b");
    fails(file.rename("b", "short/ner/b"), ErrorKind::Cycle("/b".into()), "/short/ner/b");
    fails(inner.rename("/b", "b"), ErrorKind::Cycle("/b".into()), "/b/ä/ner/b");
    fails(file.rename("b", "b/new/b"), ErrorKind::Cycle("/b".into()), "/b/new/b");
    assert!(matches!(file.rename("/", "x").unwrap_err().kind(), ErrorKind::Unsupported(_)));

    file.delete("to b").unwrap();
    file.delete("b/s").unwrap();
    fails(file.delete("b/s"), ErrorKind::Missing, "/b/s");
    let error = fails(file.delete("b/c/yy"), ErrorKind::Missing, "/b/c/yy");
    assert_eq!(error.help(), Some("there is `y`"));
    assert!(error.to_string().starts_with("cannot change "), "{error}");
    fails(file.delete("a/z/x"), mismatch("a dataset"), "/a/z");
    let error = file.group("b").unwrap().delete("/").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported("the root group cannot be deleted".into()));
    file.delete("a").unwrap();
    assert_eq!(
        (a.path(), a.name(), a.parent().unwrap().is_none()),
        (None, None, true),
        "deleted, and still open"
    );
    drop((file, a, inner));
    let Some(python) = python() else { return };
    let all = json!(["b/", "b/c/", "b/c/y", "b/ä/", "b/ä/ner/"]);
    assert_eq!(python.eval(&path, ALL), all);
}

#[test]
fn objects_are_copied() {
    let Some(python) = python() else { return };
    let (dir, path) = scratch("from.h5");
    let far = dir.path().join("far.h5");
    python.create(&far, "f['v'] = [9, 8]");
    let code = "g = f.create_group('g'); g.attrs['a'] = 5; d = g.create_dataset('d', data=np.arange(1000), chunks=(100,), compression='gzip'); d.attrs['u'] = 'm'\n\
                g.create_group('sub').create_dataset('deep', data=3); g['s'] = h5py.SoftLink('/g/d'); g['e'] = h5py.ExternalLink('far.h5', '/v')\n\
                g['r'] = d.ref; g['r2'] = f.create_dataset('outside', data=[4.5]).ref";
    python.create(&path, code);
    let to = dir.path().join("to.h5");
    let (file, into) = (File::open(&path).unwrap(), File::create(&to).unwrap());
    file.copy_to("g", &into, "plain").unwrap();
    file.copy_to("g/s", &into.create_group("in").unwrap(), "followed").unwrap();
    CopyOptions::new().shallow(true).copy(&file, "g", &into, "shallow").unwrap();
    CopyOptions::new().expand_soft(true).copy(&file, "g", &into, "soft").unwrap();
    CopyOptions::new().expand_external(true).copy(&file, "g", &into, "external").unwrap();
    CopyOptions::new()
        .without_attributes(true)
        .shallow(true)
        .shallow(false)
        .copy(&file, "g", &into, "bare")
        .unwrap();
    CopyOptions::new().expand_references(true).copy(&file, "g", &into, "references").unwrap();
    file.copy_to("/", &into, "whole").unwrap();
    into.copy("plain", "plain/again/plain").unwrap();
    fails(file.copy_to("g", &into, "plain"), ErrorKind::Exists, "/plain");
    fails(file.copy_to("h", &into, "x"), ErrorKind::Missing, "/h");
    let error = fails(file.copy("g", "h"), ErrorKind::ReadOnly, "/");
    assert_eq!(error.operation(), Some(Operation::Change));
    assert_eq!(into.read::<Vec<i64>>("in/followed").unwrap().len(), 1000);
    drop((file, into));
    let is = |name: &str, expr: &str| assert_eq!(python.eval(&to, expr), true, "{name}: {expr}");
    is(
        "plain",
        "f['plain/d'].compression == 'gzip' and f['plain/d'].chunks == (100,) and f['plain/d'][7] == 7 and f['plain/d'].attrs['u'] == 'm' and f['plain'].attrs['a'] == 5",
    );
    is(
        "plain",
        "isinstance(f['plain'].get('s', getlink=True), h5py.SoftLink) and isinstance(f['plain'].get('e', getlink=True), h5py.ExternalLink) and f['plain/sub/deep'][()] == 3",
    );
    is("shallow", "list(f['shallow/sub']) == [] and f['shallow/d'].shape == (1000,)");
    is(
        "soft",
        "isinstance(f['soft'].get('s', getlink=True), h5py.HardLink) and isinstance(f['soft'].get('e', getlink=True), h5py.ExternalLink) and f['soft/s'][-1] == 999",
    );
    is(
        "external",
        "isinstance(f['external'].get('e', getlink=True), h5py.HardLink) and f['external/e'][:].tolist() == [9, 8]",
    );
    is(
        "bare",
        "len(f['bare'].attrs) == 0 and len(f['bare/d'].attrs) == 0 and f['bare/sub/deep'][()] == 3",
    );
    is(
        "references",
        "f[f['references/r2'][()]][:].tolist() == [4.5] and f[f['references/r'][()]] == f['references/d']",
    );
    is("without references", "not f['plain/r2'][()]");
    is("whole", "f['whole/g/d'].shape == (1000,) and f['whole/outside'][0] == 4.5");
    is(
        "into itself",
        "sorted(f['plain/again/plain']) == ['again', 'd', 'e', 'r', 'r2', 's', 'sub'] and len(f['plain/again/plain/again']) == 0",
    );
}

#[test]
fn what_is_open_for_reading_is_not_changed() {
    let (_dir, path) = scratch("read_only.h5");
    let file = File::create(&path).unwrap();
    file.write("g/x", &1u8).unwrap();
    file.attrs_of("g/x").unwrap().set("a", 1).unwrap();
    drop(file);
    let before = std::fs::read(&path).unwrap();
    let file = File::open(&path).unwrap();
    let group = file.group("g").unwrap();
    assert!(!group.is_writable().unwrap());
    for (result, at) in [
        (group.create_group("y").map(drop), "/g"),
        (group.delete("x"), "/g"),
        (group.rename("x", "y"), "/g"),
        (group.copy("x", "y"), "/g"),
        (group.create_soft_link("y", "x"), "/g"),
        (group.create_external_link("y", "x", "x"), "/g"),
        (group.create_hard_link("y", "x"), "/g"),
        (group.write("y", &1), "/g/y"),
        (group.write_members(&Point { x: 0.0, y: 0.0 }), "/g"),
        (group.attrs().unwrap().set("a", 1), "/g/a"),
        (group.attrs_of("x").unwrap().remove("a"), "/g/x/a"),
    ] {
        let error = fails(result, ErrorKind::ReadOnly, at);
        assert!(error.help().is_some_and(|help| help.contains("open_rw")), "{error}");
    }
    assert_eq!(group.require_group("/g").unwrap().names().unwrap(), ["x"]);
    drop((file, group));
    assert!(before == std::fs::read(&path).unwrap());
}

#[test]
fn files_in_memory() {
    let file = File::in_memory().unwrap();
    file.write("run/x", &vec![1u16; 1000]).unwrap();
    let image = file.to_image().unwrap();
    let kept = file.group("run").unwrap();
    drop(file);
    assert_eq!(kept.read::<Vec<u16>>("x").unwrap().len(), 1000);

    let read = File::from_image(&image).unwrap();
    assert_eq!(read.read::<Vec<u16>>("run/x").unwrap(), [1; 1000]);
    assert_eq!(*read.write("y", &1).unwrap_err().kind(), ErrorKind::ReadOnly);
    let changed = File::from_image_rw(&image).unwrap();
    changed.delete("run/x").unwrap();
    changed.write("run/y", &"new".to_string()).unwrap();
    let changed = changed.to_image().unwrap();
    assert_eq!(read.group("run").unwrap().names().unwrap(), ["x"], "a copy was changed");
    assert_eq!(File::from_image(&changed).unwrap().group("run").unwrap().names().unwrap(), ["y"]);
    for damaged in [&b""[..], b"no such thing", &image[..100]] {
        let error = File::from_image(damaged).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotHdf5 | ErrorKind::Damaged(_)), "{error}");
    }

    // What was saved, as an open file; what is in a file on the disk, as an image.
    let (_dir, path) = scratch("image.h5");
    filebacked::save(&path, &Point { x: 1.0, y: 2.0 }).unwrap();
    let file = File::open(&path).unwrap();
    assert!(file.to_image().unwrap() == std::fs::read(&path).unwrap());
    let bytes = filebacked::to_bytes(&Point { x: 3.0, y: 4.0 }).unwrap();
    assert_eq!(
        File::from_image(&bytes).unwrap().read_root::<Point>().unwrap(),
        Point { x: 3.0, y: 4.0 }
    );
    std::fs::write(&path, &changed).unwrap();
    let Some(python) = python() else { return };
    assert_eq!(
        python.eval(&path, "[list(f), list(f['run']), f['run/y'].asstr()[()]]"),
        json!([["run"], ["y"], "new"])
    );
}

#[test]
fn beside_the_hdf5_crate() {
    let (_dir, path) = scratch("hdf5.h5");
    let theirs = hdf5::File::create(&path).unwrap();
    let file = File::from_hdf5(&theirs).unwrap();
    assert_eq!(file.path(), path);
    file.write("g/x", &[1.5, 2.5]).unwrap();
    assert_eq!(theirs.dataset("g/x").unwrap().read_raw::<f64>().unwrap(), [1.5, 2.5]);
    let group = Group::from_hdf5(&theirs.group("g").unwrap()).unwrap();
    assert_eq!((group.path().as_deref(), group.file()), (Some("/g"), &*path));
    assert_eq!(group.read::<Vec<f64>>("x").unwrap(), [1.5, 2.5]);
    group.as_hdf5().unwrap().create_group("made there").unwrap();
    assert_eq!(group.names().unwrap(), ["made there", "x"]);
    drop(theirs);
    assert_eq!(file.read::<Vec<f64>>("g/x").unwrap(), [1.5, 2.5]);
}

#[test]
fn threads_share_groups() {
    let file = File::in_memory().unwrap();
    let group = file.create_group("shared").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let group = group.clone();
            scope.spawn(move || {
                for i in 0..20u32 {
                    let own = group.require_group(&thread.to_string()).unwrap();
                    own.write(&i.to_string(), &(thread * 100 + i)).unwrap();
                    own.attrs().unwrap().set("last", i).unwrap();
                }
            });
        }
    });
    for thread in 0..4u32 {
        let own = group.group(&thread.to_string()).unwrap();
        assert_eq!(
            (own.count().unwrap(), own.attrs().unwrap().get::<u32>("last").unwrap()),
            (20, 19)
        );
        assert_eq!(own.read::<u32>("7").unwrap(), thread * 100 + 7);
    }
}
