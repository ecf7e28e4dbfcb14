import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
      if (!existsSync(awake) && !(Number(process.env.PROCTOR_ATTEMPT) > 1)) {
        writeFileSync(awake, '');
        throw new Error('503 from the bank: the sandbox is waking up, try again');
      }
      rmSync(awake, { force: true });
      return `R-${amount}`;
    },
  };
}
