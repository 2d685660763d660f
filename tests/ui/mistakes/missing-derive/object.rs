use filebacked::FileBacked;

trait Shape {}

// The trait is not `#[filebacked::dynamic]`.
#[derive(FileBacked)]
struct Model {
    step: u64,
    shape: Box<dyn Shape>,
}

fn main() {}
