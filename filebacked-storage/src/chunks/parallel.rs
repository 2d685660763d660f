//! Work on all cores, for callers who hold locks: what runs on other threads takes none, and these
//! threads do nothing else.
//!
//! Threads of the caller's own pool may all wait for a lock that the caller holds, and one of them
//! that waits for work may do other work of that pool meanwhile, in the middle of the caller's.

#[cfg(chunks_coded_here)]
use super::line::Line;
use crate::error::Result;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Bytes of chunks that each thread has before it at a time.
#[cfg(chunks_coded_here)]
const AHEAD: usize = 4 << 20;

/// One of these for each thread that is to work on `n` things.
pub(super) fn lanes<L: Default>(n: usize) -> Vec<L> {
    std::iter::repeat_with(L::default).take(n.min(rayon::current_num_threads()).max(1)).collect()
}

/// Threads that only do what is handed over here, as many as rayon would use.
static POOL: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let threads = ThreadPoolBuilder::new().num_threads(rayon::current_num_threads());
    threads.thread_name(|k| format!("filebacked {k}")).build().ok()
});

/// Work for another thread, which may never run.
type Job<'env> = Box<dyn FnOnce() + Send + 'env>;

/// Lets jobs be handed to other threads while something is done, and returns when all of that is
/// done.
fn beside<'env, R>(act: impl FnOnce(&dyn Fn(Job<'env>)) -> R) -> R {
    // Where a thread of any pool waits for a scope of rayon, it does what else its pool has to do.
    if rayon::current_thread_index().is_none()
        && let Some(pool) = &*POOL
    {
        return pool.in_place_scope(|scope| act(&|job| scope.spawn(|_| job())));
    }
    std::thread::scope(|scope| {
        act(&|job| {
            // Without memory for a thread, the caller does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, job);
        })
    })
}

/// Does the work of each item, with a lane for each thread. The first error, in the order of the
/// items, ends it.
pub(super) fn each<L: Send, T: Send>(
    lanes: &mut [L],
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(&mut L, T) -> Result<()> + Sync,
) -> Result<()> {
    let Some((own, others)) = lanes.split_first_mut() else { return Ok(()) };
    let (items, failed) = (Mutex::new(items.enumerate()), Mutex::new(None));
    let run = |lane: &mut L| {
        while let Some((k, item)) = next(&items) {
            if let Err(error) = work(lane, item) {
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if failed.as_ref().is_none_or(|(first, _)| k < *first) {
                    *failed = Some((k, error));
                }
                return;
            }
        }
    };
    if others.is_empty() {
        run(own);
    } else {
        beside(|spawn| {
            for lane in others {
                spawn(Box::new(|| run(lane)));
            }
            run(own);
        });
    }
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn next<T>(items: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    items.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// Makes `count` things of about `bytes` bytes each on all cores, some of them ahead, and hands
/// them over in order, on this thread, which makes some itself while the next one is not there.
#[cfg(chunks_coded_here)]
pub(super) fn in_order<L: Send, S: Default + Send>(
    lanes: &mut [L],
    count: usize,
    bytes: usize,
    make: impl Fn(&mut L, &mut S, usize) -> Result<()> + Sync,
    mut hand_over: impl FnMut(usize, &S) -> Result<()>,
) -> Result<()> {
    let ahead = (AHEAD * lanes.len() / bytes.max(1)).max(2 * lanes.len());
    let Some((own, others)) = lanes.split_first_mut() else { return Ok(()) };
    let line = Line::new(others, count, ahead);
    let (line, make) = (&line, &make);
    beside(|spawn| {
        line.run(own, make, &mut hand_over, |lane| spawn(Box::new(move || line.work(lane, make))))
    })
}

#[cfg(all(test, chunks_coded_here))]
mod tests {
    use super::{each, in_order};
    use crate::error::ErrorKind;

    #[test]
    fn things_come_in_order() {
        for lanes in 1..4 {
            for count in [0, 1, 2, 5, 100] {
                for bytes in [0, 1, 1 << 20, 1 << 30] {
                    let mut seen = Vec::new();
                    let mut lanes = vec![(); lanes];
                    let result = in_order(
                        &mut lanes,
                        count,
                        bytes,
                        |_, slot, k| {
                            *slot = k * 2;
                            Ok(())
                        },
                        |k, slot: &usize| {
                            seen.push((k, *slot));
                            Ok(())
                        },
                    );
                    result.unwrap();
                    assert_eq!(seen, (0..count).map(|k| (k, k * 2)).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn the_first_error_counts() {
        for lanes in 1..4 {
            let result = each(&mut vec![(); lanes], 0..100, |_, k| match k {
                30.. => Err(ErrorKind::Damaged(k.to_string()).into()),
                _ => Ok(()),
            });
            assert_eq!(*result.unwrap_err().kind(), ErrorKind::Damaged("30".into()));
            let all = in_order(
                &mut vec![(); lanes],
                100,
                1 << 20,
                |_, _, _| Ok(()),
                |k, (): &()| match k {
                    30.. => Err(ErrorKind::Damaged(k.to_string()).into()),
                    _ => Ok(()),
                },
            );
            assert_eq!(*all.unwrap_err().kind(), ErrorKind::Damaged("30".into()));
        }
    }
}
