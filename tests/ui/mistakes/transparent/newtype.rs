use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(version = 2)]
struct Meters(#[filebacked(rename = "value")] f64);

fn main() {}
