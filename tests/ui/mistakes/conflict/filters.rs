use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    #[filebacked(with = filebacked::with::Registered, registered, bincode)]
    step: u64,
}

fn main() {}
