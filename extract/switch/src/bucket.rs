//! From a subject to one of 100,000 buckets: MurmurHash3 (x86, 32 bit, by Austin Appleby, public domain),
//! then multiply-shift. The count of buckets is fixed for life, else everybody would move.

/// One bucket is a thousandth of a percent.
pub const BUCKETS: u32 = 100_000;

/// The bucket of a subject under a seed (the module's name): of the text `seed:subject`, which is put together on the
/// stack where it fits.
pub fn bucket(seed: &str, subject: &str) -> u32 {
    let mut text = [0; 96];
    let parts = [seed.as_bytes(), b":", subject.as_bytes()];
    let mut length = 0;
    for part in parts {
        let Some(room) = text.get_mut(length..length + part.len()) else {
            return scaled(murmur3(parts.concat().as_slice(), 0));
        };
        room.copy_from_slice(part);
        length += part.len();
    }
    scaled(murmur3(text.get(..length).unwrap_or_default(), 0))
}

fn scaled(hash: u32) -> u32 {
    // The product of two 32-bit numbers shifted right by 32 is below the smaller of the two.
    u32::try_from((u64::from(hash) * u64::from(BUCKETS)) >> 32).unwrap_or(BUCKETS - 1)
}

fn murmur3(text: &[u8], seed: u32) -> u32 {
    let (blocks, rest) = text.as_chunks::<4>();
    let mut hash = blocks.iter().fold(seed, |hash, block| {
        let block = scrambled(u32::from_le_bytes(*block));
        (hash ^ block).rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64)
    });
    if !rest.is_empty() {
        hash ^= scrambled(rest.iter().rev().fold(0, |block, byte| block << 8 | u32::from(*byte)));
    }
    // The hash takes the length modulo 2^32.
    #[expect(clippy::cast_possible_truncation, reason = "as it is defined")]
    finished(hash ^ text.len() as u32)
}

fn scrambled(block: u32) -> u32 {
    block.wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593)
}

fn finished(mut hash: u32) -> u32 {
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(key: &str) -> u32 {
        murmur3(key.as_bytes(), 0)
    }

    /// Vectors computed with an independent implementation.
    #[test]
    fn vectors() {
        for (key, want_hash, want_bucket) in [
            ("", 0, 0),
            ("a", 1_009_084_850, 23_494),
            ("hello", 613_153_351, 14_276),
            ("booking:user-1", 2_506_934_999, 58_369),
            ("notes:user-1", 3_792_442_133, 88_299),
            ("notes:é", 842_963_339, 19_626),
            ("ejOoVL", 0, 0),
            ("bY9fO-", 1, 0),
            ("SI7p-", 0x7fff_ffff, 49_999),
            ("6LvT0", 0x8000_0000, 50_000),
            ("ceQdGm", 0xffff_ffff, 99_999),
        ] {
            assert_eq!(hash(key), want_hash, "{key}");
            assert_eq!(scaled(hash(key)), want_bucket, "{key}");
        }
        assert_eq!(murmur3(b"a", 86_028_157), 1_778_238_603);
        assert_eq!(murmur3(b"hello", 86_028_157), 3_619_701_165);
        assert_eq!(bucket("booking", "user-1"), 58_369);
        let long = "s".repeat(200);
        assert_eq!(bucket("booking", &long), scaled(hash(&format!("booking:{long}"))));
    }
}
