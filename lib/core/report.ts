import { type EntryResult, nameOfBatch, type PackedBatch, unpack } from './batch.ts';
import { type Catalog, caseOf, machineOf } from './catalog.ts';
import type { AttemptEnd, SelectionGrain } from './executor.ts';
import type { OverrideMark } from './override.ts';
import type { AttemptRequest } from './ports.ts';
import { judgeWaiting, type Stages } from './prerequisites.ts';
import { firstReplaced, leftOf, repeatsAll } from './redispatch.ts';
import { type CaseResult, type Counts, countResults, isFinished, worstOf } from './results.ts';

/** Where one case or iteration stands. */
export interface EntryState {
  readonly position: number;
  readonly result: CaseResult;
  readonly durationMs: number;
  /** The attempt this result is from; 0 while nothing was reported. */
  readonly attempt: number;
  /** It passed in the end and failed before, in this run; then the text is that of the failure. */
  readonly flaky: boolean;
  readonly message?: string;
  readonly details?: string;
  /** The result is what a person says, not what was reported. */
  readonly overridden?: OverrideMark;
}

export interface CaseState extends EntryState {
  /** Iterations of a data-driven case, else empty. */
  readonly iterations: readonly EntryState[];
  /** Position of the case whose failure kept this one from running. Not part of the stored result. */
  readonly blockedBy?: number;
}

/** Everything the batches of a run say, folded: the only source of counts, result and details (reliability.md 3.4). */
export interface Report {
  /** Ascending by catalog position. */
  readonly cases: readonly CaseState[];
  readonly counts: Counts;
  /** Distinct cases with a finished result of their own, and those that must have one and have not. */
  readonly reported: number;
  readonly missing: readonly number[];
  /** Machines the run must have been on, and no case says it was. */
  readonly silent: readonly string[];
  /** Positions the next stage runs: never run so far, and their prerequisites are over. */
  readonly ready: readonly number[];
  readonly attempt: AttemptReport;
  readonly batchIds: readonly string[];
}

/** The current attempt. */
export interface AttemptReport {
  /** How it ended, if it did. */
  readonly end: AttemptEnd | null;
  readonly endedAt: number;
  /** Distinct cases it reported, asked for or not. */
  readonly reported: number;
  /** What another attempt in its place has to run; null is everything it was asked for, because nobody knows all of that. */
  readonly left: readonly number[] | null;
}

export interface FoldInput {
  readonly catalog: Catalog;
  readonly batches: readonly PackedBatch[];
  readonly requests: readonly AttemptRequest[];
  /** The run's current attempt. */
  readonly attempt: number;
  /** Positions of cases and single iterations that must report; empty when the plan leaves that to its executor. */
  readonly expected: readonly number[];
  /** Nothing outside `expected` counts: the run asked for picked cases. */
  readonly only: boolean;
  /** Titles of the machines of the plan, which a run of everything must have been on. */
  readonly machines?: readonly string[];
  /** How the run goes in stages; then `requests` has one of the first attempt, too. Else everything runs at once. */
  readonly stages?: Stages | null;
  /** What the executor can be told to run alone; without it, anything. */
  readonly selects?: SelectionGrain;
}

/**
 * Folds the batches of a run. Order of arrival does not matter: they are taken by attempt, then sequence, then id, and the
 * last result of an entry wins, so that an older attempt never beats a newer one (invariant I8). From the second attempt
 * on only what was requested counts; what a coarse executor ran beside it is left out. A failure stands against an attempt
 * that only takes the place of the one that reported it: to better it takes a rerun.
 */
export function foldReport(input: FoldInput): Report {
  const batches = [...input.batches].sort(byFoldingOrder);
  const wanted = input.only ? new Set(input.expected) : null;
  const states = new Map<number, EntryState>();
  /** The last failure of each entry: what a flaky one is shown with. */
  const failures = new Map<number, EntryResult>();
  const inCurrent = new Set<number>();
  let end: AttemptEnd | null = null;
  let endedAt = 0;
  for (const batch of batches) {
    const requested = requestOf(input.requests, batch.attempt) ?? wanted;
    const replaced = firstReplaced(input.requests, batch.attempt);
    for (const part of batch.parts) {
      for (const entry of unpack(part)) {
        const testCase = caseOf(input.catalog, entry.position);
        if (batch.attempt === input.attempt) inCurrent.add(testCase);
        if (requested && !requested.has(entry.position) && !requested.has(testCase)) continue;
        const known = states.get(entry.position);
        if (known && isBad(known.result) && known.attempt >= replaced && known.attempt < batch.attempt) continue;
        if (isBad(entry.result)) failures.set(entry.position, entry);
        const failure = entry.result === 'passed' ? failures.get(entry.position) : undefined;
        states.set(entry.position, {
          ...textOf(failure),
          ...entry,
          attempt: batch.attempt,
          flaky: failure !== undefined,
        });
      }
    }
    if (batch.end && batch.attempt === input.attempt && (end === null || batch.end.problem === undefined)) {
      end = batch.end;
      endedAt = Math.max(endedAt, batch.receivedAt);
    }
  }
  const waiting = waitingCases(input);
  const reported = toCases(input, states, waiting, end !== null);
  const { cases, ready } = toStages(input, reported, waiting, end !== null);
  return {
    cases,
    ready,
    counts: countResults(cases),
    reported: cases.filter(({ result, attempt }) => attempt > 0 && isFinished(result) && result !== 'notExecuted')
      .length,
    missing: cases
      .filter(({ result }) => result === 'notExecuted' || !isFinished(result))
      .map(({ position }) => position),
    silent: silentOf(input, cases),
    attempt: {
      end,
      endedAt,
      reported: inCurrent.size,
      left: leftOf(input, requestOf(input.requests, input.attempt), cases),
    },
    batchIds: batches.map(nameOfBatch),
  };
}

/** Of a plan that leaves its cases to its executor, only this tells that a machine never ran. */
function silentOf({ catalog, machines = [], only }: FoldInput, cases: readonly CaseState[]): string[] {
  if (only || machines.length === 0) return [];
  const heard = new Set(cases.map(({ position }) => catalog.entries[machineOf(catalog, position) ?? -1]?.name));
  return machines.filter((title) => !heard.has(title));
}

/** The report of a run that ended: unfinished cases become `as`, everything else stays. */
export function closeReport(report: Report, as: 'stopped' | 'notExecuted'): Report {
  const close = <T extends EntryState>(state: T): T =>
    isFinished(state.result) && state.result !== 'notExecuted' ? state : { ...state, result: as };
  const closed = report.cases.map((testCase) => {
    const iterations = testCase.iterations.map(close);
    return iterations.length === 0
      ? close(testCase)
      : { ...testCase, iterations, result: worstOf(iterations.map(({ result }) => result)) };
  });
  const cases = as === 'stopped' ? stopBlocked(closed) : closed;
  return { ...report, cases, counts: countResults(cases) };
}

/** What waited for a case that was stopped was not blocked by it: both were stopped. */
function stopBlocked(cases: readonly CaseState[]): CaseState[] {
  const byPosition = new Map(cases.map((testCase) => [testCase.position, testCase]));
  return cases.map((testCase) => {
    let cause: CaseState | undefined = testCase;
    while (cause?.blockedBy !== undefined) cause = byPosition.get(cause.blockedBy);
    if (testCase.blockedBy === undefined || cause?.result !== 'stopped') return testCase;
    const { blockedBy: _, message: _message, ...state } = testCase;
    const iterations = state.iterations.map((iteration) => ({ ...iteration, result: 'stopped' as const }));
    return { ...state, iterations, result: 'stopped' };
  });
}

function byFoldingOrder(a: PackedBatch, b: PackedBatch): number {
  return (
    a.attempt - b.attempt ||
    a.seq[0] - b.seq[0] ||
    a.seq[1] - b.seq[1] ||
    (a.batchId < b.batchId ? -1 : a.batchId > b.batchId ? 1 : 0)
  );
}

function requestOf(requests: readonly AttemptRequest[], attempt: number): ReadonlySet<number> | null {
  const request = requests.find((candidate) => candidate.attempt === attempt);
  return request?.requested ? new Set(request.requested) : null;
}

function textOf(failure: EntryResult | undefined): Pick<EntryResult, 'message' | 'details'> {
  return {
    ...(failure?.message === undefined ? {} : { message: failure.message }),
    ...(failure?.details === undefined ? {} : { details: failure.details }),
  };
}

function isBad(result: CaseResult): boolean {
  return result === 'failed' || result === 'errored';
}

/** Cases no attempt has been asked to run so far. */
function waitingCases({ stages, requests, attempt, catalog }: FoldInput): ReadonlySet<number> {
  const waiting = new Set(stages?.asks.keys());
  for (const request of requests) {
    if (request.attempt > attempt) continue;
    for (const position of request.requested ?? waiting) waiting.delete(caseOf(catalog, position));
  }
  return waiting;
}

/**
 * The cases with what their prerequisites make of those that wait, and what is ready to run. A result of the attempt under
 * way is not final: it may report the case again.
 */
function toStages(
  { stages, attempt }: FoldInput,
  cases: readonly CaseState[],
  waiting: ReadonlySet<number>,
  ended: boolean,
): { cases: readonly CaseState[]; ready: readonly number[] } {
  if (!stages || waiting.size === 0) return { cases, ready: [] };
  const results = new Map(
    cases.map((state) => [state.position, ended || state.attempt < attempt ? state.result : 'queued']),
  );
  const judged = judgeWaiting(stages, waiting, (position) => results.get(position) ?? 'queued');
  return {
    cases: cases.map((testCase) => {
      const answer = judged.get(testCase.position);
      if (answer?.state !== 'blocked') return testCase;
      const iterations = testCase.iterations.map((iteration) => ({ ...iteration, result: 'blocked' as const }));
      return { ...testCase, iterations, result: 'blocked', blockedBy: answer.by, message: answer.message };
    }),
    ready: [...judged].flatMap(([position, { state }]) => (state === 'ready' ? (stages.asks.get(position) ?? []) : [])),
  };
}

/**
 * One state a case. A case or iteration that must report and has not is `queued`, or `notExecuted` once the attempt that was
 * to run it has ended; so is one that was only ever seen running.
 */
function toCases(
  { catalog, expected, attempt, requests }: FoldInput,
  states: ReadonlyMap<number, EntryState>,
  waiting: ReadonlySet<number>,
  ended: boolean,
): CaseState[] {
  const current = requestOf(requests, attempt);
  const again = repeatsAll(requests, attempt);
  const isAsked = (position: number): boolean =>
    again || (current !== null && (current.has(position) || current.has(caseOf(catalog, position))));
  const openOf = (position: number): CaseResult => {
    if (waiting.has(caseOf(catalog, position))) return 'queued';
    return ended || (current !== null && !isAsked(position)) ? 'notExecuted' : 'queued';
  };
  const stateOf = (position: number): EntryState => {
    const state = states.get(position);
    if (state === undefined) return { position, result: openOf(position), durationMs: 0, attempt: 0, flaky: false };
    if (state.result === 'running' && openOf(position) === 'notExecuted') return { ...state, result: 'notExecuted' };
    if (isAsked(position) && state.attempt < attempt) {
      // A rerun that ends without this case leaves it without a result in its last attempt: never green.
      if (isBad(state.result) || state.result === 'blocked') return state;
      return { ...state, result: openOf(position), flaky: false };
    }
    return state;
  };
  const iterationsOf = new Map<number, Set<number>>();
  const all = new Set<number>();
  for (const position of [...expected, ...states.keys()]) {
    const testCase = caseOf(catalog, position);
    all.add(testCase);
    if (testCase === position) continue;
    const siblings = iterationsOf.get(testCase) ?? new Set();
    iterationsOf.set(testCase, siblings.add(position));
  }
  return [...all]
    .sort((a, b) => a - b)
    .map((position) => {
      const iterations = [...(iterationsOf.get(position) ?? [])].sort((a, b) => a - b).map(stateOf);
      if (iterations.length === 0) return { ...stateOf(position), iterations };
      return dataDriven(position, iterations, states.get(position));
    });
}

function dataDriven(position: number, iterations: readonly EntryState[], own: EntryState | undefined): CaseState {
  const results = iterations.map(({ result }) => result);
  const attempt = Math.max(...iterations.map((iteration) => iteration.attempt));
  // A reporter may also tell of the case itself; then a failure outside its iterations must not be lost.
  if (own !== undefined && isBad(own.result) && own.attempt >= attempt) results.push(own.result);
  const result = worstOf(results);
  const worst = iterations.find((iteration) => iteration.result === result && iteration.message !== undefined);
  const message = worst?.message ?? own?.message;
  const details = worst?.details ?? own?.details;
  return {
    position,
    result,
    durationMs: iterations.reduce((sum, { durationMs }) => sum + durationMs, 0),
    attempt,
    flaky: result === 'passed' && iterations.some(({ flaky }) => flaky),
    iterations,
    ...(message === undefined ? {} : { message }),
    ...(details === undefined ? {} : { details }),
  };
}
