use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(version = 1, version = 2)]
struct Model {
    step: u64,
}

fn main() {}
