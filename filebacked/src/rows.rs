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

    /// Returns the values as contiguous slices, if the rows were made of several slices and were not
    /// projected since.
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
        let mut number = 0;
        while let Some(Run { base, stride, len }) = self.form.run(number) {
            let mut i = 0;
            while i < len {
                // SAFETY: the constructors and `project` guarantee a live `T` at each of these
                // addresses for `'a`.
                f(unsafe { &*base.wrapping_add(i * stride).cast::<T>() })?;
                i += 1;
            }
            number += 1;
        }
        Ok(())
    }

    /// Iterates over the values. [`Rows::for_each`] is faster for all of them.
    pub fn iter(self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        Iter { addresses: Addresses { form: self.form, run: 0, i: 0 }, rows: PhantomData }
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
    #[inline]
    pub fn project<F>(self, field: impl for<'x> Fn(&'x T) -> &'x F) -> Rows<'a, F> {
        let mut part = Part { first: None, same: true };
        let mut number = 0;
        while let Some(Run { base, stride, len }) = self.form.run(number) {
            let (mut address, mut left) = (base, len);
            while left > 0 {
                // SAFETY: the constructors and `project` guarantee a live `T` at each of these
                // addresses for `'a`.
                let value = unsafe { &*address.cast::<T>() };
                part.note(address, (field(value) as *const F).cast());
                address = address.wrapping_add(stride);
                left = left.wrapping_sub(1);
            }
            number = number.wrapping_add(1);
        }
        Rows::new(self.form.shifted(part.offset(size_of::<T>(), size_of::<F>())))
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

/// The part of every value that `project` finds.
struct Part {
    first: Option<usize>,
    same: bool,
}

impl Part {
    #[inline]
    fn note(&mut self, value: *const u8, part: *const u8) {
        let offset = (part as usize).wrapping_sub(value as usize);
        match self.first {
            None => self.first = Some(offset),
            Some(first) => self.same &= first == offset,
        }
    }

    /// Where the part lies in each value: the same place, inside it.
    #[inline]
    fn offset(&self, whole: usize, part: usize) -> usize {
        let offset = self.first.unwrap_or(0);
        let inside = offset.checked_add(part).is_some_and(|end| end <= whole);
        assert!(
            self.first.is_none() || self.same && inside,
            "Rows::project wants the same field of every value"
        );
        offset
    }
}

/// Values at equal distances.
struct Run {
    base: *const u8,
    stride: usize,
    len: usize,
}

impl<'a> Form<'a> {
    /// The values in runs, one after another.
    #[inline]
    fn run(&self, number: usize) -> Option<Run> {
        match *self {
            Form::Strided { base, stride, len } => {
                if number == 0 {
                    Some(Run { base, stride, len })
                } else {
                    None
                }
            }
            Form::Refs { pointers, offset } => {
                let pointer = pointers.get(number)?;
                Some(Run { base: pointer.wrapping_add(offset), stride: 0, len: 1 })
            }
            Form::Runs { runs, stride, offset, .. } => {
                let run = runs.get(number)?;
                let base = run.cast::<u8>().wrapping_add(offset);
                Some(Run { base, stride, len: run.len() })
            }
        }
    }

    /// The same with what lies `by` bytes behind.
    ///
    /// The caller knows that this is inside every value: then the new addresses are live for as
    /// long as the values are.
    #[inline]
    fn shifted(self, by: usize) -> Form<'a> {
        match self {
            Form::Strided { base, stride, len } => {
                Form::Strided { base: base.wrapping_add(by), stride, len }
            }
            Form::Refs { pointers, offset } => Form::Refs { pointers, offset: offset + by },
            Form::Runs { runs, len, stride, offset } => {
                Form::Runs { runs, len, stride, offset: offset + by }
            }
        }
    }
}

/// The addresses of rows, one by one.
struct Addresses<'a> {
    form: Form<'a>,
    run: usize,
    i: usize,
}

impl Addresses<'_> {
    #[inline]
    fn next(&mut self) -> Option<*const u8> {
        while let Some(Run { base, stride, len }) = self.form.run(self.run) {
            if self.i < len {
                self.i += 1;
                return Some(base.wrapping_add((self.i - 1) * stride));
            }
            (self.run, self.i) = (self.run + 1, 0);
        }
        None
    }
}

/// The values of a vector, one by one: as its `into_iter`, which is much more code for each type.
pub struct Column<T> {
    /// Its memory. Its length is 0: the values from `next` on belong to `Column`.
    values: Vec<T>,
    next: usize,
    end: usize,
}

impl<T> Column<T> {
    /// Takes the values.
    pub fn new(mut values: Vec<T>) -> Self {
        let end = values.len();
        // SAFETY: 0 is in any capacity, and no value is needed for it.
        unsafe { values.set_len(0) };
        Column { values, next: 0, end }
    }

    /// Returns the next value.
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Option<T> {
        if self.next == self.end {
            return None;
        }
        let place = self.next;
        self.next += 1;
        // SAFETY: the place is below the length that the vector had, its value has not been taken,
        // and the vector does not know of it.
        Some(unsafe { self.values.as_ptr().add(place).read() })
    }
}

impl<T> Drop for Column<T> {
    fn drop(&mut self) {
        while let Some(value) = self.next() {
            drop(value);
        }
    }
}

impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column<{}>({})", std::any::type_name::<T>(), self.end - self.next)
    }
}

struct Iter<'a, T> {
    addresses: Addresses<'a>,
    rows: PhantomData<&'a [T]>,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        match self.addresses.next() {
            // SAFETY: the constructors and `project` guarantee a live `T` at each of these
            // addresses for `'a`.
            Some(address) => Some(unsafe { &*address.cast::<T>() }),
            None => None,
        }
    }
}

impl<'a, T> From<&'a [T]> for Rows<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Rows::slice(values)
    }
}
