//! Dialects: how values look to the readers and writers of one family of programs.

pub(crate) mod anndata;

/// What a node stands for, where its stamp and its datatype do not say it to other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concept {
    /// An annotated matrix: a whole AnnData object.
    AnnotatedMatrix,
    /// A sparse matrix, row by row.
    SparseRows,
    /// A sparse matrix, column by column.
    SparseColumns,
    /// A column of codes and categories.
    Categorical,
    /// A mask and integers.
    OptionalIntegers,
    /// A mask and bools.
    OptionalBools,
    /// A mask and texts.
    OptionalTexts,
}
