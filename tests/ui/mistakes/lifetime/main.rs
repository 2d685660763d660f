use filebacked::FileBacked;

#[derive(FileBacked)]
struct View<'a> {
    name: &'a str,
}

fn main() {}
