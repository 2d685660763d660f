use filebacked::FileBacked;

#[derive(FileBacked)]
enum Old {
    Red,
}

#[derive(FileBacked)]
#[filebacked(version = 2, upgrade(from = 1, via = Old))]
enum Color {
    Red,
    Green,
}

impl From<Old> for Color {
    fn from(_: Old) -> Self {
        Color::Red
    }
}

fn main() {}
