//! Groups of open files, their attributes, and links: beside h5py.

use filebacked::File;
use filebacked_tests::scratch;

#[test]
fn smoke() {
    let (_dir, path) = scratch("groups.h5");
    let file = File::create(&path).unwrap();
    let run = file.create_group("runs/7").unwrap();
    run.write("loss", &vec![0.5, 0.25]).unwrap();
    assert_eq!(run.names().unwrap(), ["loss"]);
}
