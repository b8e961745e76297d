//! The entities: what is kept of each account, lease, node, verifier and epoch. Money in wei, times in unix seconds.

mod disputes;
mod governance;
mod lease;
mod money;
mod orders;
mod registry;
mod rewards;
mod stake;
mod token;
mod verification;

pub use disputes::*;
pub use governance::*;
pub use lease::*;
pub use money::*;
pub use orders::*;
pub use registry::*;
pub use rewards::*;
pub use stake::*;
pub use token::*;
pub use verification::*;

use std::sync::{Arc, LazyLock};

use super::{
    entity::{Change, Entity, Rows, Stock},
    macros::state,
};
use crate::{
    cells::Cells,
    table::Table,
    value::{Value, ValueError},
};

state! {
    settings: Setting,
    tokens: Token,
    modules: Module,
    balances: Balance,
    module_funds: ModuleFunds,
    allowances: Allowance,
    leases: Lease,
    offer_desks: OfferDesk,
    offer_nonces: OfferNonce,
    markets: Market,
    providers: Provider,
    gateways: Gateway,
    admissions: Admission,
    node_operators: NodeOperator,
    nodes: Node,
    resources: Resource,
    verifiers: Verifier,
    seats: Seats,
    beacons: Beacon,
    standings: Standing,
    cuts: Cut,
    windows: Window,
    bonds: Bond,
    bond_locks: BondLock,
    bond_takers: BondTaker,
    pools: Pool,
    delegations: Delegation,
    delegation_thaws: DelegationThaw,
    owed: Owed,
    bond_minimums: BondMinimum,
    disputes: Dispute,
    dispute_owed: DisputeOwed,
    dispute_deposits: DisputeDeposit,
    top_up_orders: TopUpOrder,
    demands: Demand,
    demand_bonds: DemandBond,
    payout_minimums: PayoutMinimum,
    outages: Outage,
    pause_bits: PauseBit,
    spon_holders: SponHolder,
    supplies: Supply,
    bridges: Bridge,
    stakes: Stake,
    exits: Exit,
    stake_operators: StakeOperator,
    stake_delegates: StakeDelegate,
    stake_votes: StakeVotes,
    vaults: Vault,
    epochs: Epoch,
    paid_ranges: PaidRange,
    claimers: Claimer,
}
