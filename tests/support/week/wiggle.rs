//! Numbers that look as if by chance and are the same each time.

/// Of three numbers one that shows nothing of them: `SplitMix64`'s finish.
pub(super) fn mixed([one, two, three]: [i64; 3]) -> u32 {
    let key = one.wrapping_mul(1_000_003).wrapping_add(two).wrapping_mul(1_000_033).wrapping_add(three);
    let key = key.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((key ^ (key >> 31)) >> 32).unwrap_or_default()
}

/// One of the numbers from `low` to `high`, both included.
pub(super) fn between(low: i64, high: i64, of: [i64; 3]) -> i64 {
    low + i64::from(mixed(of)) % (high - low + 1).max(1)
}
