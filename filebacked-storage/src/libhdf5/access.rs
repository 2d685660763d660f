//! Property lists for opening and creating files.

use super::driver::Driver;
use super::id::{Id, check};
use super::lists::{COMPACT, new_list};
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::globals::{H5P_FILE_ACCESS, H5P_FILE_CREATE};
use hdf5_metno_sys::h5f::H5F_close_degree_t::H5F_CLOSE_STRONG;
#[cfg(hdf5_file_space)]
use hdf5_metno_sys::h5f::H5F_fspace_strategy_t;
use hdf5_metno_sys::h5f::{H5F_LIBVER_LATEST, H5F_libver_t};
use hdf5_metno_sys::h5i::hid_t;
#[cfg(hdf5_locking)]
use hdf5_metno_sys::h5p::H5Pset_file_locking;
use hdf5_metno_sys::h5p::{
    H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED, H5Pget_cache, H5Pget_libver_bounds,
    H5Pset_alignment, H5Pset_attr_creation_order, H5Pset_cache, H5Pset_fclose_degree,
    H5Pset_libver_bounds, H5Pset_link_creation_order, H5Pset_meta_block_size,
    H5Pset_obj_track_times, H5Pset_userblock,
};
#[cfg(hdf5_file_space)]
use hdf5_metno_sys::h5p::{
    H5Pset_file_space_page_size, H5Pset_file_space_strategy, H5Pset_page_buffer_size,
};

/// A version of HDF5's format, for `FileOptions::libver`.
///
/// `FileOptions` has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Libver {
    /// Each object in the oldest form that can hold it.
    Earliest,
    /// HDF5 1.8.
    V18,
    /// HDF5 1.10, which SWMR needs.
    V110,
    /// HDF5 1.12.
    V112,
    /// HDF5 1.14.
    V114,
    /// HDF5 2.0.
    V200,
    /// The newest version of the linked HDF5. `File::libver` never returns this.
    Latest,
}

/// Whether an open file is locked against other programs, for
/// `FileOptions::locking`.
///
/// ```no_run
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::{CloseDegree, Locking};
/// use filebacked::File;
///
/// let options = File::options().locking(Locking::Off).close_degree(CloseDegree::Strong);
/// let file = options.open("runs.h5")?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locking {
    /// Never.
    Off,
    /// Always; an error if the file system has no locks.
    On,
    /// If the file system has locks.
    BestEffort,
}

/// Whether the changes of an open file are committed completely or not at all, for
/// `FileOptions::journal`.
///
/// ```no_run
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::File;
/// use filebacked::file::Journal;
///
/// let scratch = File::options().journal(Journal::Off).create("scratch.h5")?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Journal {
    /// Changes since the last commit are lost together, or not at all. A commit survives a power
    /// cut.
    #[default]
    Durable,
    /// The same, but a commit survives the end of the process only. This saves the time that disks
    /// need.
    Atomic,
    /// Changes are written to the file as they come. A kill or a failed write may leave some of
    /// them, or damage the file.
    Off,
}

/// What happens to handles when their file is closed; see `FileOptions::close_degree`.
///
/// See [`Locking`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CloseDegree {
    /// Handles keep the file open until the last one is dropped.
    #[default]
    Weak,
    /// Handles are closed too, and then return [`ErrorKind::Closed`].
    Strong,
}

/// How a file's free space is managed; see `FileOptions::space_strategy`.
///
/// ```no_run
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::SpaceStrategy;
/// use filebacked::File;
///
/// let options = File::options().space_strategy(SpaceStrategy::Page).page_size(1 << 16);
/// let file = options.page_buffer(1 << 20, 0, 0).create("runs.h5")?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpaceStrategy {
    /// h5py's `fsm`: freed space is reused, and small pieces are combined into blocks. HDF5's
    /// default.
    FreeSpace,
    /// h5py's `page`: in pages of equal size, which a page buffer can cache.
    Page,
    /// h5py's `aggregate`: small pieces are combined into blocks, and freed space is lost.
    Aggregate,
    /// h5py's `none`: all new data goes to the end of the file.
    None,
}

/// How a file is accessed. None of this is stored in the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Access {
    /// The file driver.
    pub driver: Driver,
    /// The oldest and the newest version of the format that is written.
    pub libver: Option<(Libver, Libver)>,
    /// Slots of the chunk cache.
    pub cache_slots: Option<usize>,
    /// Bytes of the chunk cache of each dataset.
    pub cache_bytes: Option<usize>,
    /// How readily the cache gives up chunks that were read whole, 0 to 1.
    pub cache_w0: Option<f64>,
    /// Threshold and interval.
    pub alignment: Option<(u64, u64)>,
    /// The smallest block that is allocated for metadata, in bytes.
    pub meta_block_size: Option<u64>,
    /// Bytes, and the percentages of metadata and of data that stay.
    pub page_buffer: Option<(usize, u32, u32)>,
    /// Whether the file is locked.
    pub locking: Option<Locking>,
    /// The effect of closing while handles are open.
    pub close_degree: CloseDegree,
    /// Opened for one writer and many readers.
    pub swmr: bool,
    /// How files on the disk are changed.
    pub journal: Journal,
}

/// Settings that a file keeps from its creation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Creation {
    /// Bytes before the superblock.
    pub userblock: u64,
    /// Whether groups remember the order in which members were made.
    pub track_order: Option<bool>,
    /// How free space is managed.
    pub strategy: Option<SpaceStrategy>,
    /// Whether free space is remembered when the file is closed.
    pub persist: Option<bool>,
    /// Smaller pieces of free space are forgotten, in bytes.
    pub threshold: Option<u64>,
    /// The size of a page in bytes, for paged files.
    pub page_size: Option<u64>,
}

impl Libver {
    fn number(self) -> Result<H5F_libver_t> {
        #[cfg_attr(hdf5_v200, allow(unreachable_patterns))]
        match self {
            Libver::Earliest => Ok(H5F_libver_t::H5F_LIBVER_EARLIEST),
            Libver::V18 => Ok(H5F_libver_t::H5F_LIBVER_V18),
            #[cfg(hdf5_v110)]
            Libver::V110 => Ok(H5F_libver_t::H5F_LIBVER_V110),
            #[cfg(hdf5_v112)]
            Libver::V112 => Ok(H5F_libver_t::H5F_LIBVER_V112),
            #[cfg(hdf5_v114)]
            Libver::V114 => Ok(H5F_libver_t::H5F_LIBVER_V114),
            #[cfg(hdf5_v200)]
            Libver::V200 => Ok(H5F_libver_t::H5F_LIBVER_V200),
            Libver::Latest => Ok(H5F_LIBVER_LATEST),
            _ => Err(older(&format!("the format {self:?}"))),
        }
    }

    fn of(number: H5F_libver_t) -> Self {
        let all = [Libver::V18, Libver::V110, Libver::V112, Libver::V114, Libver::V200];
        let same = |libver: &Libver| libver.number().is_ok_and(|known| known == number);
        all.into_iter().find(same).unwrap_or(Libver::Earliest)
    }
}

/// The error of what the HDF5 that is linked with is too old for.
#[cold]
pub(super) fn older(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported(format!("the linked libhdf5 is too old for {what}")))
        .with_help("enable the feature `static` of filebacked, which builds a newer libhdf5")
}

/// Threshold and interval, as in files of the native engine.
const ALIGNMENT: (u64, u64) = (COMPACT as u64 + 1, 8);

impl Access {
    /// The list for a file that is created, opened to be changed, or to be read; `None` where
    /// HDF5's defaults are those of this library. The lock is held.
    pub(super) fn list(&self, default_libver: Option<(Libver, Libver)>) -> Result<Option<Id>> {
        // Of what is written, data that is too large for an object header is aligned, so that it
        // can be mapped.
        let aligned =
            (default_libver.is_some() && self.driver.has_one_space()).then_some(ALIGNMENT);
        let (libver, alignment) = (self.libver.or(default_libver), self.alignment.or(aligned));
        let access = Access { libver, alignment, ..self.clone() };
        if access == Access::default() {
            return Ok(None);
        }
        let list = new_list(*H5P_FILE_ACCESS)?;
        access.fill(list.raw())?;
        Ok(Some(list))
    }

    fn fill(&self, list: hid_t) -> Result<()> {
        if !self.driver.is_default() {
            self.driver.set(list)?;
        }
        // SAFETY: the list is one for accessing files, and open; places for answers are writable.
        unsafe {
            if let Some((low, high)) = self.libver {
                check(H5Pset_libver_bounds(list, low.number()?, high.number()?))?;
            }
            if self.cache_slots.is_some() || self.cache_bytes.is_some() || self.cache_w0.is_some() {
                let (mut elements, mut slots, mut bytes, mut w0) = (0, 0, 0, 0.0);
                check(H5Pget_cache(list, &mut elements, &mut slots, &mut bytes, &mut w0))?;
                slots = self.cache_slots.unwrap_or(slots);
                bytes = self.cache_bytes.unwrap_or(bytes);
                check(H5Pset_cache(list, elements, slots, bytes, self.cache_w0.unwrap_or(w0)))?;
            }
            if let Some((threshold, interval)) = self.alignment {
                check(H5Pset_alignment(list, threshold, interval))?;
            }
            if let Some(size) = self.meta_block_size {
                check(H5Pset_meta_block_size(list, size))?;
            }
            if self.close_degree == CloseDegree::Strong {
                check(H5Pset_fclose_degree(list, H5F_CLOSE_STRONG))?;
            }
            if let Some((bytes, metadata, data)) = self.page_buffer {
                #[cfg(hdf5_file_space)]
                check(H5Pset_page_buffer_size(list, bytes, metadata, data))?;
                #[cfg(not(hdf5_file_space))]
                return Err(older(&format!(
                    "a page buffer of {bytes} bytes ({metadata} %, {data} %)"
                )));
            }
            if let Some(locking) = self.locking {
                #[cfg(hdf5_locking)]
                check(H5Pset_file_locking(
                    list,
                    (locking != Locking::Off).into(),
                    (locking == Locking::BestEffort).into(),
                ))?;
                #[cfg(not(hdf5_locking))]
                return Err(older(&format!("the choice of file locks ({locking:?})")));
            }
        }
        Ok(())
    }
}

impl Creation {
    /// Whether something is said of file space, which takes a file of HDF5 1.10.
    pub fn handles_space(&self) -> bool {
        self.strategy.is_some()
            || self.persist.is_some()
            || self.threshold.is_some()
            || self.page_size.is_some()
    }

    /// The list for creating a file: its root group keeps no times, but the order of its links,
    /// since a map may be stored there. The lock is held.
    pub(super) fn list(&self) -> Result<Id> {
        let list = new_list(*H5P_FILE_CREATE)?;
        let order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
        // SAFETY: the list is one for creating files, and open.
        unsafe {
            check(H5Pset_obj_track_times(list.raw(), 0))?;
            if self.track_order != Some(false) {
                check(H5Pset_link_creation_order(list.raw(), order))?;
            }
            if self.track_order == Some(true) {
                check(H5Pset_attr_creation_order(list.raw(), order))?;
            }
            if self.userblock != 0 {
                check(H5Pset_userblock(list.raw(), self.userblock))?;
            }
        }
        self.fill_space(list.raw())?;
        Ok(list)
    }

    #[cfg(hdf5_file_space)]
    fn fill_space(&self, list: hid_t) -> Result<()> {
        use H5F_fspace_strategy_t::{
            H5F_FSPACE_STRATEGY_AGGR, H5F_FSPACE_STRATEGY_FSM_AGGR, H5F_FSPACE_STRATEGY_NONE,
            H5F_FSPACE_STRATEGY_PAGE,
        };
        if self.strategy.is_some() || self.persist.is_some() || self.threshold.is_some() {
            let strategy = match self.strategy {
                None | Some(SpaceStrategy::FreeSpace) => H5F_FSPACE_STRATEGY_FSM_AGGR,
                Some(SpaceStrategy::Page) => H5F_FSPACE_STRATEGY_PAGE,
                Some(SpaceStrategy::Aggregate) => H5F_FSPACE_STRATEGY_AGGR,
                Some(SpaceStrategy::None) => H5F_FSPACE_STRATEGY_NONE,
            };
            let persist = self.persist.unwrap_or(false).into();
            // SAFETY: the list is one for creating files, and open.
            check(unsafe {
                H5Pset_file_space_strategy(list, strategy, persist, self.threshold.unwrap_or(1))
            })?;
        }
        if let Some(size) = self.page_size {
            // SAFETY: as above.
            check(unsafe { H5Pset_file_space_page_size(list, size) })?;
        }
        Ok(())
    }

    #[cfg(not(hdf5_file_space))]
    fn fill_space(&self, _: hid_t) -> Result<()> {
        match self.handles_space() {
            true => Err(older("strategies for file space")),
            false => Ok(()),
        }
    }
}

/// The bounds of a file access list. The lock is held.
pub(super) fn libver_of(list: hid_t) -> Result<(Libver, Libver)> {
    let (mut low, mut high) = (H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    // SAFETY: the list is one for accessing files, and open; both places are writable.
    check(unsafe { H5Pget_libver_bounds(list, &mut low, &mut high) })?;
    Ok((Libver::of(low), Libver::of(high)))
}
