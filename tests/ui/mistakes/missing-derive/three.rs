use filebacked::FileBacked;

struct Layer {
    width: u32,
}

struct Head;

// Three fields are wrong, and there are three errors.
#[derive(FileBacked)]
struct Model {
    step: u64,
    layer: Layer,
    layers: Vec<Layer>,
    heads: Option<Vec<Head>>,
}

fn main() {}
