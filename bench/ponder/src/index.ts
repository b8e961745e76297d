import { readFileSync } from "node:fs";
import { ponder } from "ponder:registry";
import { balance, row } from "ponder:schema";

const chain = JSON.parse(readFileSync("chain.json", "utf8"));

// What the Ledger's events do to balances: token, owner, wei.
const MOVES = {
  Deposited: ({ token, owner, amount }) => [[token, owner, amount]],
  Withdrawn: ({ token, owner, amount }) => [[token, owner, -amount]],
  Escrowed: ({ token, owner, amount }) => [[token, owner, -amount]],
  Released: ({ token, payee, payer, payment, refund }) => [
    [token, payee, payment],
    [token, payer, refund],
  ],
};

for (const { name, abi } of chain.contracts) {
  for (const item of abi.filter(({ type }) => type === "event")) {
    ponder.on(`${name}:${item.name}`, async ({ event, context }) => {
      const { number } = event.block;
      const { logIndex, address } = event.log;
      await context.db.insert(row).values({ block: number, logIndex, address });
      const moves = name === "Ledger" ? (MOVES[item.name]?.(event.args) ?? []) : [];
      for (const [token, owner, amount] of moves.filter(([, , amount]) => amount !== 0n)) {
        await context.db
          .insert(balance)
          .values({ token, owner, amount })
          .onConflictDoUpdate((known) => ({ amount: known.amount + amount }));
      }
    });
  }
}
