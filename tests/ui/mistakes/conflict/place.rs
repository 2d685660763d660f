use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(tag = "kind", rename_all_fields = "camelCase")]
struct Model {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(default, deny_unknown, transparent, module = "lab")]
enum Shape {
    Point,
    Circle(f64),
}

#[derive(FileBacked)]
#[filebacked(tag = "kind")]
enum Color {
    Red,
}

fn main() {}
