//! Errors are collected, so that a user sees all of them at once.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::Span;

/// The errors of one run of a derive. Has to be asked with [`Context::check`] before it is dropped.
pub(crate) struct Context {
    /// `None` once checked.
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Context {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Adds an error that points to `span`.
    pub(crate) fn error(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds an error of syn itself.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// All errors as one, if there are any.
    pub(crate) fn check(self) -> syn::Result<()> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        let all = errors.into_iter().reduce(|mut all, next| {
            all.combine(next);
            all
        });
        all.map_or(Ok(()), Err)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // An unread context would swallow the user's mistakes: that is a mistake of this crate.
        assert!(
            std::thread::panicking() || self.errors.borrow().is_none(),
            "the errors of a derive were not checked"
        );
    }
}
