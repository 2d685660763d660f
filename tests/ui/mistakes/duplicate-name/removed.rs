use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(removed("rate", "step"))]
struct Model {
    step: u64,
}

fn main() {}
