//! Matrix entries from ChaCha8 streams: a row of A or a column of B is one stream of its key.
//!
//! The keystream is the one of `rand_chacha::ChaCha8Rng` with `from_seed(key)` and `set_stream(stream)`: the original
//! ChaCha layout with a 64-bit block counter from 0 and a 64-bit stream number. An entry is a byte's low 7 bits, so it
//! reads the same as signed and as unsigned 8-bit integer.

use alloy::primitives::B256;

/// Blocks computed side by side, as many as fill the 128-bit registers that every x86-64 and ARMv8 has.
const LANES: usize = 4;
/// Bytes of one ChaCha block.
const BLOCK: usize = 64;
/// Bytes of the group within which B's words are reversed.
const GROUP: usize = 32;

type Lanes = [u32; LANES];

/// Row `index` of A: `out.len()` entries.
pub fn row(key_a: B256, index: u64, out: &mut [u8]) {
    keystream(key_a, index, out);
    mask(out);
}

/// Column `index` of B, in the order of the dot product: the stream's 32-bit words reversed inside each group of eight,
/// so that a contract can take a dot product by one wide multiplication. `out.len()` must be a multiple of 32.
pub fn column(key_b: B256, index: u64, out: &mut [u8]) {
    keystream(key_b, index, out);
    mask(out);
    reverse_words(out);
}

/// The first `out.len()` bytes of a ChaCha8 stream.
pub fn keystream(key: B256, stream: u64, out: &mut [u8]) {
    let key = words(&key.0);
    let mut counter = 0;
    let mut chunks = out.chunks_exact_mut(LANES * BLOCK);
    for chunk in &mut chunks {
        store(&permute(&key, counter, stream), chunk);
        counter += LANES as u64;
    }
    let rest = chunks.into_remainder();
    if !rest.is_empty() {
        let mut last = [0; LANES * BLOCK];
        store(&permute(&key, counter, stream), &mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

fn mask(bytes: &mut [u8]) {
    for byte in bytes {
        *byte &= 0x7f;
    }
}

fn reverse_words(bytes: &mut [u8]) {
    for group in bytes.chunks_exact_mut(GROUP) {
        let (low, high) = group.split_at_mut(GROUP / 2);
        for (a, b) in low.chunks_exact_mut(4).zip(high.rchunks_exact_mut(4)) {
            a.swap_with_slice(b);
        }
    }
}

fn words(key: &[u8; 32]) -> [u32; 8] {
    std::array::from_fn(|i| u32::from_le_bytes([key[4 * i], key[4 * i + 1], key[4 * i + 2], key[4 * i + 3]]))
}

/// Blocks `counter` to `counter + LANES - 1` of a stream; word by word, one lane per block.
fn permute(key: &[u32; 8], counter: u64, stream: u64) -> [Lanes; 16] {
    const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
    let count: [u64; LANES] = std::array::from_fn(|lane| counter + lane as u64);
    let mut initial = [[0; LANES]; 16];
    for i in 0..4 {
        initial[i] = [CONSTANTS[i]; LANES];
    }
    for i in 0..8 {
        initial[4 + i] = [key[i]; LANES];
    }
    initial[12] = count.map(|c| c as u32);
    initial[13] = count.map(|c| (c >> 32) as u32);
    initial[14] = [stream as u32; LANES];
    initial[15] = [(stream >> 32) as u32; LANES];

    let mut s = initial;
    for _ in 0..4 {
        quarter_round(&mut s, 0, 4, 8, 12);
        quarter_round(&mut s, 1, 5, 9, 13);
        quarter_round(&mut s, 2, 6, 10, 14);
        quarter_round(&mut s, 3, 7, 11, 15);
        quarter_round(&mut s, 0, 5, 10, 15);
        quarter_round(&mut s, 1, 6, 11, 12);
        quarter_round(&mut s, 2, 7, 8, 13);
        quarter_round(&mut s, 3, 4, 9, 14);
    }
    for (word, start) in s.iter_mut().zip(&initial) {
        *word = add(*word, *start);
    }
    s
}

#[inline(always)]
fn quarter_round(s: &mut [Lanes; 16], a: usize, b: usize, c: usize, d: usize) {
    s[a] = add(s[a], s[b]);
    s[d] = xor_rotate(s[d], s[a], 16);
    s[c] = add(s[c], s[d]);
    s[b] = xor_rotate(s[b], s[c], 12);
    s[a] = add(s[a], s[b]);
    s[d] = xor_rotate(s[d], s[a], 8);
    s[c] = add(s[c], s[d]);
    s[b] = xor_rotate(s[b], s[c], 7);
}

#[inline(always)]
fn add(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i].wrapping_add(b[i]))
}

#[inline(always)]
fn xor_rotate(a: Lanes, b: Lanes, by: u32) -> Lanes {
    std::array::from_fn(|i| (a[i] ^ b[i]).rotate_left(by))
}

fn store(state: &[Lanes; 16], out: &mut [u8]) {
    for (lane, block) in out.chunks_exact_mut(BLOCK).enumerate() {
        for (word, bytes) in state.iter().zip(block.chunks_exact_mut(4)) {
            bytes.copy_from_slice(&word[lane].to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{
        ChaCha8Rng,
        rand_core::{RngCore, SeedableRng},
    };

    proptest! {
        #[test]
        fn keystream_is_that_of_rand_chacha(key: [u8; 32], stream: u64, len in 0usize..1500) {
            let mut rng = ChaCha8Rng::from_seed(key);
            rng.set_stream(stream);
            let mut expected = vec![0; len];
            rng.fill_bytes(&mut expected);
            let mut found = vec![0; len];
            keystream(key.into(), stream, &mut found);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn column_pairs_word_w_with_word_seven_minus_w(key: [u8; 32], stream: u64, groups in 1usize..8) {
            let (mut plain, mut reversed) = (vec![0; 32 * groups], vec![0; 32 * groups]);
            row(key.into(), stream, &mut plain);
            column(key.into(), stream, &mut reversed);
            for i in 0..plain.len() {
                let word = (i % 32) / 4;
                prop_assert_eq!(reversed[i], plain[i / 32 * 32 + 4 * (7 - word) + i % 4]);
                prop_assert!(plain[i] < 128);
            }
        }
    }
}
