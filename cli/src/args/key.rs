//! Keys: from a keystore file or the environment, never from the command line.

use std::{
    env, fs,
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use alloy::{
    primitives::{B256, hex},
    signers::local::PrivateKeySigner,
};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::Value;

/// The caller's key.
#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// Keystore file of the key to sign with, else SPHERON_PRIVATE_KEY is used
    ///
    /// Its password comes from SPHERON_KEYSTORE_PASSWORD, from the file that SPHERON_KEYSTORE_PASSWORD_FILE names, or
    /// from a prompt on the terminal.
    #[arg(long, value_name = "FILE", env = "SPHERON_KEYSTORE", help_heading = "Key")]
    keystore: Option<PathBuf>,
}

/// The key of a node, beside the caller's.
#[derive(Debug, Clone, Args)]
pub struct NodeKeyArgs {
    /// Keystore file of the node's key, else SPHERON_NODE_PRIVATE_KEY is used
    ///
    /// Its password comes from SPHERON_NODE_KEYSTORE_PASSWORD, from the file that SPHERON_NODE_KEYSTORE_PASSWORD_FILE
    /// names, or from a prompt on the terminal.
    #[arg(long, value_name = "FILE", env = "SPHERON_NODE_KEYSTORE", help_heading = "Key")]
    node_keystore: Option<PathBuf>,
}

impl KeyArgs {
    /// The key.
    pub fn signer(&self) -> anyhow::Result<PrivateKeySigner> {
        Secrets::CALLER.signer(self.keystore.as_deref())
    }

    /// Whether a key is named at all.
    pub fn is_given(&self) -> bool {
        self.keystore.is_some() || env::var_os(Secrets::CALLER.private_key).is_some()
    }
}

impl NodeKeyArgs {
    /// The key.
    pub fn signer(&self) -> anyhow::Result<PrivateKeySigner> {
        Secrets::NODE.signer(self.node_keystore.as_deref())
    }
}

/// Where the secrets behind one key come from.
#[derive(Debug)]
pub struct Secrets {
    flag: &'static str,
    private_key: &'static str,
    password: &'static str,
    password_file: &'static str,
}

impl Secrets {
    /// Of the caller's key.
    pub const CALLER: Self = Self {
        flag: "--keystore",
        private_key: "SPHERON_PRIVATE_KEY",
        password: "SPHERON_KEYSTORE_PASSWORD",
        password_file: "SPHERON_KEYSTORE_PASSWORD_FILE",
    };

    /// Of a node's key.
    pub const NODE: Self = Self {
        flag: "--node-keystore",
        private_key: "SPHERON_NODE_PRIVATE_KEY",
        password: "SPHERON_NODE_KEYSTORE_PASSWORD",
        password_file: "SPHERON_NODE_KEYSTORE_PASSWORD_FILE",
    };

    /// The key in `keystore`, else in the environment.
    pub fn signer(&self, keystore: Option<&Path>) -> anyhow::Result<PrivateKeySigner> {
        match keystore {
            Some(file) => self.decrypt(file),
            None => self
                .environment_key()?
                .with_context(|| format!("this needs a key: pass {} FILE, or set {}", self.flag, self.private_key)),
        }
    }

    /// The key in the environment, if there is one.
    pub fn environment_key(&self) -> anyhow::Result<Option<PrivateKeySigner>> {
        let Some(text) = variable(self.private_key)? else { return Ok(None) };
        // The message must not repeat what may be half a key.
        let digits = text.trim().trim_start_matches("0x");
        let signer = digits.parse::<B256>().ok().and_then(|key| PrivateKeySigner::from_bytes(&key).ok());
        let name = self.private_key;
        signer.map(Some).with_context(|| format!("{name} is no private key: expected 64 hex digits"))
    }

    /// The password of `keystore`: from the environment, a file, or a prompt.
    pub fn password(&self, keystore: &Path) -> anyhow::Result<String> {
        match self.password_without_prompt()? {
            Some(password) => Ok(password),
            None => self.prompt(&format!("Password of {}: ", keystore.display())),
        }
    }

    /// A password for a keystore that is made now; a prompt asks twice.
    pub fn new_password(&self) -> anyhow::Result<String> {
        if let Some(password) = self.password_without_prompt()? {
            ensure!(!password.is_empty(), "the password is empty: a keystore needs one");
            return Ok(password);
        }
        let password = self.prompt("New password: ")?;
        ensure!(!password.is_empty(), "the password is empty: a keystore needs one");
        ensure!(self.prompt("Again: ")? == password, "the two passwords differ: nothing was written");
        Ok(password)
    }

    fn password_without_prompt(&self) -> anyhow::Result<Option<String>> {
        if let Some(password) = variable(self.password)? {
            return Ok(Some(password));
        }
        let Some(file) = env::var_os(self.password_file).map(PathBuf::from) else { return Ok(None) };
        let text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}, which {} names", file.display(), self.password_file))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn prompt(&self, question: &str) -> anyhow::Result<String> {
        if !std::io::stdin().is_terminal() {
            bail!("no password: set {} or {}, or run on a terminal", self.password, self.password_file);
        }
        rpassword::prompt_password(question).context("cannot read the password from the terminal")
    }

    fn decrypt(&self, file: &Path) -> anyhow::Result<PrivateKeySigner> {
        let shown = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read the keystore {shown}"))?;
        check_keystore(&text).with_context(|| format!("{shown} is no keystore (version 3)"))?;
        let password = self.password(file)?;
        match PrivateKeySigner::decrypt_keystore(file, password) {
            Ok(signer) => Ok(signer),
            Err(error) if error.to_string() == "Mac Mismatch" => bail!("wrong password for {shown}"),
            Err(error) => Err(error).with_context(|| format!("cannot decrypt {shown}")),
        }
    }
}

/// Refuses what the decryption would stumble over: it trusts the lengths and costs in the file.
fn check_keystore(text: &str) -> anyhow::Result<()> {
    let keystore: Value = serde_json::from_str(text)?;
    let crypto = &keystore["crypto"];
    let bytes =
        |value: &Value| value.as_str().and_then(|digits| hex::decode(digits).ok()).map_or(0, |bytes| bytes.len());
    ensure!(bytes(&crypto["ciphertext"]) == 32, "crypto.ciphertext is not 32 bytes in hex");
    ensure!(bytes(&crypto["cipherparams"]["iv"]) == 16, "crypto.cipherparams.iv is not 16 bytes in hex");
    let kdf = &crypto["kdfparams"];
    ensure!(kdf["dklen"] == 32, "crypto.kdfparams.dklen is not 32");
    let cost = kdf["n"].as_u64().unwrap_or(2).saturating_mul(kdf["r"].as_u64().unwrap_or(1));
    ensure!(cost <= 1 << 24, "crypto.kdfparams asks for more than 2 GiB of memory");
    ensure!(kdf["n"].as_u64().is_none_or(u64::is_power_of_two), "crypto.kdfparams.n is not a power of two");
    Ok(())
}

/// An environment variable, if it is set.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => bail!("{name} is not valid text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keystore_that_would_break_the_decryption_is_refused() {
        let good = r#"{"crypto":{"ciphertext":"CC","cipherparams":{"iv":"II"},"kdfparams":{"dklen":32,"n":8192,"r":8,"p":1}}}"#
            .replace("CC", &"00".repeat(32))
            .replace("II", &"00".repeat(16));
        check_keystore(&good).unwrap();
        for (from, to) in [
            ("\"dklen\":32", "\"dklen\":16"),
            ("\"n\":8192", "\"n\":8191"),
            ("\"n\":8192", "\"n\":1073741824"),
            (&"00".repeat(32), "00"),
            ("{\"crypto\"", "[\"crypto\""),
        ] {
            assert!(check_keystore(&good.replace(from, to)).is_err(), "{to}");
        }
    }
}
