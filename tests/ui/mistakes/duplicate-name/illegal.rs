use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    #[filebacked(rename = "")]
    empty: u64,
    #[filebacked(rename = ".")]
    dot: u64,
    #[filebacked(rename = "a\0")]
    nul: u64,
    #[filebacked(rename = "/a//b")]
    slashes: u64,
}

fn main() {}
