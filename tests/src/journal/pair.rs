//! [`Pair`]: a data file and a log in memory, with all their changes.

use super::Random;
use filebacked_storage::error::Result;
use filebacked_storage::journal::{Files, Held, Part};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A change of a pair of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Write(Part, u64, Vec<u8>),
    Resize(Part, u64),
    Flush(Part),
    FlushNames,
    /// The log was removed.
    Release,
    /// Something that the test wants to know the place of.
    Note(&'static str),
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The call of this number that changes something fails, with this error of the system.
    Once(usize, i32),
    /// That call and all later ones.
    Always(usize, i32),
    /// Flushes of this number within each commit do nothing.
    Skip(usize),
    /// Writes move half of their bytes, and every third call is interrupted.
    Short,
}

/// The bytes of both files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub data: Vec<u8>,
    pub log: Vec<u8>,
}

/// The two files. Clones are the same files.
#[derive(Debug, Clone)]
pub struct Pair(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    now: Snapshot,
    first: Snapshot,
    ops: Vec<Op>,
    calls: usize,
    flushes: usize,
    fault: Fault,
    held: Held,
    readers: bool,
    identity: (u64, u64),
    is_named: bool,
}

impl Pair {
    /// Files with these bytes.
    pub fn new(now: Snapshot) -> Self {
        Pair(Arc::new(Mutex::new(Inner {
            first: now.clone(),
            now,
            ops: Vec::new(),
            calls: 0,
            flushes: 0,
            fault: Fault::None,
            held: Held::Shared,
            readers: false,
            identity: (1, 7),
            is_named: true,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets calls from now on go wrong.
    pub fn fail(&self, fault: Fault) {
        let mut inner = self.inner();
        (inner.fault, inner.calls) = (fault, 0);
    }

    /// The number of changing calls since [`fail`](Pair::fail).
    pub fn calls(&self) -> usize {
        self.inner().calls
    }

    /// Whether another program reads the data file.
    pub fn set_readers(&self, readers: bool) {
        self.inner().readers = readers;
    }

    /// Gives the data file another identity.
    pub fn set_identity(&self, identity: (u64, u64)) {
        self.inner().identity = identity;
    }

    /// Gives the name of the data file to another file, or back.
    pub fn set_named(&self, is_named: bool) {
        self.inner().is_named = is_named;
    }

    /// Notes a place between the changes.
    pub fn note(&self, what: &'static str) {
        let mut inner = self.inner();
        inner.ops.push(Op::Note(what));
        inner.flushes = 0;
    }

    /// The files now.
    pub fn now(&self) -> Snapshot {
        self.inner().now.clone()
    }

    /// Changes the data file behind the back of the journal.
    pub fn meddle(&self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.inner().now.data);
    }

    /// All changes.
    pub fn ops(&self) -> Vec<Op> {
        self.inner().ops.clone()
    }

    /// The files after so many changes, and a part of the bytes of the next.
    pub fn killed(&self, ops: usize, torn: usize) -> Snapshot {
        let inner = self.inner();
        let mut files = inner.first.clone();
        inner.ops.iter().take(ops).for_each(|op| files.apply(op));
        if let Some(Op::Write(part, at, bytes)) = inner.ops.get(ops) {
            files.apply(&Op::Write(*part, *at, bytes[..torn.min(bytes.len())].to_vec()));
        }
        files
    }

    /// The files after power is lost after so many changes: any 512-byte sector and any length that
    /// was not flushed may be there.
    pub fn without_power(&self, ops: usize, random: &mut Random) -> Snapshot {
        let inner = self.inner();
        let mut files = inner.first.clone();
        let done = &inner.ops[..ops];
        let way = random.below(4);
        for (at, op) in done.iter().enumerate() {
            let (Op::Write(part, ..) | Op::Resize(part, _)) = op else { continue };
            let is_safe = done[at..].contains(&Op::Flush(*part));
            match op {
                _ if is_safe || way == 0 => files.apply(op),
                _ if way == 1 => {}
                Op::Write(part, offset, bytes) => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let sector = 512 - (*offset as usize + from) % 512;
                        let to = bytes.len().min(from + sector);
                        if random.below(2) == 0 {
                            let part_of = bytes[from..to].to_vec();
                            files.apply(&Op::Write(*part, offset + from as u64, part_of));
                        }
                        from = to;
                    }
                }
                op if random.below(2) == 0 => files.apply(op),
                _ => {}
            }
        }
        files
    }
}

impl Snapshot {
    fn part(&mut self, part: Part) -> &mut Vec<u8> {
        match part {
            Part::Data => &mut self.data,
            Part::Log => &mut self.log,
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Write(part, at, bytes) => {
                let (from, to) = (*at as usize, *at as usize + bytes.len());
                let file = self.part(*part);
                file.resize(file.len().max(to), 0);
                file[from..to].copy_from_slice(bytes);
            }
            Op::Resize(part, size) => self.part(*part).resize(*size as usize, 0),
            Op::Release => self.log.clear(),
            Op::Flush(_) | Op::FlushNames | Op::Note(_) => {}
        }
    }
}

impl Inner {
    /// A call that changes something; how many of its bytes it moves.
    fn call(&mut self, len: usize) -> io::Result<usize> {
        let call = self.calls;
        self.calls += 1;
        match self.fault {
            Fault::Once(at, code) if call == at => Err(io::Error::from_raw_os_error(code)),
            Fault::Always(at, code) if call >= at => Err(io::Error::from_raw_os_error(code)),
            Fault::Short if call.is_multiple_of(3) => Err(io::ErrorKind::Interrupted.into()),
            Fault::Short => Ok(len.div_ceil(2)),
            _ => Ok(len),
        }
    }

    fn done(&mut self, op: Op) {
        self.now.apply(&op);
        self.ops.push(op);
    }
}

impl Files for Pair {
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.inner();
        let file = inner.now.part(part);
        let from = (offset as usize).min(file.len());
        let len = buffer.len().min(file.len() - from);
        buffer[..len].copy_from_slice(&file[from..from + len]);
        Ok(len)
    }

    fn write_at(&mut self, part: Part, offset: u64, data: &[u8]) -> io::Result<usize> {
        let mut inner = self.inner();
        let len = inner.call(data.len())?;
        inner.done(Op::Write(part, offset, data[..len].to_vec()));
        Ok(len)
    }

    fn size(&self, part: Part) -> io::Result<u64> {
        Ok(self.inner().now.part(part).len() as u64)
    }

    fn set_size(&mut self, part: Part, size: u64) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.fault != Fault::Short {
            inner.call(0)?;
        }
        inner.done(Op::Resize(part, size));
        Ok(())
    }

    fn flush(&mut self, part: Part) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.fault != Fault::Short {
            inner.call(0)?;
        }
        inner.flushes += 1;
        if inner.fault != Fault::Skip(inner.flushes) {
            inner.done(Op::Flush(part));
        }
        Ok(())
    }

    fn flush_names(&mut self) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.fault != Fault::Short {
            inner.call(0)?;
        }
        inner.done(Op::FlushNames);
        Ok(())
    }

    fn copy(&mut self, from: u64, to: u64, len: u64) -> io::Result<()> {
        let bytes = {
            let mut inner = self.inner();
            let bytes = inner.now.part(Part::Log)[from as usize..(from + len) as usize].to_vec();
            if inner.fault != Fault::Short {
                inner.call(bytes.len())?;
            }
            bytes
        };
        self.inner().done(Op::Write(Part::Data, to, bytes));
        Ok(())
    }

    fn reserve(&mut self, _: &[(u64, u64)]) -> io::Result<()> {
        Ok(())
    }

    fn lock(&mut self, alone: bool) -> io::Result<Held> {
        let mut inner = self.inner();
        inner.held = if alone && !inner.readers { Held::Alone } else { Held::Shared };
        Ok(inner.held)
    }

    fn is_named(&self) -> io::Result<bool> {
        Ok(self.inner().is_named)
    }

    fn identity(&self) -> (u64, u64) {
        self.inner().identity
    }

    fn release(&mut self) -> Result<()> {
        self.inner().done(Op::Release);
        Ok(())
    }

    fn log_name(&self) -> String {
        "state.h5-journal".into()
    }
}
