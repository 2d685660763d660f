//! Types of the user with the names of primitives and of the prelude.

#![allow(non_camel_case_types, dead_code)]

mod shadowed {
    use filebacked::FileBacked;

    pub struct bool;
    pub struct u8;
    pub struct u32;
    pub struct u64;
    pub struct i128;
    pub struct usize;
    pub struct str;
    pub struct String;
    pub struct Box;
    pub struct Vec;
    pub struct Option;
    pub struct Result;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub trait Default {}
    pub trait Iterator {}
    pub trait IntoIterator {}

    #[derive(FileBacked)]
    pub struct Model {
        pub width: f64,
        #[filebacked(rename = "nested/name")]
        pub name: ::std::string::String,
        #[filebacked(default)]
        pub counts: ::std::vec::Vec<f32>,
        #[filebacked(skip)]
        pub cache: f64,
        #[filebacked(alias = "remark")]
        pub note: ::core::option::Option<f64>,
    }

    #[derive(FileBacked)]
    pub struct Newtype(pub f64);

    #[derive(FileBacked)]
    pub struct Generic<T> {
        pub value: T,
    }

    #[derive(FileBacked)]
    pub enum Unit {
        One,
        Two,
    }

    #[derive(FileBacked)]
    #[filebacked(repr = "u8")]
    pub enum Number {
        One = 1,
        Two = 2,
    }

    #[derive(FileBacked)]
    pub enum Shape {
        Empty,
        Circle(f64),
        Rect { width: f64, height: f64 },
    }

    #[filebacked::dynamic]
    pub trait Object {}

    #[filebacked::dynamic]
    impl Object for Model {}
}

fn main() {
    let bytes = filebacked::to_bytes(&shadowed::Newtype(1.5)).unwrap();
    assert_eq!(filebacked::from_bytes::<shadowed::Newtype>(&bytes).unwrap().0, 1.5);
}
