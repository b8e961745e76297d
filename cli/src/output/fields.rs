//! Labels and values, one pair a line, aligned.

use std::fmt::Display;

use super::Style;

/// Labels and values.
#[derive(Debug)]
pub struct Fields {
    style: Style,
    rows: Vec<(&'static str, String)>,
}

impl Fields {
    /// None yet.
    pub fn new(style: Style) -> Self {
        Self { style, rows: Vec::new() }
    }

    /// Adds a line.
    pub fn row(mut self, label: &'static str, value: impl Display) -> Self {
        self.rows.push((label, value.to_string()));
        self
    }

    /// Adds a line if there is a value.
    pub fn maybe(self, label: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.row(label, value),
            None => self,
        }
    }

    /// Adds the lines of `other` below.
    pub fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self
    }

    /// The lines.
    pub fn text(&self) -> String {
        let width = self.rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let line = |(label, value): &(&str, String)| {
            format!("{}{}  {value}\n", self.style.dim(label), " ".repeat(width - label.len()))
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned() {
        let fields = Fields::new(Style { coloured: false }).row("lease", 1).row("provider", 2).maybe("end", None::<u8>);
        assert_eq!(fields.text(), "lease     1\nprovider  2\n");
    }

    #[test]
    fn labels_are_dim_on_a_terminal() {
        assert_eq!(Fields::new(Style { coloured: true }).row("a", 1).text(), "\x1b[2ma\x1b[0m  1\n");
    }
}
