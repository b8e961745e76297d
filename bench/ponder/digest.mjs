// Prints how many rows there are, one hash over them and one over the balances: of Ponder's database in this folder, or
// of Spheron's, whose path is the argument. The same lines of text in the same order on both sides.
import { DatabaseSync } from "node:sqlite";
import { PGlite } from "@electric-sql/pglite";
import { keccak256, toBytes } from "viem";

const [path] = process.argv.slice(2);

async function spheron() {
  const db = new DatabaseSync(path, { readOnly: true });
  const lines = (sql) => db.prepare(sql).all().map(({ line }) => `${line}\n`);
  return [
    lines(`SELECT block || ',' || log_index || ',' || address AS line FROM log ORDER BY event_id`),
    lines(`SELECT '0x' || lower(hex(token)) || ',0x' || lower(hex(owner)) || ',' || substr(amount, 3) AS line
           FROM state_balance WHERE amount <> '010' ORDER BY token, owner`),
  ];
}

async function ponder() {
  const db = await PGlite.create("pglite");
  const lines = async (sql) => (await db.query(sql)).rows.map(({ line }) => `${line}\n`);
  return [
    await lines(`SELECT block || ',' || log_index || ',' || lower(address) AS line FROM bench.row ORDER BY block, log_index`),
    await lines(`SELECT lower(token) || ',' || lower(owner) || ',' || amount AS line FROM bench.balance
                 WHERE amount <> 0 ORDER BY lower(token), lower(owner)`),
  ];
}

const [rows, balances] = await (path ? spheron() : ponder());
const hash = (list) => keccak256(toBytes(list.join("")));
console.log(JSON.stringify({ events: rows.length, rows: hash(rows), balances: hash(balances) }));
process.exit(0);
