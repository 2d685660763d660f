//! Finds impossible options before any file is touched.

use super::options::{FileOptions, Mode};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::libhdf5::{Libver, SpaceStrategy};
use std::path::Path;

/// The page sizes that HDF5 supports.
const PAGES: std::ops::RangeInclusive<u64> = 512..=1 << 30;

/// The default page size.
const PAGE: u64 = 4096;

fn wrong<R>(what: impl Into<String>, help: &str) -> Result<R> {
    Err(Error::new(ErrorKind::InvalidOption(what.into())).with_help(help))
}

impl FileOptions {
    /// Checks all options, alone and together, for a file that is opened or created.
    pub(super) fn check(&self, path: &Path, mode: Mode) -> Result<()> {
        let opening = matches!(mode, Mode::Read | Mode::ReadWrite);
        self.access.driver.check(path, opening)?;
        self.check_access()?;
        self.check_creation()?;
        if opening && self.creation != Default::default() {
            return wrong(
                "`userblock`, `track_order` and file space can only be set when a file is created",
                "leave them out, or create the file: `create`, `create_new`, `open_or_create`",
            );
        }
        if self.access.swmr && !self.access.driver.has_swmr() {
            return wrong("this driver does not support `swmr`", "`sec2` has it");
        }
        if self.access.swmr && matches!(mode, Mode::Create | Mode::CreateNew) {
            return wrong(
                "`swmr` for a new file, to which nothing could be added",
                "create the file, write the datasets, and then call `File::start_swmr`",
            );
        }
        if self.access.page_buffer.is_some()
            && !opening
            && self.creation.strategy != Some(SpaceStrategy::Page)
        {
            return wrong(
                "a `page_buffer` for a file without pages",
                "add `space_strategy(SpaceStrategy::Page)`",
            );
        }
        Ok(())
    }

    fn check_access(&self) -> Result<()> {
        let access = &self.access;
        if let Some((low, high)) = access.libver {
            if low > high {
                return wrong(
                    format!("`libver` from {low:?} to {high:?}"),
                    "pass the older version first",
                );
            }
            if high == Libver::Earliest {
                return wrong("`libver` up to `Earliest`", "pass `V18` or newer as the second");
            }
        }
        if access.cache_w0.is_some_and(|w0| !(0.0..=1.0).contains(&w0)) {
            return wrong(
                "a chunk cache with a preemption below 0 or above 1",
                "pass a number from 0 to 1; the default is 0.75",
            );
        }
        if access.alignment.is_some_and(|(_, interval)| interval == 0) {
            return wrong(
                "an alignment to multiples of 0",
                "pass at least 1, which means no alignment",
            );
        }
        if let Some((bytes, metadata, data)) = access.page_buffer {
            if metadata > 100 || data > 100 || metadata + data > 100 {
                return wrong(
                    format!("a page buffer that keeps {metadata} % and {data} %"),
                    "pass percentages whose sum is at most 100",
                );
            }
            let page = self.creation.page_size.unwrap_or(PAGE);
            let created = self.creation.strategy == Some(SpaceStrategy::Page);
            if !bytes.is_power_of_two() || created && (bytes as u64) < page {
                return wrong(
                    format!("a page buffer of {bytes} bytes"),
                    "pass a power of two of at least one page (`page_size`, by default 4096 bytes)",
                );
            }
        }
        Ok(())
    }

    fn check_creation(&self) -> Result<()> {
        let creation = &self.creation;
        if creation.userblock != 0
            && (creation.userblock < 512 || !creation.userblock.is_power_of_two())
        {
            return wrong(
                format!("a user block of {} bytes", creation.userblock),
                "pass 0, or a power of two from 512",
            );
        }
        let paged = creation.strategy == Some(SpaceStrategy::Page);
        let unit = if paged {
            creation.page_size.unwrap_or(PAGE)
        } else {
            self.access.alignment.map_or(1, |(_, n)| n)
        };
        if !creation.userblock.is_multiple_of(unit.max(1)) {
            return wrong(
                format!(
                    "a user block of {} bytes, with data that begins at multiples of {unit}",
                    creation.userblock
                ),
                "pass a multiple of the alignment and of the page size",
            );
        }
        if let Some(size) = creation.page_size {
            if creation.strategy != Some(SpaceStrategy::Page) {
                return wrong(
                    "a `page_size` for a file without pages",
                    "add `space_strategy(SpaceStrategy::Page)`",
                );
            }
            if !PAGES.contains(&size) {
                return wrong(format!("pages of {size} bytes"), "512 bytes to 1 GiB");
            }
        }
        if creation.handles_space()
            && self.access.libver.is_some_and(|(_, high)| high < Libver::V110)
        {
            return wrong(
                "a strategy for file space in a file of HDF5 1.8",
                "pass `V110` or newer as the second version of `libver`",
            );
        }
        let is_managed =
            creation.strategy == Some(SpaceStrategy::Page) || creation.persist == Some(true);
        if is_managed && !self.access.driver.has_one_space() {
            return wrong(
                "pages, or free space that persists, in a file of several parts",
                "use another driver",
            );
        }
        if self.access.alignment.is_some_and(|(_, n)| n > 1) && !self.access.driver.has_one_space()
        {
            // HDF5 hands out the same address twice then.
            return wrong("an alignment in a file of several parts", "use another driver");
        }
        let keeps_track =
            matches!(creation.strategy, Some(SpaceStrategy::FreeSpace | SpaceStrategy::Page));
        if (creation.persist == Some(true) || creation.threshold.is_some()) && !keeps_track {
            return wrong(
                "`persist` or `threshold` without a strategy that keeps track of free space",
                "add `space_strategy(SpaceStrategy::FreeSpace)`, or `Page`",
            );
        }
        Ok(())
    }
}
