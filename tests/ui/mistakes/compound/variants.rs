use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(layout = "compound")]
enum Shape {
    Point,
    Circle(f64),
}

fn main() {}
