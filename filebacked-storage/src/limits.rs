//! Limits for the cost of reading a file.

/// The depth of nesting that is written and read unless the options say otherwise.
pub const DEFAULT_MAX_DEPTH: u32 = 128;

/// Limits for the cost of reading an untrusted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes that may be taken for values.
    pub bytes: u64,
    /// The objects that may be opened.
    pub objects: u64,
}
