use filebacked::FileBacked;

#[filebacked::dynamic]
trait Shape {}

// Not `FileBacked`.
struct Circle;

#[filebacked::dynamic]
impl Shape for Circle {}

// The trait is not marked.
trait Sound {}

#[derive(FileBacked)]
struct Beep {
    hertz: f64,
}

#[filebacked::dynamic]
impl Sound for Beep {}

fn main() {}
