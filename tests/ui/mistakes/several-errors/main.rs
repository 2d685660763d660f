use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(version = 0)]
struct Model {
    #[filebacked(skp)]
    cache: u64,
    #[filebacked(rename = "cache")]
    step: u64,
}

fn main() {}
