use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    step: u64,
    #[filebacked(flatten)]
    more: Vec<u64>,
}

fn main() {}
