//! A seeded economy: what it emits is what the contracts could have emitted, in an order in which they could have.

use alloy::{
    primitives::{Address, B256, U256, aliases::U96, keccak256},
    sol_types::SolEvent,
};
use rand::{Rng as _, SeedableRng as _, seq::IteratorRandom as _};
use rand_chacha::ChaCha8Rng;
use spheron_bindings::{
    attestation_policy::AttestationPolicy, bonds::Bonds, distributor::Distributor, lease_book, lease_book::LeaseBook,
    ledger::Ledger, node_registry, node_registry::NodeRegistry, offer_board, offer_board::OfferBoard, resource_catalog,
    resource_catalog::ResourceCatalog, spon::Spon, staked_spon::StakedSpon, verifier_set, verifier_set::VerifierSet,
};
use spheron_indexer::{
    Contract,
    event::Event,
    fold::{Bond, BondRole, Epoch, EpochStatus, LeaseStatus, State, Window},
    position::Position,
};

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

    fn deposit(&mut self) {
        let (token, owner) = (self.token(), self.account());
        let amount = U256::from(self.rng.random_range(1..1_000_000_000_000_000_000u64)) * U256::from(1_000);
        self.emit(Contract::Ledger, Ledger::Deposited { token, owner, payer: owner, amount });
    }

    fn funded(&mut self) -> Option<(Address, Address, U256)> {
        let mut funded: Vec<_> = self.state.balances.iter().filter(|(_, balance)| !balance.amount.is_zero()).collect();
        funded.sort_by_key(|(key, _)| **key);
        let funded = funded.into_iter().map(|(key, balance)| (key.0, key.1, balance.amount)).collect::<Vec<_>>();
        funded.into_iter().choose(&mut self.rng)
    }

    fn withdraw(&mut self) {
        if let Some((token, owner, balance)) = self.funded() {
            let amount = self.amount(balance);
            self.emit(Contract::Ledger, Ledger::Withdrawn { token, owner, to: owner, amount });
        }
    }

    fn open(&mut self) {
        let mut nodes: Vec<_> = self.state.nodes.iter().map(|(key, node)| (key.0, node.provider)).collect();
        nodes.sort();
        let Some((node, provider)) = nodes.into_iter().choose(&mut self.rng) else { return };
        let Some((token, renter, balance)) = self.funded() else { return };
        let funded = self.amount(balance);
        let operator = if self.rng.random_bool(0.3) { self.account() } else { Address::ZERO };
        let terms = lease_book::ILeaseBook::Terms {
            renter,
            operator,
            provider,
            node,
            token,
            policy: address_of(Contract::AttestationPolicy),
            rate: U96::from(7),
            units: 1,
            feeBps: 500,
            coverBps: 10_000,
            holdRateBps: 1_000,
            minSeconds: 60,
            maxSeconds: 86_400,
            graceSeconds: 600,
            noticeSeconds: 3_600,
            reclaimPrice: 99,
            start: alloy::primitives::aliases::U40::from(self.now),
            salt: self.unique(),
        };
        let lease_id = keccak256(alloy::sol_types::SolValue::abi_encode(&terms));
        let floor = self.state.nonce_floor(node);
        let free = (floor..).find(|nonce| self.state.offer_nonces.get(&(node, U256::from(*nonce))).is_none());
        let nonce = U256::from(free.unwrap() + self.rng.random_range(0..2));
        let reusable = self.state.offer_nonces.get(&(node, nonce)).is_some() || self.rng.random_bool(0.2);
        let offer_hash = self.unique();
        let funded_until = U256::from(self.now + 3_600);
        self.emit(
            Contract::LeaseBook,
            LeaseBook::LeaseOpened {
                leaseId: lease_id,
                renter,
                node,
                terms,
                offerHash: offer_hash,
                nonce,
                reusable,
                fundedUntil: funded_until,
                funded,
            },
        );
        if !operator.is_zero() {
            let usage = Ledger::UsageChanged { owner: renter, operator, token, rate: U256::from(7), exposure: funded };
            self.emit(Contract::Ledger, usage);
        }
        if self.rng.random_bool(0.5) {
            self.escrow(token, renter, funded);
        } else {
            let module = address_of(Contract::LeaseBook);
            let arrived = self.amount(funded + U256::from(50));
            let escrowed = Ledger::EscrowedFromWallet { module, owner: renter, token, arrived, escrowed: funded };
            self.emit(Contract::Ledger, escrowed);
        }
    }

    /// A policy takes back what it had released, and the bond pays for it as far as it goes.
    fn revoke(&mut self, id: B256) {
        let lease = self.state.leases.get(&(id,)).unwrap().clone();
        let amount = U256::from(70);
        let revision = U256::from(lease.revision + 1);
        let revised = LeaseBook::LeaseRevised { leaseId: id, revision, revoked: U256::from(10), amount };
        self.emit(Contract::LeaseBook, revised);
        let key = (BondRole::Provider, lease.provider, lease.token);
        let active = self.state.bonds.get(&key).map(|bond| bond.active).unwrap_or_default();
        if active < amount {
            return;
        }
        let (claimer, provider, token) = (address_of(Contract::LeaseBook), lease.provider, lease.token);
        let all = (amount, U256::ZERO);
        self.emit(
            Contract::Bonds,
            Bonds::ClaimLocked { claimer, provider, token, amount, lockedBy: all.0, locked: all.0 },
        );
        let seized = Bonds::ClaimSeized {
            claimer,
            provider,
            token,
            fromActive: amount,
            fromThawing: U256::ZERO,
            harmed: lease.renter,
            lockedBy: all.1,
            locked: all.1,
        };
        self.emit(Contract::Bonds, seized);
        let renter = lease.renter;
        let owed = lease.owed;
        self.emit(Contract::LeaseBook, LeaseBook::LeaseCompensated { leaseId: id, renter, amount, owed });
    }

    fn escrow(&mut self, token: Address, owner: Address, amount: U256) {
        let module = address_of(Contract::LeaseBook);
        self.emit(Contract::Ledger, Ledger::Escrowed { module, token, owner, amount });
    }

    fn lease(&mut self, statuses: &[LeaseStatus]) -> Option<B256> {
        let leases = self.state.leases.iter().filter(|(_, lease)| statuses.contains(&lease.status));
        let mut leases: Vec<_> = leases.map(|(key, _)| key.0).collect();
        leases.sort();
        leases.into_iter().choose(&mut self.rng)
    }

    fn settle(&mut self) {
        let live = [LeaseStatus::Open, LeaseStatus::Ending, LeaseStatus::Ended];
        let Some(id) = self.lease(&live) else { return };
        let lease = self.state.leases.get(&(id,)).unwrap().clone();
        let gross = self.amount(lease.escrow());
        if gross.is_zero() {
            return;
        }
        let fee = gross / U256::from(20);
        let refund = gross / U256::from(10);
        let payment = gross - fee - refund;
        let (from, to) = (U256::from(lease.settled_to), U256::from(lease.settled_to + 10));
        self.emit(Contract::LeaseBook, LeaseBook::LeaseSettled { leaseId: id, from, to, payment, fee, refund });
        self.release(lease.token, lease.provider, lease.renter, payment, fee, refund);
        if self.rng.random_bool(0.1) {
            self.revoke(id);
        }
        if self.rng.random_bool(0.2) {
            let module = address_of(Contract::LeaseBook);
            let amount = self.state.module_funds.get(&(module, lease.token)).unwrap().fees;
            let collector = Address::repeat_byte(0xfe);
            let collected = Ledger::FeesCollected { module, token: lease.token, collector, amount };
            self.emit(Contract::Ledger, collected);
        }
    }

    fn release(&mut self, token: Address, payee: Address, payer: Address, payment: U256, fee: U256, refund: U256) {
        let module = address_of(Contract::LeaseBook);
        self.emit(Contract::Ledger, Ledger::Released { module, token, payee, payer, payment, fee, refund });
    }

    fn top_up(&mut self) {
        let Some(id) = self.lease(&[LeaseStatus::Open]) else { return };
        let lease = self.state.leases.get(&(id,)).unwrap().clone();
        let balance = self.state.balances.get(&(lease.token, lease.renter)).map(|balance| balance.amount);
        let Some(balance) = balance.filter(|balance| !balance.is_zero()) else { return };
        let amount = self.amount(balance);
        let topped_up = LeaseBook::LeaseToppedUp {
            leaseId: id,
            payer: lease.renter,
            amount,
            fundedUntil: U256::from(lease.funded_until + 100),
            holdFrom: U256::from(lease.hold_from),
            holdTo: U256::from(lease.hold_to),
        };
        self.emit(Contract::LeaseBook, topped_up);
        self.escrow(lease.token, lease.renter, amount);
    }

    fn end(&mut self) {
        let Some(id) = self.lease(&[LeaseStatus::Open]) else { return };
        let lease = self.state.leases.get(&(id,)).unwrap().clone();
        let refund = lease.escrow();
        let ending = LeaseBook::LeaseEnding {
            leaseId: id,
            by: lease.renter,
            endsAt: U256::from(self.now),
            refund,
            penalty: U256::ZERO,
        };
        self.emit(Contract::LeaseBook, ending);
        let units = U256::from(lease.units);
        self.emit(Contract::LeaseBook, LeaseBook::LeaseEnded { leaseId: id, node: lease.node, units });
        self.emit(Contract::LeaseBook, LeaseBook::LeaseClosed { leaseId: id });
        if !refund.is_zero() {
            self.release(lease.token, lease.provider, lease.renter, U256::ZERO, U256::ZERO, refund);
        }
    }

    fn register_node(&mut self) {
        let provider = self.account();
        let token = self.token();
        if self.state.providers.get(&(provider,)).is_none() {
            self.bond_for(0, provider, token, U256::from(1_000));
            let (wallet, uri) = (self.account(), format!("https://{provider}"));
            let registered = NodeRegistry::ProviderRegistered {
                provider,
                rewardWallet: wallet,
                bondToken: token,
                trustTier: U256::from(6),
                uri,
            };
            self.emit(Contract::NodeRegistry, registered);
        }
        let node = Address::from_word(self.unique());
        let claim = self.claim();
        self.emit(Contract::NodeRegistry, NodeRegistry::NodeRegistered { node, provider, claim });
    }

    fn claim(&mut self) -> node_registry::INodeRegistry::Claim {
        node_registry::INodeRegistry::Claim {
            kind: self.rng.random_range(0..2),
            resource: self.rng.random_range(1..4),
            units: self.rng.random_range(1..9),
            cpuResource: 4,
            cpuUnits: 16,
            memoryMiB: 65_536,
            storageGiB: 1_000,
            specHash: self.unique(),
            region: "eu-west".to_owned(),
            uri: "https://node".to_owned(),
            gateway: Address::ZERO,
        }
    }

    fn node(&mut self) -> Address {
        let mut nodes: Vec<_> = self.state.nodes.iter().map(|(key, _)| key.0).collect();
        nodes.sort();
        nodes.into_iter().choose(&mut self.rng).unwrap()
    }

    fn change_node(&mut self) {
        let node = self.node();
        let provider = self.state.nodes.get(&(node,)).unwrap().provider;
        match self.rng.random_range(0..5) {
            0 => {
                let claim = self.claim();
                self.emit(Contract::NodeRegistry, NodeRegistry::NodeClaimChanged { node, claim });
            }
            1 => {
                let status = self.rng.random_range(1..5);
                self.emit(Contract::NodeRegistry, NodeRegistry::NodeStatusChanged { node, status });
            }
            2 => {
                let trust_tier = U256::from(self.rng.random_range(1..8));
                self.emit(Contract::NodeRegistry, NodeRegistry::TrustTierChanged { provider, trustTier: trust_tier });
            }
            3 => {
                let suspended = self.rng.random_bool(0.5);
                self.emit(Contract::NodeRegistry, NodeRegistry::ProviderSuspensionChanged { provider, suspended });
            }
            _ => {
                let wallet = self.account();
                self.emit(
                    Contract::NodeRegistry,
                    NodeRegistry::RewardWalletProposed { provider, rewardWallet: wallet },
                );
                self.emit(Contract::NodeRegistry, NodeRegistry::RewardWalletChanged { provider, rewardWallet: wallet });
            }
        }
    }

    fn verdict(&mut self) {
        let node = self.node();
        let registered = self.state.nodes.get(&(node,)).unwrap().clone();
        let passed = self.rng.random_bool(0.8);
        let session = self.unique();
        let lease = self.lease(&[LeaseStatus::Open]).unwrap_or_default();
        let verdict = verifier_set::IVerifierSet::Verdict {
            leaseId: lease,
            sessionId: session,
            provider: registered.provider,
            node,
            gpuIndex: 0,
            gpuCount: u16::try_from(registered.units).unwrap(),
            claimedClass: u16::try_from(registered.resource).unwrap(),
            floorClass: u16::try_from(registered.resource).unwrap(),
            backend: 0,
            beaconRound: self.now / 3_600,
            s0: self.unique(),
            sessionRoot: self.unique(),
            vramRoot: B256::ZERO,
            measurement: verifier_set::IVerifierSet::Measurement {
                startMs: self.now * 1_000,
                endMs: self.now * 1_000 + 500,
                jobs: 10,
                gigaOpsPerSec: 1_000,
                memMBps: 2_000,
                vramMiB: 24_000,
                leafSamples: 3,
                pageSamples: 4,
                rounds: 1,
            },
            result: if passed { 1 } else { 2 },
            evidenceFlags: 0,
            evidenceHash: self.unique(),
            policyHash: B256::ZERO,
            issuedAt: self.now,
            validUntil: self.now + 3_600,
        };
        let signers = vec![Address::repeat_byte(1), Address::repeat_byte(2)];
        let accepted = VerifierSet::VerdictAccepted {
            sessionId: session,
            node,
            leaseId: lease,
            digest: self.unique(),
            verdict,
            signers,
        };
        self.emit(Contract::VerifierSet, accepted);
        self.attest(node, passed, registered.units);
    }

    fn attest(&mut self, node: Address, passed: bool, units: u64) {
        let last = self.last_window(node);
        let (now, valid_until) = (self.now, self.now + 3_600);
        let (index, start, end, before) = match (last, passed) {
            (None, false) => (0, 0, 0, 0),
            (None, true) => (0, now, valid_until, 0),
            (Some((index, window)), false) => (index, window.start, window.end.min(now), window.before),
            (Some((index, window)), true) if now <= window.end => {
                (index, window.start, valid_until.max(window.end), window.before)
            }
            (Some((index, window)), true) => (index + 1, now, valid_until, window.before + window.end - window.start),
        };
        if let (Some((_, window)), false) = (self.last_window(node), passed)
            && window.end > now
        {
            self.cut(node, now, window.end);
        }
        let recorded = AttestationPolicy::AttestationRecorded {
            node,
            passed,
            measuredAt: U256::from(now),
            units: U256::from(if passed { units } else { 0 }),
            index: U256::from(index),
            start: U256::from(start),
            end: U256::from(end),
            before: U256::from(before),
        };
        self.emit(Contract::AttestationPolicy, recorded);
    }

    fn last_window(&self, node: Address) -> Option<(u64, Window)> {
        let windows = self.state.standings.get(&(node,)).map_or(0, |standing| standing.windows);
        let index = windows.checked_sub(1)?;
        self.state.windows.get(&(node, index)).map(|window| (index, window.clone()))
    }

    fn cut(&mut self, node: Address, start: u64, end: u64) {
        let cuts = self.state.standings.get(&(node,)).map_or(0, |standing| standing.cuts);
        let last = cuts.checked_sub(1).and_then(|index| self.state.cuts.get(&(node, index)));
        let before = last.map_or(0, |cut| cut.before + cut.end - cut.start);
        let cut = AttestationPolicy::CutSet {
            node,
            index: U256::from(cuts),
            start: U256::from(start),
            end: U256::from(end),
            before: U256::from(before),
        };
        self.emit(Contract::AttestationPolicy, cut);
    }

    fn bond_for(&mut self, role: u8, owner: Address, token: Address, amount: U256) {
        let key = (BondRole::from_number(role).unwrap(), owner, token);
        let active = self.state.bonds.get(&key).map(|bond| bond.active).unwrap_or_default() + amount;
        self.emit(Contract::Bonds, Bonds::Bonded { role, owner, token, payer: owner, amount, active });
    }

    fn bonded(&mut self) -> Option<(BondRole, Address, Address)> {
        let bonds = self.state.bonds.iter().filter(|(_, bond)| !bond.active.is_zero());
        let mut bonds: Vec<_> = bonds.map(|(key, _)| *key).collect();
        bonds.sort();
        bonds.into_iter().choose(&mut self.rng)
    }

    fn bond(&mut self) {
        let Some(key @ (role, owner, token)) = self.bonded() else { return };
        let bond = self.state.bonds.get(&key).unwrap().clone();
        let role = role as u8;
        match self.rng.random_range(0..4) {
            0 => self.bond_for(role, owner, token, U256::from(500)),
            1 => {
                let amount = self.amount(bond.active);
                let thawed_at = U256::from(self.now + 86_400);
                let thawing = bond.thawing + amount;
                self.emit(
                    Contract::Bonds,
                    Bonds::ThawStarted { role, owner, token, amount, thawing, thawedAt: thawed_at },
                );
            }
            2 if !bond.thawing.is_zero() => {
                self.emit(Contract::Bonds, Bonds::ThawCancelled { role, owner, token, amount: bond.thawing });
            }
            _ if !bond.thawing.is_zero() => {
                let withdrawn = Bonds::BondWithdrawn { role, owner, token, to: owner, amount: bond.thawing };
                self.emit(Contract::Bonds, withdrawn);
            }
            _ => {}
        }
    }

    fn slash(&mut self) {
        let Some(key @ (role, owner, token)) = self.bonded() else { return };
        let bond = self.state.bonds.get(&key).unwrap().clone();
        let (active, thawing) = (self.amount(bond.active), bond.thawing / U256::from(10));
        let taken = active + thawing;
        let (harmed, reporter) = (self.account(), self.account());
        let (to_harmed, to_reporter) = (taken / U256::from(2), taken / U256::from(4));
        let slashed = Bonds::Slashed {
            role: role as u8,
            owner,
            token,
            fromActive: active,
            fromThawing: thawing,
            harmed,
            toHarmed: to_harmed,
            reporter,
            toReporter: to_reporter,
            burned: taken - to_harmed - to_reporter,
            uncapped: !self.fits_window(&bond, taken),
        };
        self.emit(Contract::Bonds, slashed);
        if !to_harmed.is_zero() {
            let amount = self.state.owed.get(&(harmed, token)).unwrap().amount;
            self.emit(Contract::Bonds, Bonds::OwedCollected { account: harmed, token, to: harmed, amount });
        }
    }

    /// Whether a slash may take so much without proof.
    fn fits_window(&self, bond: &Bond, taken: U256) -> bool {
        let over = self.now >= bond.window_start + 7 * 86_400;
        let left = if over { (bond.active + bond.thawing) / U256::from(10) } else { bond.window_left };
        taken <= left
    }

    /// Somebody delegates to a bond, or leaves it; shares are worth a wei each, but for what rewards add.
    fn delegate(&mut self) {
        let Some(key @ (bond_role, owner, token)) = self.bonded() else { return };
        let (role, delegator) = (bond_role as u8, self.account());
        let pool = self.state.pools.get(&key).cloned().unwrap_or_default();
        let own = self.state.delegations.get(&(bond_role, owner, token, pool.generation, delegator)).cloned();
        let own = own.unwrap_or_default();
        match self.rng.random_range(0..6) {
            0 if !own.shares.is_zero() => {
                let shares = self.amount(own.shares).min(pool.value);
                let thawed_at = U256::from(self.now + 86_400);
                let started = Bonds::UndelegationStarted {
                    role,
                    owner,
                    token,
                    delegator,
                    shares,
                    amount: shares,
                    thawingShares: shares,
                    thawedAt: thawed_at,
                };
                self.emit(Contract::Bonds, started);
            }
            1 if !own.thawing_shares.is_zero() => {
                let (shares, amount) = (own.thawing_shares, own.thawing_shares.min(pool.thawing));
                let withdrawn = Bonds::DelegationWithdrawn {
                    role,
                    owner,
                    token,
                    delegator,
                    to: delegator,
                    thawingShares: shares,
                    amount,
                };
                self.emit(Contract::Bonds, withdrawn);
            }
            2 => {
                let (payer, to_pool, commission) = (self.account(), U256::from(90), U256::from(10));
                self.emit(
                    Contract::Bonds,
                    Bonds::PoolRewarded { role, owner, token, payer, toPool: to_pool, commission },
                );
            }
            3 if !pool.value.is_zero() => {
                let all = self.rng.random_bool(0.5);
                let from_value = if all { pool.value } else { self.amount(pool.value) };
                let from_thawing = if all { pool.thawing } else { U256::ZERO };
                let taken = from_value + from_thawing;
                let harmed = self.account();
                let slashed = Bonds::PoolSlashed {
                    role,
                    owner,
                    token,
                    fromValue: from_value,
                    fromThawing: from_thawing,
                    harmed,
                    toHarmed: taken / U256::from(2),
                    burned: taken - taken / U256::from(2),
                    generation: U256::from(pool.generation + u64::from(all)),
                };
                self.emit(Contract::Bonds, slashed);
            }
            4 => {
                let (commission, from) = (U256::from(500), U256::from(self.now + 86_400));
                self.emit(
                    Contract::Bonds,
                    Bonds::CommissionSet { role, owner, token, commissionBps: commission, from },
                );
            }
            _ => {
                let amount = U256::from(self.rng.random_range(1..1_000_000u64));
                self.emit(Contract::Bonds, Bonds::Delegated { role, owner, token, delegator, amount, shares: amount });
            }
        }
    }

    fn move_spon(&mut self) {
        let (from, to) = (self.account(), self.account());
        let amount = self.state.spon_holders.get(&(from,)).map(|holder| holder.amount).unwrap_or_default();
        let (from, value) = if amount.is_zero() {
            (Address::ZERO, U256::from(10).pow(U256::from(20)))
        } else {
            (from, self.amount(amount))
        };
        self.emit(Contract::Spon, Spon::Transfer { from, to, value });
    }

    fn stake(&mut self) {
        let holder = self.account();
        let shares = self.state.stakes.get(&(holder,)).map(|stake| stake.shares).unwrap_or_default();
        let exit = self.state.exits.get(&(holder,)).cloned().unwrap_or_default();
        match self.rng.random_range(0..4) {
            0 if !shares.is_zero() => {
                let shares = self.amount(shares);
                let assets = (shares / U256::from(1_000)).min(self.state.vaults.get(&()).unwrap().held);
                self.emit(
                    Contract::StakedSpon,
                    StakedSpon::Transfer { from: holder, to: Address::ZERO, value: shares },
                );
                let claimable_at = U256::from(self.now + 1_209_600);
                let requested = StakedSpon::ExitRequested {
                    controller: holder,
                    owner: holder,
                    shares,
                    assets,
                    claimableAt: claimable_at,
                };
                self.emit(Contract::StakedSpon, requested);
            }
            1 if !exit.assets.is_zero() => {
                let (assets, shares) = (exit.assets, exit.shares);
                let claimed = StakedSpon::Withdraw { sender: holder, receiver: holder, owner: holder, assets, shares };
                self.emit(Contract::StakedSpon, claimed);
            }
            2 => {
                let supply = self.state.supply_of("sSPON");
                let vault = self.state.vaults.get(&()).cloned().unwrap_or_default();
                let amount = U256::from(1_000_000);
                let undripped = vault.drip(supply, self.now).0 + amount;
                let (updated_at, ends_at) = (U256::from(self.now), U256::from(self.now + 604_800));
                let funded =
                    StakedSpon::DripFunded { from: holder, amount, undripped, updatedAt: updated_at, endsAt: ends_at };
                self.emit(Contract::StakedSpon, funded);
            }
            _ => {
                let assets = U256::from(self.rng.random_range(1_000_000..1_000_000_000u64));
                let shares = assets * U256::from(1_000);
                self.emit(
                    Contract::StakedSpon,
                    StakedSpon::Transfer { from: Address::ZERO, to: holder, value: shares },
                );
                let deposit = StakedSpon::Deposit { sender: holder, owner: holder, assets, shares };
                self.emit(Contract::StakedSpon, deposit);
            }
        }
    }

    fn verifier(&mut self) {
        let verifier = self.account();
        let active = self.state.verifiers.get(&(verifier,)).is_some_and(|verifier| verifier.active);
        let round = U256::from(self.now / 3_600 + 1);
        match (active, self.rng.random_range(0..4)) {
            (false, _) => {
                let (bond_token, tip) = (self.token(), self.unique());
                self.emit(Contract::VerifierSet, VerifierSet::VerifierJoined { verifier, bondToken: bond_token, tip });
            }
            (true, 0) => self.emit(Contract::VerifierSet, VerifierSet::VerifierLeft { verifier, by: verifier }),
            (true, 1) => {
                let (session, reporter) = (self.unique(), self.account());
                let slashed = U256::from(77);
                let caught = VerifierSet::Equivocated { verifier, sessionId: session, reporter, slashed };
                self.emit(Contract::VerifierSet, caught);
            }
            _ => {
                let (preimage, mix) = (self.unique(), self.unique());
                self.emit(Contract::VerifierSet, VerifierSet::BeaconRevealed { round, verifier, preimage, mix });
            }
        }
    }

    fn reward(&mut self) {
        let count = self.state.epochs.len() as u64;
        let last = self.state.epochs.get(&(count,)).cloned().filter(|epoch| epoch.status != EpochStatus::Disabled);
        match last {
            Some(epoch) if epoch.paid_leaves < epoch.leaf_count => self.pay(count, &epoch),
            _ => self.post(count + 1),
        }
    }

    /// One reward, or several in one call.
    fn pay(&mut self, number: u64, epoch: &Epoch) {
        let number = U256::from(number);
        if epoch.status == EpochStatus::Posted {
            self.emit(Contract::Distributor, Distributor::EpochActivated { epoch: number });
        }
        let (index, amount) = (epoch.paid_leaves, epoch.cap / U256::from(epoch.leaf_count));
        if self.rng.random_bool(0.5) {
            let account = self.account();
            let index = U256::from(index);
            self.emit(
                Contract::Distributor,
                Distributor::RewardPaid { epoch: number, account, index, to: account, amount },
            );
            return;
        }
        let rest = epoch.leaf_count - index;
        let leaves = ((U256::ONE << usize::try_from(rest).unwrap()) - U256::ONE) << usize::try_from(index).unwrap();
        let payment = |account: Address| B256::from((U256::from_be_slice(account.as_slice()) << 96) | amount);
        let payments = (0..rest).map(|_| payment(self.account())).collect();
        self.emit(Contract::Distributor, Distributor::RangePaid { epoch: number, start: U256::ZERO, leaves, payments });
    }

    fn post(&mut self, number: u64) {
        let (epoch, token, funder) = (U256::from(number), self.token(), self.account());
        let (root, evidence, cap) = (self.unique(), self.unique(), U256::from(1_000_000));
        self.emit(Contract::Distributor, Distributor::EpochFunded { epoch, token, funder, amount: cap });
        let activates_at = U256::from(self.now + 172_800);
        let posted = Distributor::EpochPosted {
            epoch,
            root,
            cap,
            leafCount: U256::from(5),
            activatesAt: activates_at,
            evidence,
        };
        self.emit(Contract::Distributor, posted);
        if self.rng.random_bool(0.2) {
            let (challenger, account, bond) = (self.account(), self.account(), U256::from(10_000));
            let challenged = Distributor::EpochChallenged {
                epoch,
                challenger,
                index: U256::ONE,
                account,
                amount: U256::from(7),
                bond,
                deadline: activates_at,
            };
            self.emit(Contract::Distributor, challenged);
            if self.rng.random_bool(0.5) {
                self.emit(
                    Contract::Distributor,
                    Distributor::ChallengeRejected { epoch, challenger, bond, activatesAt: activates_at },
                );
            } else {
                self.emit(Contract::Distributor, Distributor::EpochDisabled { epoch });
                self.emit(Contract::Distributor, Distributor::BondReturned { epoch, challenger, to: challenger, bond });
            }
        }
    }

    fn post_offer(&mut self) {
        let renter = self.account();
        let wanted = offer_board::IOfferBoard::Wanted {
            resource: 1,
            units: 1,
            token: TOKENS[0],
            maxRate: alloy::primitives::aliases::U96::from(9),
            fundedSeconds: 60,
            region: String::new(),
            deadline: u64::MAX,
        };
        let posted = OfferBoard::RequestPosted { renter, wanted, uri: "https://renter".to_owned() };
        self.emit(Contract::OfferBoard, posted);
    }
}
