//! num_complex.
