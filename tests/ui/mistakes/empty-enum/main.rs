use filebacked::FileBacked;

#[derive(FileBacked)]
enum Never {}

fn main() {}
