//! half.
