//! What reading a file may cost.

/// The depth of nesting that is written and read unless the options say otherwise.
pub const DEFAULT_MAX_DEPTH: u32 = 128;

/// What reading a file that nobody trusts may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes that may be taken for values.
    pub bytes: u64,
    /// The objects that may be opened.
    pub objects: u64,
}
