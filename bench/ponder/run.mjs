// Runs Ponder on the chain of chain.json, up to its head, into a new database, and prints what it took as JSON.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PORT = 42190;
const PATIENCE_MS = 900_000;
const TICKS_PER_SECOND = 100; // of /proc, the same on every Linux

const { url, head } = JSON.parse(readFileSync("chain.json", "utf8"));

async function requests() {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "mock_requests", params: [] });
  return Number((await (await fetch(url, { method: "POST", body })).json()).result);
}

async function reached() {
  try {
    return (await (await fetch(`http://127.0.0.1:${PORT}/status`)).json()).bench.block.number;
  } catch {
    return 0; // it does not serve yet
  }
}

function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];
  return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, peak_mib: Number(peak) / 1024 };
}

const size = (path) => {
  const found = statSync(path);
  return found.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0) : found.size;
};

for (const left of ["pglite", ".ponder"]) rmSync(left, { recursive: true, force: true });
const asked = await requests();
const begun = performance.now();
const log = openSync("ponder.log", "w");
const program = ["node_modules/ponder/dist/esm/bin/ponder.js", "start", "--schema", "bench", "--port", String(PORT)];
const env = { ...process.env, PONDER_TELEMETRY_DISABLED: "true" };
const ponder = spawn(process.execPath, program, { stdio: ["ignore", log, log], env });
const ended = once(ponder, "exit");
while ((await reached()) < head) {
  if (ponder.exitCode !== null || performance.now() - begun > PATIENCE_MS) {
    ponder.kill("SIGKILL");
    console.error("Ponder did not reach the head, see ponder.log");
    process.exit(1);
  }
  await sleep(20);
}
const wall = (performance.now() - begun) / 1000;
const taken = { events: 0, wall, usage: usage(ponder.pid), requests: (await requests()) - asked };
ponder.kill("SIGINT");
await Promise.race([ended, sleep(20_000)]);
ponder.kill("SIGKILL");
console.log(JSON.stringify({ ...taken, disk: size("pglite") }));
