use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(repr = "u8")]
enum Level {
    Low = -1,
    Middle = 255,
    High = 256,
}

fn main() {}
