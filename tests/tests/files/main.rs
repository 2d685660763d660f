//! Open files: groups, attributes, updates in place, repacking, recovery, drivers, stores.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attributes;
mod file_close;
mod file_drivers;
mod file_options;
mod file_swmr;
mod groups;
mod inspect;
mod open_groups;
mod paths;
mod recovery;
mod references;
mod repack;
mod store;
mod update;
mod update_sharing;
