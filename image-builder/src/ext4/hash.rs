//! How the names of a hashed directory are ordered: half MD4 over signed bytes, as `fs/ext4/hash.c` defines it.

/// The largest hash marks the end of a directory for readers, so no name has it.
const EOF: u32 = 0x7FFF_FFFF << 1;

/// What all names of one filesystem are hashed with: `s_hash_seed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashSeed([u32; 4]);

impl HashSeed {
    /// From the superblock's bytes. All zeros stand for MD4's own start.
    pub(crate) fn new(bytes: [u8; 16]) -> Self {
        if bytes == [0; 16] {
            return Self([0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]);
        }
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        Self(words)
    }

    /// A name's place in its directory. The lowest bit is free: the tree marks collisions that continue in a next block with it.
    pub(crate) fn hash(self, name: &[u8]) -> u32 {
        let mut state = self.0;
        let mut rest = name;
        while !rest.is_empty() {
            half_md4(&mut state, words(rest));
            rest = &rest[rest.len().min(32)..];
        }
        match state[1] & !1 {
            EOF => EOF - 2,
            hash => hash,
        }
    }
}

/// The first 32 bytes as words, filled up with the length of all of them.
fn words(bytes: &[u8]) -> [u32; 8] {
    // A name has 255 bytes at most.
    let length = u32::from(bytes.len().to_le_bytes()[0]);
    let padding = length * 0x0101_0101;
    let mut words = [padding; 8];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(4)) {
        *word = chunk.iter().fold(padding, |word, byte| (word << 8).wrapping_add(i32::from(byte.cast_signed()).cast_unsigned()));
    }
    words
}

/// One of the three rounds.
struct Round {
    mix: fn(u32, u32, u32) -> u32,
    constant: u32,
    order: [usize; 8],
    shifts: [u32; 4],
}

const ROUNDS: [Round; 3] = [
    Round { mix: |x, y, z| z ^ (x & (y ^ z)), constant: 0, order: [0, 1, 2, 3, 4, 5, 6, 7], shifts: [3, 7, 11, 19] },
    Round {
        mix: |x, y, z| (x & y).wrapping_add((x ^ y) & z),
        constant: 0x5A82_7999,
        order: [1, 3, 5, 7, 0, 2, 4, 6],
        shifts: [3, 5, 9, 13],
    },
    Round { mix: |x, y, z| x ^ y ^ z, constant: 0x6ED9_EBA1, order: [3, 7, 2, 6, 1, 5, 0, 4], shifts: [3, 9, 11, 15] },
];

fn half_md4(state: &mut [u32; 4], input: [u32; 8]) {
    let [mut a, mut b, mut c, mut d] = *state;
    for Round { mix, constant, order, shifts } in ROUNDS {
        for (step, index) in order.into_iter().enumerate() {
            let sum = a.wrapping_add(mix(b, c, d)).wrapping_add(input[index]).wrapping_add(constant);
            (a, b, c, d) = (d, sum.rotate_left(shifts[step % 4]), b, c);
        }
    }
    for (word, add) in state.iter_mut().zip([a, b, c, d]) {
        *word = word.wrapping_add(add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From `debugfs -R "dx_hash -h half_md4 [-s 01234567-89ab-cdef-0123-456789abcdef] NAME"`.
    #[test]
    fn hashes_are_those_of_debugfs() {
        let plain = HashSeed::new([0; 16]);
        let seeded = HashSeed::new(*b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef");
        for (name, without, with) in [
            (&b"a"[..], 0xd5fa_7d7a, 0x35dc_0cc4),
            (b"hello", 0x1746_da32, 0xa26e_4a80),
            (b"a-name-of-more-than-thirty-two-bytes-altogether", 0x3af0_1c86, 0xb0c1_bc44),
            (b"h\xc3\xa9", 0x4eff_ee6a, 0xda3e_ce32),
        ] {
            assert_eq!(plain.hash(name), without, "{}", name.escape_ascii());
            assert_eq!(seeded.hash(name), with, "{}", name.escape_ascii());
        }
    }
}
