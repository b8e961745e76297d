//! JSON files that people name.

use std::{fs, path::Path};

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};

/// Reads `what` out of a file.
pub fn read_json<T: DeserializeOwned>(file: &Path, what: &str) -> anyhow::Result<T> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the {what} {shown}"))?;
    serde_json::from_str(&text).with_context(|| format!("{shown} is no {what}"))
}

/// Writes a file that people can read, too.
pub fn write_json<T: Serialize>(file: &Path, value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("numbers.json");
        write_json(&file, &[1, 2]).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "[\n  1,\n  2\n]\n");
        assert_eq!(read_json::<Vec<u8>>(&file, "list").unwrap(), [1, 2]);
        let shown = file.display();
        let error = |found: anyhow::Result<String>| found.unwrap_err().to_string();
        assert_eq!(error(read_json(&file, "word")), format!("{shown} is no word"));
        fs::remove_file(&file).unwrap();
        assert_eq!(error(read_json(&file, "word")), format!("cannot read the word {shown}"));
    }
}
