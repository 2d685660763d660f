use filebacked::FileBacked;

#[filebacked::dynamic]
struct Circle;

#[filebacked::dynamic]
trait Wrapper<T> {}

#[filebacked::dynamic]
trait Shape {}

#[derive(FileBacked)]
struct Pair<T> {
    one: T,
}

#[filebacked::dynamic]
impl<T: FileBacked> Shape for Pair<T> {}

#[derive(FileBacked)]
struct Square {
    side: f64,
}

#[filebacked::dynamic(name = "Square")]
impl Shape for Square {}

#[filebacked::dynamic]
impl Square {}

#[filebacked::dynamic(rename = "Form")]
trait Form {}

fn main() {}
