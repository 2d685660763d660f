//! Derive macros of `filebacked`.
