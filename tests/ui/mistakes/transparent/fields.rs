use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(transparent)]
struct Two {
    a: u64,
    b: u64,
}

#[derive(FileBacked)]
#[filebacked(transparent)]
struct None;

fn main() {}
