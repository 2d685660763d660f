use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    #[filebacked(renam = "steps")]
    step: u64,
    #[filebacked(quickly)]
    rate: f64,
    #[filebacked(tag = "kind")]
    kind: String,
}

fn main() {}
