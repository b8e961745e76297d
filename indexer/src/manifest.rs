//! What to follow: the chains, how to reach them, and where the contracts are.
//!
//! ```
//! use spheron_indexer::Manifest;
//!
//! let manifest = Manifest::parse(
//!     r#"
//!     [[chains]]
//!     name = "arbitrum"
//!     chain_id = 42161
//!     endpoints = ["https://rpc.example.org/${RPC_KEY}", "https://other.example.org"]
//!     start_block = 300000000
//!
//!     [chains.contracts]
//!     AttestationPolicy = "0x1111111111111111111111111111111111111111"
//!     Bonds = "0x2222222222222222222222222222222222222222"
//!     Disputes = "0x3333333333333333333333333333333333333333"
//!     Distributor = "0x4444444444444444444444444444444444444444"
//!     LeaseBook = "0x5555555555555555555555555555555555555555"
//!     Ledger = "0x6666666666666666666666666666666666666666"
//!     MeasurementDemand = "0x7777777777777777777777777777777777777777"
//!     NodeRegistry = "0x8888888888888888888888888888888888888888"
//!     OfferBoard = "0x9999999999999999999999999999999999999999"
//!     OutageClock = "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
//!     PauseSwitch = "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
//!     Payout = "0xcccccccccccccccccccccccccccccccccccccccc"
//!     ResourceCatalog = "0xdddddddddddddddddddddddddddddddddddddddd"
//!     StandingTopUps = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
//!     VerifierSet = "0xffffffffffffffffffffffffffffffffffffffff"
//!     "#,
//! )?;
//! assert_eq!(manifest.chains[0].chain_id, 42161);
//! # Ok::<(), spheron_indexer::ManifestError>(())
//! ```

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy::primitives::{Address, B256, keccak256};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::{
    decode::{Catalog, Decoder},
    dictionary::Dictionary,
    event::Contract,
    position::MAX_CHAINS,
    sources::SourceManifest,
};

/// The chains to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// One deployment per chain.
    pub chains: Vec<ChainManifest>,
}

/// A deployment on one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainManifest {
    /// As people call it.
    pub name: String,
    /// EIP-155 id, which every endpoint must answer with.
    pub chain_id: u64,
    /// JSON-RPC over HTTP, the preferred one first. `${NAME}` stands for an environment variable, so that keys need not
    /// be in the file.
    pub endpoints: Vec<String>,
    /// First block that can hold an event: that of the deployment.
    pub start_block: u64,
    /// Blocks behind the latest that count as final, for endpoints without the `finalized` tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finality_depth: Option<u64>,
    /// Endpoints that must return the same logs of a range before it is believed; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<usize>,
    /// Addresses of our contracts by name: all of them or none; Spon and StakedSpon only once they exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contracts: BTreeMap<Contract, Address>,
    /// Contracts of others: one table per event of their ABI, and nothing folded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceManifest>,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot read the manifest {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The text is no manifest.
    #[error("the manifest is wrong: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A value is wrong.
    #[error("chain {chain:?} of the manifest: {what}")]
    Chain {
        /// Name of the chain.
        chain: String,
        /// What is wrong with the value, and what to do.
        what: String,
    },
    /// The contracts do not go together.
    #[error("the manifest's contracts: {0}")]
    Contracts(String),
    /// No chain, or too many.
    #[error("the manifest names {0} chains; name 1 to {MAX_CHAINS}")]
    Count(usize),
}

impl Manifest {
    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or says something that is wrong, or has a key that is unknown.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let read = |cause| ManifestError::Read { path: path.to_owned(), cause };
        let text = std::fs::read_to_string(path).map_err(read)?;
        Self::parse_in(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads TOML; the files that it names are looked for in the current folder.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        Self::parse_in(text, Path::new(""))
    }

    fn parse_in(text: &str, folder: &Path) -> Result<Self, ManifestError> {
        let mut manifest: Self = toml::from_str(text)?;
        for chain in &mut manifest.chains {
            let fail = |what| ManifestError::Chain { chain: chain.name.clone(), what };
            chain.sources.iter_mut().try_for_each(|source| source.load(folder)).map_err(fail)?;
        }
        manifest.validate()?;
        Ok(manifest)
    }

    /// Whether a chain has our contracts.
    pub fn is_ours(&self) -> bool {
        self.chains.iter().any(|chain| !chain.contracts.is_empty())
    }

    /// Checks what a manifest built in code says.
    ///
    /// # Errors
    ///
    /// The first value that is wrong.
    pub fn validate(&self) -> Result<(), ManifestError> {
        if self.chains.is_empty() || self.chains.len() > MAX_CHAINS {
            return Err(ManifestError::Count(self.chains.len()));
        }
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for chain in &self.chains {
            let duplicate = if !names.insert(&chain.name) {
                Some(format!("the name {:?} is given twice", chain.name))
            } else if !ids.insert(chain.chain_id) {
                Some(format!("chain_id {} is given twice", chain.chain_id))
            } else {
                None
            };
            let fail = |what| Err(ManifestError::Chain { chain: chain.name.clone(), what });
            duplicate.map_or_else(|| chain.check(), Err).or_else(fail)?;
        }
        Catalog::of(self).map(drop).map_err(ManifestError::Contracts)
    }

    /// The chain with this id.
    pub fn chain(&self, chain_id: u64) -> Option<&ChainManifest> {
        self.chains.iter().find(|chain| chain.chain_id == chain_id)
    }
}

impl ChainManifest {
    /// The address of a contract.
    pub fn address(&self, contract: Contract) -> Option<Address> {
        self.contracts.get(&contract).copied()
    }

    /// All contracts whose addresses the manifest gives, with the names of their tables.
    pub fn named_addresses(&self) -> impl Iterator<Item = (&str, Address)> {
        let ours = self.contracts.iter().map(|(contract, address)| (contract.name(), *address));
        ours.chain(self.sources.iter().filter_map(|source| Some((source.name.as_str(), source.address?))))
    }

    /// A decoder of the contracts' logs.
    pub fn decoder(&self, catalog: Arc<Catalog>, dictionary: Arc<Dictionary>) -> Decoder {
        Decoder::new(catalog, dictionary, self.named_addresses())
    }

    /// Identifies the deployment: chain id, first block and addresses, in no way the endpoints.
    pub fn fingerprint(&self) -> B256 {
        let contracts = self.named_addresses().map(|(name, address)| format!("{name}={address}\n"));
        keccak256(format!("{}\n{}\n{}", self.chain_id, self.start_block, contracts.collect::<String>()))
    }

    /// The endpoints with their variables filled in from the environment.
    ///
    /// # Errors
    ///
    /// If a variable is not set, or the result is no HTTP URL.
    pub fn endpoint_urls(&self) -> Result<Vec<Url>, ManifestError> {
        let urls = self.endpoints.iter().map(|endpoint| expand(endpoint, |name| std::env::var(name).ok()));
        let urls = urls.map(|endpoint| endpoint.and_then(|endpoint| http_url(&endpoint)));
        urls.map(|url| url.map_err(|what| ManifestError::Chain { chain: self.name.clone(), what })).collect()
    }

    fn check(&self) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("the name is empty; give it one".into());
        }
        if self.chain_id == 0 {
            return Err("chain_id is 0; give the EIP-155 id, such as 42161".into());
        }
        if self.endpoints.is_empty() {
            return Err("endpoints is empty; give at least one URL".into());
        }
        for endpoint in &self.endpoints {
            // The variables are filled in when the indexer starts; what surrounds them is checked now.
            let without = expand(endpoint, |_| Some("x".into()))?;
            http_url(&without)?;
        }
        if let Some(quorum) = self.quorum.filter(|quorum| *quorum == 0 || *quorum > self.endpoints.len()) {
            return Err(format!("quorum is {quorum}; give 1 to {}, the number of endpoints", self.endpoints.len()));
        }
        if self.contracts.is_empty() && self.sources.is_empty() {
            return Err("it names no contract; give contracts, or sources with the ABIs of others".into());
        }
        let missing: Vec<_> = Contract::ALL
            .iter()
            .filter(|contract| contract.is_always_deployed() && !self.contracts.contains_key(contract))
            .filter(|_| !self.contracts.is_empty())
            .map(|contract| contract.name())
            .collect();
        if !missing.is_empty() {
            return Err(format!("contracts lacks {}; give their addresses", missing.join(", ")));
        }
        let (mut names, mut seen) = (HashSet::new(), HashMap::new());
        for (name, address) in self.named_addresses() {
            if address.is_zero() {
                return Err(format!("the address of {name} is zero"));
            }
            if let Some(other) = seen.insert(address, name) {
                return Err(format!("{other} and {name} have the same address {address}"));
            }
        }
        for source in &self.sources {
            if !names.insert(&source.name) || Contract::parse(&source.name).is_some() {
                return Err(format!("two contracts are named {:?}; give one of them another name", source.name));
            }
            source.check(&self.sources)?;
        }
        Ok(())
    }
}

/// Replaces each `${NAME}`.
fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut expanded, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or_else(|| format!("endpoint {text:?} has a ${{ without a }}"))?;
        let value = variable(name);
        let value = value.ok_or_else(|| format!("endpoint {text:?} needs the environment variable {name}; set it"))?;
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = tail;
    }
    Ok(expanded + rest)
}

fn http_url(text: &str) -> Result<Url, String> {
    // The text may hold a key, so the message does not repeat it.
    let url = Url::parse(text).map_err(|error| format!("an endpoint is no URL ({error})"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        scheme => Err(format!("an endpoint has the scheme {scheme:?}; give one with http or https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        let contracts = Contract::ALL.iter().enumerate().map(|(index, contract)| {
            format!("{contract} = \"{}\"\n", Address::with_last_byte(u8::try_from(index).unwrap() + 1))
        });
        format!(
            "[[chains]]\nname = \"base\"\nchain_id = 8453\nendpoints = [\"http://127.0.0.1:1\"]\nstart_block = 7\n\
             [chains.contracts]\n{}",
            contracts.collect::<String>()
        )
    }

    fn error_of(text: &str) -> String {
        Manifest::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_manifest_is_read_and_written_back() {
        let manifest = Manifest::parse(&text()).unwrap();
        assert_eq!(manifest.chains[0].contracts.len(), Contract::ALL.len());
        let written = toml::to_string(&manifest).unwrap();
        assert_eq!(Manifest::parse(&written).unwrap(), manifest);
    }

    #[test]
    fn unknown_keys_are_named() {
        let error = error_of(&text().replace("start_block", "start_blok"));
        assert!(error.contains("start_blok"), "{error}");
        let error = error_of(&text().replace("Ledger =", "Leger ="));
        assert!(error.contains("Leger"), "{error}");
        let error = error_of(&format!("extra = 1\n{}", text()));
        assert!(error.contains("extra"), "{error}");
    }

    #[test]
    fn wrong_values_are_named() {
        let cases = [
            ("http://127.0.0.1:1", "ftp://127.0.0.1", "ftp"),
            ("http://127.0.0.1:1", "http://127.0.0.1:1/${KEY", "without a }"),
            ("[\"http://127.0.0.1:1\"]", "[]", "endpoints is empty"),
            ("chain_id = 8453", "chain_id = 0", "chain_id is 0"),
            ("chain_id = 8453", "chain_id = -1", "-1"),
            ("start_block = 7", "start_block = 7\nquorum = 2", "quorum is 2"),
            ("name = \"base\"", "name = \"\"", "name is empty"),
            ("Bonds = \"0x0000000000000000000000000000000000000002\"", "", "lacks Bonds"),
            (
                "0x0000000000000000000000000000000000000002",
                "0x0000000000000000000000000000000000000001",
                "same address",
            ),
            ("0x0000000000000000000000000000000000000002", "0x0000000000000000000000000000000000000000", "is zero"),
        ];
        for (from, to, expected) in cases {
            assert!(text().contains(from), "{from}");
            let error = error_of(&text().replacen(from, to, 1));
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn two_chains_must_differ() {
        let error = error_of(&format!("{}\n{}", text(), text()));
        assert!(error.contains("given twice"), "{error}");
        assert!(error_of("chains = []").contains("0 chains"));
    }

    #[test]
    fn variables_come_from_the_environment_and_are_asked_for_by_name() {
        let set = |name: &str| (name == "KEY").then(|| "secret".to_owned());
        assert_eq!(expand("http://a/${KEY}/b", set).unwrap(), "http://a/secret/b");
        assert!(expand("http://a/${OTHER}", set).unwrap_err().contains("OTHER"));
    }

    #[test]
    fn the_fingerprint_ignores_endpoints_and_sees_addresses() {
        let manifest = Manifest::parse(&text()).unwrap();
        let mut other = manifest.clone();
        other.chains[0].endpoints.push("http://127.0.0.1:2".into());
        assert_eq!(manifest.chains[0].fingerprint(), other.chains[0].fingerprint());
        other.chains[0].contracts.insert(Contract::Ledger, Address::repeat_byte(9));
        assert_ne!(manifest.chains[0].fingerprint(), other.chains[0].fingerprint());
    }
}
