use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(rename_all = "lowercase")]
enum Shape {
    Point,
    Variant(f64),
}

fn main() {}
