//! What each user does on chain: sign, send, wait, read.
