use filebacked::FileBacked;

#[derive(FileBacked)]
struct Note(#[filebacked(registered)] Option<String>);

fn main() {}
