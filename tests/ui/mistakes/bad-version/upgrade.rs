use filebacked::FileBacked;

#[derive(FileBacked)]
struct Old {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(upgrade(from = 1, via = Old))]
struct NoVersion {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(version = 2, upgrade(from = 1, via = Old), upgrade(from = 1, via = Old), upgrade(from = 2, via = Old))]
struct Newer {
    step: u64,
}

#[derive(FileBacked)]
#[filebacked(version = 2, upgrade(from = 1))]
struct Half {
    step: u64,
}

fn main() {}
