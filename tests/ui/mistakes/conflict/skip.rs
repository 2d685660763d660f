use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    #[filebacked(skip, rename = "a")]
    step: u64,
    #[filebacked(attr, skip)]
    rate: f64,
}

fn main() {}
