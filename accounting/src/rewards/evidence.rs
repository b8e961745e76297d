//! The hash that an epoch carries of what it was built from.

use alloy::primitives::{B256, U256, keccak256};

use super::{Kind, ResourceKind, RewardInput};

impl RewardInput {
    /// The keccak256 of every number of the input as 32-byte words: era, budget, the catalog by ascending id, the nodes
    /// by ascending address with their records, each list after its length. Kinds count as in the contracts.
    pub fn evidence(&self) -> B256 {
        let mut words = vec![U256::from(self.era.0), self.budget, U256::from(self.catalog.len())];
        for (id, resource) in &self.catalog {
            let kind = match resource.kind {
                ResourceKind::Gpu => 1,
                ResourceKind::Cpu => 2,
            };
            let row =
                [(*id).into(), kind, resource.multiplier_bps, resource.fizz_base_points, resource.provider_base_points];
            words.extend(row.map(U256::from));
        }
        let mut nodes: Vec<_> = self.nodes.iter().collect();
        nodes.sort_by_key(|node| node.node);
        words.push(U256::from(nodes.len()));
        for node in nodes {
            let kind = match node.kind {
                Kind::Provider => 0,
                Kind::Fizz => 1,
            };
            words.extend([node.node, node.account].map(|account| U256::from_be_bytes(account.into_word().0)));
            words.extend([kind, u64::from(node.trust_tier), node.records.len() as u64].map(U256::from));
            for record in &node.records {
                let times = [record.measured_at, record.window_end];
                let claim = [record.units, record.resource.into(), record.claimed_units];
                words.extend(times.map(U256::from));
                words.extend(claim.map(U256::from));
            }
        }
        keccak256(words.iter().flat_map(U256::to_be_bytes::<32>).collect::<Vec<u8>>())
    }
}
