use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    #[filebacked(rename = "a")]
    #[filebacked(rename = "b")]
    step: u64,
}

fn main() {}
