//! Parameters of a deployment, and the TOML file that holds them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, U256, aliases::U96};
use serde::Deserialize;

use crate::{Contracts, Role};

/// Parameters of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Name of the chain, such as `arbitrum`.
    pub chain: String,
    /// EIP-155 id of the chain.
    pub chain_id: u64,
    /// The dollar token; a test dollar is deployed if there is none, as on local chains.
    #[serde(default)]
    pub dollar: Option<Address>,
    /// Chainlink's feed of the sequencer's uptime, if the chain has one.
    #[serde(default)]
    pub uptime_feed: Option<Address>,
    /// Into whose Ledger balance fees are collected.
    pub fee_collector: Address,
    /// Tokens that leases may be paid in.
    pub markets: Vec<Market>,
    /// From how much on a bond counts.
    pub minimum_bonds: Vec<MinimumBond>,
    /// What a dispute over a bond takes as its deposit.
    #[serde(default)]
    pub dispute_deposits: Vec<DisputeDeposit>,
    /// What a renter's demand for a fresh measurement takes as its bond.
    #[serde(default)]
    pub demand_bonds: Vec<DemandBond>,
    /// Accounts that get roles, besides the contracts that need one.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// How verdicts are signed.
    pub quorum: Quorum,
    /// Who governs in the end, when the deployer has given up every role. Without it the deployer keeps the admin role,
    /// as on local chains.
    #[serde(default)]
    pub admin: Option<Admin>,
}

/// A token: one of the deployment's own by its name, or any by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// SPON.
    Spon,
    /// The dollar token.
    Dollar,
    /// Another one.
    #[serde(untagged)]
    Address(Address),
}

/// Terms of leases in one token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Market {
    /// The token.
    pub token: Token,
    /// Protocol's share of payments, basis points.
    pub fee_bps: u16,
    /// Share of a lease's exposure that is locked out of the provider's bond, basis points.
    pub cover_bps: u16,
    /// Wei that a lease opens with at least.
    pub min_funds: U96,
    /// Wei that a top-up brings at least.
    pub min_top_up: U96,
}

/// What a bond is for, as in `IBonds.Role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum BondRole {
    /// Offers nodes.
    Provider = 0,
    /// Connects Fizz nodes.
    Gateway = 1,
    /// Signs verdicts.
    Verifier = 2,
}

/// From how much on a bond counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MinimumBond {
    /// What the bond is for.
    pub role: BondRole,
    /// The token.
    pub token: Token,
    /// Wei.
    pub amount: U256,
}

/// What a dispute over a bond in a token takes as its deposit, in the same token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DisputeDeposit {
    /// The token.
    pub token: Token,
    /// Wei.
    pub amount: U256,
}

/// What a demand for a fresh measurement takes as its bond, in the lease's token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DemandBond {
    /// The token.
    pub token: Token,
    /// Wei.
    pub bond: U96,
}

/// A role for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Who gets it.
    pub account: Address,
    /// Seconds between scheduling a call and its execution; the role's usual ones if none are given.
    #[serde(default)]
    pub delay: Option<u32>,
}

/// How verdicts are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quorum {
    /// Verifiers drawn for a node and round.
    pub committee: u8,
    /// Signatures that a verdict needs.
    pub signatures: u8,
}

/// Who governs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Admin {
    /// A multi-signature wallet or a governor contract.
    pub account: Address,
    /// Seconds between scheduling an administrative call and its execution.
    pub delay: u32,
}

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is malformed.
    #[error("the settings {path} are wrong: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: Box<toml::de::Error>,
    },
    /// They would put a dollar that anyone may mint onto a chain that is handed over.
    #[error("the settings {path} name an admin but no dollar token: name the chain's own as `dollar`")]
    NoDollar {
        /// The file.
        path: PathBuf,
    },
}

impl Settings {
    /// Of a local chain, where `admin` deploys and has every role that people have, and bonds of `minimum_bond` wei of
    /// SPON count.
    pub fn local(chain: &str, chain_id: u64, admin: Address, minimum_bond: U256) -> Self {
        let market = |token, min_funds, min_top_up| Market {
            token,
            fee_bps: 300,
            cover_bps: 0,
            min_funds: U96::from(min_funds),
            min_top_up: U96::from(min_top_up),
        };
        let people = [
            Role::Architect,
            Role::Governor,
            Role::Guardian,
            Role::Issuer,
            Role::Funder,
            Role::Rewarder,
            Role::Rater,
            Role::Arbiter,
        ];
        let roles = [BondRole::Provider, BondRole::Gateway, BondRole::Verifier];
        Self {
            chain: chain.to_owned(),
            chain_id,
            dollar: None,
            uptime_feed: None,
            fee_collector: admin,
            markets: vec![market(Token::Spon, 1_000_000_000_u64, 1_000_000), market(Token::Dollar, 1_000, 100)],
            minimum_bonds: roles.map(|role| MinimumBond { role, token: Token::Spon, amount: minimum_bond }).to_vec(),
            dispute_deposits: vec![DisputeDeposit { token: Token::Spon, amount: minimum_bond }],
            demand_bonds: vec![DemandBond { token: Token::Dollar, bond: U96::from(1_000_000) }],
            grants: people.map(|role| Grant { role, account: admin, delay: Some(0) }).to_vec(),
            quorum: Quorum { committee: 3, signatures: 2 },
            admin: None,
        }
    }

    /// Reads a settings file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, has an unknown or missing key or a malformed value, or names an admin and no dollar.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = fs::read_to_string(path).map_err(|source| SettingsError::File { path: path.into(), source })?;
        let settings: Self = toml::from_str(&text)
            .map_err(|source| SettingsError::Format { path: path.into(), source: Box::new(source) })?;
        if settings.admin.is_some() && settings.dollar.is_none() {
            return Err(SettingsError::NoDollar { path: path.into() });
        }
        Ok(settings)
    }
}

impl Token {
    /// Where the token stands.
    pub fn address(self, contracts: &Contracts) -> Address {
        match self {
            Self::Spon => contracts.spon,
            Self::Dollar => contracts.dollar,
            Self::Address(address) => address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_settings() {
        let folder = Path::new("settings");
        for (name, chain_id) in [("arbitrum", 42_161), ("base", 8_453)] {
            let settings = Settings::read(&folder.join(format!("{name}.toml"))).unwrap();
            assert_eq!((settings.chain.as_str(), settings.chain_id), (name, chain_id));
            assert!(settings.admin.is_some_and(|admin| admin.delay >= 172_800));
            assert!(settings.quorum.signatures * 2 > settings.quorum.committee);
        }
    }

    #[test]
    fn an_unknown_key_a_wrong_role_and_a_missing_file_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.toml");
        let example = include_str!("../settings/arbitrum.toml");
        for (written, instead, said) in [
            ("fee-collector", "fee-colector", "fee-colector"),
            ("role = \"arbiter\"", "role = \"judge\"", "judge"),
            ("fee-bps = 300", "fee-bps = 70000", "70000"),
            ("dollar = \"0xaf88d065e77c8cC2239327C5EDb3A432268e5831\"", "", "no dollar token"),
        ] {
            fs::write(&path, example.replace(written, instead)).unwrap();
            let error = Settings::read(&path).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("chain.toml"), "{error}");
        }
        let error = Settings::read(&folder.path().join("none.toml")).unwrap_err().to_string();
        assert!(error.contains("none.toml"), "{error}");
    }
}
