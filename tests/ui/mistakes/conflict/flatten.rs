use filebacked::FileBacked;

#[derive(FileBacked)]
struct Inner {
    a: u64,
}

#[derive(FileBacked)]
struct Model {
    #[filebacked(flatten, default)]
    inner: Inner,
}

fn main() {}
