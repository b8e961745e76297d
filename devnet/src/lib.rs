//! Two local chains with every contract deployed and an economy running on them.
