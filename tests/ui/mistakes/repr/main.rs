use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(repr = "u8")]
enum Shape {
    Point,
    Circle(f64),
}

#[derive(FileBacked)]
#[filebacked(repr = "u8")]
struct Model {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(repr = "f32")]
enum Color {
    Red,
}

fn main() {}
