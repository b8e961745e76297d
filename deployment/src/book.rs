//! The address book of a deployment, `deployments/<chain>.json`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

/// Where the contracts of one chain stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// Name of the chain, such as `arbitrum`.
    pub chain: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// An endpoint of the chain, if the deployment has one of its own, as local chains do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc_url: Option<String>,
    /// Block before which there is no event of these contracts.
    pub start_block: u64,
    /// The contracts.
    pub contracts: Contracts,
}

/// The contracts of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the contract of its name")]
pub struct Contracts {
    pub authority: Address,
    pub spon: Address,
    pub staked_spon: Address,
    pub ledger: Address,
    pub lease_book: Address,
    pub offer_board: Address,
    pub standing_top_ups: Address,
    pub lens: Address,
    pub router: Address,
    pub payout: Address,
    pub measurement_demand: Address,
    pub attestation_policy: Address,
    pub verifier_set: Address,
    pub bonds: Address,
    pub node_registry: Address,
    pub resource_catalog: Address,
    pub distributor: Address,
    pub disputes: Address,
    pub outage_clock: Address,
    pub pause_switch: Address,
    /// A dollar token: the test dollar on local chains.
    pub dollar: Address,
}

/// Why an address book cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The file cannot be read or written.
    #[error("cannot access the deployment file {path}: {source}; `spheron devnet` writes one for local chains")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not an address book.
    #[error("{path} is not a deployment file: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
}

impl Contracts {
    /// Every contract by its name in `contracts/src`.
    pub fn named(&self) -> [(&'static str, Address); 20] {
        [
            ("AttestationPolicy", self.attestation_policy),
            ("Authority", self.authority),
            ("Bonds", self.bonds),
            ("Disputes", self.disputes),
            ("Distributor", self.distributor),
            ("LeaseBook", self.lease_book),
            ("Ledger", self.ledger),
            ("Lens", self.lens),
            ("MeasurementDemand", self.measurement_demand),
            ("NodeRegistry", self.node_registry),
            ("OfferBoard", self.offer_board),
            ("OutageClock", self.outage_clock),
            ("PauseSwitch", self.pause_switch),
            ("Payout", self.payout),
            ("ResourceCatalog", self.resource_catalog),
            ("Router", self.router),
            ("Spon", self.spon),
            ("StakedSpon", self.staked_spon),
            ("StandingTopUps", self.standing_top_ups),
            ("VerifierSet", self.verifier_set),
        ]
    }
}

impl Deployment {
    /// Reads an address book.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, has an unknown or missing key, or a malformed address.
    pub fn read(path: &Path) -> Result<Self, BookError> {
        let text = fs::read_to_string(path).map_err(|source| BookError::File { path: path.into(), source })?;
        serde_json::from_str(&text).map_err(|source| BookError::Format { path: path.into(), source })
    }

    /// Writes an address book, replacing the file as a whole.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BookError> {
        let file = |source| BookError::File { path: path.into(), source };
        let text =
            serde_json::to_string_pretty(self).map_err(|source| BookError::Format { path: path.into(), source })?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file)?;
        }
        let partial = path.with_extension("json.partial");
        fs::write(&partial, text + "\n").map_err(file)?;
        fs::rename(&partial, path).map_err(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    fn example() -> Deployment {
        Deployment {
            chain: "arbitrum".to_owned(),
            chain_id: 42161,
            rpc_url: None,
            start_block: 7,
            contracts: Plan::new(Address::repeat_byte(1), None).contracts(),
        }
    }

    #[test]
    fn a_book_survives_a_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployments/arbitrum.json");
        example().write(&path).unwrap();
        assert_eq!(Deployment::read(&path).unwrap(), example());
    }

    #[test]
    fn an_unknown_key_and_a_missing_file_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.json");
        let missing = Deployment::read(&path).unwrap_err().to_string();
        assert!(missing.contains("base.json") && missing.contains("spheron devnet"), "{missing}");
        let text = serde_json::to_string(&example()).unwrap().replacen("\"chain\"", "\"chian\"", 1);
        fs::write(&path, text).unwrap();
        let unknown = Deployment::read(&path).unwrap_err().to_string();
        assert!(unknown.contains("chian"), "{unknown}");
    }
}
