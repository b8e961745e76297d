use std::{path::Path, time::Instant};

use serde_json::Value;

use crate::{
    chain::Chain,
    services::{Files, Services},
};

/// Says what has been done, on standard error so that `--json` stays JSON.
pub struct Progress {
    started: Instant,
    json: bool,
}

impl Progress {
    /// From now on.
    pub fn new(json: bool) -> Self {
        Self { started: Instant::now(), json }
    }

    /// A step is done.
    pub fn step(&self, what: &str) {
        eprintln!("{:6.1} s  {what}", self.started.elapsed().as_secs_f64());
    }

    /// The audit found no difference.
    pub fn audit(&self, audit: &Value) {
        let compared = audit["compared"].as_u64().unwrap_or_default();
        self.step(&format!("spheron audit: {compared} values compared with the contracts, no difference"));
    }

    /// Everything stays up.
    pub fn staying(&self, services: &Services, arbitrum: &Chain, base: &Chain, files: &Files) {
        let shown = |path: &Path| path.display().to_string();
        eprintln!("\nStaying up until Ctrl-C:");
        eprintln!("  API        {}/health", services.api);
        eprintln!("  Arbitrum   {}   {}", arbitrum.anvil.url(), shown(&files.book("arbitrum")));
        eprintln!("  Base       {}   {}", base.anvil.url(), shown(&files.book("base")));
        eprintln!("  database   {}", shown(&files.database()));
        eprintln!("  logs       {}", shown(&files.logs));
        if self.json {
            return;
        }
        eprintln!("\nTry:  curl {}/leases", services.api);
    }
}
