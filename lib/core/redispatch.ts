import { caseOf } from './catalog.ts';
import type { AttemptRequest } from './ports.ts';
import type { CaseState, EntryState, FoldInput } from './report.ts';
import { isFinished } from './results.ts';

/** The first of the attempts this one takes the place of; itself if it takes none's. */
export function firstReplaced(requests: readonly AttemptRequest[], attempt: number): number {
  let first = attempt;
  while (requests.some((request) => request.attempt === first && request.why === 'redispatch')) first -= 1;
  return first;
}

/** Whether the attempt runs everything once more in place of another: then everything has to be reported once more. */
export function repeatsAll(requests: readonly AttemptRequest[], attempt: number): boolean {
  return requests.some(
    (request) => request.attempt === attempt && request.why === 'redispatch' && request.requested === null,
  );
}

/**
 * What an attempt in place of the current one has to run: of what that one was to run, what it has not finished. If it has
 * finished all, what did not fail is run again, because only an attempt that says its end says that this was all. What
 * failed keeps its result and is for the rerun policy. Null is everything: nobody knows all there is.
 */
export function leftOf(
  input: FoldInput,
  requested: ReadonlySet<number> | null,
  cases: readonly CaseState[],
): readonly number[] | null {
  if (requested === null && !input.only && !knowsAll(input)) return null;
  const expected = new Set(input.expected);
  const asked = requested ?? expected;
  const since = firstReplaced(input.requests, input.attempt);
  const states = cases.flatMap((testCase): readonly EntryState[] => {
    const { position, iterations } = testCase;
    if (!asked.has(position)) return iterations.filter((iteration) => asked.has(iteration.position));
    if (iterations.length === 0) return [testCase];
    // Of a case nobody knew to be data-driven there may be iterations nobody has heard of.
    return iterations.some((iteration) => expected.has(iteration.position))
      ? iterations
      : [{ ...testCase, result: 'queued' }];
  });
  const isDone = ({ result, attempt }: EntryState): boolean =>
    isFinished(result) && result !== 'notExecuted' && attempt >= since;
  const open = states.filter((state) => !isDone(state));
  const left = open.length > 0 ? open : states.filter(({ result }) => result !== 'failed' && result !== 'errored');
  return left.map(({ position }) => position);
}

/** A plan that declares cases names all of them, unless others of it were ever reported. */
function knowsAll({ catalog, expected, selects }: FoldInput): boolean {
  if (expected.length === 0 || selects === 'nothing') return false;
  const declared = new Set(expected.map((position) => caseOf(catalog, position)));
  for (const position of [...declared]) {
    const entry = catalog.entries[position];
    if (entry?.kind === 'lane') declared.add(entry.parent);
  }
  return catalog.entries.every(({ kind }, position) => (kind !== 'case' && kind !== 'lane') || declared.has(position));
}
