use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(bound = "T FileBacked")]
struct Model<T> {
    value: T,
}

fn main() {}
