//! Ready-made filters for `#[filebacked(with = ...)]` and the registry.
