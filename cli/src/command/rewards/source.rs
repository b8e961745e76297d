//! What rewards are computed from: the indexer's database.

use std::path::Path;

use alloy::primitives::U256;
use spheron_accounting::rewards::{Era, RewardInput};
use spheron_indexer::{rewards::reward_input, store::Reader};

/// Everything that an era's rewards on a chain depend on; without an era, the latest one that no verdict can change.
pub async fn input(
    database: &Path,
    chain_id: u64,
    era: Option<Era>,
    budget: U256,
) -> anyhow::Result<RewardInput> {
    let reader = Reader::open(database).await?;
    Ok(reward_input(&reader, chain_id, era, budget).await?)
}
