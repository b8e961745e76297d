//! The verifier: challenges agents, checks what they return, and signs verdicts.
