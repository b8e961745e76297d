//! The pure accounting model: accrual, attested seconds, reward formulas and reward trees, without I/O.
