//! ndarray.
