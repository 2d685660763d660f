//! The tests of this crate are the mistakes in `mistakes/`.
