//! What to do about an error.

use spheron_client::ClientError;

/// A contract's error, or `*` and the end of several contracts' errors, and what to do about it. The exact name goes first.
const HINTS: &[(&str, &str)] = &[
    ("*_AmountTooLarge", "give less: the message names the most, in wei"),
    ("*_InsufficientGas", "a contract asks for more gas than was estimated: try again"),
    ("*_InvalidAccount", "the zero address cannot take part: name another account"),
    ("*_Paused", "a guardian has paused this, and no way out with it: try again later"),
    (
        "*_UnexpectedAmount",
        "the token takes fees or changes balances by itself, so that it cannot be used: take another one",
    ),
    ("*_ZeroAmount", "an amount of 0 does nothing: give more than 0"),
    ("AccessManagedUnauthorized", "this needs a role that the account does not have"),
    (
        "AttestationPolicy_InvalidWindow",
        "the verdict is valid for no time, or for more than 26 hours: see --validity of spheron verify run",
    ),
    (
        "AttestationPolicy_NotNewer",
        "a verdict that was measured then or later counts already: spheron node status NODE",
    ),
    (
        "AttestationPolicy_TooLate",
        "a verdict has to come in time: have the node measured anew with spheron verify measure NODE",
    ),
    (
        "Bonds_InsufficientBond",
        "see what is bonded, locked and held: spheron node status, spheron gateway status or spheron verify status",
    ),
    (
        "Bonds_NotThawed",
        "the thaw takes its time, and a dispute holds some longer: spheron node status, spheron gateway status or spheron verify status says until when",
    ),
    (
        "Bonds_NothingThere",
        "nothing is owed in this token: name another one with --token. Losses of a lease have to be seized first: spheron lease claw-back LEASE. Commissions come with spheron stake reward",
    ),
    (
        "Bonds_SlashCapExceeded",
        "the bond has lost as much in a week as it may without proof: give a smaller --slash, or wait",
    ),
    ("Bonds_TokenNotAllowed", "bond another token, or ask the governor to allow this one"),
    ("Delegation_CommissionTooHigh", "give a smaller share: the message names the most, in basis points"),
    ("Delegation_InsufficientShares", "see what is delegated: spheron stake delegations"),
    ("Delegation_NotThawed", "the thaw takes its time: spheron stake delegations says until when"),
    ("Delegation_PoolSpent", "slashes have all but emptied this pool: delegate to another one, spheron stake delegate"),
    ("Delegation_TooSmall", "the amount is worth less than one share: delegate more"),
    ("Disputes_AlreadyAnswered", "a dispute is answered once: spheron dispute show ID"),
    ("Disputes_NotAccused", "only the accused may answer: spheron dispute show ID names it"),
    ("Disputes_NotOpen", "see how it ended: spheron dispute show ID"),
    ("Disputes_NothingAtStake", "the accused has no such bond: name another --role or --token"),
    ("Disputes_NothingThere", "disputes owe nothing in this token: spheron dispute list says which are open"),
    ("Disputes_SlashTooHigh", "give a smaller --slash: the message names the most, in wei"),
    ("Disputes_TokenNotAllowed", "no dispute is taken over bonds in this token: the governor sets its deposit"),
    ("Disputes_TooEarly", "see until when it can be answered and ruled on: spheron dispute show ID"),
    ("Disputes_TooLate", "its time is over, so that anyone may end it: spheron dispute expire ID"),
    ("Disputes_UriTooLong", "give a shorter --uri: the message names the most bytes"),
    ("Distributor_AlreadyPaid", "this leaf was paid before: spheron rewards status EPOCH"),
    ("Distributor_CapExceeded", "the file pays more than was funded: check it with spheron rewards verify FILE"),
    (
        "Distributor_InvalidEpoch",
        "an epoch pays something to somebody: build the file again with spheron rewards build",
    ),
    ("Distributor_InvalidProof", "the file is not the one that was posted: check it with spheron rewards verify FILE"),
    ("Distributor_InvalidRange", "the file is not the one that was posted: check it with spheron rewards verify FILE"),
    ("Distributor_NotActive", "an epoch is paid from its activation on: spheron rewards status EPOCH says when"),
    (
        "Distributor_NotAuthorized",
        "only its account, or that account's claimer, may send a leaf elsewhere: leave out --to",
    ),
    ("Distributor_WrongEpoch", "build the file again: another epoch was posted meanwhile"),
    ("Distributor_WrongFunds", "somebody else funded this epoch, or in another token: the message names who and what"),
    ("ERC20InsufficientBalance", "the account has too few tokens: spheron account balance"),
    (
        "LeaseBook_BondExhausted",
        "the provider's bond has nothing that can be seized now: try again once it has bonded more",
    ),
    ("LeaseBook_CapacityExceeded", "the node is full: choose another one with spheron lease offers"),
    ("LeaseBook_FundsTooLow", "give more time: the message names the least that it may cost, in wei"),
    ("LeaseBook_HoldUnsettled", "settle its grace first: spheron lease settle LEASE"),
    (
        "LeaseBook_InvalidOffer",
        "the message names the part of the offer that cannot be: make another one with spheron node offer",
    ),
    ("LeaseBook_InvalidOfferSignature", "the offer was altered, or is for another chain or deployment"),
    ("LeaseBook_LeaseExists", "this lease is open already: give another --salt for a second one"),
    (
        "LeaseBook_MarketClosed",
        "no lease opens in this token and under this policy: choose another offer with spheron lease offers",
    ),
    (
        "LeaseBook_NodeNotActive",
        "the node is in maintenance, suspended or gone: choose another one with spheron lease offers",
    ),
    ("LeaseBook_NonceOutOfRange", "its nonces have moved on: make the offer anew, without --nonce"),
    (
        "LeaseBook_NotAuthorized",
        "only its renter, its provider or an operator whom they allow may do this: spheron account allow OPERATOR",
    ),
    ("LeaseBook_NothingRevoked", "no verdict took back seconds that this lease has paid: spheron lease receipts LEASE"),
    (
        "LeaseBook_NothingToFree",
        "all of it is free, or still needed: the rest is freed four days after the lease's end",
    ),
    ("LeaseBook_OfferExpired", "take a fresh offer: spheron lease offers"),
    ("LeaseBook_OfferNotForRenter", "the offer is for another renter: choose another one with spheron lease offers"),
    ("LeaseBook_OfferUsed", "take another offer: spheron lease offers"),
    ("LeaseBook_SecondsOutOfBounds", "give a time within the offer's bounds, which the message names in seconds"),
    ("LeaseBook_WrongStatus", "see where the lease stands: spheron lease runway LEASE"),
    (
        "Ledger_AllowanceExpired",
        "the owner allows it no longer, or never did: spheron account allow OPERATOR --for TIME renews it",
    ),
    (
        "Ledger_ExposureCapExceeded",
        "the owner allows less in escrow: spheron account allow OPERATOR --exposure AMOUNT raises it",
    ),
    ("Ledger_InsufficientBalance", "deposit first: spheron account deposit AMOUNT"),
    (
        "Ledger_RateCapExceeded",
        "the owner allows less an hour: spheron account allow OPERATOR --per-hour AMOUNT raises it",
    ),
    (
        "Ledger_TailExceeded",
        "the owner allows money to be committed less far ahead: give less time, or spheron account allow OPERATOR --ahead TIME",
    ),
    ("Ledger_TokenNotAllowed", "the Ledger takes only the tokens that the governor allowed"),
    ("MeasurementDemand_NoBond", "no demand is taken over leases in this token: the governor sets its bond"),
    ("MeasurementDemand_NotPending", "nothing is demanded on this lease: spheron lease demand LEASE does"),
    ("MeasurementDemand_NotRenter", "only the lease's renter may demand: spheron lease list shows yours"),
    ("MeasurementDemand_NotRunning", "only while a lease runs is its node measured anew: spheron lease runway LEASE"),
    ("MeasurementDemand_Pending", "one demand at a time: spheron lease resolve LEASE ends it once it has its answer"),
    ("MeasurementDemand_Unresolved", "the node may still be measured in time: resolve the demand later"),
    (
        "NodeRegistry_AlreadyRegistered",
        "see what is registered: spheron node status ADDRESS. An account that handed over, and a key that has served a node, cannot come again: take another one",
    ),
    ("NodeRegistry_ConsentExpired", "a consent holds for an hour: sign it again"),
    ("NodeRegistry_GatewayFull", "the gateway fronts as many nodes as it may: name another --gateway"),
    (
        "NodeRegistry_InvalidClaim",
        "the message names the part of the claim that cannot be: see spheron node register --help",
    ),
    (
        "NodeRegistry_InvalidConsent",
        "the node's key has to consent: --node-keystore names the one that signs for it now",
    ),
    (
        "NodeRegistry_InvalidStatus",
        "see where the node stands: spheron node status NODE. A suspended node stays so, a retired one registers anew",
    ),
    ("NodeRegistry_NotAdmitted", "its gateway has to admit the provider first: spheron gateway admit PROVIDER"),
    (
        "NodeRegistry_NotAuthorized",
        "only the node's provider or gateway, or who was proposed, may do this: spheron node status ADDRESS",
    ),
    (
        "NodeRegistry_NotBonded",
        "bond first: spheron node bond AMOUNT as a provider, spheron gateway bond AMOUNT as a gateway",
    ),
    (
        "NodeRegistry_NotRegistered",
        "register first: spheron node provider-register as a provider, spheron gateway register as a gateway",
    ),
    (
        "NodeRegistry_WrongBondToken",
        "the bond that counts is in another token: spheron node status or spheron gateway status",
    ),
    (
        "Payout_BelowMinimum",
        "the balance is below what its provider wants to have at once: the message names both, in wei",
    ),
    ("Payout_NotOptedIn", "only its provider can turn payouts on: spheron node payouts --from AMOUNT"),
    ("Payout_NotProvider", "only a provider is paid out: spheron node provider-register"),
    ("StakedSpon_NotClaimable", "the cooldown takes its time: spheron stake status says until when"),
    (
        "StandingTopUps_BudgetExceeded",
        "the order's budget is spent: its renter authorises another one with spheron lease standing new LEASE",
    ),
    (
        "StandingTopUps_Expired",
        "the order's time is over: its renter authorises another one with spheron lease standing new LEASE",
    ),
    (
        "StandingTopUps_InvalidOrder",
        "the message names the part of the order that cannot be: see spheron lease standing new --help",
    ),
    (
        "StandingTopUps_NotAuthorized",
        "only its renter may authorise and revoke an order: spheron lease standing list --all",
    ),
    (
        "StandingTopUps_NotCovered",
        "the order is for another lease, or for a lower price: spheron lease standing list --all",
    ),
    (
        "StandingTopUps_PeriodCapExceeded",
        "the order has spent what it may in a day: try again tomorrow, or authorise another one",
    ),
    ("StandingTopUps_RunwayNotLow", "the lease has enough time left: spheron lease runway LEASE"),
    (
        "StandingTopUps_UnexpectedAmount",
        "the lease took another amount than its terms say: look at it with spheron lease runway LEASE",
    ),
    ("StandingTopUps_WrongStatus", "the order was authorised or revoked before: spheron lease standing list"),
    ("VerifierSet_AlreadyJoined", "nothing is left to do: spheron verify status"),
    (
        "VerifierSet_AlreadyRevealed",
        "a verifier reveals once in a round of an hour, and not in the one that it joined in",
    ),
    ("VerifierSet_Banned", "who contradicted itself is out for good: join with another key"),
    (
        "VerifierSet_ClaimMismatch",
        "the node's provider or hardware is another one by now: measure it anew with spheron verify measure NODE",
    ),
    ("VerifierSet_DuplicateOrUnsortedSigner", "a verifier signed twice: take the verdict's file as it was written"),
    (
        "VerifierSet_Full",
        "every seat is taken: who bonds enough more than the smallest gets its seat, spheron verify bond AMOUNT",
    ),
    (
        "VerifierSet_InvalidResult",
        "an inconclusive verdict records nothing: measure again with spheron verify measure NODE",
    ),
    ("VerifierSet_InvalidSignature", "the verdict was altered, or signed for another chain or deployment"),
    ("VerifierSet_NotBonded", "bond first: spheron verify bond AMOUNT"),
    ("VerifierSet_NotInCommittee", "only the committee of that node and round may sign"),
    ("VerifierSet_NotVerifier", "join first: spheron verify join"),
    (
        "VerifierSet_PassBelowClaim",
        "a pass attests what the node claims, and at least one unit: the verdict was altered",
    ),
    ("VerifierSet_QuorumNotReached", "collect more signatures of the committee"),
    (
        "VerifierSet_StaleBeacon",
        "the verdict is of another round than it was measured in: measure anew with spheron verify measure NODE",
    ),
    (
        "VerifierSet_StillBonded",
        "the bond in the token before still answers for what was signed: join with that --bond-token, or withdraw it first",
    ),
    (
        "VerifierSet_WrongPreimage",
        "the key's hash chain is not the one that it joined with: spheron verify leave, then spheron verify join",
    ),
];

/// What to do about `error`, if that is known.
pub fn of(error: &anyhow::Error) -> Option<&'static str> {
    match error.chain().find_map(|cause| cause.downcast_ref())? {
        ClientError::Reverted { reason, .. } => {
            let name = reason.split('(').next()?;
            about(name)
        }
        ClientError::Failed { .. } => {
            Some("something changed just before it was mined: see what stands now, and try again")
        }
        _ => None,
    }
}

fn about(name: &str) -> Option<&'static str> {
    let family = |known: &str| known.strip_prefix('*').is_some_and(|end| name.ends_with(end));
    let exact = HINTS.iter().find(|(known, _)| *known == name);
    exact.or_else(|| HINTS.iter().find(|(known, _)| family(known))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use alloy::primitives::TxHash;
    use anyhow::Context as _;
    use spheron_bindings::artifact;

    use super::*;

    /// Errors of contracts' own that no command of this program can meet: of administration, between contracts, and of
    /// functions that it does not call.
    const OF_NO_COMMAND: &[&str] = &[
        "AttestationPolicy_NotVerifierSet",
        "Bonds_InsufficientLock",
        "Bonds_NotAuthorized",
        "Bonds_OutOfBounds",
        "Disputes_DepositTooHigh",
        "Distributor_NotChallenged",
        "Distributor_NotPending",
        "Distributor_NotSweepable",
        "Distributor_SignatureExpired",
        "Distributor_WrongTime",
        "LeaseBook_AboveBound",
        "LeaseBook_AuthorizationMismatch",
        "Ledger_InsufficientEscrow",
        "Ledger_NotModule",
        "Ledger_TooManyTokens",
        "NodeRegistry_InvalidTier",
        "OutageClock_InvalidFeed",
        "PauseSwitch_TargetTaken",
        "PauseSwitch_TooEarly",
        "PauseSwitch_UnknownBit",
        "PauseSwitch_WrongState",
        "ResourceCatalog_Empty",
        "ResourceCatalog_InvalidEntry",
        "ResourceCatalog_UnknownVersion",
        "Spon_BridgeLimitExceeded",
        "Spon_CapExceeded",
        "Spon_WindowOutOfBounds",
        "StakedSpon_CooldownOutOfBounds",
        "StakedSpon_NotAuthorized",
        "StakedSpon_PreviewUnavailable",
        "VerifierSet_BatchExpired",
        "VerifierSet_FindingRefused",
        "VerifierSet_InvalidBatch",
        "VerifierSet_InvalidQuorum",
        "VerifierSet_NoConflict",
        "VerifierSet_NotAbsent",
        "VerifierSet_NotInBatch",
        "VerifierSet_NotMisstated",
        "VerifierSet_SelfReport",
    ];

    /// Names of all errors of the contracts.
    fn errors() -> BTreeSet<String> {
        let abis = artifact::NAMES.iter().map(|name| artifact::artifact(name).abi);
        abis.flat_map(|abi| abi.errors.into_keys()).collect()
    }

    #[test]
    fn every_hint_is_about_an_error_that_exists() {
        let errors = errors();
        for (name, _) in HINTS {
            let exists = match name.strip_prefix('*') {
                Some(end) => errors.iter().any(|error| error.ends_with(end)),
                None => errors.contains(*name),
            };
            assert!(exists, "no contract has {name}");
        }
    }

    #[test]
    fn every_error_that_a_command_can_meet_has_a_hint() {
        let own = errors().into_iter().filter(|name| name.contains('_'));
        let without: Vec<String> = own.filter(|name| about(name).is_none()).collect();
        assert_eq!(without, OF_NO_COMMAND);
    }

    #[test]
    fn an_error_has_its_own_hint_before_that_of_its_family() {
        assert!(about("ExactTransfer_UnexpectedAmount").is_some_and(|hint| hint.contains("the token takes fees")));
        assert!(about("StandingTopUps_UnexpectedAmount").is_some_and(|hint| hint.contains("the lease took")));
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
