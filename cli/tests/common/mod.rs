//! Runs the program as a person would.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "what breaks here breaks the test")]

pub mod town;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The program with an environment that holds nothing of the caller's.
pub struct Program {
    command: Command,
}

/// `spheron` with these arguments.
pub fn spheron(arguments: &[&str]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spheron"));
    command.args(arguments).stdin(Stdio::null()).env_clear();
    Program { command }
}

impl Program {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub fn run(mut self) -> Output {
        self.command.output().expect("the program starts")
    }

    /// What it prints; it must succeed.
    #[track_caller]
    pub fn prints(self) -> String {
        let output = self.run();
        let error = String::from_utf8(output.stderr).expect("stderr is text");
        assert!(output.status.success(), "it failed: {error}");
        String::from_utf8(output.stdout).expect("stdout is text")
    }

    /// The JSON that it prints; it must succeed.
    #[track_caller]
    pub fn json(self) -> Value {
        let text = self.prints();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
    }

    /// The first line of its error; it must fail, print nothing else, and not panic.
    #[track_caller]
    pub fn fails(self) -> String {
        let output = self.run();
        let error = String::from_utf8(output.stderr).expect("stderr is text");
        assert!(!output.status.success(), "it succeeded");
        assert!(output.stdout.is_empty(), "it printed {:?}", String::from_utf8_lossy(&output.stdout));
        assert!(error.starts_with("error: ") && !error.contains("panicked"), "{error}");
        error.lines().next().expect("there is a line").to_owned()
    }
}
