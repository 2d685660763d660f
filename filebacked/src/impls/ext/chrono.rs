//! chrono.
