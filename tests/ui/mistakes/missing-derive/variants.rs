use filebacked::FileBacked;

struct Layer {
    width: u32,
}

#[derive(FileBacked)]
enum Model {
    Empty,
    Full { step: u64, layer: Layer },
    Many(Vec<Layer>),
}

fn main() {}
