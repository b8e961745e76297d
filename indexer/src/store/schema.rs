//! The tables that are the same for every deployment.

use alloy::primitives::{B256, keccak256};

use crate::{
    decode::Catalog,
    fold::State,
    packed,
    table::{Table, tx_hash_sql},
};

/// Marks the file as ours: "SPHN".
pub const APPLICATION_ID: i64 = 0x5350_484e;

/// Version of the fixed tables; `PRAGMA user_version`.
pub const VERSION: i64 = 2;

const FIXED: &str = r"
-- Facts about the file itself.
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The chains; event_id >> 60 is the slot of an event's chain.
CREATE TABLE chain (
  slot INTEGER PRIMARY KEY,
  chain_id INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL,
  start_block INTEGER NOT NULL
) STRICT;

-- The contracts that are followed.
CREATE TABLE contract (
  chain_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  address BLOB NOT NULL,
  PRIMARY KEY (chain_id, name)
) STRICT, WITHOUT ROWID;

-- How far each chain is. tip is the block before next_block; blocks up to finalized are never rolled back.
CREATE TABLE cursor (
  chain_id INTEGER PRIMARY KEY,
  next_block INTEGER NOT NULL,
  tip_hash BLOB,
  tip_time INTEGER,
  finalized INTEGER
) STRICT;

-- Hashes of blocks that are not final, where a reorg is looked for, and of one that is.
CREATE TABLE header (
  chain_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (chain_id, number)
) STRICT, WITHOUT ROWID;

-- What rows of state held before blocks that are not final; before is NULL for a row that was new.
CREATE TABLE undo (
  chain_id INTEGER NOT NULL,
  block INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state_table TEXT NOT NULL,
  key TEXT NOT NULL,
  before TEXT,
  PRIMARY KEY (chain_id, block, seq)
) STRICT, WITHOUT ROWID;

-- What each endpoint bears: blocks, logs and addresses per eth_getLogs, requests at once.
CREATE TABLE learned (
  chain_id INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  blocks INTEGER NOT NULL,
  logs INTEGER NOT NULL,
  addresses INTEGER NOT NULL,
  in_flight INTEGER NOT NULL,
  PRIMARY KEY (chain_id, endpoint)
) STRICT, WITHOUT ROWID;

-- Contracts that an event of a followed contract brought into being, in this block.
CREATE TABLE child (
  chain_id INTEGER NOT NULL,
  address BLOB NOT NULL,
  name TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (chain_id, address)
) STRICT, WITHOUT ROWID;

-- Numbers for the addresses of contracts and the selectors of events.
CREATE TABLE dictionary (
  number INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

-- Every log as it came: what all other tables can be made from again. The view log shows it whole. contract and selector
-- are numbers of the dictionary; contents are the other topics and the data, packed, behind one byte that counts those
-- topics; tx_hash is 32 bytes, or how much less the event_id of the row is that has them: the first log of a transaction.
CREATE TABLE raw_log (
  event_id INTEGER PRIMARY KEY,
  block_time INTEGER NOT NULL,
  contract INTEGER NOT NULL,
  selector INTEGER,
  contents BLOB NOT NULL,
  tx_hash ANY NOT NULL
) STRICT;
";

/// The view of the logs as they came.
fn log_view() -> String {
    let selector = "coalesce((SELECT lower(hex(bytes)) FROM dictionary WHERE number = t.selector), '')";
    let digits = packed::sql("t.contents");
    let topics = "64 * (instr('123456789ABCDEF', substr(hex(t.contents), 2, 1)))";
    format!(
        "CREATE VIEW log AS SELECT
  (SELECT chain_id FROM chain WHERE slot = t.event_id >> 60) AS chain_id,
  (t.event_id >> 20) & 1099511627775 AS block,
  t.event_id & 1048575 AS log_index,
  t.event_id AS event_id,
  t.block_time AS block_time,
  '0x' || lower(hex({tx_hash})) AS tx_hash,
  (SELECT name FROM {EMITTERS} AS c
    WHERE c.address = (SELECT bytes FROM dictionary WHERE number = t.contract)
      AND c.chain_id = (SELECT chain_id FROM chain WHERE slot = t.event_id >> 60)) AS contract,
  (SELECT '0x' || lower(hex(bytes)) FROM dictionary WHERE number = t.contract) AS address,
  '0x' || {selector} || substr({digits}, 1, {topics}) AS topics,
  '0x' || substr({digits}, 1 + {topics}) AS data
FROM raw_log AS t;
",
        tx_hash = tx_hash_sql("t"),
    )
}

/// Whose logs are followed: contracts of the manifest, and those that they brought into being.
pub const EMITTERS: &str =
    "(SELECT chain_id, name, address FROM contract UNION ALL SELECT chain_id, name, address FROM child)";

/// Indexes that the API reads by. They are made once a chain is caught up: kept up during a backfill they would cost
/// more than all else.
const INDEXES: &[&str] = &[
    "CREATE INDEX IF NOT EXISTS lease_by_opening ON state_lease (opened_id)",
    "CREATE INDEX IF NOT EXISTS lease_by_renter ON state_lease (renter, opened_id)",
    "CREATE INDEX IF NOT EXISTS lease_by_provider ON state_lease (provider, opened_id)",
    "CREATE INDEX IF NOT EXISTS lease_by_node ON state_lease (node, opened_id)",
    "CREATE INDEX IF NOT EXISTS node_by_registration ON state_node (registered_id)",
    "CREATE INDEX IF NOT EXISTS node_by_provider ON state_node (provider)",
    "CREATE INDEX IF NOT EXISTS balance_by_owner ON state_balance (owner)",
    "CREATE INDEX IF NOT EXISTS bond_by_owner ON state_bond (owner)",
    "CREATE INDEX IF NOT EXISTS stake_by_first ON state_stake (first_id)",
    "CREATE INDEX IF NOT EXISTS verdict_by_node ON event_verifier_set_verdict_accepted (node)",
    "CREATE INDEX IF NOT EXISTS verdict_by_lease ON event_verifier_set_verdict_accepted (lease_id)",
    "CREATE INDEX IF NOT EXISTS reward_by_epoch ON event_distributor_reward_paid (epoch)",
    "CREATE INDEX IF NOT EXISTS range_by_epoch ON event_distributor_range_paid (epoch)",
    "CREATE INDEX IF NOT EXISTS reward_by_account ON event_distributor_reward_paid (account)",
];

/// The indexes of a database of this catalog; of others' contracts it has none.
pub fn indexes(catalog: &Catalog) -> &'static [&'static str] {
    if catalog.is_ours() { INDEXES } else { &[] }
}

/// All tables whose columns come from the contracts.
pub fn derived_tables(catalog: &Catalog) -> impl Iterator<Item = &Table> {
    let state: &[Table] = if catalog.is_ours() { State::tables() } else { &[] };
    catalog.tables().iter().chain(state)
}

/// SQL that makes the tables whose columns come from the contracts.
pub fn create_derived_sql(catalog: &Catalog) -> String {
    derived_tables(catalog).map(Table::create_sql).collect()
}

/// SQL that makes an empty database.
pub fn create_sql(catalog: &Catalog) -> String {
    let derived = create_derived_sql(catalog);
    format!(
        "{FIXED}\n{}\n{derived}\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {VERSION};\n",
        log_view()
    )
}

/// Tells databases of other contract versions apart.
pub fn layout(catalog: &Catalog) -> B256 {
    keccak256(create_sql(catalog))
}
