//! Processor time and memory of a process, as the kernel counts them.

use std::fs;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time of all its threads, in seconds.
    pub cpu: f64,
    /// Most memory that it ever held, in MiB.
    pub peak_mib: f64,
}

/// Clock ticks per second in `/proc`, the same on every Linux.
const TICKS: f64 = 100.0;

impl Usage {
    /// Of the process `pid`, or `self`.
    pub fn of(pid: &str) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("this needs Linux's /proc")?;
        // The name before the closing parenthesis may hold anything; utime and stime are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit_once(')').context("a strange stat")?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kib: f64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap_or_default();
        Ok(Self { cpu: (ticks(11) + ticks(12)) / TICKS, peak_mib: kib / 1024.0 })
    }
}
