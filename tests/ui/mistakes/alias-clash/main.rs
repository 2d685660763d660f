use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    step: u64,
    #[filebacked(alias = "step")]
    steps: u64,
    #[filebacked(alias = "rate")]
    rate: f64,
}

fn main() {}
