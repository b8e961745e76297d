//! Replays the contracts' events into SQLite, serves them, and audits them against the chain.
