import { ServiceError } from '../../../lib/core/errors.ts';
import type { Capabilities, Dispatch, Executor, PickedCase } from '../../../lib/core/executor.ts';
import type { ReportableResult, ReportedCase } from '../../../lib/core/results.ts';
import { aCase } from '../fake-executor.ts';
import type { Happened, SentBatch } from './history.ts';
import { createRandom, type Random } from './random.ts';

/** What jobs do, in parts of a hundred. */
export interface Habits {
  readonly fails: number;
  readonly silent: number;
  readonly repeats: number;
  readonly outOfOrder: number;
  readonly reusesIds: number;
  /** The job is made and its answer is lost, or it is not made; and who asks for it is answered with nonsense, or to come later. */
  readonly unreachable: number;
  readonly slowToStop: number;
  readonly refuses: number;
  /** Minutes between results. */
  readonly slow: number;
  /** Hundreds of cases nobody knew of. */
  readonly many: number;
}

/** One message of a job. */
export interface Message {
  readonly batch: SentBatch;
  readonly expectedCases?: number;
}

interface Job {
  readonly dispatch: Dispatch;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly cases: readonly ReportedCase[];
  over: boolean;
  stopAskedAt?: number;
}

interface Clock {
  now(): number;
  after(ms: number, fn: () => void): () => void;
}

const all = ['pays', 'refunds', 'ships'] as const;
const unheardOf = Array.from({ length: 210 }, (_, i) => `is new ${i}`);

/**
 * An executor whose jobs report out of order, twice, with an id of other results, late or not at all. What the job of an
 * attempt does follows from the seed and its key alone. `deliver` brings a message to the callback API; the answer is what a
 * sender sees of it.
 */
export function createExecutor(options: {
  readonly seed: number;
  readonly habits: Habits;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly happened: (event: Happened) => void;
  readonly deliver: (message: Message) => Promise<'acknowledged' | 'refused' | 'lost'>;
}): Executor & { isSending(): boolean; lastToken(): string; endOf(runId: number, attempt?: number): void } {
  const { seed, habits, capabilities, clock, happened, deliver } = options;
  const jobs = new Map<string, Job>();
  const calls = new Map<string, number>();
  /** Messages without an answer so far. */
  const open = new Set<Message>();
  const spokenFor = new Set<string>();
  let lastToken = '';
  const often = (random: Random, percent: number): boolean => random.chance(percent / 100);

  const end = (key: string): void => {
    const job = jobs.get(key);
    if (job === undefined || job.over) return;
    job.over = true;
    happened({ what: 'jobEnded', job: key });
  };
  const isOver = (key: string): boolean => {
    const job = jobs.get(key);
    const stopped = job?.stopAskedAt !== undefined && clock.now() >= job.stopAskedAt;
    if (job !== undefined && (stopped || clock.now() >= job.endsAt)) end(key);
    return job === undefined || job.over;
  };

  /** A sender repeats what it got no answer to, to the byte. */
  const send = async (key: string, message: Message, tries: number): Promise<void> => {
    open.add(message);
    const answer = await deliver(message);
    if (answer === 'lost' && tries > 1) return void clock.after(5000, () => void send(key, message, tries - 1));
    open.delete(message);
    if (answer !== 'lost') happened({ what: 'answered', batch: message.batch, as: answer });
    if (message.batch.isFinal) end(key);
  };

  const plan = (key: string, dispatch: Dispatch, random: Random): void => {
    const job = jobs.get(key);
    if (job === undefined || !capabilities.callsBack) return;
    const parts = [...job.cases.slice(0, 2).map((one) => [one]), job.cases.slice(2)].filter(({ length }) => length > 0);
    const messages = parts.map((part, i) => batchOf(dispatch, `b${i}`, i + 1, part, false));
    const isSlow = job.endsAt - job.startedAt > 600_000;
    /** Where messages of this job meet that come out of order. */
    const together = random.pick([0, 4000, job.endsAt - job.startedAt]);
    const isBare = often(random, 50);
    const final = batchOf(dispatch, 'final', 9, isBare ? [] : job.cases.slice(0, 1), true);
    const known = often(random, 40) ? { expectedCases: job.cases.length } : {};
    let at = 0;
    const later = (message: Message, ms: number): void => {
      at += ms;
      const delay = often(random, habits.outOfOrder) ? together : at;
      clock.after(delay, () => {
        // A job that was stopped says nothing more, but for what is on its way.
        if (job.stopAskedAt !== undefined && clock.now() > job.stopAskedAt + 2000) return;
        happened({ what: 'sent', batch: message.batch });
        void send(key, message, 5);
      });
    };
    for (const batch of messages) {
      later({ batch }, 1000 + random.below(4000) + (isSlow ? 150_000 : 0));
      if (often(random, habits.repeats)) later({ batch }, 500 + random.below(60_000));
      if (often(random, habits.reusesIds)) later({ batch: { ...batch, cases: [] } }, 1000);
    }
    at = Math.max(at, job.endsAt - job.startedAt - 2000);
    later({ batch: final, ...known }, 1000);
    if (often(random, habits.repeats)) later({ batch: final, ...known }, random.below(300_000));
  };

  return {
    isSending: () => open.size > 0,
    /** Of the newest attempt that was dispatched. */
    lastToken: () => lastToken,
    /** Jobs of the run are over, whatever they were to do; that of the attempt also if it only begins. */
    endOf(runId, attempt) {
      if (attempt !== undefined) spokenFor.add(`run-${runId}-a${attempt}`);
      for (const [key, { dispatch }] of jobs) if (dispatch.runId === runId) end(key);
    },
    capabilities: () => capabilities,
    async start(dispatch) {
      const { key, runId, attempt, selection } = dispatch;
      lastToken = dispatch.callback.token;
      const nth = (calls.get(key) ?? 0) + 1;
      calls.set(key, nth);
      const chance = createRandom(`${seed} ${key} try ${nth}`);
      // What it took it takes again.
      if (often(chance, habits.refuses) && !jobs.has(key))
        throw new ServiceError('EXECUTOR_REFUSED', 'It does not want to.');
      const unreachable = often(chance, habits.unreachable);
      const refused = new ServiceError('EXECUTOR_UNAVAILABLE', 'It does not answer.');
      if (unreachable && chance.chance(0.5)) throw refused;
      if (!jobs.has(key)) {
        const random = createRandom(`${seed} ${key}`);
        const isMany = habits.many > 0 && often(random, habits.many);
        const names = selection ?? [...all, ...(isMany ? unheardOf : [])].map((name) => ({ name }));
        const cases = names.map(({ name, ...of }) => ({ ...aCase(name, resultOf(random, habits)), ...suiteOf(of) }));
        const isSlow = habits.slow > 0 && often(random, habits.slow);
        const lastsMs = 3000 + random.below(40_000) + (isSlow ? 600_000 : 0);
        const silent = often(random, habits.silent);
        const endsAt = clock.now() + (silent ? 4 * 3_600_000 : lastsMs);
        jobs.set(key, { dispatch, startedAt: clock.now(), endsAt, cases, over: false });
        happened({ what: 'dispatched', job: key, runId, attempt, selection: namesOf(selection) });
        if (spokenFor.has(key)) end(key);
        if (!silent) plan(key, dispatch, random);
      }
      if (unreachable) throw refused;
      return { ref: key, executing: { grain: 'everything', description: 'everything' } };
    },
    async poll(ref) {
      const job = jobs.get(ref);
      const nth = (calls.get(`poll ${ref}`) ?? 0) + 1;
      calls.set(`poll ${ref}`, nth);
      const chance = createRandom(`${seed} ${ref} poll ${nth}`);
      if (often(chance, habits.unreachable))
        throw new ServiceError(chance.pick(['EXECUTOR_UNAVAILABLE', 'EXECUTOR_PROTOCOL']), 'It does not make sense.');
      if (job === undefined)
        return { state: 'ended', cases: [], end: { problem: { reason: 'executorLost', message: 'Gone.' } } };
      const asksToWait = often(chance, habits.unreachable) ? { retryAfterSeconds: 20 } : {};
      if (!isOver(ref)) return { state: 'running', cases: [], ...asksToWait };
      const cases = job.stopAskedAt === undefined ? job.cases : [];
      happened({ what: 'sent', batch: batchOf(job.dispatch, 'polled', 0, cases, true) });
      return { state: 'ended', cases, end: {} };
    },
    async stop(ref) {
      const job = jobs.get(ref);
      if (job === undefined) return 'gone';
      const slow = often(createRandom(`${seed} ${ref} stop`), habits.slowToStop);
      job.stopAskedAt ??= clock.now() + (slow ? 90_000 : 0);
      return isOver(ref) ? 'gone' : 'stopping';
    },
  };
}

function batchOf(
  { runId, attempt }: Dispatch,
  batchId: string,
  seq: number,
  cases: readonly ReportedCase[],
  isFinal: boolean,
): SentBatch {
  return { runId, attempt, batchId, seq, cases, isFinal };
}

function resultOf(random: Random, { fails }: Habits): ReportableResult {
  return random.chance(fails / 100) ? random.pick(['failed', 'errored']) : random.pick(['passed', 'passed', 'skipped']);
}

function suiteOf({ suite }: { readonly suite?: string }): { readonly suite?: string } {
  return suite === undefined ? {} : { suite };
}

function namesOf(selection: readonly PickedCase[] | null): string[] | null {
  return selection?.map(({ suite, name }) => `${suite} ${name}`) ?? null;
}
