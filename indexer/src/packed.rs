//! Bytes that are mostly zeros, in few: most of a log is addresses and numbers in words of 32 bytes.
//!
//! Each word is a byte that says how it is written, and those of its bytes that are not left out:
//!
//! | first byte | bytes behind it | the word |
//! |---|---|---|
//! | 0 to 32 | as many | zeros, then the bytes |
//! | 33 to 63 | 32 fewer | the bytes, then zeros |
//! | 64 to 95 | 64 fewer | the bytes: the rest of something that is no multiple of 32 bytes long |
//!
//! The view `log` takes them apart in SQL, so that no program is needed to read a database.

const WORD: usize = 32;

/// First bytes above this are followed by the left part of a word, or by what is no whole word.
const LEFT: u8 = 32;
const REST: u8 = 64;

/// Adds `bytes`, packed, to `out`.
pub fn pack(bytes: &[u8], out: &mut Vec<u8>) {
    let (words, rest) = bytes.as_chunks::<WORD>();
    for word in words {
        let (leading, trailing) = zeros(word);
        if leading >= trailing {
            out.push((WORD - leading) as u8);
            out.extend_from_slice(&word[leading..]);
        } else {
            out.push(LEFT + (WORD - trailing) as u8);
            out.extend_from_slice(&word[..WORD - trailing]);
        }
    }
    if !rest.is_empty() {
        out.push(REST + rest.len() as u8);
        out.extend_from_slice(rest);
    }
}

/// Adds to `out` what was packed; `None` if `packed` is nothing that [`pack`] writes.
pub fn unpack(mut packed: &[u8], out: &mut Vec<u8>) -> Option<()> {
    while let Some((&code, behind)) = packed.split_first() {
        let written = match code {
            ..=LEFT => code,
            33..REST => code - LEFT,
            REST..96 => code - REST,
            _ => return None,
        };
        let (bytes, next) = behind.split_at_checked(usize::from(written))?;
        let begins = out.len();
        if code >= REST {
            out.extend_from_slice(bytes);
        } else {
            out.resize(begins + WORD, 0);
            let at = if code <= LEFT { begins + WORD - bytes.len() } else { begins };
            out[at..at + bytes.len()].copy_from_slice(bytes);
        }
        packed = next;
    }
    Some(())
}

/// Zero bytes that a word begins with, and that it ends with.
fn zeros(word: &[u8; WORD]) -> (usize, usize) {
    let (parts, _) = word.as_chunks::<16>();
    let [left, right] = [u128::from_be_bytes(parts[0]), u128::from_be_bytes(parts[1])];
    let bits = |of_first: u32, first: u128, of_second: u32| if first == 0 { 128 + of_second } else { of_first };
    let leading = bits(left.leading_zeros(), left, right.leading_zeros());
    let trailing = bits(right.trailing_zeros(), right, left.trailing_zeros());
    ((leading / 8) as usize, (trailing / 8) as usize)
}

/// SQL for the hex digits of what was packed into `column` from its second byte on.
pub fn sql(column: &str) -> String {
    // The number that two hex digits are, NULL behind the last ones.
    let number = |digits: &str| {
        let digit = |place: usize| format!("instr('123456789ABCDEF', substr({digits}, {place}, 1))");
        format!("iif({digits} = '', NULL, 16 * {} + {})", digit(1), digit(2))
    };
    let count = "iif(code = 32, 32, code & 31)";
    let written = format!("substr(rest, 1, 2 * {count})");
    let zeros = format!("substr(hex(zeroblob(32)), 1, 64 - 2 * {count})");
    format!(
        "(WITH RECURSIVE unpacked(code, rest, digits) AS (
      SELECT {}, substr(hex({column}), 5), ''
      UNION ALL
      SELECT {}, substr(rest, 3 + 2 * {count}), digits || CASE
          WHEN code <= {LEFT} THEN {zeros} || {written}
          WHEN code < {REST} THEN {written} || {zeros}
          ELSE {written} END
        FROM unpacked WHERE code IS NOT NULL
    ) SELECT lower(digits) FROM unpacked WHERE code IS NULL)",
        number(&format!("substr(hex({column}), 3, 2)")),
        number(&format!("substr(rest, 1 + 2 * {count}, 2)")),
    )
}

#[cfg(test)]
mod tests {
    use alloy::hex;
    use proptest::prelude::*;

    use super::*;

    /// Words as logs have them, and a few bytes behind them.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let word = (any::<[u8; 32]>(), 0usize..=32, 0usize..=32).prop_map(|(mut word, left, right)| {
            word[..left].fill(0);
            word[32 - right..].fill(0);
            word
        });
        let rest = prop::collection::vec(prop::sample::select(vec![0, 1, 0xff]), 0..32);
        (prop::collection::vec(word, 0..12), rest).prop_map(|(words, rest)| [words.concat(), rest].concat())
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back_here_and_in_sql(bytes in bytes()) {
            let (mut packed, mut unpacked) = (vec![7], vec![9]);
            pack(&bytes, &mut packed);
            prop_assert!(packed.len() <= 1 + bytes.len() + bytes.len().div_ceil(32));
            prop_assert_eq!(unpack(&packed[1..], &mut unpacked), Some(()));
            prop_assert_eq!(&unpacked[1..], &bytes);
            let conn = rusqlite::Connection::open_in_memory().unwrap();
            let select = format!("SELECT {} FROM (SELECT ? AS packed)", sql("packed"));
            let digits: String = conn.query_row(&select, [packed], |row| row.get(0)).unwrap();
            prop_assert_eq!(digits, hex::encode(&bytes));
        }

        #[test]
        fn anything_else_is_refused_or_read_and_no_panic(packed: Vec<u8>) {
            let mut out = Vec::new();
            if unpack(&packed, &mut out).is_some() {
                prop_assert!(out.len() <= 32 * packed.len());
            }
        }
    }

    #[test]
    fn zeros_are_left_out_on_the_longer_side() {
        let cases: [(&[u8], &[u8]); 6] = [
            (&[0; 32], &[0]),
            (&[&[0u8; 31][..], &[5]].concat(), &[1, 5]),
            (&[&[6u8][..], &[0; 31]].concat(), &[33, 6]),
            (&[&[0u8; 30][..], &[7, 0]].concat(), &[2, 7, 0]),
            (&[0, 8], &[66, 0, 8]),
            (&[], &[]),
        ];
        for (bytes, expected) in cases {
            let mut packed = Vec::new();
            pack(bytes, &mut packed);
            assert_eq!(packed, expected);
        }
        for wrong in [&[1][..], &[40, 1], &[66, 1], &[96], &[255]] {
            assert_eq!(unpack(wrong, &mut Vec::new()), None, "{wrong:?}");
        }
    }
}
