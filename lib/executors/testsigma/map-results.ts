import type { AttemptProblem, Dispatch } from '../../core/executor.ts';
import type { ReportableResult, ReportedCase } from '../../core/results.ts';
import type { TenantCase, TenantRun } from './wire.ts';

/** Where a run of the tenant stands. */
export interface RunState {
  readonly ended: boolean;
  /** The result in the samples' word (contracts/testsigma.md section 6), `''` for none. */
  readonly result: string;
}

/** The seed's prose, older clients and the samples disagree on words; `STATUS_` may be missing too. */
const synonyms: Readonly<Record<string, string>> = { PASSED: 'SUCCESS', FAILED: 'FAILURE', ERROR: 'ABORTED' };
const finalResults: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'ABORTED', 'STOPPED', 'NOT_EXECUTED']);

/**
 * A status nobody knows is one on the way, unless the run has an end time and a final result beside it: whoever waits too
 * long is bounded by the run's deadline, whoever ends too early loses results. Undefined if the run says neither.
 */
export function stateOf({ status, result, endTime }: TenantRun): RunState | undefined {
  const word = wordOf(result);
  const standing = wordOf(status).replace(/^STATUS_/, '');
  if (standing === '' && word === '') return undefined;
  return { result: word, ended: standing === 'COMPLETED' || (endTime != null && finalResults.has(word)) };
}

const caseResults: Readonly<Record<string, ReportableResult>> = {
  SUCCESS: 'passed',
  FAILURE: 'failed',
  ABORTED: 'errored',
  PRE_REQUISITE_FAILURE: 'blocked',
  SKIPPED: 'skipped',
};
/** Not over yet, or ended without a result: both leave the case open. */
const open: ReadonlySet<string> = new Set(['', 'QUEUED', 'RUNNING', 'PAUSED', 'STOPPED']);

export interface MappedResults {
  readonly cases: readonly ReportedCase[];
  /** Distinct cases in all, and those of them without a result. */
  readonly total: number;
  readonly open: number;
}

/**
 * The tenant's rows as reported cases (contracts/testsigma.md 3.6). The wire has neither classes, but for those
 * of what was picked, nor durations of iterations: a case's duration is shared out among them. Rows that are one case here (two classes of one name, or machines
 * the plan does not name) become one with the worse result, so that none hides another's failure.
 */
export function mapResults(
  rows: readonly TenantCase[],
  state: RunState,
  dispatch: Pick<Dispatch, 'machines' | 'selection'>,
): MappedResults {
  const machineOf = lanes(dispatch);
  const classOf = classes(dispatch);
  const skips = meansSkipped(rows, state);
  const byCase = new Map<string, { open: boolean; readonly told: Map<string | undefined, ReportedCase> }>();
  for (const row of rows) {
    const suite = row.testSuiteName ?? '';
    const machine = machineOf(row);
    const key = JSON.stringify([suite, row.testCaseName, machine]);
    const entry = byCase.get(key) ?? { open: false, told: new Map() };
    byCase.set(key, entry);
    const className = classOf(suite, row.testCaseName);
    const name = { suite, className, name: row.testCaseName, ...(machine === undefined ? {} : { machine }) };
    const told = toCases(row, state.ended, skips);
    // A case that is open on one of its rows has no result yet.
    entry.open ||= told === undefined;
    for (const one of told ?? [])
      entry.told.set(one.iteration, worse(entry.told.get(one.iteration), { ...name, ...one }));
  }
  const entries = [...byCase.values()];
  return {
    cases: entries.flatMap(({ open, told }) => (open ? [] : [...told.values()])),
    total: entries.length,
    open: entries.filter((entry) => entry.open).length,
  };
}

/**
 * What is wrong with the end of the tenant's run beyond its cases. Only SUCCESS may leave it at them: an end of any other kind
 * that no case explains must not look like a pass.
 */
export function problemOf(
  runId: string,
  { result }: RunState,
  { cases, open }: MappedResults,
): AttemptProblem | undefined {
  const ended = `The tenant's run ${runId} ended`;
  if (result === 'STOPPED') return { reason: 'executorLost', message: `${ended} because it was stopped there.` };
  if (result === 'SUCCESS' || open > 0 || cases.some(isBad)) return undefined;
  if (result === 'ABORTED') return { reason: 'executorLost', message: `${ended} as aborted, though no case was.` };
  if (result === 'NOT_EXECUTED' && cases.every((one) => one.result === 'skipped')) return undefined;
  const word = result === '' ? 'without a result' : `as ${shown(result)}`;
  return { reason: 'executorProtocol', message: `${ended} ${word}, though no case shows why.` };
}

/** With one machine or none every result is on it, whatever the tenant calls it. */
function lanes({ machines, selection }: Pick<Dispatch, 'machines' | 'selection'>) {
  const several = machines.length > 1 || (selection ?? []).some(({ machine }) => machine !== undefined);
  return ({ machineTitle }: TenantCase): string | undefined => (several && machineTitle) || undefined;
}

/** What was picked by its class is told by it; else the wire has none. */
function classes({ selection }: Pick<Dispatch, 'selection'>) {
  const known = new Map<string, string>();
  for (const { suite, className, name } of selection ?? []) {
    const key = JSON.stringify([suite, name]);
    // Picked by two classes it is told by none.
    known.set(key, (known.get(key) ?? className) === className ? className : '');
  }
  return (suite: string, name: string): string => known.get(JSON.stringify([suite, name])) ?? '';
}

/**
 * NOT_EXECUTED is said of what was skipped and of what was not reached. Only where all else went well, or nothing ran at all,
 * was it skipped; else it is blocked: not green, and run again with what failed.
 */
function meansSkipped(rows: readonly TenantCase[], { result }: RunState): boolean {
  if (result === 'SUCCESS') return true;
  return result === 'NOT_EXECUTED' && rows.every((row) => wordOf(row.result) === 'NOT_EXECUTED');
}

type Told = Pick<ReportedCase, 'result' | 'durationMs'> & { readonly iteration?: string; readonly message?: string };

/** What a row tells; undefined while it is open. */
function toCases(row: TenantCase, ended: boolean, skips: boolean): Told[] | undefined {
  const own = toResult(row.result, ended, skips);
  if (own === undefined) return undefined;
  const durationMs = Math.round(row.duration ?? 0);
  const message = messageOf(row, own);
  const text = message === undefined ? {} : { message };
  const given = row.iterationResults ?? [];
  const iterations = given.flatMap(({ setName, result }, i) => {
    const mapped = toResult(result, ended, skips);
    return mapped === undefined ? [] : [{ iteration: setName || `iteration ${i + 1}`, result: mapped }];
  });
  if (iterations.length < given.length && !isBad({ result: own })) return undefined;
  if (iterations.length === 0) return [{ result: own, durationMs, ...text }];
  const share = Math.round(durationMs / iterations.length);
  // The one text of the case goes with the first iteration that failed.
  const first = iterations.findIndex(isBad);
  const told: Told[] = iterations.map((one, i) => ({ ...one, durationMs: share, ...(i === first ? text : {}) }));
  // A failure outside its iterations is the case's own.
  return isBad({ result: own }) && first < 0 ? [...told, { result: own, durationMs: 0, ...text }] : told;
}

function toResult(given: string | null | undefined, ended: boolean, skips: boolean): ReportableResult | undefined {
  const word = wordOf(given);
  if (open.has(word)) return undefined;
  const known = word === 'NOT_EXECUTED' ? (skips ? 'skipped' : 'blocked') : caseResults[word];
  // What is odd or was not reached may still change while the run goes on.
  if (!ended && (known === undefined || word === 'NOT_EXECUTED')) return undefined;
  return known ?? 'errored';
}

function messageOf(row: TenantCase, result: ReportableResult): string | undefined {
  if (row.message) return row.message;
  const word = wordOf(row.result);
  if (result === 'blocked' && word === 'NOT_EXECUTED') return 'The tenant did not execute it.';
  return caseResults[word] === undefined && result === 'errored' ? `The tenant’s result is ${shown(word)}.` : undefined;
}

const severity: readonly ReportableResult[] = ['skipped', 'passed', 'blocked', 'failed', 'errored'];

function worse(one: ReportedCase | undefined, other: ReportedCase): ReportedCase {
  if (one === undefined) return other;
  const worst = severity.indexOf(other.result) > severity.indexOf(one.result) ? other : one;
  return { ...worst, durationMs: one.durationMs + other.durationMs };
}

function isBad({ result }: { readonly result: ReportableResult }): boolean {
  return result === 'failed' || result === 'errored' || result === 'blocked';
}

function wordOf(given: string | null | undefined): string {
  const word = (given ?? '').trim().toUpperCase();
  return Object.hasOwn(synonyms, word) ? (synonyms[word] ?? word) : word;
}

/** A word of the tenant for people; anything else than a word is not repeated. */
function shown(word: string): string {
  return /^[A-Z_]{1,40}$/.test(word) ? word : 'none that is known';
}
