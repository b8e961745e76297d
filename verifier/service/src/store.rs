//! What a verifier keeps: evidence by its hash, verdicts by session, and what it signed.
//!
//! A verifier signs one verdict per session, ever: two different ones would cost it its bond. The mark is on disk before
//! the signature leaves.

use std::{
    io,
    path::{Path, PathBuf},
};

use alloy::primitives::B256;
use serde::{Serialize, de::DeserializeOwned};
use spheron_verifier_core::{evidence::Evidence, verdict::SignedVerdict};
use tokio::{fs, io::AsyncWriteExt};

/// Files under a verifier's data directory.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in this directory, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        for part in ["evidence", "verdicts", "signed"] {
            std::fs::create_dir_all(root.join(part))?;
        }
        Ok(Self { root })
    }

    /// Keeps evidence; its hash.
    ///
    /// # Errors
    /// What the file system reports.
    pub async fn put_evidence(&self, evidence: &Evidence) -> io::Result<B256> {
        let hash = evidence.hash();
        replace(&self.evidence_path(hash), &evidence.bytes()).await?;
        Ok(hash)
    }

    /// The file that keeps this evidence: exactly the bytes that were hashed.
    pub fn evidence_path(&self, hash: B256) -> PathBuf {
        self.root.join("evidence").join(format!("{hash}.json"))
    }

    /// Kept evidence, if there is any with this hash.
    ///
    /// # Errors
    /// What the file system reports, or that the file is damaged.
    pub async fn evidence(&self, hash: B256) -> io::Result<Option<Evidence>> {
        read(&self.evidence_path(hash)).await
    }

    /// Keeps a verdict.
    ///
    /// # Errors
    /// What the file system reports.
    pub async fn put_verdict(&self, verdict: &SignedVerdict) -> io::Result<()> {
        replace(&self.verdict_path(verdict.verdict.sessionId), &json(verdict)?).await
    }

    /// A session's verdict, if this verifier led it to one.
    ///
    /// # Errors
    /// What the file system reports, or that the file is damaged.
    pub async fn verdict(&self, session: B256) -> io::Result<Option<SignedVerdict>> {
        read(&self.verdict_path(session)).await
    }

    /// Marks that this digest is signed for a session. `false` if another one was.
    ///
    /// # Errors
    /// What the file system reports, or that an earlier mark is damaged.
    pub async fn mark_signed(&self, session: B256, digest: B256) -> io::Result<bool> {
        let path = self.root.join("signed").join(format!("{session}.json"));
        match fs::OpenOptions::new().write(true).create_new(true).open(&path).await {
            Ok(mut file) => {
                file.write_all(&json(&digest)?).await?;
                file.sync_all().await?;
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(read(&path).await? == Some(digest)),
            Err(e) => Err(e),
        }
    }

    fn verdict_path(&self, session: B256) -> PathBuf {
        self.root.join("verdicts").join(format!("{session}.json"))
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

async fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path).await {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged: {e}", path.display()))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whole or not at all: a reader never sees half a file.
async fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).await?;
    fs::rename(&part, path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_digest_per_session_even_after_a_restart() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (session, first, second) = (B256::repeat_byte(1), B256::repeat_byte(2), B256::repeat_byte(3));
        let store = Store::open(dir.path()).expect("opens");
        assert!(store.mark_signed(session, first).await.expect("marks"));
        assert!(store.mark_signed(session, first).await.expect("the same again"));
        let store = Store::open(dir.path()).expect("opens again");
        assert!(!store.mark_signed(session, second).await.expect("another"));
        assert!(store.mark_signed(second, second).await.expect("another session"));
    }

    #[tokio::test]
    async fn a_damaged_mark_refuses_to_sign() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let store = Store::open(dir.path()).expect("opens");
        let session = B256::repeat_byte(1);
        std::fs::write(dir.path().join(format!("signed/{session}.json")), "").expect("writes");
        let error = store.mark_signed(session, B256::ZERO).await.expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
