import type { Item } from '../../../../lib/adapters/dynamodb/table.ts';
import { goesOn, type Runs } from './lock.ts';

/** reliability.md 3.2: everything else must have failed its condition. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  new: ['new', 'queued', 'rejected'],
  rejected: ['rejected'],
  queued: ['queued', 'running', 'stopping', 'completed'],
  running: ['running', 'stopping', 'completed'],
  stopping: ['stopping', 'completed'],
  completed: ['completed'],
};
/** What may still be written to a completed run: who was told, whether a job is being stopped, and what people say of it beside it. */
const bookkeeping = new Set(['outbox', 'due', 'nextActionAt', 'cancelPending', 'overridden']);

/** What one write to META may not do: I1, I2, I8, I10 and the table of transitions. */
export function checkStored(runs: Runs, before: Item | undefined, after: Item): [string, string] | undefined {
  const run = `run ${after.id}`;
  if (before === undefined) return after.status === 'new' ? undefined : ['3.2', `${run} begins as ${after.status}`];
  const [from, to] = [String(before.status), String(after.status)];
  if (!allowed[from]?.includes(to)) return ['3.2', `${run} went from ${from} to ${to}`];
  if (from === 'completed') {
    const differs = (name: string): boolean => JSON.stringify(before[name]) !== JSON.stringify(after[name]);
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].find(
      (name) => differs(name) && !bookkeeping.has(name) && !(name === 'version' && differs('overridden')),
    );
    return changed === undefined ? undefined : ['I1', `${changed} of ${run} changed after its completion`];
  }
  if (from === 'stopping' && to === 'completed' && after.result !== 'stopped')
    return ['I10', `${run} was being stopped and ended ${after.result}`];
  const [attempt, next] = [Number(before.attempt), Number(after.attempt)];
  if (next < attempt || next > attempt + 1) return ['I8', `${run} went from attempt ${attempt} to ${next}`];
  if (next === attempt && before.dispatch === 'accepted' && after.dispatch !== 'accepted')
    return ['I8', `attempt ${attempt} of ${run} was accepted and is ${after.dispatch} again`];
  if (goesOn(after) && !goesOn(before) && after.overlap !== 'allow') {
    const other = [...runs.values()].find(
      ({ item }) => item.planId === after.planId && item.id !== after.id && item.overlap !== 'allow' && goesOn(item),
    );
    if (other) return ['I2', `${run} goes on beside run ${other.runId}`];
  }
  return undefined;
}
