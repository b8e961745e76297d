//! A chain in memory: blocks with the events of an economy, and branches of it.

use std::sync::Arc;

use alloy::primitives::{Address, B256, Bloom, BloomInput, LogData, keccak256};

use crate::{Emitted, address_of, economy::Economy, json, workload::Workload};

/// Time of block 0.
pub const GENESIS: u64 = 1_700_000_000;

#[derive(Debug, Clone)]
pub struct Log {
    pub address: Address,
    pub data: LogData,
}

#[derive(Debug, Clone)]
pub struct Block {
    pub number: u64,
    pub hash: B256,
    pub parent_hash: B256,
    pub time: u64,
    pub bloom: Bloom,
    pub logs: Vec<Log>,
    /// All its logs in JSON, with their time, if they were written beforehand.
    pub written: Option<Arc<[u8]>>,
}

/// Blocks 0 to the last.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    pub blocks: Vec<Block>,
    /// Tells blocks of branches apart.
    pub salt: u64,
}

impl Chain {
    /// A chain of `blocks` blocks whose economy does up to `actions` things in each.
    pub fn grown(seed: u64, blocks: u64, actions: usize) -> Self {
        let mut chain = Self::default();
        chain.push(Vec::new());
        let mut economy = Economy::new(seed);
        chain.grow(&mut economy, blocks, actions);
        chain
    }

    /// A chain of `blocks` blocks with about `logs` logs in each, of a busy network.
    pub fn busy(seed: u64, blocks: u64, logs: usize) -> Self {
        let mut chain = Self::default();
        chain.push(Vec::new());
        let mut workload = Workload::new(seed);
        for number in 1..=blocks {
            let emitted = workload.block(GENESIS + 2 * number, logs);
            chain.push(emitted);
        }
        chain
    }

    /// Adds blocks with what happens in `economy`.
    pub fn grow(&mut self, economy: &mut Economy, blocks: u64, actions: usize) {
        for _ in 0..blocks {
            let number = self.blocks.len() as u64;
            // Some blocks are empty, as on a chain that others use too.
            let actions = if number.is_multiple_of(3) { 0 } else { actions };
            let emitted = economy.block(GENESIS + 2 * number, actions);
            self.push(emitted);
        }
    }

    /// Adds one block at `time`.
    pub fn add(&mut self, economy: &mut Economy, time: u64, actions: usize) {
        let emitted = economy.block(time, actions);
        self.push_at(time, emitted);
    }

    /// The same chain up to block `number`, then other blocks with nothing of ours in them but a few deposits.
    pub fn branch(&self, number: u64, blocks: u64, salt: u64) -> Self {
        use alloy::{primitives::U256, sol_types::SolEvent as _};
        use spheron_bindings::ledger::Ledger;
        use spheron_indexer::Contract;

        let kept = usize::try_from(number).unwrap() + 1;
        let mut chain = Self { blocks: self.blocks[..kept].to_vec(), salt };
        for index in 0..blocks {
            let owner = Address::with_last_byte(u8::try_from(salt % 250).unwrap() + 1);
            let token = crate::economy::TOKENS[0];
            let amount = U256::from(salt * 1_000 + index + 1);
            let deposited = Ledger::Deposited { token, owner, payer: owner, amount };
            let emitted = Emitted { contract: Contract::Ledger, data: deposited.encode_log_data() };
            chain.push(if index % 2 == 0 { vec![emitted] } else { Vec::new() });
        }
        chain
    }

    /// Writes all logs in JSON beforehand, so that a measurement is not one of this endpoint.
    pub fn write_beforehand(&mut self) {
        for block in &mut self.blocks {
            let mut out = Vec::new();
            for (index, log) in block.logs.iter().enumerate() {
                out.extend_from_slice(if index > 0 { b"," } else { b"" });
                json::log(&mut out, block, index, log, true);
            }
            block.written = Some(out.into());
        }
    }

    pub fn head(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    pub fn get(&self, number: u64) -> Option<&Block> {
        self.blocks.get(usize::try_from(number).unwrap())
    }

    pub fn events(&self) -> usize {
        self.blocks.iter().map(|block| block.logs.len()).sum()
    }

    /// Adds a block two seconds after the last one.
    pub fn push(&mut self, emitted: Vec<Emitted>) {
        self.push_at(GENESIS + 2 * self.blocks.len() as u64, emitted);
    }

    fn push_at(&mut self, time: u64, emitted: Vec<Emitted>) {
        let hash = self.next_hash();
        let logs = emitted.into_iter().map(|emitted| Log { address: address_of(emitted.contract), data: emitted.data });
        self.push_logs(time, hash, logs.collect());
    }

    /// Adds a block with any logs.
    pub fn push_raw(&mut self, logs: Vec<Log>) {
        let number = self.blocks.len() as u64;
        self.push_logs(GENESIS + 2 * number, self.next_hash(), logs);
    }

    fn next_hash(&self) -> B256 {
        let parent = self.blocks.last().map(|block| block.hash).unwrap_or_default();
        let number = self.blocks.len() as u64;
        keccak256([parent.as_slice(), &number.to_be_bytes(), &self.salt.to_be_bytes()].concat())
    }

    fn push_logs(&mut self, time: u64, hash: B256, logs: Vec<Log>) {
        let number = self.blocks.len() as u64;
        let parent_hash = self.blocks.last().map(|block| block.hash).unwrap_or_default();
        let mut bloom = Bloom::ZERO;
        for log in &logs {
            bloom.accrue(BloomInput::Raw(log.address.as_slice()));
            log.data.topics().iter().for_each(|topic| bloom.accrue(BloomInput::Raw(topic.as_slice())));
        }
        self.blocks.push(Block { number, hash, parent_hash, time, bloom, logs, written: None });
    }
}
