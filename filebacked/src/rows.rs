//! Many values of one type, anywhere in memory. A `Vec<Struct>` is split with it, field by field.

use std::fmt;
use std::marker::PhantomData;

/// Many values of one type: a slice, one field of every struct in a slice, references, or several
/// slices.
///
/// [`Save::write_rows`](crate::Save::write_rows) writes many values at once as rows. Rows borrow
/// and are `Copy`. [`Rows::project`] goes from structs to one of their fields without copying or
/// allocating:
///
/// ```
/// use filebacked::Rows;
///
/// let points = [(1, "a"), (2, "b")];
/// let numbers = Rows::slice(&points).project(|point| &point.0);
/// assert_eq!(numbers.iter().sum::<i32>(), 3);
/// ```
pub struct Rows<'a, T> {
    form: Form<'a>,
    rows: PhantomData<&'a [T]>,
}

/// Addresses only: `T` is known to [`Rows`], and what was projected away no longer matters.
#[derive(Clone, Copy)]
enum Form<'a> {
    /// `len` values, `stride` bytes apart.
    Strided { base: *const u8, stride: usize, len: usize },
    /// A value lies `offset` bytes behind each pointer.
    Refs { pointers: &'a [*const u8], offset: usize },
    /// Slices of values of `stride` bytes, whose used part starts at `offset` bytes. The pointers
    /// carry the number of values, not the declared type.
    Runs { runs: &'a [*const [u8]], len: usize, stride: usize, offset: usize },
}

impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Rows<'_, T> {}

impl<T> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows<{}>({})", std::any::type_name::<T>(), self.len())
    }
}

impl<'a, T> Rows<'a, T> {
    fn new(form: Form<'a>) -> Self {
        Rows { form, rows: PhantomData }
    }

    /// Creates rows from a slice.
    #[inline]
    pub fn slice(values: &'a [T]) -> Self {
        Rows::new(Form::Strided {
            base: values.as_ptr().cast(),
            stride: size_of::<T>(),
            len: values.len(),
        })
    }

    /// Creates rows from references.
    #[inline]
    pub fn refs(values: &'a [&'a T]) -> Self {
        // SAFETY: `&T` and `*const u8` have the same size and alignment for sized `T`, and any `&T`
        // is a valid pointer.
        let pointers = unsafe {
            std::slice::from_raw_parts(values.as_ptr().cast::<*const u8>(), values.len())
        };
        Rows::new(Form::Refs { pointers, offset: 0 })
    }

    /// Creates rows from several slices, one after another.
    #[inline]
    pub fn runs(values: &'a [&'a [T]]) -> Self {
        let len = values.iter().map(|run| run.len()).sum();
        // SAFETY: a reference to a slice and a raw pointer to a slice of another sized type are
        // both an address and a count; the count is kept, and nothing reads the elements as `u8`.
        let runs = unsafe {
            std::slice::from_raw_parts(values.as_ptr().cast::<*const [u8]>(), values.len())
        };
        Rows::new(Form::Runs { runs, len, stride: size_of::<T>(), offset: 0 })
    }

    /// Returns the number of values.
    #[inline]
    pub fn len(&self) -> usize {
        match self.form {
            Form::Strided { len, .. } | Form::Runs { len, .. } => len,
            Form::Refs { pointers, .. } => pointers.len(),
        }
    }

    /// Returns whether there are no values.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the values as one slice, if they are contiguous.
    #[inline]
    pub fn as_slice(&self) -> Option<&'a [T]> {
        match self.form {
            Form::Strided { base, stride, len } if stride == size_of::<T>() => {
                // SAFETY: `slice` and `project` guarantee `len` live values of `T`, `stride` bytes
                // apart, for `'a`.
                Some(unsafe { std::slice::from_raw_parts(base.cast(), len) })
            }
            _ => None,
        }
    }

    /// Returns the values as contiguous slices, if there are only a few.
    #[inline]
    pub fn pieces(&self) -> Option<impl Iterator<Item = &'a [T]> + use<'a, T>> {
        match self.form {
            Form::Runs { runs, stride, offset: 0, .. } if stride == size_of::<T>() => {
                // SAFETY: each run is a live slice of `T` for `'a`; `offset` 0 and equal strides
                // say nothing was projected away.
                Some(
                    runs.iter().map(|run| unsafe {
                        std::slice::from_raw_parts(run.cast::<T>(), run.len())
                    }),
                )
            }
            _ => None,
        }
    }

    /// Calls `f` for each value in order.
    #[inline(always)]
    pub fn for_each(self, mut f: impl FnMut(&'a T)) {
        let done: Result<(), std::convert::Infallible> = self.try_for_each(|value| {
            f(value);
            Ok(())
        });
        match done {
            Ok(()) => {}
        }
    }

    /// Calls `f` for each value in order, until it fails.
    ///
    /// # Errors
    ///
    /// The first error that `f` returns.
    #[inline(always)]
    pub fn try_for_each<E>(self, mut f: impl FnMut(&'a T) -> Result<(), E>) -> Result<(), E> {
        // SAFETY (all three): the constructors and `project` guarantee a live `T` at each of these
        // addresses for `'a`.
        match self.form {
            Form::Strided { base, stride, len } => {
                for i in 0..len {
                    // SAFETY: see above.
                    f(unsafe { &*base.add(i * stride).cast::<T>() })?;
                }
            }
            Form::Refs { pointers, offset } => {
                for pointer in pointers {
                    // SAFETY: see above.
                    f(unsafe { &*pointer.add(offset).cast::<T>() })?;
                }
            }
            Form::Runs { runs, stride, offset, .. } => {
                for run in runs {
                    for i in 0..run.len() {
                        // SAFETY: see above.
                        f(unsafe { &*run.cast::<u8>().add(i * stride + offset).cast::<T>() })?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Iterates over the values. [`Rows::for_each`] is faster for all of them.
    pub fn iter(self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (mut run, mut i) = (0, 0);
        std::iter::from_fn(move || {
            let address = match self.form {
                Form::Strided { base, stride, len } => {
                    (i < len).then(|| base.wrapping_add(i * stride))
                }
                Form::Refs { pointers, offset } => {
                    pointers.get(i).map(|pointer| pointer.wrapping_add(offset))
                }
                Form::Runs { runs, stride, offset, .. } => {
                    while runs.get(run).is_some_and(|values| i >= values.len()) {
                        (run, i) = (run + 1, 0);
                    }
                    runs.get(run)
                        .map(|values| values.cast::<u8>().wrapping_add(i * stride + offset))
                }
            }?;
            i += 1;
            // SAFETY: the constructors and `project` guarantee a live `T` at each of these
            // addresses for `'a`.
            Some(unsafe { &*address.cast::<T>() })
        })
    }

    /// Returns the same field of every value, without a copy.
    ///
    /// `field` is called for each value, and must return the same part of each: a field, a nested
    /// field, an element of an array. The compiler removes the check for such functions.
    ///
    /// # Panics
    ///
    /// If `field` returns different parts, or data outside the value (for example behind a `Box`).
    /// Only a mistake in the calling code causes this, never data. Generated code projects to
    /// fields only.
    #[inline(always)]
    pub fn project<F>(self, field: impl for<'x> Fn(&'x T) -> &'x F) -> Rows<'a, F> {
        let mut found = None;
        let mut same = true;
        self.for_each(|value| {
            let offset =
                (field(value) as *const F as usize).wrapping_sub(value as *const T as usize);
            match found {
                None => found = Some(offset),
                Some(first) => same &= first == offset,
            }
        });
        let offset = found.unwrap_or(0);
        let inside = offset.checked_add(size_of::<F>()).is_some_and(|end| end <= size_of::<T>());
        assert!(
            found.is_none() || (same && inside),
            "Rows::project wants the same field of every value"
        );
        // The offset is inside every value, so the new addresses are live `F`s for as long as the
        // values are.
        Rows::new(match self.form {
            Form::Strided { base, stride, len } => {
                Form::Strided { base: base.wrapping_add(offset), stride, len }
            }
            Form::Refs { pointers, offset: o } => Form::Refs { pointers, offset: o + offset },
            Form::Runs { runs, len, stride, offset: o } => {
                Form::Runs { runs, len, stride, offset: o + offset }
            }
        })
    }

    /// The same addresses as values of another type.
    ///
    /// # Safety
    ///
    /// `U` is `T`, or is laid out exactly as `T` and may be read where a `T` is.
    #[inline]
    pub(crate) unsafe fn cast<U>(self) -> Rows<'a, U> {
        Rows::new(self.form)
    }
}

impl<'a, T> From<&'a [T]> for Rows<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Rows::slice(values)
    }
}
