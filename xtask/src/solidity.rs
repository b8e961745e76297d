//! As much of Solidity's grammar as it takes to find functions, their modifiers and what their interfaces say about them.
//! The sources are as `forge fmt` leaves them.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};

/// Every contract, abstract contract and interface, by name.
#[derive(Default)]
pub struct Units(BTreeMap<String, Unit>);

struct Unit {
    kind: Kind,
    bases: Vec<String>,
    /// The whole file that it is in.
    source: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Contract,
    Abstract,
    Interface,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub parameters: String,
    /// What is between the parameters and the body.
    modifiers: String,
}

impl Units {
    /// All in the files below `folder`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or two units have one name.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut units = Self::default();
        units.read_folder(folder)?;
        Ok(units)
    }

    fn read_folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                self.read_folder(&path)?;
            } else if path.extension().is_some_and(|ending| ending == "sol") {
                let source = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                self.add(&source).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }

    fn add(&mut self, source: &str) -> anyhow::Result<()> {
        for (kind, name, bases) in heads(source) {
            let unit = Unit { kind, bases, source: source.to_owned() };
            ensure!(self.0.insert(name.clone(), unit).is_none(), "there are two of the name {name}; rename one");
        }
        Ok(())
    }

    /// Names of the contracts that are not abstract.
    pub fn contracts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, unit)| unit.kind == Kind::Contract).map(|(name, _)| name.as_str())
    }

    /// The functions with `modifier` that `contract` has or inherits, by name.
    pub fn functions_with(&self, contract: &str, modifier: &str) -> BTreeMap<String, Function> {
        let units = self.lineage(contract).into_iter().filter(|unit| unit.kind != Kind::Interface);
        let all = units.flat_map(|unit| functions(&unit.source));
        all.filter(|function| function.has(modifier)).map(|function| (function.name.clone(), function)).collect()
    }

    /// The NatSpec lines above `function` in the first interface of `contract` that has them, without their slashes.
    pub fn documentation(&self, contract: &str, function: &str) -> Option<String> {
        let mut interfaces = self.lineage(contract).into_iter().filter(|unit| unit.kind == Kind::Interface);
        interfaces.find_map(|unit| documentation(&unit.source, function))
    }

    /// A unit and all that it inherits from among ours.
    fn lineage(&self, name: &str) -> Vec<&Unit> {
        let Some(unit) = self.0.get(name) else { return Vec::new() };
        std::iter::once(unit).chain(unit.bases.iter().flat_map(|base| self.lineage(base))).collect()
    }
}

impl Function {
    fn has(&self, modifier: &str) -> bool {
        self.modifiers.split(|c: char| !is_word(c)).any(|word| word == modifier)
    }
}

/// Kind, name and bases of each unit of a source.
fn heads(source: &str) -> Vec<(Kind, String, Vec<String>)> {
    const WORDS: [(&str, Kind); 3] =
        [("contract ", Kind::Contract), ("abstract contract ", Kind::Abstract), ("interface ", Kind::Interface)];
    let starts = source.match_indices('\n').map(|(at, _)| at + 1);
    let head = |at: usize| {
        let (rest, kind) = WORDS.iter().find_map(|(word, kind)| Some((source[at..].strip_prefix(word)?, *kind)))?;
        let (head, _) = rest.split_once('{')?;
        let (name, bases) = head.trim().split_once(char::is_whitespace).unwrap_or((head.trim(), ""));
        let bases = bases.trim().strip_prefix("is").unwrap_or_default().split(',');
        let bases = bases.map(|base| base.trim().to_owned()).filter(|base| !base.is_empty());
        Some((kind, name.to_owned(), bases.collect()))
    };
    std::iter::once(0).chain(starts).filter_map(head).collect()
}

/// The functions of a source that have a body.
fn functions(source: &str) -> Vec<Function> {
    let function = |(_, rest): (usize, &str)| {
        let (name, rest) = rest.split_once('(')?;
        let (parameters, rest) = rest.split_once(')')?;
        let end = rest.find(['{', ';'])?;
        let has_body = rest[end..].starts_with('{');
        let isnt_prose = !name.is_empty() && name.chars().all(is_word);
        (has_body && isnt_prose).then(|| Function {
            name: name.to_owned(),
            parameters: parameters.to_owned(),
            modifiers: rest[..end].to_owned(),
        })
    };
    const WORD: &str = "function ";
    source.match_indices(WORD).map(|(at, _)| (at, &source[at + WORD.len()..])).filter_map(function).collect()
}

fn documentation(source: &str, function: &str) -> Option<String> {
    let head = format!("function {function}(");
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let is_documented = |at: &usize| lines[*at].starts_with(&head) && *at > 0 && lines[*at - 1].starts_with("///");
    let at = (0..lines.len()).find(is_documented)?;
    let from = lines[..at].iter().rposition(|line| !line.starts_with("///")).map_or(0, |before| before + 1);
    let texts = lines[from..at].iter().map(|line| line.trim_start_matches('/').trim());
    Some(texts.collect::<Vec<_>>().join(" "))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERFACE: &str = "\
/// @title ISafe: a contract that no function of prose (as here) disturbs;
interface ISafe {
    function undocumented() external;

    /// @notice Opens the safe
    /// for `who`.
    /// @param who Whoever.
    function open(address who) external;
}
";

    const CONTRACT: &str = "\
abstract contract Door {
    function paint() internal virtual;

    function lock(
        uint256 from,
        uint256 to
    ) external restricted returns (uint256) {}
}

contract Safe is
    ISafe,
    Door
{
    function open(address who) external unrestricted {}

    function close() external nonReentrant restricted {}
}
";

    fn units() -> Units {
        let mut units = Units::default();
        units.add(INTERFACE).unwrap();
        units.add(CONTRACT).unwrap();
        units
    }

    #[test]
    fn only_whole_contracts_are_listed() {
        assert_eq!(units().contracts().collect::<Vec<_>>(), ["Safe"]);
    }

    #[test]
    fn inherited_functions_count_and_bare_declarations_do_not() {
        let found = units().functions_with("Safe", "restricted");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["close", "lock"]);
        assert_eq!(
            found["lock"].parameters.split_whitespace().collect::<Vec<_>>().join(" "),
            "uint256 from, uint256 to"
        );
        assert!(units().functions_with("Safe", "onlyOwner").is_empty());
        assert!(units().functions_with("Nobody", "restricted").is_empty());
    }

    #[test]
    fn documentation_is_that_of_the_interface() {
        let text = units().documentation("Safe", "open").unwrap();
        assert_eq!(text, "@notice Opens the safe for `who`. @param who Whoever.");
        assert_eq!(units().documentation("Safe", "undocumented"), None);
        assert_eq!(units().documentation("Safe", "close"), None);
    }

    #[test]
    fn a_name_belongs_to_one_unit() {
        let error = units().add("contract Safe {}\n").unwrap_err().to_string();
        assert!(error.contains("two of the name Safe"), "{error}");
    }
}
