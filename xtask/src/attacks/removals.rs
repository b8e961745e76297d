//! The catalogue of removed rules, and whether it still fits the sources.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The catalogue, below the root.
pub const PATH: &str = "contracts/attacks.toml";
/// The attack tests, below the root.
pub const TESTS: &str = "contracts/test/attacks";
const TEST_ENDING: &str = ".t.sol";

/// contracts/attacks.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    #[serde(rename = "removal")]
    pub removals: Vec<Removal>,
}

/// One rule, and how to take it out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// A file of contracts/test/attacks, without its ending.
    pub attack: String,
    /// The rule, as a sentence.
    pub rule: String,
    /// The test functions of that file that fail without it: each of them.
    pub fails: Vec<String>,
    /// More than one where the rule is kept in more than one place.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Below contracts/src.
    source: String,
    /// What is there, exactly once.
    text: String,
    /// What is there without the rule.
    #[serde(default)]
    becomes: String,
}

impl Catalogue {
    /// Reads the catalogue of `root`.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root.join(PATH)).with_context(|| format!("cannot read {PATH}"))?;
        toml::from_str(&text).with_context(|| format!("cannot parse {PATH}"))
    }

    /// Fails with everything in which the catalogue does not fit `root`: an attack without a rule, a rule without a test, a
    /// text that is not there exactly once.
    pub fn check(&self, root: &Path) -> anyhow::Result<()> {
        let tests = tests(root)?;
        let has_rule = |attack: &String| self.removals.iter().any(|removal| removal.attack == *attack);
        let mut faults: Vec<String> = tests
            .keys()
            .filter(|attack| !has_rule(attack))
            .map(|attack| format!("{TESTS}/{attack}{TEST_ENDING} has no rule"))
            .collect();
        for (index, removal) in self.removals.iter().enumerate() {
            let Removal { attack, rule, .. } = removal;
            let mut found = removal.faults(root, tests.get(attack));
            if self.removals[..index].iter().any(|other| other.attack == *attack && other.rule == *rule) {
                found.push("the rule is there twice".to_owned());
            }
            faults.extend(found.into_iter().map(|fault| format!("{attack}: {rule:?}: {fault}")));
        }
        ensure!(faults.is_empty(), "{PATH} does not fit the contracts:\n    {}", faults.join("\n    "));
        Ok(())
    }
}

impl Removal {
    /// The sources that the removal changes, by path below contracts/src, as they are without the rule.
    pub fn sources(&self, root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
        let mut sources = BTreeMap::new();
        for edit in &self.edits {
            let text = match sources.remove(&edit.source) {
                Some(text) => text,
                None => read_source(root, &edit.source)?,
            };
            sources.insert(edit.source.clone(), edit.apply(&text)?);
        }
        Ok(sources)
    }

    fn faults(&self, root: &Path, test: Option<&String>) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.rule.ends_with('.') {
            faults.push("the rule is no sentence".to_owned());
        }
        if self.edits.is_empty() {
            faults.push("nothing is taken out".to_owned());
        }
        if self.fails.is_empty() {
            faults.push("no test is named that fails".to_owned());
        }
        match test {
            None => faults.push(format!("there is no {TESTS}/{}{TEST_ENDING}", self.attack)),
            Some(text) => faults.extend(
                self.fails
                    .iter()
                    .filter(|name| !text.contains(&format!("function {name}(")))
                    .map(|name| format!("{TESTS}/{}{TEST_ENDING} has no function {name}", self.attack)),
            ),
        }
        faults.extend(self.sources(root).err().map(|error| format!("{error:#}")));
        faults
    }
}

impl Edit {
    fn apply(&self, source: &str) -> anyhow::Result<String> {
        let Self { source: path, text, becomes } = self;
        let count = if text.is_empty() { 0 } else { source.matches(text.as_str()).count() };
        ensure!(count == 1, "{path} must have this text once, and has it {count} times: {text:?}");
        ensure!(text != becomes, "{path} stays as it is: {text:?}");
        Ok(source.replacen(text.as_str(), becomes, 1))
    }
}

fn read_source(root: &Path, source: &str) -> anyhow::Result<String> {
    let path = format!("contracts/src/{source}");
    fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {path}"))
}

/// The text of each attack test, by name.
fn tests(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut tests = BTreeMap::new();
    for entry in fs::read_dir(root.join(TESTS)).with_context(|| format!("cannot read {TESTS}"))? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(TEST_ENDING) {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {TESTS}/{file}"))?;
            tests.insert(name.to_owned(), text);
        }
    }
    Ok(tests)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const SAFE: &str = "function take() { check(); pay(); pay(); }\n";

    fn root() -> TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("contracts/src/money")).unwrap();
        fs::create_dir_all(root.path().join(TESTS)).unwrap();
        fs::write(root.path().join("contracts/src/money/Safe.sol"), SAFE).unwrap();
        fs::write(root.path().join(TESTS).join("A01_Thief.t.sol"), "function test_Steals() public {}\n").unwrap();
        root
    }

    fn catalogue(text: &str) -> Catalogue {
        toml::from_str(text).unwrap()
    }

    fn removal(test: &str, text: &str, becomes: &str) -> String {
        format!(
            "[[removal]]\nattack = 'A01_Thief'\nrule = 'Checks {text}.'\nfails = ['{test}']\n\
             [[removal.edit]]\nsource = 'money/Safe.sol'\ntext = '{text}'\nbecomes = '{becomes}'\n"
        )
    }

    fn faults(text: &str) -> String {
        catalogue(text).check(root().path()).unwrap_err().to_string()
    }

    #[test]
    fn a_removal_that_fits_changes_its_source() {
        let (root, catalogue) = (root(), catalogue(&removal("test_Steals", "check(); ", "")));
        catalogue.check(root.path()).unwrap();
        let sources = catalogue.removals[0].sources(root.path()).unwrap();
        assert_eq!(sources["money/Safe.sol"], "function take() { pay(); pay(); }\n");
    }

    #[test]
    fn edits_of_one_source_add_up() {
        let second = "[[removal.edit]]\nsource = 'money/Safe.sol'\ntext = 'take'\nbecomes = 'give'\n";
        let text = removal("test_Steals", "check(); ", "") + second;
        let sources = catalogue(&text).removals[0].sources(root().path()).unwrap();
        assert_eq!(sources["money/Safe.sol"], "function give() { pay(); pay(); }\n");
    }

    #[test]
    fn a_text_that_is_not_there_once_is_a_fault() {
        let missing = faults(&removal("test_Steals", "lock();", ""));
        assert!(
            missing.contains("money/Safe.sol must have this text once, and has it 0 times: \"lock();\""),
            "{missing}"
        );
        let twice = faults(&removal("test_Steals", "pay();", ""));
        assert!(twice.contains("has it 2 times"), "{twice}");
        let empty = faults(&removal("test_Steals", "", ""));
        assert!(empty.contains("has it 0 times"), "{empty}");
        let same = faults(&removal("test_Steals", "check();", "check();"));
        assert!(same.contains("stays as it is"), "{same}");
    }

    #[test]
    fn tests_and_attacks_that_are_not_there_are_faults() {
        let error = faults(&removal("test_Runs", "check();", ""));
        assert!(error.contains("A01_Thief.t.sol has no function test_Runs"), "{error}");
        let other = removal("test_Steals", "check();", "").replace("A01_Thief", "A02_Guest");
        let error = faults(&other);
        assert!(error.contains("A01_Thief.t.sol has no rule"), "{error}");
        assert!(error.contains("there is no contracts/test/attacks/A02_Guest.t.sol"), "{error}");
    }

    #[test]
    fn a_rule_is_stated_once_and_has_a_test_and_an_edit() {
        let text = removal("test_Steals", "check();", "");
        let error = faults(&(text.clone() + &text));
        assert!(error.contains("the rule is there twice"), "{error}");
        let error = faults("[[removal]]\nattack = 'A01_Thief'\nrule = 'None'\nfails = []\nedit = []\n");
        for fault in ["the rule is no sentence", "nothing is taken out", "no test is named"] {
            assert!(error.contains(fault), "{error}");
        }
    }
}
