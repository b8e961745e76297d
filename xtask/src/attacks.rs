//! contracts/attacks.toml: the rules that the attack tests stand for, each with the edit that takes it out of the sources.
//! Without its rule an attack test must fail; with it, pass.

mod removals;
mod scratch;

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    time::Instant,
};

use anyhow::{bail, ensure};
use serde::Serialize;

use removals::{Catalogue, Removal};
use scratch::{Scratch, Verdict};

#[derive(clap::Args)]
pub struct Options {
    /// Run nothing: only check that every attack has a rule, and that the texts and the tests are where they should be.
    #[arg(long, conflicts_with = "json")]
    check: bool,
    /// Only attacks whose name begins so, as in A09 or R_Golem.
    #[arg(long, value_name = "NAME", default_value = "")]
    only: String,
    /// Print the outcomes as JSON, and the progress to stderr.
    #[arg(long)]
    json: bool,
}

/// What became of one removed rule.
#[derive(Serialize)]
struct Outcome<'a> {
    attack: &'a str,
    rule: &'a str,
    noticed: bool,
    /// Why each test failed, or why the removal does not count as noticed.
    reasons: Vec<String>,
    seconds: u64,
}

/// Takes out one rule after the other, and fails if an attack test does not notice.
pub fn run(root: &Path, Options { check, only, json }: &Options) -> anyhow::Result<()> {
    let catalogue = Catalogue::read(root)?;
    catalogue.check(root)?;
    let removals: Vec<&Removal> =
        catalogue.removals.iter().filter(|removal| removal.attack.starts_with(only)).collect();
    ensure!(!removals.is_empty(), "no attack in contracts/test/attacks begins with {only:?}");
    if *check {
        println!("{} rules of {} attacks are where {} says", removals.len(), attacks(&removals), removals::PATH);
        return Ok(());
    }

    let started = Instant::now();
    let scratch = Scratch::new(root, only)?;
    let progress = Progress { json: *json };
    progress.start("compiling, and running the tests with all rules in place");
    scratch.baseline(&removals)?;
    let mut outcomes = Vec::with_capacity(removals.len());
    for (index, removal) in removals.iter().enumerate() {
        progress.start(&format!("{}/{} {}: {}", index + 1, removals.len(), removal.attack, removal.rule));
        let outcome = outcome(&scratch, removal)?;
        progress.finish(&outcome);
        outcomes.push(outcome);
    }
    if *json {
        println!("{}", serde_json::to_string_pretty(&outcomes)?);
    }
    let (all, count, seconds) = (outcomes.len(), attacks(&removals), started.elapsed().as_secs());
    let unnoticed = outcomes.iter().filter(|outcome| !outcome.noticed).count();
    if unnoticed != 0 {
        bail!("{unnoticed} of {all} removed rules went unnoticed: strengthen the tests that are named above");
    }
    progress.line(&format!("each of {all} removed rules of {count} attacks was noticed, in {seconds} s"));
    Ok(())
}

fn outcome<'a>(scratch: &Scratch, removal: &'a Removal) -> anyhow::Result<Outcome<'a>> {
    let started = Instant::now();
    let (noticed, reasons) = match scratch.run_without(removal)? {
        Verdict::Noticed(reasons) => (true, reasons),
        Verdict::Unnoticed(reason) => (false, vec![reason]),
    };
    let Removal { attack, rule, .. } = removal;
    Ok(Outcome { attack, rule, noticed, reasons, seconds: started.elapsed().as_secs() })
}

fn attacks(removals: &[&Removal]) -> usize {
    let mut names: Vec<&str> = removals.iter().map(|removal| removal.attack.as_str()).collect();
    names.dedup();
    names.len()
}

/// One line for each outcome; on a terminal also what is being done.
struct Progress {
    json: bool,
}

impl Progress {
    fn start(&self, what: &str) {
        if !self.json && io::stdout().is_terminal() {
            let what: String = what.chars().take(100).collect();
            print!("\r\x1b[K{what}");
            // Only the display is late if this fails.
            let _ = io::stdout().flush();
        }
    }

    fn finish(&self, Outcome { attack, rule, noticed, reasons, seconds }: &Outcome) {
        let word = if *noticed { "noticed  " } else { "UNNOTICED" };
        let mut text = format!("{word} {attack}: {rule} ({seconds} s)");
        if !noticed {
            text += &format!("\n    {}", reasons.join("\n    "));
        }
        self.line(&text);
    }

    fn line(&self, text: &str) {
        if self.json {
            eprintln!("{text}");
        } else if io::stdout().is_terminal() {
            println!("\r\x1b[K{text}");
        } else {
            println!("{text}");
        }
    }
}
