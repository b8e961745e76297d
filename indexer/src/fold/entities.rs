//! The entities: what is kept of each account, lease, node, verifier and epoch. Money in wei, times in unix seconds.

use std::sync::{Arc, LazyLock};

use alloy::primitives::{Address, B256, U256};

use super::entity::{Change, Entity, Rows, Stock, column, entities, read};
use crate::{
    cells::Cells,
    position::EventId,
    table::{Shape, Table},
    value::{Field as _, Value, ValueError, named_enum},
};

named_enum! {
    /// Where a lease stands, see `ILeaseBook.Status`.
    LeaseStatus {
        /// No such lease.
        #[default]
        None = "none",
        /// Runs on while funded.
        Open = "open",
        /// Its end is fixed and lies ahead.
        Ending = "ending",
        /// Over, its units are free, some seconds await their verdict.
        Ended = "ended",
        /// Every wei is paid or refunded.
        Closed = "closed",
    }
}

named_enum! {
    /// Where a node stands, see `INodeRegistry.Status`.
    NodeStatus {
        /// Not registered.
        #[default]
        None = "none",
        /// Can be leased.
        Active = "active",
        /// Taken out by its provider for a while.
        Maintenance = "maintenance",
        /// Taken out by the network.
        Suspended = "suspended",
        /// Gone, until a provider registers it again.
        Retired = "retired",
        /// No node, but a key that a node has or had.
        Operator = "operator",
    }
}

named_enum! {
    /// Whose machine a node is, see `INodeRegistry.Kind`.
    NodeKind {
        /// A data centre's.
        #[default]
        Provider = "provider",
        /// Somebody's own.
        Fizz = "fizz",
    }
}

named_enum! {
    /// What a resource is, see `IResourceCatalog.ResourceKind`.
    ResourceKind {
        /// Unknown.
        #[default]
        None = "none",
        /// Graphics card.
        Gpu = "gpu",
        /// Processor threads.
        Cpu = "cpu",
    }
}

named_enum! {
    /// Where an epoch of rewards stands, see `IDistributor.Status`.
    EpochStatus {
        /// Not funded.
        #[default]
        None = "none",
        /// Funded, without a root.
        Funded = "funded",
        /// Has a root, which is not marked active.
        Posted = "posted",
        /// Its root is in doubt.
        Challenged = "challenged",
        /// Is paid.
        Active = "active",
        /// Its root was found wrong.
        Disabled = "disabled",
        /// The rest went back.
        Swept = "swept",
    }
}

named_enum! {
    /// Where a dispute stands, see `IDisputes.Status`.
    DisputeStatus {
        /// No such dispute.
        #[default]
        None = "none",
        /// Awaits its ruling.
        Open = "open",
        /// The accused was slashed.
        Accepted = "accepted",
        /// The deposit was lost.
        Rejected = "rejected",
        /// Ended without a ruling.
        Drawn = "drawn",
    }
}

named_enum! {
    /// Whether a standing order may be used, see `IStandingTopUps.Status`.
    OrderStatus {
        /// Not authorised.
        #[default]
        None = "none",
        /// May be used.
        Active = "active",
        /// May be used no longer.
        Revoked = "revoked",
    }
}

named_enum! {
    /// What a bond is for, see `IBonds.Role`.
    BondRole {
        /// A provider's.
        #[default]
        Provider = "provider",
        /// A gateway's.
        Gateway = "gateway",
        /// A verifier's.
        Verifier = "verifier",
    }
}

entities! {
    /// Parameters of the contracts that are one value each, by contract and name.
    settings: Setting in "setting" (contract: String, name: String) {
        /// As people write it: decimal number, 0x hex.
        value: String,
    }

    /// Tokens that may be deposited into the Ledger.
    tokens: Token in "token" (token: Address) {
        /// Whether deposits are allowed now.
        allowed: bool,
    }

    /// Modules of the Ledger.
    modules: Module in "module" (module: Address) {
        /// Product code, 0 if it may not escrow.
        product: B256,
    }

    /// Balances in the Ledger.
    balances: Balance in "balance" (token: Address, owner: Address) {
        /// Wei.
        amount: U256,
    }

    /// What modules hold in the Ledger.
    module_funds: ModuleFunds in "module_funds" (module: Address, token: Address) {
        /// Wei in escrow.
        escrow: U256,
        /// Wei of fees that were not collected yet.
        fees: U256,
        /// Wei of fees that were collected.
        collected: U256,
    }

    /// Operator allowances and their usage.
    allowances: Allowance in "allowance" (owner: Address, operator: Address, token: Address) {
        /// Wei per second.
        rate_cap: U256,
        /// Wei.
        exposure_cap: U256,
        /// Unix seconds.
        expiry: u64,
        /// Seconds ahead that money may be committed for.
        max_tail: u64,
        /// Wei per second that is used.
        rate: U256,
        /// Wei that are used.
        exposure: U256,
    }

    /// Leases.
    leases: Lease in "lease" (lease_id: B256) {
        /// Event that opened it.
        opened_id: EventId,
        /// EIP-712 digest of the offer.
        offer_hash: B256,
        /// Nonce of the offer.
        offer_nonce: U256,
        /// Who pays and gets refunds.
        renter: Address,
        /// Who opened it for the renter, else 0.
        operator: Address,
        /// The payee.
        provider: Address,
        /// The node.
        node: Address,
        /// That it is paid in.
        token: Address,
        /// That releases the payments.
        policy: Address,
        /// Wei per second for all units.
        rate: U256,
        /// Units of the node's resource.
        units: u64,
        /// The protocol's share of each payment, basis points.
        fee_bps: u64,
        /// Share of the exposure that is locked out of the provider's bond, basis points.
        cover_bps: u64,
        /// Share of the rate in grace, basis points.
        hold_rate_bps: u64,
        /// Paid for at least, if attested.
        min_seconds: u64,
        /// That it may last.
        max_seconds: u64,
        /// At the hold rate.
        grace_seconds: u64,
        /// Before a reclaim without a price.
        notice_seconds: u64,
        /// Wei that the provider pays for closing without notice.
        reclaim_price: U256,
        /// Unix seconds.
        start: u64,
        /// Makes it unique.
        salt: B256,
        /// Where it stands.
        status: LeaseStatus,
        /// Every second before it is paid or refunded.
        settled_to: u64,
        /// End of the full rate.
        funded_until: u64,
        /// Start of the hold past grace.
        hold_from: u64,
        /// End of the hold past grace.
        hold_to: u64,
        /// 0 while open.
        ends_at: u64,
        /// Who ended it; 0 while open, or when its funds ran out.
        ended_by: Address,
        /// Wei that came in.
        funded: U256,
        /// Wei paid to the provider.
        paid: U256,
        /// Wei paid to the protocol.
        fees: U256,
        /// Wei that went back to the renter.
        refunded: U256,
        /// Wei of the provider's that the renter got for a reclaim without notice.
        penalty: U256,
        /// Wei of it that the operator's usage still counts.
        exposure: U256,
        /// Of the policy, up to which what it took back is booked.
        revision: u64,
        /// Seconds that the policy took back after they were paid.
        revoked: u64,
        /// Wei that the renter is owed for them, out of the provider's bond.
        owed: U256,
        /// Wei of the bond that the renter got for them.
        compensated: U256,
    }

    /// Where nodes stand with the nonces of their offers.
    offer_desks: OfferDesk in "offer_desk" (node: Address) {
        /// Lowest nonce that is neither used nor cancelled; 0 stands for 1.
        nonce_floor: u64,
    }

    /// Nonces of offers that were used or cancelled one by one.
    offer_nonces: OfferNonce in "offer_nonce" (node: Address, nonce: U256) {
        /// The lease that used it, 0 if it was cancelled.
        lease_id: B256,
    }

    /// What leases open with from now on.
    markets: Market in "market" (token: Address, policy: Address) {
        /// Whether leases may open.
        is_open: bool,
        /// The protocol's share of payments, basis points.
        fee_bps: u64,
        /// Share of the exposure that is locked out of the provider's bond, basis points.
        cover_bps: u64,
        /// Wei that a lease opens with at least.
        min_funds: U256,
        /// Wei that a top-up brings at least.
        min_top_up: U256,
    }

    /// Providers.
    providers: Provider in "provider" (provider: Address) {
        /// Event that registered it.
        registered_id: EventId,
        /// Gets its rewards.
        reward_wallet: Address,
        /// Proposed and not yet accepted, else 0.
        proposed_wallet: Address,
        /// Token of the bond that counts.
        bond_token: Address,
        /// 1 best to 7.
        trust_tier: u64,
        /// Whether the network suspended it, and so its nodes.
        suspended: bool,
        /// Whether its bond was found to be too small, which suspends its nodes.
        underbonded: bool,
        /// Of its description.
        uri: String,
        /// Owner that was proposed and has not yet accepted, else 0.
        proposed_owner: Address,
        /// Who is the provider in its stead, 0 as long as it is one.
        successor: Address,
        /// Its id in the ERC-8004 identity registry, 0 if it named none.
        agent_id: U256,
    }

    /// Gateways, which front Fizz nodes.
    gateways: Gateway in "gateway" (gateway: Address) {
        /// Event that registered it.
        registered_id: EventId,
        /// Token of the bond that counts.
        bond_token: Address,
        /// Nodes that it fronts.
        nodes: u64,
        /// Whether its bond was found to be too small.
        underbonded: bool,
        /// Of its description.
        uri: String,
    }

    /// Whose nodes gateways let in.
    admissions: Admission in "gateway_admission" (gateway: Address, provider: Address) {
        /// Whether it does now.
        admitted: bool,
    }

    /// Keys that sign, or signed, for nodes that have another name.
    node_operators: NodeOperator in "node_operator" (operator: Address) {
        /// The node.
        node: Address,
    }

    /// Nodes.
    nodes: Node in "node" (node: Address) {
        /// Event that registered it.
        registered_id: EventId,
        /// Its owner.
        provider: Address,
        /// Whose machine it is.
        kind: NodeKind,
        /// Class in the catalog.
        resource: u64,
        /// Of that class.
        units: u64,
        /// CPU class beside it, 0 if none.
        cpu_resource: u64,
        /// CPU threads.
        cpu_units: u64,
        /// MiB.
        memory_mib: u64,
        /// GiB.
        storage_gib: u64,
        /// Hash of the spec at `uri`.
        spec_hash: B256,
        /// Where it is.
        region: String,
        /// Of the spec and the agent.
        uri: String,
        /// 0 if none.
        gateway: Address,
        /// The key that signs for it.
        operator: Address,
        /// Where it stands.
        status: NodeStatus,
        /// That its next consent must carry.
        consent_nonce: u64,
        /// Units that are leased now.
        leased_units: u64,
    }

    /// Classes of hardware.
    resources: Resource in "resource" (id: u64) {
        /// Version of the catalog that set it.
        version: u64,
        /// What it is.
        kind: ResourceKind,
        /// Class whose rates a measurement is held against.
        reference_class: u64,
        /// Weight of one unit, basis points.
        multiplier_bps: u64,
        /// Milli-points of a Fizz node, per unit at multiplier 1.
        fizz_base_points: u64,
        /// Milli-points of a provider's node.
        provider_base_points: u64,
        /// As people call it.
        name: String,
        /// Group that it is in.
        tier: String,
    }

    /// Verifiers, also those that left.
    verifiers: Verifier in "verifier" (verifier: Address) {
        /// Token of its bond.
        bond_token: Address,
        /// Of its hash chain; 0 once it left.
        tip: B256,
        /// Whether it is in the set.
        active: bool,
        /// Its place in the set.
        seat: u64,
        /// First round that it is drawn in.
        since_round: u64,
        /// Round of its latest reveal, or of its join.
        revealed_in: u64,
        /// Whether it signed two conflicting verdicts.
        banned: bool,
        /// Wei that they cost it.
        slashed: U256,
    }

    /// The places in the set of verifiers.
    seats: Seats in "verifier_seats" () {
        /// Bit i: somebody sits on seat i.
        taken: U256,
    }

    /// Beacons of the rounds in which somebody revealed.
    beacons: Beacon in "beacon" (round: u64) {
        /// What the reveals mixed to.
        mix: B256,
        /// Number of reveals.
        reveals: u64,
    }

    /// The latest verdict on each node.
    standings: Standing in "standing" (node: Address) {
        /// Unix seconds.
        measured_at: u64,
        /// That it attested, 0 if it failed.
        units: u64,
        /// Number of its windows.
        windows: u64,
        /// Number of its cuts.
        cuts: u64,
    }

    /// Seconds that were attested and no longer are: `[start, end)`.
    cuts: Cut in "attestation_cut" (node: Address, position: u64) {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// Seconds of all earlier cuts.
        before: u64,
    }

    /// Seconds in which nodes are attested: `[start, end)`.
    windows: Window in "attestation_window" (node: Address, position: u64) {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// Attested seconds of all earlier windows.
        before: u64,
    }

    /// Bonds.
    bonds: Bond in "bond" (role: BondRole, owner: Address, token: Address) {
        /// Wei.
        active: U256,
        /// Wei.
        thawing: U256,
        /// When the thawing may be withdrawn, 0 if nothing thaws.
        thawed_at: u64,
        /// Wei behind claims, which cannot thaw.
        locked: U256,
        /// Start of the slash window.
        window_start: u64,
        /// Wei that it may still lose without proof.
        window_left: U256,
        /// Wei that ever came in.
        deposited: U256,
        /// Wei that left to the owner.
        withdrawn: U256,
        /// Wei that slashes took.
        slashed: U256,
        /// Wei that claimers seized.
        seized: U256,
    }

    /// What claimers have locked of providers' bonds.
    bond_locks: BondLock in "bond_lock" (claimer: Address, provider: Address, token: Address) {
        /// Wei.
        amount: U256,
    }

    /// Contracts that may take from bonds.
    bond_takers: BondTaker in "bond_taker" (account: Address) {
        /// Whether it may lock and seize.
        claimer: bool,
        /// Whether it may slash.
        slasher: bool,
    }

    /// What is delegated to bonds.
    pools: Pool in "delegation_pool" (role: BondRole, owner: Address, token: Address) {
        /// Wei that earn.
        value: U256,
        /// Of `value`.
        shares: U256,
        /// Wei on their way out.
        thawing: U256,
        /// Of `thawing`.
        thawing_shares: U256,
        /// Grows when a slash takes all.
        generation: u64,
        /// Basis points of each reward.
        commission_bps: u64,
        /// Basis points from `next_commission_from` on.
        next_commission_bps: u64,
        /// Unix seconds.
        next_commission_from: u64,
    }

    /// What delegators have in the present and in former generations of pools.
    delegations: Delegation in "delegation"
        (role: BondRole, owner: Address, token: Address, generation: u64, delegator: Address) {
        /// That earn.
        shares: U256,
        /// On their way out.
        thawing_shares: U256,
        /// When they may be withdrawn, 0 if nothing thaws.
        thawed_at: u64,
    }

    /// What slashes owe.
    owed: Owed in "owed" (account: Address, token: Address) {
        /// Wei.
        amount: U256,
    }

    /// From how many wei on a bond counts.
    bond_minimums: BondMinimum in "bond_minimum" (role: BondRole, token: Address) {
        /// Wei, 0 if the token may not be bonded.
        minimum: U256,
    }

    /// Disputes over what no proof decides.
    disputes: Dispute in "dispute" (id: u64) {
        /// Event that opened it.
        opened_id: EventId,
        /// Where it stands.
        status: DisputeStatus,
        /// Who accuses.
        opener: Address,
        /// Who is accused.
        accused: Address,
        /// What the accused's bond is for.
        role: BondRole,
        /// Of the bond and of the deposit.
        token: Address,
        /// Wei that the opener put up.
        deposit: U256,
        /// Wei of the bond at the opening.
        stake: U256,
        /// Unix seconds.
        opened_at: u64,
        /// Whether the accused has answered.
        answered: bool,
        /// Wei that the accused lost.
        slashed: U256,
    }

    /// What disputes owe.
    dispute_owed: DisputeOwed in "dispute_owed" (account: Address, token: Address) {
        /// Wei.
        amount: U256,
    }

    /// What a dispute takes as its deposit.
    dispute_deposits: DisputeDeposit in "dispute_deposit" (token: Address) {
        /// Wei, 0 if none may be opened.
        amount: U256,
    }

    /// Standing orders to top leases up.
    top_up_orders: TopUpOrder in "top_up_order" (order_id: B256) {
        /// Event that authorised or revoked it first.
        first_id: EventId,
        /// Whether it may be used.
        status: OrderStatus,
        /// Whose money it spends.
        renter: Address,
        /// That the leases are paid in.
        token: Address,
        /// The lease, or 0 for every one of the renter on `node`.
        lease_id: B256,
        /// 0 if a lease is named.
        node: Address,
        /// Wei in all.
        budget: U256,
        /// Unix seconds.
        expiry: u64,
        /// Wei that it has spent.
        spent: U256,
        /// Wei that it has spent in its period.
        period_spent: U256,
        /// When that began, unix seconds.
        period_start: u64,
    }

    /// Open demands for a fresh measurement.
    demands: Demand in "measurement_demand" (lease_id: B256) {
        /// Unix seconds, 0 if none is open.
        made_at: u64,
        /// Wei that the renter put up, in the lease's token.
        bond: U256,
    }

    /// What a demand for a fresh measurement takes as its bond.
    demand_bonds: DemandBond in "demand_bond" (token: Address) {
        /// Wei, 0 if none may be made.
        amount: U256,
    }

    /// From how much on earnings are pushed to a provider's reward wallet.
    payout_minimums: PayoutMinimum in "payout_minimum" (provider: Address, token: Address) {
        /// Wei, 0 if they are not pushed.
        minimum: U256,
    }

    /// Outages of the sequencer that are over: `[start, end)`.
    outages: Outage in "outage" (position: u64) {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
    }

    /// Bits of the PauseSwitch.
    pause_bits: PauseBit in "pause_bit" (bit: u64) {
        /// Contract whose intake it pauses, 0 for none.
        target: Address,
        /// Whether it is paused.
        paused: bool,
    }

    /// Holders of SPON.
    spon_holders: SponHolder in "spon_holder" (holder: Address) {
        /// Wei.
        amount: U256,
    }

    /// Supply of SPON and of sSPON.
    supplies: Supply in "supply" (token: String) {
        /// Wei, or shares.
        amount: U256,
        /// Ever minted.
        minted: U256,
        /// Ever burned.
        burned: U256,
    }

    /// Bridges of SPON.
    bridges: Bridge in "bridge" (bridge: Address) {
        /// Wei in one window, each direction.
        capacity: U256,
        /// Seconds in which an empty bucket refills.
        window: u64,
        /// Wei of the minting bucket that were used at `mint_at`.
        mint_used: U256,
        /// Unix seconds.
        mint_at: u64,
        /// Wei of the burning bucket that were used at `burn_at`.
        burn_used: U256,
        /// Unix seconds.
        burn_at: u64,
    }

    /// Holders of sSPON.
    stakes: Stake in "stake" (holder: Address) {
        /// Event that first moved a share of it.
        first_id: EventId,
        /// Shares.
        shares: U256,
    }

    /// Exits from sSPON that were not claimed.
    exits: Exit in "stake_exit" (controller: Address) {
        /// Burned, still owed.
        shares: U256,
        /// SPON in wei that they are worth.
        assets: U256,
        /// Unix seconds.
        claimable_at: u64,
    }

    /// Who may request and claim for a controller.
    stake_operators: StakeOperator in "stake_operator" (controller: Address, operator: Address) {
        /// Whether it may now.
        approved: bool,
    }

    /// Whom holders of sSPON let vote for them.
    stake_delegates: StakeDelegate in "stake_delegate" (holder: Address) {
        /// 0 for nobody.
        delegate: Address,
    }

    /// Votes of delegates.
    stake_votes: StakeVotes in "stake_votes" (delegate: Address) {
        /// Shares.
        votes: U256,
    }

    /// The money of sSPON.
    vaults: Vault in "vault" () {
        /// Wei of the stakers, with what has not dripped yet and without the exits.
        held: U256,
        /// Wei that had not dripped when the drip last began or stopped.
        undripped: U256,
        /// When the drip ends.
        ends_at: u64,
        /// Seconds from when it last began or stopped to `ends_at`.
        duration: u64,
    }

    /// Epochs of rewards.
    epochs: Epoch in "epoch" (epoch: u64) {
        /// Event that first funded it.
        funded_id: EventId,
        /// Merkle root, 0 until it is posted.
        root: B256,
        /// That it is paid in.
        token: Address,
        /// Gets back what is not paid.
        funder: Address,
        /// Wei that were funded.
        cap: U256,
        /// Number of rewards.
        leaf_count: u64,
        /// Unix seconds, without outages; until it is posted, when it was funded.
        activates_at: u64,
        /// Hash of what the root was built from.
        evidence: B256,
        /// Wei.
        paid: U256,
        /// Number of rewards that were paid.
        paid_leaves: u64,
        /// Wei of bonds that challengers lost.
        forfeited: U256,
        /// Where it stands, as the last event says.
        status: EpochStatus,
        /// Whose challenge is open, or whose bond waits; else 0.
        challenger: Address,
        /// When the challenge counts as upheld, unix seconds without outages; 0 without one.
        challenge_deadline: u64,
        /// Wei that went back to its funder.
        returned: U256,
    }

    /// Rewards that were paid, as bits over 256 of them each.
    paid_ranges: PaidRange in "paid_range" (epoch: u64, start: u64) {
        /// Bit i: the reward with index `start` + i.
        leaves: U256,
    }

    /// Who may claim rewards for an account, besides itself.
    claimers: Claimer in "claimer" (account: Address) {
        /// 0 for nobody.
        claimer: Address,
    }
}
