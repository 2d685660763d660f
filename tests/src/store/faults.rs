//! A store that fails on request.

use filebacked::store::{Memory, ReadAt, Store};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes wrong, and when. Calls are counted from 0, whatever they ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Nothing: the calls are counted.
    None,
    /// From this call on, every call fails with this error of the operating system.
    Dies(usize, i32),
    /// This call fails with this error of the operating system; the others do what they do.
    Once(usize, i32),
    /// From this call on, calls that change something fail with this error of the operating system.
    ReadOnly(usize, i32),
    /// The store holds so many bytes, and says that there is no space for more (`ENOSPC`).
    Quota(u64),
    /// This call panics.
    Panics(usize),
    /// The process ends at this call, as if it was killed.
    Aborts(usize),
    /// At most so many bytes are moved by one call, and every second call is interrupted (`EINTR`).
    Short(usize),
}

/// A store with a fault.
#[derive(Debug)]
pub struct Faulty<S = Memory> {
    store: S,
    fault: Fault,
    calls: AtomicUsize,
}

impl Faulty {
    /// Memory with a fault.
    pub fn new(fault: Fault) -> Self {
        Faulty::over(Memory::new(), fault)
    }
}

impl<S> Faulty<S> {
    /// A store that gets a fault.
    pub fn over(store: S, fault: Fault) -> Self {
        Faulty { store, fault, calls: AtomicUsize::new(0) }
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The store behind the fault.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store without the fault.
    pub fn into_inner(self) -> S {
        self.store
    }

    /// A call that wants the store to have so many bytes; how many it may move.
    fn call(&self, changes: bool, size: u64, len: usize) -> io::Result<usize> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let failed = |number| Err(io::Error::from_raw_os_error(number));
        match self.fault {
            Fault::Dies(at, number) if call >= at => failed(number),
            Fault::Once(at, number) if call == at => failed(number),
            Fault::ReadOnly(at, number) if call >= at && changes => failed(number),
            Fault::Quota(bytes) if changes && size > bytes => failed(ENOSPC),
            Fault::Panics(at) if call == at => panic!("call {at} of the store"),
            Fault::Aborts(at) if call == at => std::process::abort(),
            Fault::Short(_) if call % 2 == 1 => Err(io::ErrorKind::Interrupted.into()),
            Fault::Short(most) => Ok(len.min(most)),
            _ => Ok(len),
        }
    }
}

/// The number of "no space left on device".
const ENOSPC: i32 = 28;

impl<S: ReadAt> ReadAt for Faulty<S> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.call(false, 0, buffer.len())?;
        self.store.read_at(offset, &mut buffer[..len])
    }

    fn size(&self) -> io::Result<u64> {
        // It has no length that an interruption could shorten, and is not one that signals
        // interrupt.
        if !matches!(self.fault, Fault::Short(_)) {
            self.call(false, 0, 0)?;
        }
        self.store.size()
    }
}

impl<S: Store> Store for Faulty<S> {
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        let len = self.call(true, offset + data.len() as u64, data.len())?;
        self.store.write_at(offset, &data[..len])
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.call(true, size, 0)?;
        self.store.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.call(true, 0, 0)?;
        self.store.sync()
    }
}
