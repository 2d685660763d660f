use filebacked::FileBacked;

#[derive(FileBacked)]
enum Shape {
    #[filebacked(skip)]
    Point,
    #[filebacked(aliases = "circle")]
    Circle(f64),
}

fn main() {}
