//! sprs.
