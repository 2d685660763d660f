//! Modules of the user with the names of the standard library's crates.

#![allow(dead_code)]

mod user {
    use ::filebacked::FileBacked;

    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod filebacked {}

    #[derive(FileBacked)]
    pub struct Model {
        pub width: f64,
        #[filebacked(skip)]
        pub cache: Vec<u64>,
    }

    #[derive(FileBacked)]
    pub enum Shape {
        Empty,
        Circle(f64),
    }
}

fn main() {}
