//! Elements that are in memory what they are on disk, and buffers that the engine fills.

use super::{Description, Handle, Source, huge_pages};
use crate::error::{Error, ErrorKind, Result};
use std::mem::MaybeUninit;

/// A type whose memory is its form on disk, on little-endian machines.
///
/// # Safety
///
/// Every bit pattern is a value, and there is no padding.
pub unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($t:ty),*) => {
        $(
            // SAFETY: numbers have no padding, and every bit pattern is a number.
            unsafe impl Plain for $t {}
        )*
    };
}
plain!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64);

#[cfg(feature = "half")]
mod of_half {
    // SAFETY: a transparent struct of a `u16`; every bit pattern is a float.
    unsafe impl super::Plain for half::f16 {}

    // SAFETY: as `f16`.
    unsafe impl super::Plain for half::bf16 {}
}

#[cfg(feature = "complex")]
mod of_complex {
    // SAFETY: two floats one after another (`repr(C)`), without padding.
    unsafe impl super::Plain for num_complex::Complex<f32> {}

    // SAFETY: as `Complex<f32>`.
    unsafe impl super::Plain for num_complex::Complex<f64> {}
}

#[cfg(target_endian = "big")]
compile_error!(
    "filebacked moves bytes between memory and file as little-endian machines have them"
);

/// The bytes of elements.
pub fn as_bytes<T: Plain>(elements: &[T]) -> &[u8] {
    // SAFETY: `Plain` types have no padding, so every byte is initialised; the length is that of
    // the slice.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
}

/// Reads all elements of a dataset or attribute into a new vector. `T` is one element, or `u8` for
/// the bytes of all.
pub fn read_vec<T: Plain>(
    source: &dyn Source,
    handle: Handle,
    description: &Description,
) -> Result<Vec<T>> {
    afford(source, handle, description)?;
    fill_vec(description, |out| source.read(handle, &description.dtype, out))
}

/// The bytes of records whose members are read one by one, so that some of them may be unreadable.
pub fn read_records(
    source: &dyn Source,
    handle: Handle,
    description: &Description,
) -> Result<Vec<u8>> {
    afford(source, handle, description)?;
    filled(description, |out| source.read(handle, &description.dtype, out))
}

fn afford(source: &dyn Source, handle: Handle, description: &Description) -> Result<()> {
    let bytes = description.elements().and_then(|n| n.checked_mul(description.dtype.size()));
    source.afford(handle, bytes.unwrap_or(usize::MAX))
}

/// A new vector of all elements that are described. `fill` initialises every byte, or gives an
/// error.
pub fn fill_vec<T: Plain>(
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
        return Err(
            ErrorKind::Damaged(format!("a dataset of shape {:?}", description.shape)).into()
        );
    };
    if !bytes.is_multiple_of(size_of::<T>()) {
        return Err(Error::mismatch(
            format!("elements of {} bytes", size_of::<T>()),
            description.dtype.to_string(),
        ));
    }
    let len = bytes / size_of::<T>();
    let mut elements: Vec<T> = Vec::new();
    let refused = |_| Error::new(ErrorKind::Limit(format!("no memory for {bytes} bytes")));
    elements.try_reserve_exact(len).map_err(refused)?;
    if bytes > 0 {
        huge_pages::advise(&mut elements);
        let spare: &mut [MaybeUninit<T>] = &mut elements.spare_capacity_mut()[..len];
        // SAFETY: uninitialised elements may be seen as uninitialised bytes; the length is theirs.
        let out = unsafe {
            std::slice::from_raw_parts_mut(spare.as_mut_ptr().cast::<MaybeUninit<u8>>(), bytes)
        };
        fill(out)?;
    }
    // SAFETY: `fill` promises that all bytes are initialised, and every bit pattern is a `T`.
    unsafe { elements.set_len(len) };
    Ok(elements)
}

/// Fills memory with all elements that are described. `fill` writes every byte, initialised, or
/// gives an error.
pub fn fill_slice<T: Plain>(
    description: &Description,
    out: &mut [T],
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<()>,
) -> Result<()> {
    if description.dtype.size() != size_of::<T>() || description.elements() != Some(out.len()) {
        return Err(ErrorKind::Contract(format!(
            "a buffer of {} elements for {description:?}",
            out.len()
        ))
        .into());
    }
    if out.is_empty() {
        return Ok(());
    }
    // SAFETY: elements may be seen as bytes that need not be initialised, as long as only
    // initialised ones are written to them, and `fill` writes no others; every bit pattern is a
    // `T`.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(
            out.as_mut_ptr().cast::<MaybeUninit<u8>>(),
            size_of_val::<[T]>(out),
        )
    };
    fill(bytes)
}

/// Reads a scalar that is exactly of this type, where the engine can in one step.
#[inline]
pub fn read_scalar<T: Plain>(
    source: &dyn Source,
    handle: Handle,
    dtype: &super::Dtype,
) -> Result<Option<T>> {
    let mut element = MaybeUninit::<T>::uninit();
    // SAFETY: an uninitialised element may be seen as uninitialised bytes; the length is its size.
    let out = unsafe {
        std::slice::from_raw_parts_mut(
            element.as_mut_ptr().cast::<MaybeUninit<u8>>(),
            size_of::<T>(),
        )
    };
    if !source.scalar(handle, dtype, out)? {
        return Ok(None);
    }
    // SAFETY: where `Source::scalar` says so, all bytes are initialised, and every bit pattern is a
    // `T`.
    Ok(Some(unsafe { element.assume_init() }))
}

/// Whether a generic type is one of the integers of 4 or 8 bytes, none of which has a lifetime.
fn is_integer<I>() -> bool {
    use std::any::TypeId;
    let integers = [
        TypeId::of::<u32>(),
        TypeId::of::<i32>(),
        TypeId::of::<u64>(),
        TypeId::of::<i64>(),
        TypeId::of::<usize>(),
        TypeId::of::<isize>(),
    ];
    integers.contains(&typeid::of::<I>())
}

/// Reads integers as a generic type that is an integer of the same size: their bits, whichever of
/// the two has a sign. `None`, and nothing read, where it is any other.
pub fn read_integers<I>(
    source: &dyn Source,
    handle: Handle,
    description: &Description,
) -> Result<Option<Vec<I>>> {
    fn as_vec<T: Plain, I>(elements: Vec<T>) -> Option<Vec<I>> {
        if !is_integer::<I>()
            || size_of::<I>() != size_of::<T>()
            || align_of::<I>() != align_of::<T>()
        {
            return None;
        }
        let mut elements = std::mem::ManuallyDrop::new(elements);
        let (start, len, capacity) = (elements.as_mut_ptr(), elements.len(), elements.capacity());
        // SAFETY: both are integers of one size and alignment, so the allocation is one of theirs,
        // and any bits are an `I`; nobody else frees it.
        Some(unsafe { Vec::from_raw_parts(start.cast(), len, capacity) })
    }
    match description.dtype {
        super::Dtype::Int(int) if is_integer::<I>() && usize::from(int.size) == size_of::<I>() => {}
        _ => return Ok(None),
    }
    Ok(match size_of::<I>() {
        4 => as_vec(read_vec::<i32>(source, handle, description)?),
        _ => as_vec(read_vec::<i64>(source, handle, description)?),
    })
}

/// The bytes of elements of a generic type that is one of the integers of 4 or 8 bytes.
pub fn integer_bytes<I>(elements: &[I]) -> Option<&[u8]> {
    if !is_integer::<I>() {
        return None;
    }
    // SAFETY: none of these types has a lifetime, so `I` is that integer, of which every byte is
    // initialised.
    Some(unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) })
}

/// The integer in a cell of 1, 2, 4 or 8 bytes.
pub fn int(cell: &[u8], signed: bool) -> i128 {
    let negative = signed && cell.last().is_some_and(|last| last & 0x80 != 0);
    let mut bytes = if negative { [0xff; 16] } else { [0; 16] };
    bytes[..cell.len().min(16)].copy_from_slice(&cell[..cell.len().min(16)]);
    i128::from_le_bytes(bytes)
}
