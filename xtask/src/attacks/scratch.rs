//! A copy of the contracts in which rules are taken out, and forge run on what is left.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use super::removals::{Removal, TESTS};

/// Kept from run to run, so that what did not change is not compiled again.
const SCRATCH: &str = "target/attacks";
/// Below it, what the runs start from.
const KEPT: &str = "kept";
const SETTINGS: &str = "foundry.toml";
/// Where forge leaves its artifacts, its cache and the inputs that failed, as in foundry.toml.
const BUILD: &str = "target/forge";
/// The same inputs in each run: whether a removal is noticed must not be luck.
const SEED: &str = "0x5350";
/// A rule whose removal makes a loop endless must not hang this.
const LIMIT: Duration = Duration::from_secs(600);

/// The copy.
pub struct Scratch {
    root: PathBuf,
    forge: PathBuf,
    /// Held for as long as the copy is in use.
    _lock: fs::File,
}

/// What the tests said to a removal.
pub enum Verdict {
    /// Each of the tests failed; why.
    Noticed(Vec<String>),
    /// What went wrong.
    Unnoticed(String),
}

/// Test suites by `path:Contract`, as `forge test --json` has them.
type Suites = BTreeMap<String, Suite>;

#[derive(Deserialize)]
struct Suite {
    /// By signature.
    test_results: BTreeMap<String, TestResult>,
}

#[derive(Deserialize)]
struct TestResult {
    status: Status,
    reason: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
enum Status {
    Success,
    Failure,
    Skipped,
}

impl Scratch {
    /// Copies the contracts of `repository`, and the attack tests whose names begin with `prefix` with what they stand on.
    pub fn new(repository: &Path, prefix: &str) -> anyhow::Result<Self> {
        let root = repository.join(SCRATCH);
        let lock = lock(&root)?;
        let attack = format!("{TESTS}/{prefix}");
        for folder in ["contracts/src", "contracts/test", "scripts", "test-fixtures"] {
            remove_folder(&root.join(folder))?;
            let is_needed = |path: &Path| {
                let path = path.to_string_lossy();
                path.starts_with(&attack) || !path.ends_with(".t.sol")
            };
            copy_folder(repository, &root, Path::new(folder), &is_needed)?;
        }
        fs::write(root.join(SETTINGS), without_filter(&fs::read_to_string(repository.join(SETTINGS))?)?)?;
        let packages = root.join("node_modules");
        if !packages.exists() {
            std::os::unix::fs::symlink(repository.join("node_modules"), &packages)?;
        }
        Ok(Self { root, forge: forge(repository)?, _lock: lock })
    }

    /// Runs the tests of `removals`: they must pass while all rules are in place. What forge has compiled is kept for the
    /// runs to come.
    pub fn baseline(&self, removals: &[&Removal]) -> anyhow::Result<()> {
        let suites = self.test()??;
        for Removal { attack, fails, .. } in removals {
            for name in fails {
                let (status, reason) = result(&suites, attack, name);
                ensure!(
                    status == Some(Status::Success),
                    "{attack} {name} does not pass with all rules in place: {reason}"
                );
            }
        }
        let kept = self.root.join(KEPT);
        remove_folder(&kept)?;
        copy_folder(&self.root, &kept, Path::new(BUILD), &|_| true)?;
        copy_folder(&self.root, &kept, Path::new(TESTS), &|_| true)
    }

    /// Runs the tests of a removal without its rule.
    pub fn run_without(&self, removal: &Removal) -> anyhow::Result<Verdict> {
        let kept = self.root.join(KEPT);
        // Nothing but these tests is there, so that no filter is needed: for one, forge would compile everything once more.
        let is_tested = |path: &Path| path.file_name() == Some(format!("{}.t.sol", removal.attack).as_ref());
        for (folder, is_needed) in [(BUILD, &(|_: &Path| true) as &dyn Fn(&Path) -> bool), (TESTS, &is_tested)] {
            remove_folder(&self.root.join(folder))?;
            copy_folder(&kept, &self.root, Path::new(folder), is_needed)?;
        }
        let mut originals = Vec::new();
        for (source, text) in removal.sources(&self.root)? {
            let path = self.root.join("contracts/src").join(source);
            originals.push((path.clone(), fs::read(&path)?));
            fs::write(&path, text)?;
        }
        let answer = self.test();
        for (path, text) in originals {
            fs::write(path, text)?;
        }
        Ok(match answer? {
            Ok(suites) => verdict(&suites, removal),
            Err(error) => Verdict::Unnoticed(format!("{error:#}")),
        })
    }

    /// Runs the tests that are there. The inner error says why there are no results.
    fn test(&self) -> anyhow::Result<anyhow::Result<Suites>> {
        let (out, err) = (self.root.join("stdout"), self.root.join("stderr"));
        let mut command = Command::new(&self.forge);
        // The contracts' code is not compiled into the tests, so that a change of it leaves them as they are.
        command
            .args(["test", "--json", "--dynamic-test-linking", "--fuzz-seed", SEED])
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&out)?)
            .stderr(fs::File::create(&err)?);
        // What is set for other runs of forge is not meant for this one.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FOUNDRY_")) {
            command.env_remove(name);
        }
        if !wait(&mut command)? {
            return Ok(Err(anyhow::anyhow!("forge did not end within {} s", LIMIT.as_secs())));
        }
        let (text, errors) = (fs::read_to_string(&out)?, fs::read_to_string(&err)?);
        if !text.starts_with('{') {
            let words: Vec<&str> =
                text.lines().chain(errors.lines()).filter(|line| !line.is_empty()).take(12).collect();
            return Ok(Err(anyhow::anyhow!("forge ran no test:\n    {}", words.join("\n    "))));
        }
        Ok(serde_json::from_str(&text).context("cannot parse what forge put out"))
    }
}

/// Two runs in one copy would take each other's rules out.
fn lock(root: &Path) -> anyhow::Result<fs::File> {
    fs::create_dir_all(root)?;
    let lock = fs::File::create(root.join("lock"))?;
    lock.try_lock().with_context(|| format!("{} is in use: wait until the other run has ended", root.display()))?;
    Ok(lock)
}

/// foundry.toml without the filter that keeps the gas tests out, which are not there.
fn without_filter(settings: &str) -> anyhow::Result<String> {
    let mut table: toml::Table = toml::from_str(settings).with_context(|| format!("cannot parse {SETTINGS}"))?;
    let default =
        table.get_mut("profile").and_then(|profile| profile.get_mut("default")).and_then(|p| p.as_table_mut());
    default.with_context(|| format!("{SETTINGS} has no default profile"))?.remove("no_match_path");
    Ok(toml::to_string(&table)?)
}

fn verdict(suites: &Suites, removal: &Removal) -> Verdict {
    let mut reasons = Vec::new();
    for name in &removal.fails {
        match result(suites, &removal.attack, name) {
            (Some(Status::Failure), reason) => reasons.push(format!("{name}: {reason}")),
            (Some(Status::Success), _) => return Verdict::Unnoticed(format!("{name} passes without the rule")),
            (Some(Status::Skipped), _) => return Verdict::Unnoticed(format!("{name} was skipped")),
            (None, reason) => return Verdict::Unnoticed(format!("{name} was not run: {reason}")),
        }
    }
    Verdict::Noticed(reasons)
}

/// What became of a test, and why; without a status it was not run.
fn result(suites: &Suites, attack: &str, name: &str) -> (Option<Status>, String) {
    let mut why = "no such test".to_owned();
    let file = format!("{attack}.t.sol:");
    let results = suites.iter().filter(|(path, _)| path.contains(&file)).flat_map(|(_, suite)| &suite.test_results);
    for (signature, result) in results {
        let reason = result.reason.clone().unwrap_or_default();
        if signature.split('(').next() == Some(name) {
            return (Some(result.status), reason);
        }
        if signature == "setUp()" {
            why = format!("setUp failed: {reason}");
        }
    }
    (None, why)
}

/// Whether the command ended in time; it is killed if not.
fn wait(command: &mut Command) -> anyhow::Result<bool> {
    let mut child = command.spawn().context("cannot run forge")?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}

/// Foundry's own program: the wrapper of its npm package is slower, and hides failures.
fn forge(repository: &Path) -> anyhow::Result<PathBuf> {
    let packages = repository.join("node_modules/@foundry-rs");
    let entries = fs::read_dir(&packages).context("forge is not installed: run `npm ci`")?;
    for entry in entries {
        let program = entry?.path().join("bin/forge");
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!("{} has no forge for this machine: run `npm ci`", packages.display())
}

/// Copies what `is_needed` of the folder at `path` below `from` to the same path below `to`.
fn copy_folder(from: &Path, to: &Path, path: &Path, is_needed: &dyn Fn(&Path) -> bool) -> anyhow::Result<()> {
    let source = from.join(path);
    fs::create_dir_all(to.join(path))?;
    for entry in fs::read_dir(&source).with_context(|| format!("cannot read {}", source.display()))? {
        let entry = entry?;
        let path = path.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(from, to, &path, is_needed)?;
        } else if is_needed(&path) {
            fs::copy(entry.path(), to.join(&path)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removal(fails: &[&str]) -> Removal {
        let fails = fails.iter().map(|name| (*name).to_owned()).collect();
        Removal { attack: "A01_Thief".to_owned(), rule: "Checks.".to_owned(), fails, edits: vec![] }
    }

    fn suites(results: serde_json::Value) -> Suites {
        let path = "contracts/test/attacks/A01_Thief.t.sol:Thief";
        serde_json::from_value(serde_json::json!({ path: { "duration": "1s", "test_results": results } })).unwrap()
    }

    fn unnoticed(verdict: Verdict) -> String {
        match verdict {
            Verdict::Unnoticed(reason) => reason,
            Verdict::Noticed(reasons) => panic!("noticed: {reasons:?}"),
        }
    }

    #[test]
    fn a_removal_is_noticed_when_each_of_its_tests_fails() {
        let results = suites(serde_json::json!({
            "test_Steals()": { "status": "Failure", "reason": "stolen" },
            "testFuzz_Steals(uint256,bool)": { "status": "Failure", "reason": null },
            "test_Runs()": { "status": "Success", "reason": null },
        }));
        match verdict(&results, &removal(&["test_Steals", "testFuzz_Steals"])) {
            Verdict::Noticed(reasons) => assert_eq!(reasons, ["test_Steals: stolen", "testFuzz_Steals: "]),
            Verdict::Unnoticed(reason) => panic!("{reason}"),
        }
        let reason = unnoticed(verdict(&results, &removal(&["test_Steals", "test_Runs"])));
        assert_eq!(reason, "test_Runs passes without the rule");
    }

    #[test]
    fn a_test_that_was_not_run_notices_nothing() {
        let skipped = suites(serde_json::json!({ "test_Steals()": { "status": "Skipped", "reason": null } }));
        assert_eq!(unnoticed(verdict(&skipped, &removal(&["test_Steals"]))), "test_Steals was skipped");
        let broken = suites(serde_json::json!({ "setUp()": { "status": "Failure", "reason": "broke" } }));
        let reason = unnoticed(verdict(&broken, &removal(&["test_Steals"])));
        assert_eq!(reason, "test_Steals was not run: setUp failed: broke");
        let other = Removal { attack: "A02_Guest".to_owned(), ..removal(&["test_Steals"]) };
        assert_eq!(unnoticed(verdict(&skipped, &other)), "test_Steals was not run: no such test");
    }

    #[test]
    fn the_filter_goes_and_the_other_settings_stay() {
        let text = "[profile.default]\nsrc = 'a'\nno_match_path = 'b'\n\n[fuzz]\nruns = 256\n";
        let left = without_filter(text).unwrap();
        assert_eq!(left, "[fuzz]\nruns = 256\n\n[profile.default]\nsrc = \"a\"\n");
        assert!(without_filter("[fuzz]\nruns = 256\n").unwrap_err().to_string().contains("no default profile"));
    }

    #[test]
    fn a_copy_is_for_one_run_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let first = lock(root.path()).unwrap();
        let error = lock(root.path()).unwrap_err().to_string();
        assert!(error.contains("is in use"), "{error}");
        drop(first);
        lock(root.path()).unwrap();
    }

    #[test]
    fn what_is_not_needed_is_not_copied() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(from.path().join("a/b")).unwrap();
        fs::write(from.path().join("a/b/kept.sol"), "1").unwrap();
        fs::write(from.path().join("a/left.t.sol"), "2").unwrap();
        copy_folder(from.path(), to.path(), Path::new("a"), &|path| path == Path::new("a/b/kept.sol")).unwrap();
        assert_eq!(fs::read_to_string(to.path().join("a/b/kept.sol")).unwrap(), "1");
        assert!(!to.path().join("a/left.t.sol").exists());
        remove_folder(&to.path().join("a")).unwrap();
        remove_folder(&to.path().join("a")).unwrap();
        assert!(!to.path().join("a").exists());
    }
}
