import { rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** After this time it sleeps again: what a run long ago left behind says nothing about this one. */
const awakeMs = 10 * 60_000;

/**
 * Stands for a bank's sandbox that sleeps when nobody used it for a while: the first call of a run wakes it and fails,
 * the next one finds it awake, on another machine too. This is what makes a test flaky in practice: state outside of it.
 */
export function connectToBank() {
  // Runs of two Proctors on one machine may have the same id.
  const { port } = new URL(process.env.PROCTOR_CALLBACK_URL ?? 'http://localhost');
  const awake = join(tmpdir(), `shop-bank-${port}-${process.env.PROCTOR_RUN_ID ?? 'local'}`);
  return {
    async charge(amount) {
      const since = statSync(awake, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (since < Date.now() - awakeMs && !(Number(process.env.PROCTOR_ATTEMPT) > 1)) {
        writeFileSync(awake, '');
        throw new Error('503 from the bank: the sandbox is waking up, try again');
      }
      rmSync(awake, { force: true });
      return `R-${amount}`;
    },
  };
}
