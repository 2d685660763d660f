//! Things that are made by several threads and taken in order by one. Knows of no threads but by
//! their locks, so that a test can try every order in which they may run.

use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::collections::VecDeque;

/// A pipeline of items, in order.
pub(super) struct Line<'a, L, S, E> {
    state: Mutex<State<'a, L, S, E>>,
    /// Something was made.
    made: Condvar,
}

struct State<'a, L, S, E> {
    /// Things to be made, and how many may be made or begun before they are handed over.
    count: usize,
    ahead: usize,
    /// The first item that no thread has begun, and the first one that was not taken.
    next: usize,
    first: usize,
    /// From the first one on: what is made.
    made: VecDeque<Option<(S, Result<(), E>)>>,
    /// Reusable memory.
    spare: Vec<S>,
    /// Lanes on which nothing is made.
    idle: Vec<&'a mut L>,
}

impl<L, S, E> State<'_, L, S, E> {
    fn may_begin(&self) -> bool {
        self.next < self.count.min(self.first + self.ahead)
    }
}

impl<'a, L, S: Default, E> Line<'a, L, S, E> {
    /// Creates a pipeline of `count` items, with a limit for items that wait to be handed over.
    pub(super) fn new(lanes: &'a mut [L], count: usize, ahead: usize) -> Self {
        let (made, spare) = (VecDeque::new(), Vec::new());
        let state = State {
            count,
            ahead,
            next: 0,
            first: 0,
            made,
            spare,
            idle: lanes.iter_mut().collect(),
        };
        Line { state: Mutex::new(state), made: Condvar::new() }
    }

    /// Hands all things over in order, on this thread, which makes some itself while the next one
    /// is not there. `spawn` sees to it that somebody does the [`work`](Line::work) on a lane.
    pub(super) fn run(
        &self,
        own: &mut L,
        make: &impl Fn(&mut L, &mut S, usize) -> Result<(), E>,
        hand_over: &mut impl FnMut(usize, &S) -> Result<(), E>,
        mut spawn: impl FnMut(&'a mut L),
    ) -> Result<(), E> {
        let count = self.state().count;
        for k in 0..count {
            let (thing, result) = loop {
                while let Some(lane) = self.idle() {
                    spawn(lane);
                }
                if let Some(thing) = self.take() {
                    break thing;
                }
                match self.begin() {
                    Some((j, mut thing)) => {
                        let result = make(own, &mut thing, j);
                        self.finish(j, thing, result);
                    }
                    // Whoever makes it is at work, and waits for nothing.
                    None => self.wait(),
                }
            };
            if let Err(error) = result.and_then(|()| hand_over(k, &thing)) {
                self.stop();
                return Err(error);
            }
            self.state().spare.push(thing);
        }
        Ok(())
    }

    /// Makes things as long as there are some to be made. It never waits, so that threads are there
    /// for others.
    pub(super) fn work(
        &self,
        lane: &'a mut L,
        make: &impl Fn(&mut L, &mut S, usize) -> Result<(), E>,
    ) {
        while let Some((k, mut thing)) = self.begin() {
            let result = make(lane, &mut thing, k);
            self.finish(k, thing, result);
        }
        self.state().idle.push(lane);
    }

    fn state(&self) -> MutexGuard<'_, State<'a, L, S, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane for which there is work.
    fn idle(&self) -> Option<&'a mut L> {
        let mut state = self.state();
        if state.may_begin() { state.idle.pop() } else { None }
    }

    /// The first thing that was not taken, if it is made.
    fn take(&self) -> Option<(S, Result<(), E>)> {
        let mut state = self.state();
        let thing = state.made.front_mut()?.take()?;
        state.made.pop_front();
        state.first += 1;
        Some(thing)
    }

    /// The next thing to be made.
    fn begin(&self) -> Option<(usize, S)> {
        let mut state = self.state();
        if !state.may_begin() {
            return None;
        }
        state.made.push_back(None);
        state.next += 1;
        Some((state.next - 1, state.spare.pop().unwrap_or_default()))
    }

    fn finish(&self, k: usize, thing: S, result: Result<(), E>) {
        let mut state = self.state();
        let place = k - state.first;
        state.made[place] = Some((thing, result));
        drop(state);
        self.made.notify_one();
    }

    /// Waits until the first item is made, which a thread has begun.
    fn wait(&self) {
        let mut state = self.state();
        while matches!(state.made.front(), Some(None)) {
            state = self.made.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more is begun.
    fn stop(&self) {
        let mut state = self.state();
        state.count = state.next;
    }
}
