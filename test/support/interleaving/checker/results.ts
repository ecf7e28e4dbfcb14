import { gunzipSync } from 'node:zlib';
import type { Item } from '../../../../lib/adapters/dynamodb/table.ts';
import { caseResults } from '../../../../lib/core/results.ts';
import type { Known } from '../checker.ts';
import type { SentBatch } from '../history.ts';

interface Stored {
  readonly name: string;
  readonly result: string;
  readonly attempt: number;
}

/** I3, I7, I8: what is stored of a completed run adds up, and holds everything that was acknowledged. */
export function checkResults(
  { runId, item, acknowledged, sent, uploaded }: Known,
  items: readonly Item[],
  nameOf: (position: number) => string,
  selections: ReadonlyMap<string, readonly string[] | null>,
): [string, string] | undefined {
  const stored = readStored(item, items, nameOf);
  const counts = item.counts as Record<string, number>;
  const { total = 0, flaky: _, ...byResult } = counts;
  const sum = Object.values(byResult).reduce((all, count) => all + count, 0);
  if (sum !== total || stored.length !== total) return ['I3', `run ${runId} counts ${total} of ${stored.length} cases`];
  for (const [result, count] of Object.entries(byResult)) {
    const found = stored.filter((one) => one.result === result).length;
    if (found !== count) return ['I3', `run ${runId} counts ${count} ${result}, and stores ${found}`];
  }
  if (new Set(stored.map(({ name }) => name)).size !== total) return ['I3', `run ${runId} stores a case twice`];
  const isGreen =
    stored.every(({ result }) => result === 'passed' || result === 'skipped') && (byResult.passed ?? 0) > 0;
  if (item.result === 'passed' && !isGreen) return ['green', `run ${runId} passed, and not every case of it`];
  const wasAsked = ({ attempt }: SentBatch, name: string): boolean =>
    selections.get(`run-${runId}-a${attempt}`)?.includes(name) ?? true;
  for (const name of new Set(acknowledged.flatMap(({ cases }) => cases.map(fullName)))) {
    const reporting = (batches: readonly SentBatch[]) =>
      batches.filter((batch) => wasAsked(batch, name) && batch.cases.some((one) => fullName(one) === name));
    const last = reporting(acknowledged).sort(byOrder).at(-1);
    if (last === undefined) continue;
    const found = stored.find((one) => one.name === name);
    if (found === undefined) return ['I7', `run ${runId} lost ${name}, which was acknowledged in ${last.batchId}`];
    // A failure stands against attempts that only take the place of the one that reported it.
    if (item.redispatches !== undefined) continue;
    // What was said last may not have been said by a job.
    if (uploaded === true) continue;
    if (found.attempt < last.attempt)
      return [
        'I8',
        `run ${runId} has ${name} of attempt ${found.attempt}, and attempt ${last.attempt} was acknowledged`,
      ];
    // Asked for again and not reported again, it has no result in its last attempt: never green.
    const isOpen = found.result === 'notExecuted' || found.result === 'stopped';
    if (isOpen && Number(item.attempt) > last.attempt) continue;
    const possible = reporting(sent)
      .filter((batch) => batch.attempt === found.attempt && byOrder(batch, last) >= 0)
      .flatMap(({ cases }) => cases.filter((one) => fullName(one) === name).map(({ result }) => String(result)));
    if (!possible.includes(found.result))
      return [
        'I7',
        `run ${runId} has ${name} ${found.result}, and ${last.batchId} of attempt ${last.attempt} said otherwise`,
      ];
  }
  return undefined;
}

function fullName({ suite, name }: SentBatch['cases'][number]): string {
  return `${suite} ${name}`;
}

/** By attempt, then by the sender's own order. */
function byOrder(a: SentBatch, b: SentBatch): number {
  return a.attempt - b.attempt || a.seq - b.seq;
}

/** The result chunks META names, in their stored form: a head, then columns; the first of them may be beside the head. */
function readStored(item: Item, items: readonly Item[], nameOf: (position: number) => string): Stored[] {
  const prefix = `RESULT#${item.resultAt}#`;
  const chunks = items
    .filter(({ pk, sk }) => pk === item.pk && String(sk).startsWith(prefix))
    .sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1))
    .flatMap(({ bytes, second }) => (second === undefined ? [bytes] : [bytes, second]))
    .map((bytes) => JSON.parse(gunzipSync(bytes as Uint8Array).toString('utf8')));
  const [head, ...parts] = chunks as [{ attempts: [number, number][] }, ...{ p: number[]; r: number[] }[]];
  const attempts = new Map<number, number>();
  let at = 0;
  for (const [step, attempt] of head?.attempts ?? []) {
    at += step;
    attempts.set(at, attempt);
  }
  return parts.flatMap(({ p, r }) => {
    let position = 0;
    return p.map((step, i) => {
      position += step;
      const result = caseResults[r[i] ?? 0] ?? '';
      return { name: nameOf(position), result, attempt: attempts.get(position) ?? 1 };
    });
  });
}
