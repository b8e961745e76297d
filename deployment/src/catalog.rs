//! data/resource-catalog.csv as entries of the ResourceCatalog.

use serde::Deserialize;
use spheron_bindings::resource_catalog::IResourceCatalog::{Entry, Resource};

const CSV: &str = include_str!("../../data/resource-catalog.csv");

/// A row that the catalog cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file is no such table.
    #[error("data/resource-catalog.csv: {0}")]
    Format(#[from] csv::Error),
    /// A cell does not fit.
    #[error("data/resource-catalog.csv: resource {id}: {what}")]
    Cell {
        /// Resource id of the row.
        id: u16,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Deserialize)]
struct Row {
    resource_id: u16,
    kind: String,
    model: String,
    tier: String,
    multiplier_bps: u32,
    fizz_base_points: Option<String>,
    provider_base_points: Option<String>,
}

/// Every resource that contracts can be asked about.
///
/// # Errors
///
/// If the table is malformed.
pub fn catalog_entries() -> Result<Vec<Entry>, CatalogError> {
    csv::Reader::from_reader(CSV.as_bytes()).deserialize().map(|row| entry(row?)).collect()
}

fn entry(row: Row) -> Result<Entry, CatalogError> {
    let kind = match row.kind.as_str() {
        "gpu" => 1,
        "cpu" => 2,
        other => {
            return Err(CatalogError::Cell { id: row.resource_id, what: format!("unknown kind {other:?}") });
        }
    };
    let points = |cell: &Option<String>| milli(row.resource_id, cell.as_deref().unwrap_or_default());
    let resource = Resource {
        kind,
        referenceClass: row.resource_id,
        multiplierBps: row.multiplier_bps,
        fizzBasePoints: points(&row.fizz_base_points)?,
        providerBasePoints: points(&row.provider_base_points)?,
    };
    Ok(Entry { id: row.resource_id, resource, name: row.model, tier: row.tier })
}

/// Decimal points to milli-points, exactly; an empty cell is 0.
fn milli(id: u16, cell: &str) -> Result<u32, CatalogError> {
    let wrong = || CatalogError::Cell { id, what: format!("{cell:?} is not a number with at most three decimals") };
    if cell.is_empty() {
        return Ok(0);
    }
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    if fraction.len() > 3 {
        return Err(wrong());
    }
    format!("{whole}{fraction:0<3}").parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_ids_are_unique() {
        let entries = catalog_entries().unwrap();
        let ids: std::collections::HashSet<_> = entries.iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), entries.len());
        let h100 = entries.iter().find(|entry| entry.name == "NVIDIA H100 80G").unwrap();
        assert_eq!((h100.resource.kind, h100.resource.multiplierBps), (1, 120_000));
        assert_eq!((h100.resource.fizzBasePoints, h100.resource.providerBasePoints), (500_000, 20_000));
    }

    #[test]
    fn points_are_exact_to_a_thousandth() {
        assert_eq!(milli(1, "0.1").unwrap(), 100);
        assert_eq!(milli(1, "500").unwrap(), 500_000);
        assert_eq!(milli(1, "").unwrap(), 0);
        assert!(milli(7, "0.1234").unwrap_err().to_string().contains("resource 7"));
    }
}
