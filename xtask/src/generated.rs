//! Files that a task generates and that are committed.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

/// Whether a task writes its files, or only compares them with what is committed.
#[derive(clap::Args, Clone, Copy)]
pub struct Mode {
    /// Change nothing; fail if what is committed differs from what would be written.
    #[arg(long)]
    pub check: bool,
}

impl Mode {
    /// Writes `text` to `path` below `root`, or fails at its first line that is not what is committed. `task` is the
    /// subcommand that writes it.
    pub fn apply(self, root: &Path, path: &str, text: &str, task: &str) -> anyhow::Result<()> {
        let target = root.join(path);
        let committed = match fs::read_to_string(&target) {
            Ok(committed) => committed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
        };
        match first_difference(&committed, text) {
            None => Ok(()),
            Some(difference) if self.check => {
                bail!("{path} is not up to date: {difference}\nrun `cargo xtask {task}` and commit the result")
            }
            Some(_) => fs::write(&target, text).with_context(|| format!("cannot write {path}")),
        }
    }
}

/// The first line in which `committed` is not `wanted`, in words.
fn first_difference(committed: &str, wanted: &str) -> Option<String> {
    if committed == wanted {
        return None;
    }
    let (mut old, mut new) = (committed.split('\n'), wanted.split('\n'));
    for number in 1.. {
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => {
                return Some(format!("line {number} is\n    {old}\nand should be\n    {new}"));
            }
            (Some(old), None) => return Some(format!("line {number} is too much:\n    {old}")),
            (None, Some(new)) => return Some(format!("line {number} is missing:\n    {new}")),
            (None, None) => break,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let changed = first_difference("a\nb\nc\n", "a\nB\nC\n").unwrap();
        assert_eq!(changed, "line 2 is\n    b\nand should be\n    B");
        assert_eq!(first_difference("a", "a\nb").unwrap(), "line 2 is missing:\n    b");
        assert_eq!(first_difference("a\n", "a").unwrap(), "line 2 is too much:\n    ");
    }

    #[test]
    fn a_check_fails_on_a_stale_file_and_leaves_it() {
        let root = tempfile::tempdir().unwrap();
        let (write, check) = (Mode { check: false }, Mode { check: true });
        let error = check.apply(root.path(), "table.md", "one\n", "gas").unwrap_err().to_string();
        assert!(error.contains("table.md") && error.contains("cargo xtask gas"), "{error}");
        assert!(!root.path().join("table.md").exists());

        write.apply(root.path(), "table.md", "one\n", "gas").unwrap();
        check.apply(root.path(), "table.md", "one\n", "gas").unwrap();
        let error = check.apply(root.path(), "table.md", "two\n", "gas").unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert_eq!(fs::read_to_string(root.path().join("table.md")).unwrap(), "one\n");
    }
}
