use filebacked::FileBacked;

#[derive(FileBacked)]
#[repr(C, packed)]
struct Header {
    kind: u8,
    len: u32,
}

fn main() {}
