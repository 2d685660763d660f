use filebacked::FileBacked;

struct Layer {
    width: u32,
}

#[derive(FileBacked)]
struct Model {
    step: u64,
    layer: Layer,
}

fn main() {}
