import type { AttemptProblem, Dispatch, Poll } from '../../core/executor.ts';
import type { ReportedCase } from '../../core/results.ts';
import { isFinal, standingOf } from './levels.ts';
import { type NamedResult, nameResults } from './name-results.ts';
import type { Told } from './read-results.ts';
import { isEnded, type WireExecution, type WireResult } from './wire.ts';

/** How long an execution that ended may owe results, by the tenant's own clock. */
const graceMs = 30_000;
/** Until it is asked again meanwhile, in seconds. */
const againSeconds = 5;
const maxMessage = 2000;

/** What the execution and its results say about the attempt. `missing` results are named in it and cannot be read. */
export function judgeExecution(
  { execution, at }: Told,
  { results, missing }: { readonly results: readonly WireResult[]; readonly missing: number },
  nameOf: (scenarioId: number) => string | undefined,
  dispatch: Pick<Dispatch, 'machines' | 'selection'>,
): Poll {
  const ended = isEnded(execution);
  const cutShort = ended && isCutShort(execution, results);
  const named = nameResults(execution, results, nameOf, dispatch);
  const cases = named.flatMap((one) => toCase(one, cutShort) ?? []);
  if (!ended) return { state: 'running', cases };
  const owes = missing > 0 || results.some(({ level }) => !isFinal(level));
  const endedAt = execution.end_date?.at;
  if (owes && endedAt !== undefined && at - endedAt < graceMs) {
    return { state: 'running', cases, retryAfterSeconds: againSeconds };
  }
  const problem = problemOf(execution, results);
  return {
    state: 'ended',
    cases,
    end: { ...(problem === undefined ? {} : { problem }), expectedCases: expectedOf(execution, named, missing) },
  };
}

/** Ended before all of it could run: not by passing, failing, or having nothing to run. */
function isCutShort({ error_code }: WireExecution, results: readonly WireResult[]): boolean {
  const code = error_code ?? '';
  return (code !== '' && code !== 'NO_TESTS') || results.some(({ level }) => level === 'STOPPED');
}

/** Results the tenant counts; where it leaves some out, all that its summary counts. */
function expectedOf(execution: WireExecution, named: readonly NamedResult[], missing: number): number {
  if (!execution.test_results_truncated) return named.length + missing;
  const counted = Object.values(execution.result_summary ?? {}).reduce((sum, count) => sum + count, 0);
  return Math.max(named.length + missing, counted);
}

/**
 * Why the results alone do not tell how it ended. A run that broke with a case in error is told by that case; one that was
 * stopped or timed out at the tenant, or counts failures that no result carries, must not look as if it had run.
 */
function problemOf(execution: WireExecution, results: readonly WireResult[]): AttemptProblem | undefined {
  const { error_code, error_definition, result_summary } = execution;
  const code = error_code ?? '';
  const levels = new Set(results.map(({ level }) => level));
  const toldByCase = code === 'RUN_ERROR' && levels.has('ERROR') && !levels.has('STOPPED') && !levels.has('UNEXECUTED');
  if (code !== '' && code !== 'NO_TESTS' && !toldByCase) {
    const why = error_definition ? `: ${error_definition.slice(0, 500)}` : '.';
    return { reason: 'executorLost', message: `The tenant ended the execution with ${code.slice(0, 60)}${why}` };
  }
  const counted = (result_summary?.FAILURE ?? 0) + (result_summary?.ERROR ?? 0);
  if (code === '' && counted > 0 && !levels.has('FAILURE') && !levels.has('ERROR') && !levels.has('STOPPED')) {
    const message = `The execution counts ${counted} failed results at the tenant, and none of its results is one.`;
    return { reason: 'executorLost', message };
  }
  return undefined;
}

function toCase(named: NamedResult, cutShort: boolean): ReportedCase | undefined {
  const { suite, className, name, machine, result } = named;
  const standing = standingOf(result.level, cutShort);
  if (standing === 'waiting') return undefined;
  const message = messageOf(result);
  return {
    suite,
    className,
    name,
    ...(machine === undefined ? {} : { machine }),
    result: standing,
    durationMs: standing === 'running' ? 0 : durationOf(result),
    ...(message === '' ? {} : { message }),
  };
}

function messageOf({ level, message }: WireResult): string {
  const text = (message ?? '').slice(0, maxMessage);
  if (level !== 'WARNING') return text;
  return `It failed, and the tenant does not count that${text === '' ? '.' : `: ${text}`}`.slice(0, maxMessage);
}

/** A hundred days at most, like every reported duration. */
function durationOf({ runtime }: WireResult): number {
  return Math.min(8_640_000_000, Math.max(0, Math.round(runtime ?? 0)));
}
