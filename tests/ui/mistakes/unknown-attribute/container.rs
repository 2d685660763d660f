use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(verison = 2)]
struct Model {
    step: u64,
}

fn main() {}
