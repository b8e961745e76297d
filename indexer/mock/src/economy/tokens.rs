//! SPON, sSPON and rewards.

use alloy::primitives::{Address, B256, U256};
use rand::Rng as _;
use spheron_bindings::{distributor::Distributor, spon::Spon, staked_spon::StakedSpon};
use spheron_indexer::{
    Contract,
    fold::{Epoch, EpochStatus},
};

use super::Economy;

impl Economy {
    pub(super) fn move_spon(&mut self) {
        let (from, to) = (self.account(), self.account());
        let amount = self.state.spon_holders.get(&(from,)).map(|holder| holder.amount).unwrap_or_default();
        let (from, value) = if amount.is_zero() {
            (Address::ZERO, U256::from(10).pow(U256::from(20)))
        } else {
            (from, self.amount(amount))
        };
        self.emit(Contract::Spon, Spon::Transfer { from, to, value });
    }

    pub(super) fn stake(&mut self) {
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
                // A SPON and more, without which nothing drips.
                let assets =
                    U256::from(self.rng.random_range(1_000_000..1_000_000_000u64)) * U256::from(10).pow(U256::from(12));
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

    pub(super) fn reward(&mut self) {
        let count = self.state.epochs.len() as u64;
        let last = self.state.epochs.get(&(count,)).cloned().filter(|epoch| epoch.status != EpochStatus::Disabled);
        match last {
            Some(epoch) if epoch.paid_leaves < epoch.leaf_count => self.pay(count, &epoch),
            _ => self.post(count + 1),
        }
    }

    /// One reward, or several in one call.
    pub(super) fn pay(&mut self, number: u64, epoch: &Epoch) {
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

    pub(super) fn post(&mut self, number: u64) {
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
}
