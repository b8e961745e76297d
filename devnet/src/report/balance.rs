use alloy::primitives::{Address, B256, U256};
use serde::Serialize;
use spheron_bindings::{attestation_policy::AttestationPolicy, lease_book::ILeaseBook::Terms, ledger::Ledger};
use spheron_client::{Client, numbering::LeaseStatus};
use spheron_verifier_core::verdict::Outcome;

use crate::{
    cast::{Cast, Machine},
    chain::{MINIMUM_BOND, SPON},
    economy::{Stage, staking},
    run::Story,
};

/// Everybody's money on one chain.
#[derive(Debug, Serialize)]
pub struct ChainBalance {
    pub chain: &'static str,
    pub renters: Vec<Renter>,
    pub providers: Vec<Provider>,
    pub verdicts: Vec<NodeVerdict>,
    pub holder: Holder,
    /// Wei of dollar fees that the foundation collected.
    pub dollar_fees: U256,
    /// Wei that a verifier has bonded.
    pub verifier_bond: U256,
    /// Test-dollar and SPON wei that are left in the Ledger.
    pub left_in_ledger: [U256; 2],
    /// SPON wei that the era distributed.
    pub rewarded: U256,
}

#[derive(Debug, Serialize)]
pub struct Renter {
    pub name: &'static str,
    /// Whether the lease was paid in dollars rather than SPON.
    pub dollars: bool,
    /// Wei brought.
    pub brought: U256,
    /// Wei that are back in the renter's wallet.
    pub back: U256,
    pub lease: LeaseOutcome,
}

impl Renter {
    /// Wei that the lease cost.
    pub fn spent(&self) -> U256 {
        self.brought - self.back
    }

    /// Whether all of the lease is paid and refunded.
    pub fn is_over(&self) -> bool {
        self.lease.status == LeaseStatus::Closed as u8
    }
}

#[derive(Debug, Serialize)]
pub struct LeaseOutcome {
    pub lease_id: B256,
    pub node: &'static str,
    /// `ILeaseBook.Status`.
    pub status: u8,
    /// Seconds from start to end.
    pub lasted: u64,
    /// Attested seconds at the full rate.
    pub full_seconds: u64,
    /// Attested seconds at the hold rate.
    pub hold_seconds: u64,
    /// Wei that those seconds cost, from the terms and the policy's A(t) alone.
    pub expected: U256,
}

#[derive(Debug, Serialize)]
pub struct Provider {
    pub name: &'static str,
    pub honest: bool,
    /// Wei bonded.
    pub bonded: U256,
    /// Test-dollar wei from leases.
    pub dollars: U256,
    /// SPON wei from leases.
    pub spon: U256,
    /// SPON wei of rewards.
    pub rewards: U256,
}

#[derive(Debug, Serialize)]
pub struct NodeVerdict {
    pub node: &'static str,
    pub machine: &'static str,
    /// `IVerifierSet.Result`.
    pub result: u8,
    /// What an honest machine gets, and what the others do.
    pub expected: u8,
    pub signers: usize,
    pub giga_ops_per_sec: u32,
    pub samples: u16,
}

#[derive(Debug, Serialize)]
pub struct Holder {
    pub name: &'static str,
    pub staked: U256,
    pub dripped: U256,
    pub unstaked: U256,
}

impl ChainBalance {
    /// Reads one chain; `index` is its place in the story.
    pub async fn collect(stage: &Stage<'_>, story: &Story, index: usize) -> anyhow::Result<Self> {
        let (chain, cast) = (stage.chain, stage.cast);
        let client = chain.client(&cast.keeper)?;
        let ledger = chain.deployment.contracts.ledger;
        let left_in_ledger =
            [client.token_balance(chain.dollar(), ledger).await?, client.token_balance(chain.spon(), ledger).await?];
        Ok(Self {
            chain: chain.spec.name,
            renters: renters(stage, client).await?,
            providers: providers(stage, client, story, index).await?,
            verdicts: verdicts(cast, story, index),
            holder: Holder {
                name: cast.hana.name,
                staked: U256::from(staking::STAKED * SPON),
                dripped: story.dripped[index],
                unstaked: story.unstaked[index],
            },
            dollar_fees: story.dollar_fees[index],
            verifier_bond: U256::from(MINIMUM_BOND * SPON),
            left_in_ledger,
            rewarded: story.rewards[index].total(),
        })
    }
}

async fn renters(stage: &Stage<'_>, client: &Client) -> anyhow::Result<Vec<Renter>> {
    let mut renters = Vec::new();
    for renter in stage.cast.renters() {
        let money = stage.brought[renter.name];
        let in_wallet = client.token_balance(money.token, renter.address()).await?;
        let in_ledger = client.balance(money.token, renter.address()).await?;
        renters.push(Renter {
            name: renter.name,
            dollars: money.token == stage.chain.dollar(),
            brought: money.amount,
            back: in_wallet + in_ledger,
            lease: outcome(stage, client, renter.name).await?,
        });
    }
    Ok(renters)
}

async fn outcome(stage: &Stage<'_>, client: &Client, renter: &str) -> anyhow::Result<LeaseOutcome> {
    let (_, opened) = stage.leases().find(|(name, _)| *name == renter).expect("every renter opened a lease");
    let terms = &opened.terms;
    let lease = client.lease(opened.lease_id).await?;
    let start = terms.start.to::<u64>();
    let (funded_until, end) = (lease.fundedUntil.to::<u64>(), lease.endsAt.to::<u64>());
    let turn = funded_until.min(end);
    let full_seconds = attested(client, terms.node, start, turn).await?;
    let hold_seconds = attested(client, terms.node, turn, end).await?;
    let node = stage.cast.nodes().map(|(_, node)| &node.actor).find(|actor| actor.address() == terms.node);
    Ok(LeaseOutcome {
        lease_id: opened.lease_id,
        node: node.map_or("unknown", |actor| actor.name),
        status: lease.status,
        lasted: end.saturating_sub(start),
        full_seconds,
        hold_seconds,
        expected: cost(terms, full_seconds, hold_seconds),
    })
}

/// `rate * full + floor(rate * holdRateBps / 10,000) * hold`, as ILeaseBook says.
fn cost(terms: &Terms, full: u64, hold: u64) -> U256 {
    let rate = U256::from(terms.rate);
    rate * U256::from(full) + rate * U256::from(terms.holdRateBps) / U256::from(10_000) * U256::from(hold)
}

async fn attested(client: &Client, node: Address, from: u64, to: u64) -> anyhow::Result<u64> {
    let policy = client.contracts().attestation_policy;
    let at = |time: u64| AttestationPolicy::attestedSecondsCall { node, time: U256::from(time) };
    let (before, after) = (client.view(policy, &at(from)).await?, client.view(policy, &at(to.max(from))).await?);
    Ok((after - before).saturating_to())
}

async fn providers(stage: &Stage<'_>, client: &Client, story: &Story, index: usize) -> anyhow::Result<Vec<Provider>> {
    let mut providers = Vec::new();
    for provider in &stage.cast.providers {
        let account = provider.actor.address();
        let paid = story.rewards[index].nodes.iter().filter(|node| node.account == account);
        let rewards: U256 = paid.map(|node| node.amount).sum();
        providers.push(Provider {
            name: provider.actor.name,
            honest: provider.nodes.iter().all(|node| node.machine == Machine::Honest),
            bonded: U256::from(MINIMUM_BOND * SPON),
            dollars: holdings(client, stage.chain.dollar(), account).await?,
            spon: holdings(client, stage.chain.spon(), account).await? - rewards,
            rewards,
        });
    }
    Ok(providers)
}

/// In the wallet and in the Ledger.
async fn holdings(client: &Client, token: Address, owner: Address) -> anyhow::Result<U256> {
    let ledger = client.contracts().ledger;
    let inside = client.view(ledger, &Ledger::balanceOfCall { token, owner }).await?;
    Ok(inside + client.token_balance(token, owner).await?)
}

fn verdicts(cast: &Cast, story: &Story, index: usize) -> Vec<NodeVerdict> {
    let row = |measured: &crate::economy::Measured| {
        let (machine, expected) = match cast.node(measured.node).machine {
            Machine::Honest => ("does the work", Outcome::Pass),
            Machine::Overclaiming => ("is far slower than the class it claims", Outcome::BelowClaim),
            Machine::Miscomputing => ("skips part of the work", Outcome::WrongComputation),
        };
        NodeVerdict {
            node: measured.node,
            machine,
            result: measured.verdict.result,
            expected: expected as u8,
            signers: measured.signers,
            giga_ops_per_sec: measured.verdict.measurement.gigaOpsPerSec,
            samples: measured.verdict.measurement.leafSamples,
        }
    };
    story.measured[index].iter().map(row).collect()
}
