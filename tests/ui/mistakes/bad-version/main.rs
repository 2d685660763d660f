use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(version = 0)]
struct Zero {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(version = "2")]
struct Text {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(version = 4294967296)]
struct Large {
    step: u64,
}

fn main() {}
