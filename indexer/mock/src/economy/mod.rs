//! A seeded economy: what it emits is what the contracts could have emitted, in an order in which they could have.

mod bonds;
mod leases;
mod measurements;
mod nodes;
mod tokens;

pub(crate) use measurements::measurement;

use alloy::{
    primitives::{Address, B256, U256, aliases::U96, keccak256},
    sol_types::SolEvent,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use spheron_bindings::{
    bonds::Bonds, lease_book, lease_book::LeaseBook, ledger::Ledger, resource_catalog,
    resource_catalog::ResourceCatalog, verifier_set::VerifierSet,
};
use spheron_indexer::{Contract, event::Event, fold::State, position::Position};

use crate::{Emitted, address_of};

/// A generator of events; its state is what they add up to.
pub struct Economy {
    rng: ChaCha8Rng,
    pub state: State,
    emitted: Vec<Emitted>,
    events: u64,
    now: u64,
    index: u64,
}

pub const TOKENS: [Address; 2] = [Address::repeat_byte(0x71), Address::repeat_byte(0x72)];

impl Economy {
    pub fn new(seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let mut economy =
            Self { rng, state: State::default(), emitted: Vec::new(), events: 0, now: 1_700_000_000, index: 0 };
        economy.set_up();
        economy
    }

    /// The events of one block at `now`: those of the set-up, or of about `actions` things that people do.
    pub fn block(&mut self, now: u64, actions: usize) -> Vec<Emitted> {
        self.now = now;
        for _ in 0..actions {
            self.act();
        }
        std::mem::take(&mut self.emitted)
    }

    fn emit<E: SolEvent>(&mut self, contract: Contract, event: E) {
        let data = event.encode_log_data();
        let typed = Event::decode(contract, data.topics(), &data.data).unwrap().unwrap();
        self.events += 1;
        let at = Position { id: self.events << 20, time: self.now };
        self.state.apply(at, &typed).unwrap_or_else(|error| panic!("{contract}: {error}"));
        self.emitted.push(Emitted { contract, data });
    }

    fn set_up(&mut self) {
        for token in TOKENS {
            self.emit(Contract::Ledger, Ledger::TokenSet { token, allowed: true });
            let market = lease_book::ILeaseBook::Market {
                isOpen: true,
                feeBps: 500,
                coverBps: 10_000,
                minFunds: U96::from(1_000),
                minTopUp: U96::from(10),
            };
            let policy = address_of(Contract::AttestationPolicy);
            self.emit(Contract::LeaseBook, LeaseBook::MarketSet { token, policy, market });
            for role in 0..3 {
                self.emit(Contract::Bonds, Bonds::MinimumSet { role, token, minimum: U256::from(100) });
            }
        }
        let module = address_of(Contract::LeaseBook);
        self.emit(Contract::Ledger, Ledger::ModuleSet { module, product: keccak256("lease") });
        self.emit(Contract::Ledger, Ledger::FeeCollectorSet { collector: Address::repeat_byte(0xfe) });
        let policy = address_of(Contract::AttestationPolicy);
        let claimer = address_of(Contract::LeaseBook);
        self.emit(Contract::Bonds, Bonds::ClaimerSet { claimer, allowed: true });
        self.emit(Contract::VerifierSet, VerifierSet::PolicySet { policy });
        let quorum = VerifierSet::QuorumSet { committeeSize: U256::from(3), quorum: U256::from(2) };
        self.emit(Contract::VerifierSet, quorum);
        for id in 1..=4u32 {
            let resource = resource_catalog::IResourceCatalog::Resource {
                kind: if id < 4 { 1 } else { 2 },
                referenceClass: u16::try_from(id).unwrap(),
                multiplierBps: 10_000 * id,
                fizzBasePoints: 100,
                providerBasePoints: 50,
            };
            let (name, tier) = (format!("GPU {id}"), "high".to_owned());
            let set = ResourceCatalog::ResourceSet { id: U256::from(id), version: U256::ONE, resource, name, tier };
            self.emit(Contract::ResourceCatalog, set);
        }
        for _ in 0..3 {
            self.register_node();
        }
    }

    fn act(&mut self) {
        match self.rng.random_range(0..100) {
            0..20 => self.deposit(),
            20..25 => self.withdraw(),
            25..33 => self.open(),
            33..48 => self.settle(),
            48..52 => self.top_up(),
            52..57 => self.end(),
            57..60 => self.register_node(),
            60..63 => self.change_node(),
            63..73 => self.verdict(),
            73..79 => self.bond(),
            79..81 => self.slash(),
            81..83 => self.delegate(),
            83..86 => self.move_spon(),
            86..91 => self.stake(),
            91..94 => self.verifier(),
            94..98 => self.reward(),
            _ => self.post_offer(),
        }
    }

    fn account(&mut self) -> Address {
        Address::repeat_byte(self.rng.random_range(1..30))
    }

    fn token(&mut self) -> Address {
        TOKENS[self.rng.random_range(0..TOKENS.len())]
    }

    fn amount(&mut self, most: U256) -> U256 {
        let share = U256::from(self.rng.random_range(1..=1_000u64));
        (most * share / U256::from(1_000)).max(U256::ONE).min(most)
    }

    fn unique(&mut self) -> B256 {
        self.index += 1;
        keccak256(self.index.to_be_bytes())
    }
}
