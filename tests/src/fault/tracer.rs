//! [`Run`]: a program under ptrace, in which one call goes wrong.

use super::call::{Call, Entry};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

/// What happens at one of the calls that change something, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The program is gone before the call is made.
    Kill(usize),
    /// The call fails with an error of the system.
    Error(usize, i32),
    /// The call and all of its kind behind it fail: a disk that is full stays full.
    Errors(usize, i32),
    /// Only half of what is to be written is.
    Short(usize),
}

impl Fault {
    fn at(self) -> Option<usize> {
        match self {
            Fault::None => None,
            Fault::Kill(at) | Fault::Error(at, _) | Fault::Errors(at, _) | Fault::Short(at) => {
                Some(at)
            }
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ended {
    /// With this code.
    Exited(i32),
    /// By the fault.
    Killed,
    /// By a signal that nobody asked for.
    Crashed(i32),
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    pub ended: Ended,
    /// The calls that changed something, as far as it came.
    pub calls: Vec<Call>,
}

/// A program whose calls are watched.
#[derive(Debug)]
pub struct Run<'a> {
    /// What is not below this directory does not count.
    pub below: &'a Path,
    pub fault: Fault,
}

/// What a thread is in the middle of.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Nothing,
    /// A call that will be made.
    Call,
    /// A call that is not made, and returns this.
    Skipped(i64),
}

impl Run<'_> {
    /// Runs the program to its end.
    pub fn of(&self, command: &mut Command) -> io::Result<Outcome> {
        // SAFETY: between fork and exec only this system call is made.
        unsafe {
            command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            });
        }
        let child = command.spawn()?.id() as libc::pid_t;
        let first = wait(child)?;
        assert!(first.stopped_signal().is_some(), "the program did not start: {first:?}");
        let options = libc::PTRACE_O_TRACESYSGOOD
            | libc::PTRACE_O_TRACECLONE
            | libc::PTRACE_O_TRACEFORK
            | libc::PTRACE_O_TRACEVFORK
            | libc::PTRACE_O_EXITKILL;
        request(libc::PTRACE_SETOPTIONS, child, options as usize)?;
        let mut watch =
            Watch { run: self, calls: Vec::new(), threads: vec![(child, Inside::Nothing)] };
        let ended = watch.follow(child);
        if ended.is_err() {
            // SAFETY: the child is ours, and has not been waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        Ok(Outcome { ended: ended?, calls: watch.calls })
    }
}

struct Watch<'a> {
    run: &'a Run<'a>,
    calls: Vec<Call>,
    threads: Vec<(libc::pid_t, Inside)>,
}

impl Watch<'_> {
    fn follow(&mut self, child: libc::pid_t) -> io::Result<Ended> {
        request(libc::PTRACE_SYSCALL, child, 0)?;
        loop {
            let (thread, status) = wait_any()?;
            let Some(signal) = status.stopped_signal() else {
                self.threads.retain(|(known, _)| *known != thread);
                match (thread == child, status.code(), status.signal()) {
                    (false, ..) => continue,
                    (true, Some(code), _) => return Ok(Ended::Exited(code)),
                    (true, None, signal) => return Ok(Ended::Crashed(signal.unwrap_or(0))),
                }
            };
            let deliver = match signal {
                stop if stop == libc::SIGTRAP | 0x80 => {
                    let over = match self.call(thread) {
                        // While its stop was reported, another thread ended the program.
                        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => continue,
                        over => over?,
                    };
                    if over {
                        // SAFETY: the child is ours, and has not been waited for.
                        unsafe { libc::kill(child, libc::SIGKILL) };
                        while !matches!(wait_any()?, (gone, status) if gone == child && status.stopped_signal().is_none())
                        {
                        }
                        return Ok(Ended::Killed);
                    }
                    0
                }
                // What ptrace itself tells, and the first stop of a new thread.
                libc::SIGTRAP | libc::SIGSTOP => 0,
                signal => signal as usize,
            };
            // A thread may be gone with its process in the meantime.
            let _ = request(libc::PTRACE_SYSCALL, thread, deliver);
        }
    }

    /// A thread enters or leaves a call; whether all is over.
    fn call(&mut self, thread: libc::pid_t) -> io::Result<bool> {
        let place = match self.threads.iter().position(|(known, _)| *known == thread) {
            Some(place) => place,
            None => {
                self.threads.push((thread, Inside::Nothing));
                self.threads.len() - 1
            }
        };
        let mut registers = registers(thread)?;
        match self.threads[place].1 {
            Inside::Call => self.threads[place].1 = Inside::Nothing,
            Inside::Skipped(result) => {
                registers.rax = result as u64;
                set_registers(thread, &registers)?;
                self.threads[place].1 = Inside::Nothing;
            }
            Inside::Nothing => {
                self.threads[place].1 = Inside::Call;
                let arguments = [
                    registers.rdi,
                    registers.rsi,
                    registers.rdx,
                    registers.r10,
                    registers.r8,
                    registers.r9,
                ];
                let entry = Entry { thread, number: registers.orig_rax as i64, arguments };
                let Some(call) = entry.decode(self.run.below)? else { return Ok(false) };
                let number = self.calls.len();
                let is_write =
                    matches!(call, Call::Write { .. } | Call::Resize { .. } | Call::Create { .. });
                self.calls.push(call);
                let now = self.run.fault.at() == Some(number);
                match self.run.fault {
                    Fault::Kill(_) if now => return Ok(true),
                    Fault::Error(_, code) if now => self.skip(place, &mut registers, code)?,
                    Fault::Errors(at, code) if number >= at && is_write => {
                        self.skip(place, &mut registers, code)?
                    }
                    Fault::Short(_)
                        if now
                            && matches!(entry.number, libc::SYS_write | libc::SYS_pwrite64)
                            && registers.rdx > 1 =>
                    {
                        registers.rdx /= 2;
                        set_registers(thread, &registers)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(false)
    }

    /// Lets a call not be made and fail.
    fn skip(
        &mut self,
        place: usize,
        registers: &mut libc::user_regs_struct,
        code: i32,
    ) -> io::Result<()> {
        registers.orig_rax = u64::MAX;
        self.threads[place].1 = Inside::Skipped(-i64::from(code));
        set_registers(self.threads[place].0, registers)
    }
}

/// A request without an address.
fn request(what: libc::c_uint, thread: libc::pid_t, data: usize) -> io::Result<()> {
    // SAFETY: such requests read no memory of ours.
    match unsafe { libc::ptrace(what, thread, 0usize, data) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn registers(thread: libc::pid_t) -> io::Result<libc::user_regs_struct> {
    // SAFETY: all bytes of the registers are numbers.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    // SAFETY: the place for the registers is writable.
    match unsafe { libc::ptrace(libc::PTRACE_GETREGS, thread, 0usize, &raw mut registers) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(registers),
    }
}

fn set_registers(thread: libc::pid_t, registers: &libc::user_regs_struct) -> io::Result<()> {
    // SAFETY: the registers are readable.
    match unsafe {
        libc::ptrace(
            libc::PTRACE_SETREGS,
            thread,
            0usize,
            registers as *const libc::user_regs_struct,
        )
    } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn wait(thread: libc::pid_t) -> io::Result<ExitStatus> {
    waited(thread).map(|(_, status)| status)
}

/// Waits for any thread that this thread traces.
fn wait_any() -> io::Result<(libc::pid_t, ExitStatus)> {
    waited(-1)
}

fn waited(thread: libc::pid_t) -> io::Result<(libc::pid_t, ExitStatus)> {
    let mut status = 0;
    // SAFETY: the place for the status is writable.
    match unsafe { libc::waitpid(thread, &raw mut status, libc::__WALL | libc::__WNOTHREAD) } {
        -1 => Err(io::Error::last_os_error()),
        thread => Ok((thread, ExitStatus::from_raw(status))),
    }
}
