use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(rename_all = "lowercase")]
struct Model {
    step: u64,
    #[filebacked(rename = "step")]
    other: u64,
}

fn main() {}
