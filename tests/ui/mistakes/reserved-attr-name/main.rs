use filebacked::FileBacked;

#[derive(FileBacked)]
struct Rows {
    #[filebacked(attr)]
    len: u64,
    #[filebacked(attr, rename = "encoding-type")]
    encoding: String,
    #[filebacked(attr, rename = "a/b")]
    nested: u64,
    #[filebacked(attr, rename = "data@filebacked")]
    stamp: String,
    #[filebacked(attr, rename = "data@a/b")]
    path: u64,
}

#[derive(FileBacked)]
#[filebacked(tag = "kind")]
enum Shape {
    Point,
    Circle {
        #[filebacked(attr)]
        kind: u64,
    },
}

#[derive(FileBacked)]
#[filebacked(tag = "len")]
enum Other {
    A(u64),
}

fn main() {}
