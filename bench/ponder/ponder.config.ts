// The chain of chain.json: { url, id, contracts: [{ name, address, abi }] }, which the benchmark writes.
import { readFileSync } from "node:fs";
import { createConfig } from "ponder";

const chain = JSON.parse(readFileSync("chain.json", "utf8"));

export default createConfig({
  database: { kind: "pglite", directory: "pglite" },
  chains: { bench: { id: chain.id, rpc: chain.url } },
  contracts: Object.fromEntries(
    chain.contracts.map(({ name, address, abi }) => [name, { chain: "bench", abi, address, startBlock: 1 }]),
  ),
});
