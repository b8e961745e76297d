//! SPON and sSPON: holders, supply, bridges, exits, votes and the drip of revenue to the stakers.

use alloy::primitives::{Address, U256};
use spheron_bindings::{spon::Spon::SponEvents, staked_spon::StakedSpon::StakedSponEvents};

use super::{Bridge, Inconsistent, State, Supply, Vault, add, drip, small, subtract};
use crate::position::{EventId, Position};

/// Key of SPON in `supply`.
pub const SPON: &str = "SPON";
/// Key of sSPON in `supply`.
pub const STAKED_SPON: &str = "sSPON";

/// Shares of sSPON without which nothing drips, 10^21, as in `StakedSpon`.
const LEAST_STAKE: U256 = U256::from_limbs([0x35c9_adc5_dea0_0000, 0x36, 0, 0]);

pub(super) fn apply_spon(state: &mut State, at: Position, event: &SponEvents) -> Result<(), Inconsistent> {
    match event {
        SponEvents::Transfer(e) => {
            supply(state, SPON, e.from, e.to, e.value)?;
            if !e.from.is_zero() {
                let amount = &mut state.spon_holders.entry((e.from,)).amount;
                subtract(amount, e.value, || format!("the SPON of {}", e.from))?;
            }
            if !e.to.is_zero() {
                add(&mut state.spon_holders.entry((e.to,)).amount, e.value, "SPON balance")?;
            }
        }
        SponEvents::BridgeLimitSet(e) => {
            let bridge = state.bridges.entry((e.bridge,));
            bridge.mint_used = bridge.used(bridge.mint_used, bridge.mint_at, at.time);
            bridge.burn_used = bridge.used(bridge.burn_used, bridge.burn_at, at.time);
            (bridge.mint_at, bridge.burn_at) = (at.time, at.time);
            (bridge.capacity, bridge.window) = (e.capacity, small(e.window));
        }
        SponEvents::CrosschainMint(e) if !e.amount.is_zero() => {
            let bridge = state.bridges.entry((e.sender,));
            bridge.mint_used = bridge.used(bridge.mint_used, bridge.mint_at, at.time);
            bridge.mint_at = at.time;
            add(&mut bridge.mint_used, e.amount, "bridged SPON")?;
        }
        SponEvents::CrosschainBurn(e) if !e.amount.is_zero() => {
            let bridge = state.bridges.entry((e.sender,));
            bridge.burn_used = bridge.used(bridge.burn_used, bridge.burn_at, at.time);
            bridge.burn_at = at.time;
            add(&mut bridge.burn_used, e.amount, "bridged SPON")?;
        }
        SponEvents::AuthorityUpdated(e) => state.set("Spon", "authority", e.authority),
        // An ERC-20 allowance is spent without an event, so approvals do not add up to a state.
        SponEvents::Approval(_)
        | SponEvents::AuthorizationUsed(_)
        | SponEvents::AuthorizationCanceled(_)
        | SponEvents::CrosschainMint(_)
        | SponEvents::CrosschainBurn(_)
        | SponEvents::EIP712DomainChanged(_) => {}
    }
    Ok(())
}

pub(super) fn apply_staked(state: &mut State, at: Position, event: &StakedSponEvents) -> Result<(), Inconsistent> {
    match event {
        StakedSponEvents::Transfer(e) => move_shares(state, at, e.from, e.to, e.value)?,
        StakedSponEvents::Deposit(e) => add(&mut state.vaults.entry(()).held, e.assets, "staked SPON")?,
        StakedSponEvents::ExitRequested(e) => {
            subtract(&mut state.vaults.entry(()).held, e.assets, || "the stakers' SPON".to_owned())?;
            let exit = state.exits.entry((e.controller,));
            add(&mut exit.shares, e.shares, "shares of an exit")?;
            add(&mut exit.assets, e.assets, "assets of an exit")?;
            exit.claimable_at = small(e.claimableAt);
        }
        StakedSponEvents::Withdraw(e) => {
            let exit = state.exits.entry((e.owner,));
            let what = || format!("the exit of {}", e.owner);
            subtract(&mut exit.shares, e.shares, what)?;
            subtract(&mut exit.assets, e.assets, what)?;
            if exit.assets.is_zero() {
                *exit = super::Exit::default();
            }
        }
        StakedSponEvents::DripFunded(e) => {
            let vault = state.vaults.entry(());
            add(&mut vault.held, e.amount, "the stakers' SPON")?;
            set_drip(vault, e.undripped, small(e.updatedAt), small(e.endsAt));
        }
        StakedSponEvents::DripShifted(e) => {
            set_drip(state.vaults.entry(()), e.undripped, small(e.updatedAt), small(e.endsAt));
        }
        StakedSponEvents::OperatorSet(e) => {
            state.stake_operators.entry((e.controller, e.operator)).approved = e.approved;
        }
        StakedSponEvents::DelegateChanged(e) => state.stake_delegates.entry((e.delegator,)).delegate = e.toDelegate,
        StakedSponEvents::DelegateVotesChanged(e) => state.stake_votes.entry((e.delegate,)).votes = e.newVotes,
        StakedSponEvents::PausedSet(e) => state.set("StakedSpon", "paused", e.paused),
        StakedSponEvents::CooldownSet(e) => state.set("StakedSpon", "cooldown", e.cooldown),
        StakedSponEvents::AuthorityUpdated(e) => state.set("StakedSpon", "authority", e.authority),
        StakedSponEvents::Approval(_)
        | StakedSponEvents::RedeemRequest(_)
        | StakedSponEvents::EIP712DomainChanged(_) => {}
    }
    Ok(())
}

impl Bridge {
    /// Wei of a bucket that are used at `now`, `used` having been used at `since`: it refills at capacity / window.
    pub fn used(&self, used: U256, since: u64, now: u64) -> U256 {
        let elapsed = U256::from(now.saturating_sub(since));
        let refilled = elapsed.saturating_mul(self.capacity) / U256::from(self.window.max(1));
        used.saturating_sub(refilled)
    }
}

impl Vault {
    /// Wei that have not dripped at `now`, rounded up, and the seconds that they still take.
    pub fn drip(&self, supply: U256, now: u64) -> (U256, u64) {
        if supply < LEAST_STAKE {
            return (self.undripped, self.duration);
        }
        drip::left(self.undripped, self.duration, self.ends_at, now)
    }

    /// Wei that the shares are worth at `now`, as ERC-4626's `totalAssets`.
    pub fn total_assets(&self, supply: U256, now: u64) -> U256 {
        self.held.saturating_sub(self.drip(supply, now).0)
    }
}

impl State {
    /// Supply of SPON (wei) or sSPON (shares).
    pub fn supply_of(&self, token: &str) -> U256 {
        amount_of(self.supplies.get(&(token.to_owned(),)))
    }
}

fn amount_of(supply: Option<&Supply>) -> U256 {
    supply.map(|supply| supply.amount).unwrap_or_default()
}

fn move_shares(state: &mut State, at: Position, from: Address, to: Address, shares: U256) -> Result<(), Inconsistent> {
    let token = (STAKED_SPON.to_owned(),);
    let before = amount_of(state.supplies.find(&token));
    supply(state, STAKED_SPON, from, to, shares)?;
    if before >= LEAST_STAKE && amount_of(state.supplies.find(&token)) < LEAST_STAKE {
        // Next to nobody is staked any more: the drip stands still from here, which the contract notes without an event.
        let vault = state.vaults.entry(());
        let (undripped, remaining) = vault.drip(before, at.time);
        set_drip(vault, undripped, at.time, at.time + remaining);
    }
    if !from.is_zero() {
        let stake = state.stakes.entry((from,));
        subtract(&mut stake.shares, shares, || format!("the sSPON of {from}"))?;
    }
    if !to.is_zero() {
        let stake = state.stakes.entry((to,));
        if stake.first_id == EventId(0) {
            stake.first_id = EventId(at.id);
        }
        add(&mut stake.shares, shares, "sSPON balance")?;
    }
    Ok(())
}

fn set_drip(vault: &mut Vault, undripped: U256, updated_at: u64, ends_at: u64) {
    vault.undripped = undripped;
    vault.ends_at = ends_at;
    vault.duration = ends_at.saturating_sub(updated_at);
}

fn supply(state: &mut State, token: &str, from: Address, to: Address, amount: U256) -> Result<(), Inconsistent> {
    if !from.is_zero() && !to.is_zero() {
        return Ok(());
    }
    let supply = state.supplies.entry((token.to_owned(),));
    if from.is_zero() {
        add(&mut supply.amount, amount, "supply")?;
        add(&mut supply.minted, amount, "minted supply")?;
    }
    if to.is_zero() {
        subtract(&mut supply.amount, amount, || format!("the supply of {token}"))?;
        add(&mut supply.burned, amount, "burned supply")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drips_to_less_than_the_least_stake() {
        assert_eq!(LEAST_STAKE, U256::from(10).pow(U256::from(21)));
        let undripped = U256::from(70);
        let vault = Vault { held: U256::from(100), undripped, duration: 7, ends_at: 1_007 };
        let little = LEAST_STAKE - U256::ONE;
        assert_eq!(vault.drip(little, 9_000), (undripped, 7));
        assert_eq!(vault.drip(LEAST_STAKE, 1_004), (U256::from(30), 3));
        assert_eq!(vault.total_assets(little, 9_000), U256::from(30));
        assert_eq!(vault.total_assets(LEAST_STAKE, 9_000), U256::from(100));
    }

    /// The contract stops the drip without an event when a burn leaves less than the least stake.
    #[test]
    fn a_burn_below_the_least_stake_stops_the_drip() {
        let (holder, one) = (Address::repeat_byte(1), U256::ONE);
        let mut state = State::default();
        let at = |time| Position { id: 1, time };
        move_shares(&mut state, at(1_000), Address::ZERO, holder, LEAST_STAKE + one).unwrap();
        set_drip(state.vaults.entry(()), U256::from(70), 1_000, 1_007);
        move_shares(&mut state, at(1_001), holder, Address::ZERO, one).unwrap();
        let supply = state.supply_of(STAKED_SPON);
        assert_eq!(state.vaults.entry(()).drip(supply, 1_002), (U256::from(50), 5));
        move_shares(&mut state, at(1_003), holder, Address::ZERO, one).unwrap();
        let supply = state.supply_of(STAKED_SPON);
        assert_eq!(state.vaults.entry(()).drip(supply, 9_000), (U256::from(40), 4));
    }
}
