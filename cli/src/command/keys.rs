//! `spheron keys`: keystore files.

use std::{
    fs::{self, OpenOptions},
    io::IsTerminal as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use alloy::{
    primitives::{Address, B256},
    signers::{k256::elliptic_curve::rand_core::OsRng, local::PrivateKeySigner},
};
use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    args::{KeyArgs, Secrets},
    output::{Fields, Output, Report, Style},
};

/// Keystore files
///
/// A keystore file holds one key, encrypted with a password (Web3 Secret Storage, version 3).
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  spheron keys new --out me.json\n  spheron keys address --keystore me.json")]
pub enum Keys {
    /// Make a key
    #[command(after_help = "Example:\n  spheron keys new --out me.json")]
    New(Destination),
    /// Put the key in SPHERON_PRIVATE_KEY, or one typed on the terminal, into a keystore file
    #[command(after_help = "Example:\n  spheron keys import --out me.json")]
    Import(Destination),
    /// Show the address of a key
    #[command(after_help = "Example:\n  spheron keys address --keystore me.json")]
    Address(KeyArgs),
}

/// Where a keystore file goes.
///
/// Its password comes from SPHERON_KEYSTORE_PASSWORD, from the file that SPHERON_KEYSTORE_PASSWORD_FILE names, or from a
/// prompt on the terminal.
#[derive(Debug, Args)]
pub struct Destination {
    /// The new keystore file; one that exists is not overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Key {
    address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    keystore: Option<PathBuf>,
}

impl Report for Key {
    fn human(&self, style: Style) -> String {
        let keystore = self.keystore.as_ref().map(|path| path.display());
        Fields::new(style).row("address", self.address).maybe("keystore", keystore).text()
    }
}

impl Keys {
    /// Does it.
    pub fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        let key = match self {
            Self::New(to) => to.write(|| Ok(PrivateKeySigner::random()))?,
            Self::Import(to) => to.write(imported)?,
            Self::Address(key) => Key { address: key.signer()?.address(), keystore: None },
        };
        output.print(&key)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Destination {
    fn write(self, key: impl FnOnce() -> anyhow::Result<PrivateKeySigner>) -> anyhow::Result<Key> {
        let shown = self.out.display();
        ensure!(!self.out.exists(), "{shown} exists already: name another file");
        let name = self.out.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{shown} is no file name"))?;
        let folder = self.out.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let signer = key()?;
        let password = Secrets::CALLER.new_password()?;
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.out);
        created.with_context(|| format!("cannot create {shown}"))?;
        let written = PrivateKeySigner::encrypt_keystore(folder, &mut OsRng, signer.to_bytes(), password, Some(name));
        if let Err(error) = written {
            fs::remove_file(&self.out)?;
            return Err(error).with_context(|| format!("cannot write {shown}"));
        }
        Ok(Key { address: signer.address(), keystore: Some(self.out) })
    }
}

/// The key in the environment, else one typed on the terminal.
fn imported() -> anyhow::Result<PrivateKeySigner> {
    if let Some(signer) = Secrets::CALLER.environment_key()? {
        return Ok(signer);
    }
    ensure!(std::io::stdin().is_terminal(), "no key: set SPHERON_PRIVATE_KEY, or run on a terminal");
    let text = rpassword::prompt_password("Private key: ").context("cannot read the key from the terminal")?;
    let key = text.trim().trim_start_matches("0x").parse::<B256>().ok();
    key.and_then(|key| PrivateKeySigner::from_bytes(&key).ok())
        .context("that is no private key: expected 64 hex digits")
}
