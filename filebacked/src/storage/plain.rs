//! Elements that are in memory what they are on disk, and buffers that the engine fills.

use super::{Description, Handle, Source, huge_pages};
use crate::error::{Error, ErrorKind, Result};
use std::mem::MaybeUninit;

/// A type whose memory is its form on disk, on little-endian machines.
///
/// # Safety
///
/// Every bit pattern is a value, and there is no padding.
pub(crate) unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($t:ty),*) => {
        $(
            // SAFETY: numbers have no padding, and every bit pattern is a number.
            unsafe impl Plain for $t {}
        )*
    };
}
plain!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64);

#[cfg(target_endian = "big")]
compile_error!("filebacked moves bytes between memory and file as little-endian machines have them");

/// The bytes of elements.
pub(crate) fn as_bytes<T: Plain>(elements: &[T]) -> &[u8] {
    // SAFETY: `Plain` types have no padding, so every byte is initialised; the length is that of the slice.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
}

/// Reads all elements of a dataset or attribute into a new vector. `T` is one element, or `u8` for the bytes of all.
pub(crate) fn read_vec<T: Plain>(source: &dyn Source, handle: Handle, description: &Description) -> Result<Vec<T>> {
    fill_vec(description, |out| source.read(handle, &description.dtype, out))
}

/// The bytes of records whose members are read one by one, so that some of them may be unreadable.
pub(crate) fn read_records(source: &dyn Source, handle: Handle, description: &Description) -> Result<Vec<u8>> {
    filled(description, |out| source.read(handle, &description.dtype, out))
}

/// A new vector of all elements that are described. `fill` initialises every byte, or gives an error.
pub(crate) fn fill_vec<T: Plain>(
    description: &Description,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<()>,
) -> Result<Vec<T>> {
    if !description.dtype.is_plain() {
        let what = format!("elements of type {} cannot be read", description.dtype);
        return Err(Error::new(ErrorKind::Unsupported(what)));
    }
    filled(description, fill)
}

fn filled<T: Plain>(
    description: &Description,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<()>,
) -> Result<Vec<T>> {
    let bytes = description.elements().and_then(|n| n.checked_mul(description.dtype.size()));
    let Some(bytes) = bytes.filter(|bytes| isize::try_from(*bytes).is_ok()) else {
        return Err(ErrorKind::Damaged(format!("a dataset of shape {:?}", description.shape)).into());
    };
    if !bytes.is_multiple_of(size_of::<T>()) {
        return Err(Error::mismatch(format!("elements of {} bytes", size_of::<T>()), description.dtype.to_string()));
    }
    let len = bytes / size_of::<T>();
    let mut elements: Vec<T> = Vec::new();
    let refused = |_| Error::new(ErrorKind::Limit(format!("no memory for {bytes} bytes")));
    elements.try_reserve_exact(len).map_err(refused)?;
    if bytes > 0 {
        huge_pages::advise(&mut elements);
        let spare: &mut [MaybeUninit<T>] = &mut elements.spare_capacity_mut()[..len];
        // SAFETY: uninitialised elements may be seen as uninitialised bytes; the length is theirs.
        let out = unsafe { std::slice::from_raw_parts_mut(spare.as_mut_ptr().cast::<MaybeUninit<u8>>(), bytes) };
        fill(out)?;
    }
    // SAFETY: `fill` promises that all bytes are initialised, and every bit pattern is a `T`.
    unsafe { elements.set_len(len) };
    Ok(elements)
}

/// Reads a scalar that is exactly of this type, where the engine can in one step.
#[inline]
pub(crate) fn read_scalar<T: Plain>(source: &dyn Source, handle: Handle, dtype: &super::Dtype) -> Result<Option<T>> {
    let mut element = MaybeUninit::<T>::uninit();
    // SAFETY: an uninitialised element may be seen as uninitialised bytes; the length is its size.
    let out = unsafe { std::slice::from_raw_parts_mut(element.as_mut_ptr().cast::<MaybeUninit<u8>>(), size_of::<T>()) };
    if !source.scalar(handle, dtype, out)? {
        return Ok(None);
    }
    // SAFETY: where `Source::scalar` says so, all bytes are initialised, and every bit pattern is a `T`.
    Ok(Some(unsafe { element.assume_init() }))
}

/// The bytes of elements of a generic type that is one of the integers of 4 or 8 bytes.
#[cfg(feature = "sprs")]
pub(crate) fn integer_bytes<I>(elements: &[I]) -> Option<&[u8]> {
    use std::any::TypeId;
    let integers = [
        TypeId::of::<u32>(),
        TypeId::of::<i32>(),
        TypeId::of::<u64>(),
        TypeId::of::<i64>(),
        TypeId::of::<usize>(),
        TypeId::of::<isize>(),
    ];
    if !integers.contains(&typeid::of::<I>()) {
        return None;
    }
    // SAFETY: none of these types has a lifetime, so `I` is that integer, of which every byte is initialised.
    Some(unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) })
}
