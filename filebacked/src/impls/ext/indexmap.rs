//! indexmap.
