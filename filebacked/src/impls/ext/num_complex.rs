//! num-complex: complex numbers.
//!
//! ```text
//! Complex<f32> compound {r: f32, i: f32}: numpy's complex64 to h5py
//! Complex<f64> compound {r: f64, i: f64}: numpy's complex128
//! ```
//!
//! Reading takes a compound of `r` and `i`, `real` and `imag` or `re` and `im` of any number types,
//! as the options allow for each, and the complex class of HDF5 2. Real numbers are not accepted.

use crate::error::{Error, Result};
use crate::layout::number::{self, Any, Number};
use crate::layout::scalar::{Element, element_is_backed};
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::storage::{self, Dtype};
use num_complex::Complex;

/// The datatypes of the two parts, and where the second one starts.
fn parts(dtype: &Dtype) -> Option<[(usize, Dtype); 2]> {
    match dtype {
        Dtype::Complex32 => Some([(0, Dtype::F32), (4, Dtype::F32)]),
        Dtype::Complex64 => Some([(0, Dtype::F64), (8, Dtype::F64)]),
        Dtype::Compound(compound) if compound.members.len() == 2 => {
            let part = |name: &str| {
                let member = compound.members.iter().find(|member| member.name == name)?;
                Some((member.offset, member.dtype.clone()))
            };
            // As h5py, MATLAB and Octave, and others name them.
            let pair = |r, i| Some([part(r)?, part(i)?]);
            pair("r", "i").or_else(|| pair("real", "imag")).or_else(|| pair("re", "im"))
        }
        _ => None,
    }
}

/// Reads complex numbers of other parts than these.
fn read_other<T: Number>(
    node: &Node<'_>,
    rank: Option<usize>,
    name: &str,
) -> Result<(Vec<Complex<T>>, Vec<usize>)> {
    let description = node.describe()?;
    let unexpected = || node.unexpected(number::wanted(name, rank));
    if description.elements() == Some(0) && !node.ours && node.is_put_together() {
        return Ok((Vec::new(), number::shape(node, &description, name, rank)?));
    }
    let stored = parts(&description.dtype).ok_or_else(unexpected)?;
    let shape = number::shape(node, &description, name, rank)?;
    let policy = node.context().conversion();
    if let Some((_, part)) = stored.iter().find(|(_, part)| !number::accepts::<T>(part, policy)) {
        let error =
            Error::mismatch(number::wanted(name, rank), format!("complex numbers of {part}"));
        return Err(error.with_help("set `ReadOptions::conversion` to accept other number types"));
    }
    let part = |cell: &[u8], (offset, dtype): &(usize, Dtype)| {
        let any =
            cell.get(*offset..).and_then(|cell| Any::decode(cell, dtype)).ok_or_else(unexpected)?;
        any.convert::<T>(policy).ok_or_else(|| number::out_of_range(any, dtype, T::NAME))
    };
    let bytes = node.object.elements::<u8>(&description)?;
    let cells = bytes.chunks_exact(description.dtype.size().max(1));
    let values =
        cells.map(|cell| Ok(Complex::new(part(cell, &stored[0])?, part(cell, &stored[1])?)));
    Ok((values.collect::<Result<_>>()?, shape))
}

macro_rules! complex_is_element {
    ($($t:ident = $dtype:ident, $name:literal;)*) => {
        $(
            impl Element for Complex<$t> {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    match rows.as_slice() {
                        Some(values) => slot.dataset(&Dtype::$dtype, shape, storage::as_bytes(values)),
                        None => slot.dataset_fill(&Dtype::$dtype, shape, &mut |out| match rows.pieces() {
                            Some(pieces) => pieces.for_each(|piece| out.put(storage::as_bytes(piece))),
                            None => rows.for_each(|value| out.put(storage::as_bytes(std::slice::from_ref(value)))),
                        }),
                    }
                }

                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    let description = node.describe()?;
                    if description.dtype != Dtype::$dtype {
                        return read_other::<$t>(node, rank, $name);
                    }
                    let shape = number::shape(node, &description, $name, rank)?;
                    Ok((node.object.elements(&description)?, shape))
                }
            }
            element_is_backed!(Complex<$t>, $name, filler = Some(Complex::new(0.0, 0.0)), flat = true);
        )*
    };
}
complex_is_element! { f32 = Complex32, "complex<f32>"; f64 = Complex64, "complex<f64>"; }
