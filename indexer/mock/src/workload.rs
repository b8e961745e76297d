//! Events of a busy network by the million: leases that settle again and again, verdicts, deposits, rewards, transfers.
//!
//! The proportions follow what costs gas on a chain with many leases: of 100 events about 55 move lease money, 25 are
//! measurements, and 20 are deposits, transfers of SPON and rewards. The fold accepts every one of them.

use alloy::{
    primitives::{
        Address, B256, U256,
        aliases::{U40, U96},
        keccak256,
    },
    sol_types::{SolEvent, SolValue as _},
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use spheron_bindings::{
    attestation_policy::AttestationPolicy,
    distributor::Distributor,
    head::Head,
    lease_book::{ILeaseBook, LeaseBook},
    ledger::Ledger,
    node_registry::{INodeRegistry, NodeRegistry},
    spon::Spon,
    verifier_set::{IVerifierSet, VerifierSet},
};
use spheron_indexer::Contract;

use crate::{
    Emitted, address_of,
    economy::{TOKENS, measurement},
};

const NODES: usize = 2_000;
const PROVIDERS: usize = 200;
const RENTERS: u64 = 5_000;
const LEASES: usize = 1_500;
const RATE: u64 = 1_000_000;
const FUNDED_SECONDS: u64 = 86_400;

/// A generator of events.
pub struct Workload {
    rng: ChaCha8Rng,
    now: u64,
    unique: u64,
    emitted: Vec<Emitted>,
    nodes: Vec<Machine>,
    leases: Vec<Lease>,
    holders: Vec<(Address, u64)>,
    epoch: u64,
    leaves: u64,
}

struct Machine {
    address: Address,
    provider: Address,
    /// Nonce of its latest offer.
    offers: u64,
    windows: u64,
    start: u64,
    end: u64,
    before: u64,
}

struct Lease {
    id: B256,
    renter: Address,
    node: usize,
    escrow: u64,
    settled_to: u64,
    funded_until: u64,
}

impl Workload {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            now: 0,
            unique: 0,
            emitted: Vec::new(),
            nodes: Vec::new(),
            leases: Vec::new(),
            holders: Vec::new(),
            epoch: 0,
            leaves: 0,
        }
    }

    /// The events of one block at `now`: about `logs`, never fewer.
    pub fn block(&mut self, now: u64, logs: usize) -> Vec<Emitted> {
        self.now = now;
        if self.epoch == 0 {
            self.set_up();
        }
        while self.emitted.len() < logs {
            self.act();
        }
        let rest = self.emitted.split_off(logs);
        std::mem::replace(&mut self.emitted, rest)
    }

    fn set_up(&mut self) {
        self.emit(Contract::Ledger, Ledger::TokenSet { token: TOKENS[0], allowed: true });
        let module = address_of(Contract::LeaseBook);
        self.emit(Contract::Ledger, Ledger::ModuleSet { module, product: keccak256("lease") });
        self.emit(Contract::Spon, Spon::Transfer { from: Address::ZERO, to: holder(0), value: U256::from(u64::MAX) });
        self.holders.push((holder(0), u64::MAX));
        for index in 0..PROVIDERS {
            let provider = provider(index);
            let uri = format!("https://provider-{index}.example.org");
            let trust_tier = U256::from(3);
            let (reward_wallet, bond_token) = (provider, TOKENS[0]);
            let registered = NodeRegistry::ProviderRegistered {
                provider,
                rewardWallet: reward_wallet,
                bondToken: bond_token,
                trustTier: trust_tier,
                uri,
            };
            self.emit(Contract::NodeRegistry, registered);
        }
        self.register_node();
        self.post_epoch();
    }

    fn act(&mut self) {
        match self.rng.random_range(0..100) {
            0..8 => self.open_or_end(),
            8..42 => self.settle(),
            42..46 => self.top_up(),
            46..64 => self.verdict(),
            64..74 => self.move_spon(),
            74..84 => self.reward(),
            84..86 if self.nodes.len() < NODES => self.register_node(),
            _ => {
                let renter = self.renter();
                self.deposit(renter, RATE);
            }
        }
    }

    fn emit<E: SolEvent>(&mut self, contract: Contract, event: E) {
        self.emitted.push(Emitted { contract, data: event.encode_log_data() });
    }

    fn unique(&mut self) -> B256 {
        self.unique += 1;
        keccak256(self.unique.to_be_bytes())
    }

    fn renter(&mut self) -> Address {
        Address::from_word(keccak256(self.rng.random_range(0..RENTERS).to_be_bytes()))
    }

    fn deposit(&mut self, owner: Address, amount: u64) {
        let amount = U256::from(amount);
        self.emit(Contract::Ledger, Ledger::Deposited { token: TOKENS[0], owner, payer: owner, amount });
    }

    fn escrow(&mut self, owner: Address, amount: u64) {
        let module = address_of(Contract::LeaseBook);
        let amount = U256::from(amount);
        self.emit(Contract::Ledger, Ledger::Escrowed { module, token: TOKENS[0], owner, amount });
    }

    fn register_node(&mut self) {
        let (provider, node) = (provider(self.nodes.len() % PROVIDERS), Address::from_word(self.unique()));
        let claim = INodeRegistry::Claim {
            kind: 0,
            resource: 1,
            units: 8,
            cpuResource: 4,
            cpuUnits: 64,
            memoryMiB: 262_144,
            storageGiB: 4_000,
            specHash: self.unique(),
            region: "eu-west".to_owned(),
            uri: "https://node.example.org".to_owned(),
            gateway: Address::ZERO,
        };
        self.emit(Contract::NodeRegistry, NodeRegistry::NodeRegistered { node, provider, claim });
        self.nodes.push(Machine { address: node, provider, offers: 0, windows: 0, start: 0, end: 0, before: 0 });
    }

    fn open_or_end(&mut self) {
        if self.leases.len() >= LEASES || (self.leases.len() > 10 && self.rng.random_bool(0.4)) {
            self.end();
        } else {
            self.open();
        }
    }

    fn open(&mut self) {
        let (renter, node) = (self.renter(), self.rng.random_range(0..self.nodes.len()));
        let funded = RATE * FUNDED_SECONDS;
        self.deposit(renter, funded);
        let machine = &self.nodes[node];
        let (address, provider) = (machine.address, machine.provider);
        let terms = ILeaseBook::Terms {
            renter,
            operator: Address::ZERO,
            provider,
            node: address,
            token: TOKENS[0],
            policy: address_of(Contract::AttestationPolicy),
            rate: U96::from(RATE),
            units: 1,
            feeBps: 500,
            coverBps: 0,
            holdRateBps: 1_000,
            minSeconds: 60,
            maxSeconds: 864_000,
            graceSeconds: 600,
            noticeSeconds: 3_600,
            reclaimPrice: 99,
            start: U40::from(self.now),
            salt: self.unique(),
        };
        let id = keccak256(terms.abi_encode());
        self.nodes[node].offers += 1;
        let (nonce, offer_hash) = (U256::from(self.nodes[node].offers), self.unique());
        let funded_until = self.now + FUNDED_SECONDS;
        let opened = LeaseBook::LeaseOpened {
            leaseId: id,
            renter,
            node: address,
            terms,
            offerHash: offer_hash,
            nonce,
            reusable: false,
            fundedUntil: U256::from(funded_until),
            funded: U256::from(funded),
        };
        self.emit(Contract::LeaseBook, opened);
        self.escrow(renter, funded);
        let settled_to = self.now;
        self.leases.push(Lease { id, renter, node, escrow: funded, settled_to, funded_until });
    }

    fn settle(&mut self) {
        if self.leases.is_empty() {
            return self.open();
        }
        let index = self.rng.random_range(0..self.leases.len());
        let lease = &mut self.leases[index];
        let gross = (lease.escrow / 16).max(1).min(lease.escrow);
        lease.escrow -= gross;
        let (from, to) = (lease.settled_to, lease.settled_to + 600);
        lease.settled_to = to;
        let (id, renter, node) = (lease.id, lease.renter, lease.node);
        self.release(id, renter, node, gross, from, to);
    }

    fn release(&mut self, id: B256, payer: Address, node: usize, gross: u64, from: u64, to: u64) {
        let (fee, refund) = (gross / 20, gross / 10);
        let [payment, fee, refund] = [gross - fee - refund, fee, refund].map(U256::from);
        let (from, to) = (U256::from(from), U256::from(to));
        self.emit(Contract::LeaseBook, LeaseBook::LeaseSettled { leaseId: id, from, to, payment, fee, refund });
        let (module, payee) = (address_of(Contract::LeaseBook), self.nodes[node].provider);
        self.emit(Contract::Ledger, Ledger::Released { module, token: TOKENS[0], payee, payer, payment, fee, refund });
    }

    fn top_up(&mut self) {
        if self.leases.is_empty() {
            return self.open();
        }
        let index = self.rng.random_range(0..self.leases.len());
        let amount = RATE * 3_600;
        let lease = &mut self.leases[index];
        lease.escrow += amount;
        lease.funded_until += 3_600;
        let (id, payer, until) = (lease.id, lease.renter, U256::from(lease.funded_until));
        self.deposit(payer, amount);
        let topped_up = LeaseBook::LeaseToppedUp {
            leaseId: id,
            payer,
            amount: U256::from(amount),
            fundedUntil: until,
            holdFrom: U256::ZERO,
            holdTo: U256::ZERO,
        };
        self.emit(Contract::LeaseBook, topped_up);
        self.escrow(payer, amount);
    }

    fn end(&mut self) {
        let index = self.rng.random_range(0..self.leases.len());
        let lease = self.leases.swap_remove(index);
        let (id, node) = (lease.id, self.nodes[lease.node].address);
        if lease.escrow > 0 {
            self.release(id, lease.renter, lease.node, lease.escrow, lease.settled_to, self.now);
        }
        let (ends_at, by) = (U256::from(self.now), lease.renter);
        let (refund, penalty) = (U256::ZERO, U256::ZERO);
        self.emit(Contract::LeaseBook, LeaseBook::LeaseEnding { leaseId: id, by, endsAt: ends_at, refund, penalty });
        self.emit(Contract::LeaseBook, LeaseBook::LeaseEnded { leaseId: id, node, units: U256::ONE });
        self.emit(Contract::LeaseBook, LeaseBook::LeaseClosed { leaseId: id });
    }

    fn verdict(&mut self) {
        let index = self.rng.random_range(0..self.nodes.len());
        let now = self.now;
        let machine = &mut self.nodes[index];
        let valid_until = now + 3_600;
        if machine.windows == 0 {
            (machine.windows, machine.start, machine.end) = (1, now, valid_until);
        } else if now <= machine.end {
            machine.end = valid_until;
        } else {
            machine.before += machine.end - machine.start;
            (machine.windows, machine.start, machine.end) = (machine.windows + 1, now, valid_until);
        }
        let (node, provider) = (machine.address, machine.provider);
        let closed = u32::try_from(machine.windows - 1).unwrap();
        let (start, end, before) = (machine.start, machine.end, machine.before);
        let session = self.unique();
        let verdict = IVerifierSet::Verdict {
            leaseId: B256::ZERO,
            sessionId: session,
            provider,
            node,
            gpuIndex: 0,
            gpuCount: 8,
            claimedClass: 1,
            floorClass: 1,
            backend: 0,
            beaconRound: now / 3_600,
            s0: self.unique(),
            sessionRoot: self.unique(),
            vramRoot: B256::ZERO,
            measurement: measurement(now),
            result: 1,
            evidenceFlags: 0,
            evidenceHash: self.unique(),
            policyHash: B256::ZERO,
            issuedAt: now,
            validUntil: valid_until,
        };
        let signers = (1..4).map(Address::repeat_byte).collect();
        let (digest, lease_id) = (self.unique(), B256::ZERO);
        let accepted =
            VerifierSet::VerdictAccepted { sessionId: session, node, leaseId: lease_id, digest, verdict, signers };
        self.emit(Contract::VerifierSet, accepted);
        let head = Head { measured_at: now, units: 8, start, end, before, closed, cuts: 0 };
        let recorded = AttestationPolicy::AttestationRecorded { node, head: head.word() };
        self.emit(Contract::AttestationPolicy, recorded);
    }

    fn move_spon(&mut self) {
        let from = self.rng.random_range(0..self.holders.len());
        let to = self.rng.random_range(0..RENTERS);
        let value = self.holders[from].1 / 2;
        self.holders[from].1 -= value;
        let to = match usize::try_from(to).unwrap() {
            known if known < self.holders.len() => known,
            _ => {
                self.holders.push((holder(self.holders.len()), 0));
                self.holders.len() - 1
            }
        };
        self.holders[to].1 += value;
        let (from, to) = (self.holders[from].0, self.holders[to].0);
        self.emit(Contract::Spon, Spon::Transfer { from, to, value: U256::from(value) });
    }

    fn post_epoch(&mut self) {
        (self.epoch, self.leaves) = (self.epoch + 1, 0);
        let (epoch, token, cap) = (U256::from(self.epoch), TOKENS[0], U256::from(u64::MAX));
        self.emit(Contract::Distributor, Distributor::EpochFunded { epoch, token, funder: holder(0), amount: cap });
        let posted = Distributor::EpochPosted {
            epoch,
            root: self.unique(),
            cap,
            leafCount: U256::from(1_000),
            activatesAt: U256::from(self.now),
            evidence: self.unique(),
        };
        self.emit(Contract::Distributor, posted);
    }

    fn reward(&mut self) {
        if self.leaves == 1_000 {
            self.post_epoch();
        }
        let account = provider(usize::try_from(self.leaves).unwrap() % PROVIDERS);
        let (epoch, index, amount) = (U256::from(self.epoch), U256::from(self.leaves), U256::from(1_000_000));
        self.leaves += 1;
        self.emit(Contract::Distributor, Distributor::RewardPaid { epoch, index, account, to: account, amount });
    }
}

fn provider(index: usize) -> Address {
    Address::from_word(keccak256(format!("provider {index}")))
}

fn holder(index: usize) -> Address {
    Address::from_word(keccak256(format!("holder {index}")))
}
