import type { AttemptProblem } from '../../core/executor.ts';
import { type FailureClass, failureClassOf } from '../../core/failure.ts';
import { type Override, shownRun } from '../../core/override.ts';
import type { RunItems } from '../../core/ports.ts';
import { leavesPrerequisites } from '../../core/prerequisites.ts';
import { isLive, type Run } from '../../core/run.ts';
import { fullName } from '../../core/verdict.ts';
import { plural } from '../../core/words.ts';
import type { QueuePlace } from '../../workflow/read-queue.ts';
import type { RunView } from '../../workflow/read-run.ts';
import { purposeOf } from './attempt-purpose.ts';
import { requestedBy, toTime } from './run-object.ts';

/** One thing that happened or holds: what kind, since when if that is known, and the sentence. */
interface Step {
  readonly kind:
    | 'triggered'
    | 'waits'
    | 'prerequisites'
    | 'attempt'
    | 'stop'
    | 'ended'
    | 'overridden'
    | 'flaky'
    | 'failed'
    | 'blocked'
    | 'missing'
    | 'deadline';
  readonly at: string | null;
  readonly sentence: string;
  readonly attempt?: number;
  /** Names of the cases the sentence is about, 100 at most. */
  readonly cases?: readonly string[];
}

export interface Explanation {
  readonly runId: number;
  readonly status: Run['status'];
  readonly result: Run['result'] | null;
  readonly reason: Run['reason'] | null;
  /** The whole story in one sentence. */
  readonly sentence: string;
  readonly steps: readonly Step[];
}

const shownNames = 100;

/** What a run waits for at this moment: its place in its plan's queue, and in words what it needs a slot of. */
export interface Waiting {
  readonly place?: QueuePlace;
  /** Its executor is known to fail since then. */
  readonly circuit?: { readonly name: string; readonly since: number };
  readonly slots: readonly string[];
}

/**
 * What happened in the run until `now` (epoch milliseconds), in order; then what is worth knowing about its cases. The
 * view holds the run as it is stored: how it ended itself is told apart from what people made of it.
 */
export function explainRun(
  view: RunView,
  { items, overrides }: { readonly items: RunItems; readonly overrides: readonly Override[] },
  now: number,
  waiting: Waiting = { slots: [] },
): Explanation {
  const { run } = view;
  const shown = shownRun(run);
  const steps = [
    triggered(view),
    ...waits(run, waiting),
    ...prerequisites(view),
    ...attempts(view, items),
    ...stopping(run),
    ...ended(run),
    ...overridden(view, overrides),
    ...aboutCases(view),
    ...deadlines(run, now),
  ];
  return {
    runId: run.id,
    status: run.status,
    result: shown.result ?? null,
    reason: shown.reason ?? null,
    sentence: summary(view, now, waiting),
    steps,
  };
}

function summary({ run, counts }: RunView, now: number, { place, slots, circuit }: Waiting): string {
  const name = `Run ${run.id} of “${run.planName}”`;
  if (run.result !== undefined) {
    const tries = run.attempt === 1 ? '' : ` after ${plural(run.attempt, 'attempt')}`;
    return `${name} ${endings[run.result]}${tries}, ${lasting((run.endedAt ?? now) - run.createdAt)} after it was triggered: ${run.explanation}${sinceThen(run)}`;
  }
  if (run.waitsFor !== undefined)
    return `${name} waits for ${runsNamed(place?.waitsFor ?? run.waitsFor)} of the same plan.`;
  if (slots.length > 0) return `${name} waits for a slot of ${slots.join(' and of ')}.`;
  const problem = dispatchTrouble(run, circuit);
  if (run.status === 'queued')
    return `${name} waits for its executor to take it${problem === '' ? '' : `: ${problem}`}.`;
  if (run.status === 'stopping') return `${name} is being stopped; the executor has not confirmed it yet.`;
  const done = counts.total - counts.queued - counts.running;
  return `${name} has been running for ${lasting(now - (run.startedAt ?? run.createdAt))} and is in attempt ${run.attempt}: ${done} of ${plural(counts.total, 'case')} reported, ${counts.failed + counts.errored} of them not passed.`;
}

const endings: Record<NonNullable<Run['result']>, string> = {
  passed: 'passed',
  failed: 'failed',
  errored: 'could not be finished properly',
  timedOut: 'ran out of time',
  stopped: 'was stopped',
  noTests: 'ran no tests',
};

const origins: Record<Run['trigger']['type'], string> = {
  api: 'through the API',
  manual: 'by hand',
  schedule: 'by a schedule',
  webhook: 'by a webhook',
  event: 'by an event',
};

function triggered({ run }: RunView): Step {
  const by = run.config === undefined ? '' : ` that the saved selection ${run.config.name} picked`;
  const asked = run.requestedCases === undefined ? 'everything in it' : `${requestedBy(run)}${by}`;
  const rerun = run.rerunOf === undefined ? '' : ` It is a rerun of run ${run.rerunOf}.`;
  const build = run.buildNo === undefined ? '' : `, for build ${run.buildNo}`;
  const { schedule, trigger } = run;
  const origin =
    schedule === undefined
      ? `${origins[trigger.type]} with key ${trigger.keyId}`
      : `by schedule ${schedule.id}, for ${toTime(schedule.scheduledAt)}`;
  const sentence = `It was triggered ${origin}, to run ${asked} (version ${run.planVersion} of the plan${build}).${rerun}`;
  return { kind: 'triggered', at: toTime(run.createdAt), sentence };
}

/** Why an attempt that is due has no job yet, and when the next try is; empty while nothing went wrong. */
function dispatchTrouble(run: Run, circuit: Waiting['circuit']): string {
  if (!isLive(run) || run.dispatch !== 'due') return '';
  const next = run.dispatchAfter === undefined ? '' : `, next try at ${toTime(run.dispatchAfter)}`;
  const last = run.dispatchProblem === undefined ? '' : `the last try failed, because ${bare(run.dispatchProblem)}`;
  if (circuit === undefined) return last === '' ? '' : `${last}${next}`;
  const failing = `executor ${circuit.name} is failing since ${toTime(circuit.since)}${next}`;
  return last === '' ? failing : `${failing}; ${last}`;
}

function waits(run: Run, { place, slots, circuit }: Waiting): Step[] {
  const trouble = dispatchTrouble(run, circuit);
  if (trouble !== '') {
    return [{ kind: 'waits', at: null, sentence: `It waits: ${trouble}.` }];
  }
  if (slots.length > 0) {
    const sentence = `It waits for a slot of ${slots.join(' and of ')}.`;
    return [{ kind: 'waits', at: null, sentence }];
  }
  if (run.waitsFor === undefined) return [];
  const nth = place === undefined ? '' : ` It is number ${place.position} of those that wait.`;
  const after = runsNamed(place?.waitsFor ?? run.waitsFor);
  const sentence = `It comes after ${after}, because runs of this plan go one at a time.${nth}`;
  return [{ kind: 'waits', at: toTime(run.createdAt), sentence }];
}

/** Nobody should believe that Proctor saw to an order it could not see to. */
function prerequisites({ run, plan }: RunView): Step[] {
  if (!leavesPrerequisites(plan, run.selects)) return [];
  const which =
    run.selects === 'suites'
      ? 'whole suites at the finest, so prerequisites of cases are'
      : 'no cases, so prerequisites are';
  return [{ kind: 'prerequisites', at: null, sentence: `Its executor selects ${which} left to it.` }];
}

/** One step an attempt: what it had to run, what the executor made of it, how it ended. */
function attempts(view: RunView, items: RunItems): Step[] {
  const { run, catalog } = view;
  return Array.from({ length: run.attempt }, (_, i) => {
    const attempt = i + 1;
    const job = items.attempts.find((record) => record.attempt === attempt);
    const batches = items.batches.filter((batch) => batch.attempt === attempt);
    const end = batches.find((batch) => batch.end !== undefined);
    const requested = items.requests.find((candidate) => candidate.attempt === attempt)?.requested ?? undefined;
    const names = requested?.map((position) => fullName(catalog, position));
    const { why, purpose } = purposeOf(view, items.requests, attempt);
    const task =
      names === undefined
        ? why === 'first'
          ? `Attempt ${attempt}`
          : `Attempt ${attempt} was ${purpose}; it`
        : `Attempt ${attempt} was ${purpose} (${some(names)}); it`;
    const start = job === undefined ? notTaken(run, attempt) : ` was taken by the executor, which ran ${job.executing}`;
    const finish = finishOf(end?.end?.problem, job?.startedAt, end?.receivedAt, batches.length);
    return {
      kind: 'attempt' as const,
      at: job === undefined ? null : toTime(job.startedAt),
      attempt,
      sentence: `${task}${start}${finish}`,
      ...(names === undefined ? {} : { cases: names.slice(0, shownNames) }),
    };
  });
}

function notTaken(run: Run, attempt: number): string {
  if (attempt < run.attempt || !isLive(run)) return ' was never confirmed by the executor';
  const tries = run.dispatchTries === 0 ? '' : `; ${plural(run.dispatchTries, 'try')} failed`.replace('trys', 'tries');
  return ` is still to be taken by the executor${tries}`;
}

function finishOf(
  problem: AttemptProblem | undefined,
  from: number | undefined,
  to: number | undefined,
  batches: number,
): string {
  if (problem !== undefined) return `. It went wrong${matters[failureClassOf(problem)]}: ${bare(problem.message)}.`;
  if (to === undefined)
    return batches === 0 ? '.' : `; it has reported ${plural(batches, 'batch').replace('batchs', 'batches')} so far.`;
  return from === undefined ? '; it ended.' : `; it ended after ${lasting(to - from)}.`;
}

const matters: Readonly<Record<FailureClass, string>> = {
  infrastructure: ', by its infrastructure',
  plan: ', by what the plan or its environment says',
  tests: ', by what the tests left',
};

function bare(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function stopping(run: Run): Step[] {
  if (run.stopBy === undefined) return [];
  const at = toTime(run.stopBy - run.deadlines.stopSeconds * 1000);
  return [{ kind: 'stop', at, sentence: 'Somebody asked to stop it.' }];
}

function ended(run: Run): Step[] {
  if (run.result === undefined || run.endedAt === undefined) return [];
  return [{ kind: 'ended', at: toTime(run.endedAt), sentence: `It ${endings[run.result]}: ${run.explanation}` }];
}

/** What people said of its cases since. */
function overridden({ catalog }: RunView, overrides: readonly Override[]): Step[] {
  return overrides.map(({ at, keyId, cases }) => {
    const names = cases.map(({ position }) => fullName(catalog, position));
    const said = cases.map(({ result }, i) => `${names[i]} as ${result}`);
    const sentence = `Key ${keyId} overrode the result of ${plural(cases.length, 'case')}: ${some(said)}.`;
    return { kind: 'overridden', at: toTime(at), sentence, cases: names.slice(0, shownNames) };
  });
}

function sinceThen(run: Run): string {
  const { result } = shownRun(run);
  if (run.overridden === undefined || result === undefined) return '';
  return ` Since then ${plural(run.overridden.cases, 'case')} of it ${run.overridden.cases === 1 ? 'was' : 'were'} overridden by hand; it counts as one that ${endings[result]}.`;
}

function aboutCases({ run, catalog, cases }: RunView): Step[] {
  const namesOf = (matches: (state: (typeof cases)[number]) => boolean): string[] =>
    cases.filter(matches).map(({ position }) => fullName(catalog, position));
  const failed = namesOf(({ result }) => result === 'failed' || result === 'errored');
  const blocked = namesOf(({ result }) => result === 'blocked');
  const flaky = namesOf((state) => state.flaky);
  const missing = isLive(run) ? [] : namesOf(({ result }) => result === 'notExecuted');
  return [
    about('failed', failed, (count, names) => `${count} did not pass in the last attempt: ${names}.`),
    about('blocked', blocked, (count, names) => `${count} did not run because a prerequisite did not pass: ${names}.`),
    about('flaky', flaky, (count, names) => `${count} failed first and passed when run again (flaky): ${names}.`),
    about('missing', missing, (count, names) => `${count} should have reported a result and never did: ${names}.`),
  ].flat();
}

function about(kind: Step['kind'], names: readonly string[], say: (count: string, names: string) => string): Step[] {
  if (names.length === 0) return [];
  const sentence = say(plural(names.length, 'case'), some(names));
  return [{ kind, at: null, sentence, cases: names.slice(0, shownNames) }];
}

function deadlines(run: Run, now: number): Step[] {
  if (!isLive(run)) return [];
  const left = run.deadlineAt - now;
  const what =
    run.waitsFor !== undefined || (run.status === 'queued' && run.waitsForSlots !== undefined)
      ? 'It may wait'
      : run.status === 'queued'
        ? 'An executor must take it'
        : 'It must be over';
  const until = left > 0 ? `within ${lasting(left)}` : 'now: its deadline has passed';
  return [{ kind: 'deadline', at: toTime(run.deadlineAt), sentence: `${what} ${until}.` }];
}

function runsNamed(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'run' : 'runs'} ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
