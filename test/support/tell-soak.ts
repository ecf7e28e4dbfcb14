import { appendFileSync } from 'node:fs';

/** What a suite has done, for the table of the soak, if it is run by that. */
export function tellSoak(done: string): void {
  const { SOAK_DONE } = process.env;
  if (SOAK_DONE !== undefined) appendFileSync(SOAK_DONE, `${done}\n`);
}
