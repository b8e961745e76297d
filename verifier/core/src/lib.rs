//! The verification protocol without I/O: expansion, exact product, commitments, challenges, openings, verdicts.
