//! What to do about an error.

use spheron_client::ClientError;

/// A contract's error, and what to do about it.
const HINTS: &[(&str, &str)] = &[
    ("Bonds_InsufficientBond", "see what is bonded: spheron node status"),
    (
        "Bonds_NothingThere",
        "nothing is owed in this token: spheron lease claw-back takes it from a provider's bond first",
    ),
    ("Bonds_NotThawed", "the thaw takes its time: spheron node status says until when"),
    ("Bonds_TokenNotAllowed", "bond another token, or ask the governor to allow this one"),
    ("Delegation_NotThawed", "the thaw takes its time: spheron stake delegations says until when"),
    ("Disputes_NothingThere", "disputes owe nothing in this token: spheron dispute list says which are open"),
    ("Disputes_TokenNotAllowed", "no dispute is taken over bonds in this token: the governor sets its deposit"),
    ("Disputes_TooEarly", "see until when it can be answered and ruled on: spheron dispute show ID"),
    ("Disputes_TooLate", "its time is over, so that anyone may end it: spheron dispute expire ID"),
    ("Distributor_NotActive", "an epoch is paid from its activation on: spheron rewards status EPOCH says when"),
    ("Distributor_WrongEpoch", "build the file again: another epoch was posted meanwhile"),
    ("ERC20InsufficientBalance", "the account has too few tokens: spheron account balance"),
    ("LeaseBook_CapacityExceeded", "the node is full: choose another one with spheron lease offers"),
    ("LeaseBook_InvalidOfferSignature", "the offer was altered, or is for another chain or deployment"),
    ("LeaseBook_LeaseExists", "this lease is open already: give another --salt for a second one"),
    (
        "LeaseBook_NodeNotActive",
        "the node is in maintenance, suspended or gone: choose another one with spheron lease offers",
    ),
    (
        "LeaseBook_NothingToFree",
        "all of it is free, or still needed: the rest is freed four days after the lease's end",
    ),
    ("LeaseBook_NothingRevoked", "no verdict took back seconds that this lease has paid: spheron lease receipts LEASE"),
    ("LeaseBook_OfferExpired", "take a fresh offer: spheron lease offers"),
    ("LeaseBook_OfferUsed", "take another offer: spheron lease offers"),
    ("LeaseBook_SecondsOutOfBounds", "give a time within the offer's bounds, which the message names in seconds"),
    ("LeaseBook_WrongStatus", "see where the lease stands: spheron lease runway LEASE"),
    ("Ledger_InsufficientBalance", "deposit first: spheron account deposit AMOUNT"),
    ("Ledger_TokenNotAllowed", "the Ledger takes only the tokens that the governor allowed"),
    ("MeasurementDemand_Unresolved", "the node may still be measured in time: resolve the demand later"),
    ("NodeRegistry_AlreadyRegistered", "nothing is left to do: spheron node status"),
    (
        "NodeRegistry_InvalidConsent",
        "the node's key has to consent: --node-keystore names the one that signs for it now",
    ),
    ("NodeRegistry_NotAdmitted", "its gateway has to admit the provider first: spheron gateway admit PROVIDER"),
    ("NodeRegistry_NotBonded", "bond first: spheron node bond AMOUNT"),
    ("NodeRegistry_NotRegistered", "register first: spheron node provider-register"),
    ("Payout_NotOptedIn", "only its provider can turn payouts on: spheron node payouts --from AMOUNT"),
    ("StakedSpon_NotClaimable", "the cooldown takes its time: spheron stake status says until when"),
    (
        "VerifierSet_AlreadyRevealed",
        "a verifier reveals once in a round of an hour, and not in the one that it joined in",
    ),
    ("VerifierSet_NotBonded", "bond first: spheron verify bond AMOUNT"),
    ("VerifierSet_NotInCommittee", "only the committee of that node and round may sign"),
    ("VerifierSet_QuorumNotReached", "collect more signatures of the committee"),
    ("AccessManagedUnauthorized", "this needs a role that the account does not have"),
];

/// What to do about `error`, if that is known.
pub fn of(error: &anyhow::Error) -> Option<&'static str> {
    match error.chain().find_map(|cause| cause.downcast_ref())? {
        ClientError::Reverted { reason, .. } => {
            let name = reason.split('(').next()?;
            HINTS.iter().find(|(known, _)| *known == name).map(|(_, hint)| *hint)
        }
        ClientError::Failed { .. } => {
            Some("something changed just before it was mined: see what stands now, and try again")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::TxHash;
    use anyhow::Context as _;
    use spheron_bindings::artifact;

    use super::*;

    #[test]
    fn every_hint_is_about_an_error_that_exists() {
        let abis = artifact::NAMES.iter().map(|name| artifact::artifact(name).abi);
        let errors: Vec<String> = abis.flat_map(|abi| abi.errors.into_keys()).collect();
        for (name, _) in HINTS {
            assert!(errors.iter().any(|error| error == name), "no contract has {name}");
        }
    }

    #[test]
    fn the_hint_is_found_below_the_context() {
        let reason = "Ledger_InsufficientBalance(token: 0x1, owner: 0x2, balance: 0, needed: 5)".to_owned();
        let error = Err::<(), _>(ClientError::Reverted { function: "withdraw", reason }).context("while").unwrap_err();
        assert_eq!(of(&error), Some("deposit first: spheron account deposit AMOUNT"));
        assert_eq!(of(&anyhow::anyhow!("other")), None);
    }

    #[test]
    fn a_transaction_that_failed_is_said_to_have_reverted() {
        let failed = ClientError::Failed { function: "deposit", transaction: TxHash::repeat_byte(1) };
        assert!(failed.to_string().starts_with("deposit: reverted in transaction 0x0101"), "{failed}");
        assert!(of(&failed.into()).is_some_and(|hint| hint.contains("try again")));
    }
}
