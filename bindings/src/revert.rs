//! What a contract said when it reverted, in words.

use std::{collections::HashMap, sync::OnceLock};

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt as _},
    json_abi::Error as AbiError,
    primitives::Selector,
    sol_types::{Panic, Revert, SolError as _},
};

use crate::artifact;

/// Names the error in `data` with its values, e.g.
/// `Ledger_ZeroAmount()` or `LeaseBook_OfferExpired(deadline: 5, now_: 9)`.
pub fn describe(data: &[u8]) -> String {
    if data.is_empty() {
        return "reverted without a reason".to_owned();
    }
    if let Ok(revert) = Revert::abi_decode(data) {
        return format!("reverted: {}", revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return format!("panicked: {panic}");
    }
    custom(data).unwrap_or_else(|| format!("reverted with unknown data 0x{}", alloy::hex::encode(data)))
}

fn custom(data: &[u8]) -> Option<String> {
    let selector: [u8; 4] = data.get(..4)?.try_into().ok()?;
    let error = errors().get(&Selector::from(selector))?;
    let values = error.abi_decode_input(&data[4..]).ok()?;
    let named = error.inputs.iter().zip(&values).map(|(input, value)| format!("{}: {}", input.name, show(value)));
    Some(format!("{}({})", error.name, named.collect::<Vec<_>>().join(", ")))
}

fn show(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Bool(flag) => flag.to_string(),
        DynSolValue::FixedBytes(word, 32) => short_text(word.as_slice()).unwrap_or_else(|| word.to_string()),
        other => format!("{other:?}"),
    }
}

/// A reason that fits into one word, such as `"rate"`.
fn short_text(word: &[u8]) -> Option<String> {
    let end = word.iter().rposition(|byte| *byte != 0)? + 1;
    let text = std::str::from_utf8(&word[..end]).ok()?;
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ').then(|| format!("{text:?}"))
}

fn errors() -> &'static HashMap<Selector, AbiError> {
    static ERRORS: OnceLock<HashMap<Selector, AbiError>> = OnceLock::new();
    ERRORS.get_or_init(|| {
        let abis = artifact::NAMES.iter().map(|name| artifact::artifact(name).abi);
        abis.flat_map(|abi| abi.errors.into_values().flatten()).map(|error| (error.selector(), error)).collect()
    })
}

#[cfg(test)]
mod tests {
    use alloy::{primitives::U256, sol_types::SolError as _};

    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn a_custom_error_is_named_with_its_values() {
        let data = Ledger::Ledger_AmountTooLarge { amount: U256::from(9), maximum: U256::from(5) }.abi_encode();
        assert_eq!(describe(&data), "Ledger_AmountTooLarge(amount: 9, maximum: 5)");
    }

    #[test]
    fn other_reverts_are_said_plainly() {
        assert_eq!(describe(&[]), "reverted without a reason");
        assert_eq!(describe(&Revert::from("no").abi_encode()), "reverted: no");
        assert_eq!(describe(&[1, 2, 3, 4]), "reverted with unknown data 0x01020304");
        assert_eq!(describe(&[1, 2]), "reverted with unknown data 0x0102");
    }
}
