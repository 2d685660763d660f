//! A file as a tree, without its types.
