//! Work on all cores, for callers who hold locks: what runs on other threads takes none.

use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// Bytes of chunks that each thread has before it at a time.
const AHEAD: usize = 4 << 20;

/// One of these for each thread that is to work on `n` things.
pub(super) fn lanes<L: Default>(n: usize) -> Vec<L> {
    std::iter::repeat_with(L::default).take(n.min(rayon::current_num_threads()).max(1)).collect()
}

/// Does the work of each item, with a lane for each thread. The first error, in the order of the items, ends it.
pub(super) fn each<L: Send, T: Send>(
    lanes: &mut [L],
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(&mut L, T) -> Result<()> + Sync,
) -> Result<()> {
    if let [lane] = lanes {
        return items.into_iter().try_for_each(|item| work(lane, item));
    }
    let items = Mutex::new(items.enumerate());
    let failed = Mutex::new(None);
    rayon::in_place_scope(|scope| {
        for lane in lanes {
            scope.spawn(|_| {
                while let Some((k, item)) = next(&items) {
                    if let Err(error) = work(lane, item) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        if failed.as_ref().is_none_or(|(first, _)| k < *first) {
                            *failed = Some((k, error));
                        }
                        return;
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn next<T>(items: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    items.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// Makes `count` things of about `bytes` bytes each, a window of them at a time on all cores, and hands them over in
/// order, on this thread, while the next window is made.
pub(super) fn in_order<L: Send, S: Default + Send + Sync>(
    lanes: &mut [L],
    count: usize,
    bytes: usize,
    make: impl Fn(&mut L, &mut S, usize) -> Result<()> + Sync,
    mut hand_over: impl FnMut(usize, &S) -> Result<()>,
) -> Result<()> {
    if let [lane] = lanes {
        let mut slot = S::default();
        return (0..count).try_for_each(|k| {
            make(lane, &mut slot, k)?;
            hand_over(k, &slot)
        });
    }
    let window = (AHEAD * lanes.len() / bytes.max(1)).max(lanes.len()).min(count).max(1);
    let slots = || std::iter::repeat_with(|| (S::default(), Ok(()))).take(window).collect::<Vec<(S, Result<()>)>>();
    let (mut making, mut made) = (slots(), slots());
    // In each round, the window from `start` on is made and the one before it is handed over.
    for start in (0..count + window).step_by(window) {
        let items = Mutex::new(making.iter_mut().zip(start..count));
        let mut result = Ok(());
        rayon::in_place_scope(|scope| {
            if start < count {
                for lane in lanes.iter_mut() {
                    scope.spawn(|_| {
                        while let Some((slot, k)) = next(&items) {
                            slot.1 = make(lane, &mut slot.0, k);
                        }
                    });
                }
            }
            if start > 0 {
                let before = start - window;
                let handed = made.iter_mut().zip(before..count.min(start));
                result = handed.into_iter().try_for_each(|((slot, made), k)| {
                    std::mem::replace(made, Ok(()))?;
                    hand_over(k, slot)
                });
            }
        });
        result?;
        std::mem::swap(&mut making, &mut made);
    }
    Ok(())
}

#[cfg(test)]
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
