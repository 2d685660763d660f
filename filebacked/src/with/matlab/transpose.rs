//! Elements with their dimensions in reverse.

/// How many rows and columns are turned at once, so that both lie in the cache.
const TILE: usize = 32;

/// The elements of an array in C order as those of the array with the reverse shape, in C order
/// too.
pub(super) fn reversed(bytes: &[u8], size: usize, shape: &[u64]) -> Vec<u8> {
    let long = shape.iter().filter(|extent| **extent != 1).count();
    if long < 2 || size == 0 {
        return bytes.to_vec();
    }
    match size {
        1 => cells::<1>(bytes, shape),
        2 => cells::<2>(bytes, shape),
        4 => cells::<4>(bytes, shape),
        8 => cells::<8>(bytes, shape),
        16 => cells::<16>(bytes, shape),
        _ => {
            let mut out = vec![0; bytes.len()];
            walk(shape, |from, to| {
                if let (Some(to), Some(from)) = (
                    out.get_mut(to * size..(to + 1) * size),
                    bytes.get(from * size..(from + 1) * size),
                ) {
                    to.copy_from_slice(from);
                }
            });
            out
        }
    }
}

fn cells<const N: usize>(bytes: &[u8], shape: &[u64]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let (from, _) = bytes.as_chunks::<N>();
    let (to, _) = out.as_chunks_mut::<N>();
    if let [rows, columns] = *shape {
        let (rows, columns) = (rows as usize, columns as usize);
        for top in (0..rows).step_by(TILE) {
            for left in (0..columns).step_by(TILE) {
                for row in top..rows.min(top + TILE) {
                    for column in left..columns.min(left + TILE) {
                        to[column * rows + row] = from[row * columns + column];
                    }
                }
            }
        }
    } else {
        walk(shape, |source, target| to[target] = from[source]);
    }
    out
}

/// The places of each element in an array and in the reverse one.
fn walk(shape: &[u64], mut each: impl FnMut(usize, usize)) {
    let extents: Vec<usize> = shape.iter().map(|extent| *extent as usize).collect();
    let total: usize = extents.iter().product();
    // How far the next element of each dimension is in the reverse array.
    let strides: Vec<usize> = extents
        .iter()
        .scan(1, |stride, extent| Some(std::mem::replace(stride, *stride * extent)))
        .collect();
    let mut index = vec![0; extents.len()];
    let mut target = 0;
    for source in 0..total {
        each(source, target);
        for dimension in (0..extents.len()).rev() {
            index[dimension] += 1;
            target += strides[dimension];
            if index[dimension] < extents[dimension] {
                break;
            }
            target -= strides[dimension] * extents[dimension];
            index[dimension] = 0;
        }
    }
}
