//! [`Workspace`]: what one thread codes with.

use std::any::Any;

/// The contexts and buffers of codecs, kept from one chunk to the next. One for each thread.
#[derive(Default)]
pub struct Workspace {
    states: Vec<Box<dyn Any + Send>>,
}

impl Workspace {
    /// The state of a type, made when it is first asked for.
    #[cfg_attr(not(feature = "compress"), allow(dead_code))]
    pub(super) fn state<T: Any + Send + Default>(&mut self) -> &mut T {
        let at = self.states.iter().position(|state| state.is::<T>());
        let at = at.unwrap_or_else(|| {
            self.states.push(Box::new(T::default()));
            self.states.len() - 1
        });
        match self.states[at].downcast_mut() {
            Some(state) => state,
            None => unreachable!("the state was found by its type"),
        }
    }
}
