//! Bob Jenkins' lookup3 hash, which HDF5 uses as the checksum of its metadata.

/// The hash of some bytes, with an initial value of 0.
pub fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    if bytes.is_empty() {
        return c;
    }
    // The last block, complete or not, is mixed in another way.
    let (blocks, tail) = bytes.split_at((bytes.len() - 1) / 12 * 12);
    for block in blocks.as_chunks::<12>().0 {
        add(block, &mut a, &mut b, &mut c);
        a = a.wrapping_sub(c) ^ c.rotate_left(4);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(6);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(8);
        b = b.wrapping_add(a);
        a = a.wrapping_sub(c) ^ c.rotate_left(16);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(19);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(4);
        b = b.wrapping_add(a);
    }
    let mut last = [0; 12];
    last[..tail.len()].copy_from_slice(tail);
    add(&last, &mut a, &mut b, &mut c);
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[inline(always)]
fn add(block: &[u8; 12], a: &mut u32, b: &mut u32, c: &mut u32) {
    let word = |i: usize| u32::from_le_bytes([block[i], block[i + 1], block[i + 2], block[i + 3]]);
    *a = a.wrapping_add(word(0));
    *b = b.wrapping_add(word(4));
    *c = c.wrapping_add(word(8));
}
