use filebacked::FileBacked;

#[derive(FileBacked)]
enum Color {
    Red,
    #[filebacked(rename = "Red")]
    Green,
}

fn main() {}
