use filebacked::FileBacked;

#[derive(FileBacked)]
enum Shape {
    Point,
    #[filebacked(alias = "Point")]
    Circle(f64),
}

fn main() {}
