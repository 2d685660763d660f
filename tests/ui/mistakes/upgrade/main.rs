use filebacked::FileBacked;

#[derive(FileBacked)]
struct Old {
    step: u64,
}

// There is no way from the old type to the new one.
#[derive(FileBacked)]
#[filebacked(version = 2, upgrade(from = 1, via = Old))]
struct New {
    step: u64,
}

struct Plain;

impl From<Plain> for Newer {
    fn from(_: Plain) -> Self {
        Newer { step: 0 }
    }
}

// The old type cannot be read.
#[derive(FileBacked)]
#[filebacked(version = 2, upgrade(from = 1, via = Plain))]
struct Newer {
    step: u64,
}

fn main() {}
