//! The reference prover, on the CPU.
