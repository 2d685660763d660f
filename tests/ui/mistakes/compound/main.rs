use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(layout = "compound")]
struct Row {
    id: u32,
    #[filebacked(bincode)]
    blob: Vec<u8>,
}

#[derive(FileBacked)]
#[filebacked(layout = "compound")]
struct Newtype(u32);

#[derive(FileBacked)]
struct Outer {
    #[filebacked(flatten, layout = "compound")]
    row: Inner,
}

#[derive(FileBacked)]
struct Inner {
    #[filebacked(attr, layout = "compound")]
    pair: (u8, u8),
    #[filebacked(layout = "compond")]
    misspelt: (u8, u8),
}

fn main() {}
