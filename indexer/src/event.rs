//! The events, typed, of the contracts that a manifest can name.

use alloy::{
    primitives::{Address, B256},
    sol_types::{SolEventInterface as _, abi::AbiDecoderConfig},
};
use serde::{Deserialize, Serialize};
use spheron_bindings as bindings;

const VALIDATE: AbiDecoderConfig = AbiDecoderConfig::new().validate(true);

/// Declares the contracts, and the event enum over them.
macro_rules! contracts {
    ($($name:ident = $module:ident :: $events:ident,)*) => {
        /// A contract of the deployment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs)] // named as in contracts/src
        pub enum Contract {
            $($name,)*
        }

        impl Contract {
            /// All contracts, in alphabetical order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name, as in `contracts/src`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }

        /// An event of one of the contracts.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs)] // as the contracts
        pub enum Event {
            $($name(bindings::$module::$name::$events),)*
        }

        impl Event {
            /// Decodes a log of `contract`, `None` if the contract's ABI has no such event.
            ///
            /// # Errors
            ///
            /// If the ABI has the event and the data does not fit it.
            pub fn decode(contract: Contract, topics: &[B256], data: &[u8]) -> alloy::sol_types::Result<Option<Self>> {
                match contract {
                    $(Contract::$name => {
                        use bindings::$module::$name::$events as Events;
                        let known = topics.first().is_some_and(|topic| Events::SELECTORS.contains(&topic.0));
                        known.then(|| Events::decode_raw_log_with_config(topics, data, VALIDATE).map(Self::$name)).transpose()
                    })*
                }
            }
        }
    };
}

contracts! {
    AttestationPolicy = attestation_policy::AttestationPolicyEvents,
    Bonds = bonds::BondsEvents,
    Disputes = disputes::DisputesEvents,
    Distributor = distributor::DistributorEvents,
    LeaseBook = lease_book::LeaseBookEvents,
    Ledger = ledger::LedgerEvents,
    MeasurementDemand = measurement_demand::MeasurementDemandEvents,
    NodeRegistry = node_registry::NodeRegistryEvents,
    OfferBoard = offer_board::OfferBoardEvents,
    OutageClock = outage_clock::OutageClockEvents,
    PauseSwitch = pause_switch::PauseSwitchEvents,
    Payout = payout::PayoutEvents,
    ResourceCatalog = resource_catalog::ResourceCatalogEvents,
    Spon = spon::SponEvents,
    StakedSpon = staked_spon::StakedSponEvents,
    StandingTopUps = standing_top_ups::StandingTopUpsEvents,
    VerifierSet = verifier_set::VerifierSetEvents,
}

impl Contract {
    /// Whether a deployment has it before SPON exists.
    pub fn is_always_deployed(self) -> bool {
        !matches!(self, Self::Spon | Self::StakedSpon)
    }

    /// The contract with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|contract| contract.name() == name)
    }
}

impl std::fmt::Display for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Selector and indexed fields of a log: at most four words, in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Topics {
    words: [B256; 4],
    count: u8,
}

impl Topics {
    /// Adds a topic; `false` if there are four.
    pub fn push(&mut self, word: B256) -> bool {
        let place = self.words.get_mut(usize::from(self.count));
        let Some(place) = place else { return false };
        *place = word;
        self.count += 1;
        true
    }
}

/// At most the first four.
impl FromIterator<B256> for Topics {
    fn from_iter<I: IntoIterator<Item = B256>>(words: I) -> Self {
        let mut topics = Self::default();
        for word in words.into_iter().take(4) {
            topics.push(word);
        }
        topics
    }
}

impl std::ops::Deref for Topics {
    type Target = [B256];

    fn deref(&self) -> &[B256] {
        &self.words[..usize::from(self.count)]
    }
}

/// A log as an endpoint returned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Contract that emitted it.
    pub address: Address,
    /// Selector and indexed fields.
    pub topics: Topics,
    /// The other fields, ABI-encoded.
    pub data: Vec<u8>,
    /// Block number.
    pub block: u64,
    /// Block hash.
    pub block_hash: B256,
    /// Time of the block in unix seconds, if the endpoint sent it.
    pub block_time: Option<u64>,
    /// Transaction hash.
    pub tx_hash: B256,
    /// Place among the logs of the block.
    pub log_index: u64,
}
