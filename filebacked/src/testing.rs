//! Checks that authors of filters run.
