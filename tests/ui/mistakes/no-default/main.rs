use filebacked::FileBacked;

struct Layer {
    width: u32,
}

#[derive(FileBacked)]
struct Model {
    step: u64,
    #[filebacked(skip)]
    layer: Layer,
}

fn main() {}
