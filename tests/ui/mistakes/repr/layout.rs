use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(layout = "rows")]
enum Color {
    Red,
    Green,
}

#[derive(FileBacked)]
#[filebacked(layout = "packed")]
struct Point {
    x: f64,
}

fn main() {}
