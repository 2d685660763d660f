use filebacked::FileBacked;

#[derive(FileBacked)]
enum Shape {
    Point,
    #[filebacked(other)]
    Circle(f64),
    #[filebacked(other)]
    Unknown,
}

fn main() {}
