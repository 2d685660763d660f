use filebacked::FileBacked;
use std::marker::PhantomData;

#[derive(FileBacked)]
struct Pointers {
    step: u64,
    shared: *const u8,
    function: fn(u8) -> u8,
    text: &'static str,
}

#[derive(FileBacked)]
enum Inside {
    Closures(Vec<Box<dyn Fn(u8) -> u8>>),
    Pair { pair: (u8, *mut u8) },
}

// What is not stored may be anything.
#[derive(FileBacked)]
struct Fine {
    #[filebacked(skip)]
    function: Option<fn()>,
    marker: PhantomData<*const u8>,
}

fn main() {}
