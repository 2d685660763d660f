use filebacked::FileBacked;

#[derive(FileBacked)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
