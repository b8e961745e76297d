//! Leases, and the money in them.

use alloy::primitives::{Address, B256, U256, aliases::U96, keccak256};
use rand::{Rng as _, seq::IteratorRandom as _};
use spheron_bindings::{
    bonds::Bonds, lease_book, lease_book::LeaseBook, ledger::Ledger, offer_board, offer_board::OfferBoard,
};
use spheron_indexer::{
    Contract,
    fold::{BondRole, LeaseStatus},
};

use super::{Economy, TOKENS};
use crate::address_of;

impl Economy {
    pub(super) fn deposit(&mut self) {
        let (token, owner) = (self.token(), self.account());
        let amount = U256::from(self.rng.random_range(1..1_000_000_000_000_000_000u64)) * U256::from(1_000);
        self.emit(Contract::Ledger, Ledger::Deposited { token, owner, payer: owner, amount });
    }

    pub(super) fn funded(&mut self) -> Option<(Address, Address, U256)> {
        let mut funded: Vec<_> = self.state.balances.iter().filter(|(_, balance)| !balance.amount.is_zero()).collect();
        funded.sort_by_key(|(key, _)| **key);
        let funded = funded.into_iter().map(|(key, balance)| (key.0, key.1, balance.amount)).collect::<Vec<_>>();
        funded.into_iter().choose(&mut self.rng)
    }

    pub(super) fn withdraw(&mut self) {
        if let Some((token, owner, balance)) = self.funded() {
            let amount = self.amount(balance);
            self.emit(Contract::Ledger, Ledger::Withdrawn { token, owner, to: owner, amount });
        }
    }

    pub(super) fn open(&mut self) {
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
    pub(super) fn revoke(&mut self, id: B256) {
        let lease = self.state.leases.get(&(id,)).unwrap().clone();
        let amount = U256::from(70);
        let revision = U256::from(lease.revision + 1);
        let revised = LeaseBook::LeaseRevised {
            leaseId: id,
            revision,
            revoked: U256::from(10),
            amount,
            heldBefore: U256::from(lease.held_before),
            allowedPast: lease.allowed_past,
            allowedRunning: lease.allowed_running + U256::from(1),
        };
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
        self.emit(Contract::LeaseBook, LeaseBook::CoverFreed { leaseId: id, amount });
    }

    pub(super) fn escrow(&mut self, token: Address, owner: Address, amount: U256) {
        let module = address_of(Contract::LeaseBook);
        self.emit(Contract::Ledger, Ledger::Escrowed { module, token, owner, amount });
    }

    pub(super) fn lease(&mut self, statuses: &[LeaseStatus]) -> Option<B256> {
        let leases = self.state.leases.iter().filter(|(_, lease)| statuses.contains(&lease.status));
        let mut leases: Vec<_> = leases.map(|(key, _)| key.0).collect();
        leases.sort();
        leases.into_iter().choose(&mut self.rng)
    }

    pub(super) fn settle(&mut self) {
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

    pub(super) fn release(
        &mut self,
        token: Address,
        payee: Address,
        payer: Address,
        payment: U256,
        fee: U256,
        refund: U256,
    ) {
        let module = address_of(Contract::LeaseBook);
        self.emit(Contract::Ledger, Ledger::Released { module, token, payee, payer, payment, fee, refund });
    }

    pub(super) fn top_up(&mut self) {
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

    pub(super) fn end(&mut self) {
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

    pub(super) fn post_offer(&mut self) {
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
