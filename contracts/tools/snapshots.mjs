#!/usr/bin/env node
// What the contracts look like from outside, in contracts/snapshots: storage layouts, selectors and code sizes.
// Run after `forge build`. With `--check` it writes nothing, and fails if a file would change or code is too large.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LIMIT = 24_576; // bytes of runtime code, EIP-170
const SOURCES = "contracts/src/";
const TARGET = "contracts/snapshots";
const check = process.argv.includes("--check");

const config = JSON.parse(execFileSync("forge", ["config", "--json"], { stdio: ["ignore", "pipe", "ignore"] }));
const contracts = deployed(config.out);
if (Object.keys(contracts).length === 0) fail(`no contracts in ${config.out}; run: forge build`);

const stale = [
  write("layouts.json", map(contracts, layout)),
  write("selectors.json", map(contracts, selectors)),
  write("sizes.json", map(contracts, size)),
].filter(Boolean);
const tooLarge = Object.keys(contracts).filter((name) => size(contracts[name]) >= LIMIT);
if (tooLarge.length) fail(`at ${LIMIT} bytes or above: ${tooLarge.join(", ")}`);
if (stale.length) fail(`not up to date: ${stale.join(", ")}; run: node contracts/tools/snapshots.mjs`);

/** The artifacts of our contracts that have code of their own to deploy, by name. */
function deployed(out) {
  const found = {};
  for (const folder of readdirSync(out).filter((name) => name.endsWith(".sol"))) {
    for (const file of readdirSync(join(out, folder)).filter((name) => name.endsWith(".json"))) {
      const artifact = JSON.parse(readFileSync(join(out, folder, file), "utf8"));
      const name = file.replace(/\.json$/, "");
      const path = Object.keys(artifact.metadata?.settings?.compilationTarget ?? {})[0] ?? "";
      const isOurs = path.startsWith(SOURCES) && existsSync(path);
      const isLibrary = artifact.abi.length === 0;
      if (isOurs && !isLibrary && artifact.deployedBytecode.object !== "0x") found[name] = artifact;
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One line per field: slot, first byte in it, name and type. Structs are written out once, below. */
function layout({ storageLayout }) {
  if (!storageLayout) fail("the artifacts hold no storage layout; foundry.toml must ask for it");
  const types = storageLayout.types ?? {};
  const line = ({ slot, offset, label, type }) => `${slot}:${offset} ${label} ${types[type].label}`;
  const structs = Object.values(types)
    .filter(({ members }) => members)
    .map(({ label, members }) => [label, members.map(line)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { storage: storageLayout.storage.map(line), structs: Object.fromEntries(structs) };
}

/** Functions with their selectors, sorted. */
function selectors({ methodIdentifiers }) {
  return Object.fromEntries(Object.entries(methodIdentifiers).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Bytes of runtime code. */
function size({ deployedBytecode }) {
  return (deployedBytecode.object.length - 2) / 2;
}

function map(object, convert) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, convert(value)]));
}

/** The file's name if it is stale. */
function write(name, content) {
  const path = join(TARGET, name);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (existsSync(path) && readFileSync(path, "utf8") === text) return undefined;
  if (check) return path;
  writeFileSync(path, text);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
