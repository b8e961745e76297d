//! Reference rates: what a machine of a class must reach.

use serde::{Deserialize, Serialize};

/// Basis points of the whole.
pub const BPS: u32 = 10_000;
/// Operations in a giga-operation.
pub const GIGA: u64 = 1_000_000_000;

/// Where a reference rate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// The protocol's own kernel ran on that hardware.
    Measured,
    /// A share of the datasheet's peak.
    Modelled,
}

/// One class of hardware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Resource id in the ResourceCatalog.
    pub resource: u16,
    /// Name for people.
    pub model: String,
    /// Reference rate of the job, operations per second.
    pub ops_per_sec: u64,
    /// Where the rate comes from.
    pub calibration: Calibration,
}

/// The classes that can be claimed, one row per resource id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassTable(Vec<Class>);

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// Not CSV with the expected columns.
    #[error("class table: {0}; it needs the columns resource_id,model,giga_ops_per_sec,calibration")]
    Csv(#[from] csv::Error),
    /// A rate is not a positive decimal number with at most nine decimals.
    #[error(
        "class table, resource {resource}: rate {text:?} must be positive giga-operations per second with at most 9 decimals"
    )]
    Rate {
        /// Row.
        resource: u16,
        /// As written.
        text: String,
    },
    /// Two rows for one resource, or a row for resource 0.
    #[error("class table: resource {0} is zero or stands twice")]
    Resource(u16),
}

#[derive(Deserialize)]
struct Row {
    resource_id: u16,
    model: String,
    giga_ops_per_sec: String,
    calibration: Calibration,
}

impl ClassTable {
    /// Reads `resource_id,model,giga_ops_per_sec,calibration`.
    ///
    /// # Errors
    /// [`ClassError`] names the first bad row.
    pub fn from_csv(text: &str) -> Result<Self, ClassError> {
        let mut classes: Vec<Class> = Vec::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let Row { resource_id: resource, model, giga_ops_per_sec, calibration } = row?;
            let ops_per_sec =
                parse_giga(&giga_ops_per_sec).ok_or(ClassError::Rate { resource, text: giga_ops_per_sec })?;
            if resource == 0 || classes.iter().any(|c| c.resource == resource) {
                return Err(ClassError::Resource(resource));
            }
            classes.push(Class { resource, model, ops_per_sec, calibration });
        }
        Ok(Self(classes))
    }

    /// The GPUs of the resource catalogue whose int8 rate is known: 0.6 of the datasheet's dense peak until measured.
    pub fn gpus() -> Self {
        Self::from_csv(include_str!("../data/gpu-classes.csv")).expect("the table is part of this crate and tested")
    }

    /// The same classes with every rate multiplied by `numerator / denominator`, rounded up: a small network can use the
    /// real ids with rates that its machines reach.
    pub fn scaled(&self, numerator: u64, denominator: u64) -> Self {
        let scale = |rate: u64| {
            let scaled = (u128::from(rate) * u128::from(numerator)).div_ceil(u128::from(denominator.max(1)));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        Self(self.0.iter().map(|c| Class { ops_per_sec: scale(c.ops_per_sec), ..c.clone() }).collect())
    }

    /// The class with this resource id.
    pub fn get(&self, resource: u16) -> Option<&Class> {
        self.0.iter().find(|c| c.resource == resource)
    }

    /// The classes in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &Class> {
        self.0.iter()
    }

    /// The fastest class whose threshold a rate reaches, the lowest id among equals; 0 if there is none.
    pub fn floor(&self, ops_per_sec: u64, theta_bps: u16) -> u16 {
        let reached = self.0.iter().filter(|c| c.reached(ops_per_sec, theta_bps));
        reached.min_by_key(|c| (std::cmp::Reverse(c.ops_per_sec), c.resource)).map_or(0, |c| c.resource)
    }
}

impl Class {
    /// Whether a rate is at least `theta_bps` basis points of the reference.
    pub fn reached(&self, ops_per_sec: u64, theta_bps: u16) -> bool {
        u128::from(ops_per_sec) * u128::from(BPS) >= u128::from(self.ops_per_sec) * u128::from(theta_bps)
    }
}

/// Giga-operations with up to nine decimals, exactly, as operations.
fn parse_giga(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let decimals: u64 = format!("{decimals:0<9}").parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(GIGA)?.checked_add(decimals).filter(|&rate| rate > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ClassTable {
        let text = "resource_id,model,giga_ops_per_sec,calibration\n1,slow,1.5,modelled\n2,fast,8,measured\n3,also fast,8,modelled\n";
        ClassTable::from_csv(text).expect("valid")
    }

    #[test]
    fn floor_is_the_fastest_class_reached() {
        let table = table();
        assert_eq!(table.floor(8 * GIGA, 8800), 2);
        assert_eq!(table.floor(7_040_000_000, 8800), 2, "exactly 0.88 of 8");
        assert_eq!(table.floor(7_039_999_999, 8800), 1);
        assert_eq!(table.floor(1_319_999_999, 8800), 0);
        assert_eq!(table.floor(1_320_000_000, 8800), 1);
    }

    #[test]
    fn scaling_rounds_up() {
        let scaled = table().scaled(1, 7);
        assert_eq!(scaled.get(1).map(|c| c.ops_per_sec), Some(214_285_715));
        assert_eq!(table().scaled(u64::MAX, 1).get(2).map(|c| c.ops_per_sec), Some(u64::MAX));
    }

    #[test]
    fn bad_rows_are_named() {
        let read =
            |rows: &str| ClassTable::from_csv(&format!("resource_id,model,giga_ops_per_sec,calibration\n{rows}"));
        for rate in ["0", "-1", "1e3", "1.0000000001", "", ".", "1.2.3", "99999999999"] {
            assert!(
                matches!(read(&format!("7,x,{rate},measured")), Err(ClassError::Rate { resource: 7, .. })),
                "{rate}"
            );
        }
        assert!(matches!(read("7,x,1,measured\n7,y,1,measured"), Err(ClassError::Resource(7))));
        assert!(matches!(read("0,x,1,measured"), Err(ClassError::Resource(0))));
        assert!(matches!(read("7,x,1,guessed"), Err(ClassError::Csv(_))));
    }

    #[test]
    fn the_gpu_table_is_readable_and_ordered_as_people_expect() {
        let gpus = ClassTable::gpus();
        let rate = |id| gpus.get(id).map(|c| c.ops_per_sec).unwrap_or_default();
        assert!(rate(51) > rate(36) && rate(36) > rate(16) && rate(16) > 0, "H100 > 4090 > 3060");
        assert_eq!(rate(36), 396_600 * GIGA, "0.6 of 661 TOPS");
    }
}
