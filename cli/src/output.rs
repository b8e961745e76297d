//! What commands print: aligned text for people, JSON for programs.

mod fields;
mod format;

use std::{
    borrow::Cow,
    io::{IsTerminal as _, Write as _},
};

use comfy_table::{Attribute, Cell, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::hint;

pub use fields::Fields;
pub use format::{duration, from, percent, possible, time, until};

/// What a command answers.
pub trait Report: Serialize {
    /// For people, ending in a line break.
    fn human(&self, style: Style) -> String;
}

/// How a command prints.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    style: Style,
}

/// Whether text is coloured; it is not by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    coloured: bool,
}

impl Output {
    /// JSON, or text that is coloured on a terminal.
    pub fn new(json: bool) -> Self {
        Self { json, style: Style { coloured: std::io::stdout().is_terminal() && wants_colour() } }
    }

    /// Whether JSON was asked for.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints a report.
    pub fn print<R: Report>(self, report: &R) -> anyhow::Result<()> {
        let text = match self.json {
            true => serde_json::to_string_pretty(report)? + "\n",
            false => report.human(self.style),
        };
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            // Whoever read the output has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => Ok(result?),
        }
    }
}

impl Style {
    /// Labels, which should not stand out.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What went well.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What went wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// An aligned table without lines.
    pub fn table(self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let bold = |text: &&str| {
            let cell = Cell::new(text);
            if self.coloured { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        table.set_header(header.iter().map(bold));
        rows.into_iter().for_each(|row| {
            table.add_row(row);
        });
        if !self.coloured {
            table.force_no_tty();
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect()
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A bar on stderr that counts up to `length`; none where stderr is no terminal.
pub fn progress(length: usize, what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let look = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg} ({eta} left)");
    bar.with_style(look.expect("the template is well formed")).with_message(what)
}

/// Says what went wrong and, where it is known, what to do.
pub fn print_error(error: &anyhow::Error) {
    let style = Style { coloured: std::io::stderr().is_terminal() && wants_colour() };
    eprintln!("{} {}", style.bad("error:"), in_words(error));
    if let Some(hint) = hint::of(error) {
        eprintln!("{} {hint}", style.dim("hint:"));
    }
}

/// An error with its causes, leaving out those that it says itself.
fn in_words(error: &anyhow::Error) -> String {
    let mut causes = error.chain().map(ToString::to_string);
    let first = causes.next().unwrap_or_default();
    causes.fold(first, |said, cause| if said.contains(&cause) { said } else { format!("{said}: {cause}") })
}

/// Sends the program's log to stderr: warnings, more with `-v`, or what `RUST_LOG` says.
pub fn log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "warn,spheron=info",
        2 => "info,spheron=debug",
        _ => "debug",
    };
    // What alloy's poller misses is said by whoever waits for it.
    let usual = format!("{level},alloy_rpc_client::poller=off");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && wants_colour())
        .init();
}

fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let cause = std::io::Error::other("no such thing");
        let error = Err::<(), _>(cause).context("cannot read it: no such thing").context("while reading").unwrap_err();
        assert_eq!(in_words(&error), "while reading: cannot read it: no such thing");
    }

    #[test]
    fn tables_are_aligned_and_end_without_blanks() {
        let style = Style { coloured: false };
        let text =
            style.table(&["A", "B"], [vec!["one".to_owned(), "2".to_owned()], vec!["x".to_owned(), String::new()]]);
        assert_eq!(text, "A    B\none  2\nx\n");
    }
}
