//! Chunks that claim more bytes than they can hold.

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
