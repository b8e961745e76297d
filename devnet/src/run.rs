//! One run from empty chains to the audit.

use std::{path::PathBuf, time::Instant};

use alloy::primitives::U256;
use anyhow::Context as _;
use futures::try_join;
use serde_json::Value;
use spheron_deployment::Deployment;
use tokio_util::sync::CancellationToken;

use crate::{
    anvil::{ARBITRUM, BASE},
    cast::Cast,
    chain::Chain,
    economy::{DAY, HOUR, MINUTE, Measured, Rewards, Stage, VERDICT_DEADLINE},
    report::{Progress, Report},
    services::{Files, Services, make_folders},
};

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address books are written here, one per chain.
    pub books: PathBuf,
    /// Everything else that a run writes; a temporary folder if absent.
    pub state: Option<PathBuf>,
    /// End after the audit instead of staying up.
    pub exit: bool,
    /// Print the report as JSON.
    pub json: bool,
}

/// Starts two chains, lets an economy run on them, reports, audits, and stays up until `cancel` unless told to exit.
/// Every process that it starts ends with it.
///
/// # Errors
///
/// If a step fails, or anything that the report checks does not hold.
pub async fn run(options: Options, cancel: CancellationToken) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
    let state = options.state.clone().unwrap_or_else(|| temporary.path().to_owned());
    let files = Files { logs: state.join("logs"), books: options.books.clone(), state };
    make_folders(&files)?;
    let cast = Cast::default();
    let mut services = Services::new(std::env::current_exe()?, files.clone(), &cast)?;
    let progress = Progress::new(options.json);
    let mut chains = None;
    let outcome = tokio::select! {
        outcome = stay_up(&options, &files, &cast, &mut services, &mut chains, &progress) => outcome,
        () = cancel.cancelled() => Ok(()),
    };
    services.stop().await;
    if let Some((arbitrum, base)) = chains {
        tokio::join!(arbitrum.anvil.stop(), base.anvil.stop());
    }
    outcome
}

/// Runs everything; returns only to exit.
async fn stay_up(
    options: &Options,
    files: &Files,
    cast: &Cast,
    services: &mut Services,
    chains: &mut Option<(Chain, Chain)>,
    progress: &Progress,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let (arbitrum, base) = try_join!(
        Chain::start(ARBITRUM, cast, &files.logs, &files.books),
        Chain::start(BASE, cast, &files.logs, &files.books)
    )?;
    let (arbitrum, base) = chains.insert((arbitrum, base));
    progress.step("two chains up, every contract at the same address on both");
    std::fs::write(files.manifest(), manifest(&[&arbitrum.deployment, &base.deployment]))?;
    services.start_indexer().await?;
    services.start_agents(cast).await?;
    services.start_verifiers(cast).await?;
    progress.step("indexer, three verifiers and five provider agents up");

    let played = play(cast, services, arbitrum, base, progress).await?;
    let report = Report::collect(&played.arbitrum, &played.base, &played.story).await?;
    report.print(options.json, started.elapsed())?;
    let audit = audit(services, files, arbitrum, base).await?;
    progress.audit(&audit);
    report.verify()?;
    services.check_running()?;
    arbitrum.anvil.check_running()?;
    base.anvil.check_running()?;
    if options.exit {
        return Ok(());
    }
    progress.staying(services, arbitrum, base, files);
    std::future::pending().await
}

/// What happened, for the report.
pub struct Story {
    /// Verdicts by chain.
    pub measured: [Vec<Measured>; 2],
    /// Rewards by chain.
    pub rewards: [Rewards; 2],
    /// SPON fees that dripped into the stake, by chain.
    pub dripped: [U256; 2],
    /// Dollar fees, by chain.
    pub dollar_fees: [U256; 2],
    /// What the holder got for its stake, by chain.
    pub unstaked: [U256; 2],
}

struct Played<'a> {
    arbitrum: Stage<'a>,
    base: Stage<'a>,
    story: Story,
}

async fn play<'a>(
    cast: &'a Cast,
    services: &Services,
    arbitrum: &'a Chain,
    base: &'a Chain,
    progress: &Progress,
) -> anyhow::Result<Played<'a>> {
    let now = arbitrum.anvil.now().await?.max(base.anvil.now().await?);
    let opening = (now / DAY + 1 + u64::from(now % DAY + 2 * HOUR > DAY)) * DAY;
    let mut a = Stage::new(arbitrum, cast, opening);
    let mut b = Stage::new(base, cast, opening);
    everybody_joins(&mut a, &mut b, services, progress).await?;
    let measured = leases_run(&mut a, &mut b, services, progress).await?;
    let story = everybody_is_paid(&a, &b, measured, services, progress).await?;
    Ok(Played { arbitrum: a, base: b, story })
}

/// The evening before: bonds, offers, a first beacon, a stake.
async fn everybody_joins(
    a: &mut Stage<'_>,
    b: &mut Stage<'_>,
    services: &Services,
    progress: &Progress,
) -> anyhow::Result<()> {
    try_join!(a.before(90 * MINUTE), b.before(90 * MINUTE))?;
    try_join!(a.providers_join(|node| services.agent_url(node)), b.providers_join(|node| services.agent_url(node)))?;
    progress.step("providers bonded, registered their nodes and posted signed offers");
    try_join!(a.verifiers_join(), b.verifiers_join())?;
    // A verifier reveals from the round after its joining on, for the beacon of the next one.
    try_join!(a.before(30 * MINUTE), b.before(30 * MINUTE))?;
    try_join!(a.verifiers_reveal(1), b.verifiers_reveal(1))?;
    progress.step("verifiers bonded, joined and revealed into the beacon");
    try_join!(a.holder_stakes(), b.holder_stakes())?;
    Ok(())
}

/// The day: leases are opened, measured, topped up, and end. Returns the verdicts by chain.
async fn leases_run(
    a: &mut Stage<'_>,
    b: &mut Stage<'_>,
    services: &Services,
    progress: &Progress,
) -> anyhow::Result<[Vec<Measured>; 2]> {
    try_join!(a.at(MINUTE), b.at(MINUTE))?;
    try_join!(a.renters_open(), b.renters_open())?;
    progress.step("renters deposited by one signature each and opened leases on the offers");
    // No block may come between the beginning and the end of a measurement.
    try_join!(a.verifiers_reveal(2), b.verifiers_reveal(2))?;
    try_join!(services.wait_until_synced(a.chain), services.wait_until_synced(b.chain))?;
    let measured = [a.verifiers_measure(services).await?, b.verifiers_measure(services).await?];
    progress.step("verifiers challenged every node, checked its work, and brought their verdicts");
    try_join!(a.cheated_renters_close(), b.cheated_renters_close())?;

    try_join!(a.cleo_closes(), b.cleo_closes())?;
    progress.step("Cleo closed early, and had the rest back in the same transaction");
    try_join!(a.bo_runs_dry(), b.bo_runs_dry())?;
    progress.step("Bo ran dry: grace at the hold rate, then the end");
    try_join!(a.ada_tops_up(), b.ada_tops_up())?;
    progress.step("Ada topped up");
    Ok(measured)
}

/// The weeks after: fees, rewards, refunds, and the end of the stake.
async fn everybody_is_paid(
    a: &Stage<'_>,
    b: &Stage<'_>,
    measured: [Vec<Measured>; 2],
    services: &Services,
    progress: &Progress,
) -> anyhow::Result<Story> {
    let (dripped_a, dripped_b) = try_join!(a.fees_drip(), b.fees_drip())?;
    progress.step("fees drip into the stake");
    try_join!(a.ada_ends(), b.ada_ends())?;

    let (rewards_a, rewards_b) = try_join!(a.rewards_are_posted(services), b.rewards_are_posted(services))?;
    progress.step("the era's reward root was built from chain events, verified and posted");
    try_join!(a.rewards_are_paid(services, &rewards_a), b.rewards_are_paid(services, &rewards_b))?;
    progress.step("the root activated, and one call paid every node");
    // Seconds without a verdict are refunded once none can come any more.
    let renters = a.cast.renters();
    try_join!(a.settle(&renters), b.settle(&renters))?;
    let (fees_a, fees_b) = try_join!(a.collect_dollar_fees(), b.collect_dollar_fees())?;
    try_join!(a.everybody_withdraws(), b.everybody_withdraws())?;
    progress.step("providers and renters withdrew");
    try_join!(a.at(DAY + VERDICT_DEADLINE + 8 * DAY), b.at(DAY + VERDICT_DEADLINE + 8 * DAY))?;
    let (unstaked_a, unstaked_b) = try_join!(a.holder_leaves(), b.holder_leaves())?;
    progress.step("Hana left the stake after its cooldown");
    Ok(Story {
        measured,
        rewards: [rewards_a, rewards_b],
        dripped: [dripped_a, dripped_b],
        dollar_fees: [fees_a, fees_b],
        unstaked: [unstaked_a, unstaked_b],
    })
}

async fn audit(services: &Services, files: &Files, arbitrum: &Chain, base: &Chain) -> anyhow::Result<Value> {
    try_join!(services.wait_until_synced(arbitrum), services.wait_until_synced(base))?;
    let (manifest, database) = (files.manifest(), files.database());
    let (manifest, database) = (manifest.display().to_string(), database.display().to_string());
    services.command(&["audit", "--manifest", &manifest, "--database", &database], None).await
}

/// The indexer's manifest for these deployments.
fn manifest(deployments: &[&Deployment]) -> String {
    deployments.iter().map(|deployment| chain_entry(deployment)).collect::<Vec<_>>().join("\n")
}

fn chain_entry(deployment: &Deployment) -> String {
    let contracts = &deployment.contracts;
    // The indexer follows what emits events of its own; these only read, or pass calls on.
    let without_events = ["Authority", "Lens", "Router"];
    let rows = contracts.named().into_iter().filter(|(name, _)| !without_events.contains(name));
    let rows: String = rows.map(|(name, address)| format!("{name} = \"{address}\"\n")).collect();
    format!(
        "[[chains]]\nname = \"{}\"\nchain_id = {}\nendpoints = [\"{}\"]\nstart_block = {}\n\n[chains.contracts]\n{rows}",
        deployment.chain,
        deployment.chain_id,
        deployment.rpc_url.as_deref().unwrap_or_default(),
        deployment.start_block,
    )
}
