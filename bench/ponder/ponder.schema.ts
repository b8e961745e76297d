// A row per event, and the balances of the Ledger: less than what Spheron's indexer keeps of the same chain.
import { onchainTable, primaryKey } from "ponder";

export const row = onchainTable(
  "row",
  (t) => ({ block: t.bigint().notNull(), logIndex: t.integer().notNull(), address: t.hex().notNull() }),
  (table) => ({ pk: primaryKey({ columns: [table.block, table.logIndex] }) }),
);

export const balance = onchainTable(
  "balance",
  (t) => ({ token: t.hex().notNull(), owner: t.hex().notNull(), amount: t.bigint().notNull() }),
  (table) => ({ pk: primaryKey({ columns: [table.token, table.owner] }) }),
);
