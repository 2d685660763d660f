//! Chunks that claim more bytes than they can hold.

use filebacked::inspect::TreeOptions;
use filebacked::{ErrorKind, ReadOptions};
use filebacked_tests::{python, scratch};

/// A chunk of 64 MiB whose few bytes in the file cannot stand for so many.
#[test]
fn chunks_that_cannot_hold_what_they_claim_are_damaged() {
    let Some(python) = python() else { return };
    for (name, filter) in
        [("gzip", "compression='gzip'"), ("shuffle", "compression='gzip', shuffle=True")]
    {
        let (_dir, path) = scratch("claims.h5");
        python.create(
            &path,
            &format!(
                "d = f.create_dataset('value', (2**23,), 'f8', chunks=(2**23,), {filter})
import zlib
d.id.write_direct_chunk((0,), zlib.compress(bytes(80)))"
            ),
        );
        let error = ReadOptions::new().load::<Vec<f64>>(&path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{name}: {error}");
        assert!(error.to_string().contains("too few for them"), "{name}: {error}");
    }
}

/// A dataset with more chunks than any memory has room for; only one is in the file.
#[test]
fn chunks_that_are_not_there_cost_nothing() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("sparse.h5");
    python.create(
        &path,
        "with h5py.File(f.filename + '.new', 'w', libver='latest') as g:
    g.create_dataset('value', (2**40,), 'u1', maxshape=(None,), chunks=(1,))[0] = 7",
    );
    let path = path.with_file_name("sparse.h5.new");
    let options = TreeOptions::new().untrusted();
    match options.tree(&path) {
        Ok(tree) => assert!(tree.get("value").is_some()),
        Err(error) => assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5, "{error}"),
    }
    let error = ReadOptions::new().untrusted().load::<Vec<u8>>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_) | ErrorKind::NeedsLibhdf5), "{error}");
}
