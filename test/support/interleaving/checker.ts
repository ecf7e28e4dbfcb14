import type { Item } from '../../../lib/adapters/dynamodb/table.ts';
import { checkLock, type Runs } from './checker/lock.ts';
import { checkResults } from './checker/results.ts';
import { checkStored } from './checker/stored.ts';
import { createVisitChecker } from './checker/visits.ts';
import type { Anomaly, Event, SentBatch } from './history.ts';

/** What the checker knows of a run by what was written. */
export interface Known {
  readonly runId: number;
  item: Item;
  /** Its place among those that came to wait, in the order in which they came. */
  waitsSince?: number;
  /** A message about its end was accepted by the bus. */
  told: number;
  readonly acknowledged: SentBatch[];
  readonly sent: SentBatch[];
  /** Somebody sent results of it besides its jobs. */
  uploaded?: true;
}

/**
 * Looks at nothing but what happened at the ports and, at the end, at what is stored; it shares no rule with the code it judges.
 * `observe` takes the events in order and answers the first invariant of reliability.md 3.5 that they break.
 */
export function createChecker({ isPrompt }: { readonly isPrompt: boolean }) {
  const runs: Runs = new Map();
  const completions = new Map<number, Set<string>>();
  const triggered = new Map<string, number>();
  const jobs = new Map<string, { readonly runId: number; readonly attempt: number; over: boolean }>();
  const selections = new Map<string, readonly string[] | null>();
  const given = new Set<number>();
  /** When the end of an attempt was acknowledged. */
  const ends = new Map<string, number>();
  const visits = createVisitChecker();
  let calmAt: number | undefined;

  const observe = (event: Event): Anomaly | undefined => {
    const broken = (rule: string, what: string): Anomaly => ({ rule, what, at: event.at });
    switch (event.what) {
      case 'written': {
        visits.written(event.key, event.before, event.after);
        if (event.key.sk === 'LOCK') {
          const wrong = checkLock(runs, event.before, event.after);
          return wrong === undefined ? undefined : broken('I2', wrong);
        }
        if (event.key.sk !== 'META' || event.after === undefined) return undefined;
        const runId = Number(event.after.id);
        const wrong = checkStored(runs, event.before, event.after);
        const known = runs.get(runId);
        if (known) known.item = event.after;
        else runs.set(runId, { runId, item: event.after, told: 0, acknowledged: [], sent: [] });
        return wrong && broken(...wrong);
      }
      case 'triggered': {
        if (event.key === undefined) return undefined;
        const first = triggered.get(event.key) ?? event.runId;
        triggered.set(event.key, first);
        if (first !== event.runId) return broken('I5', `key ${event.key} started runs ${first} and ${event.runId}`);
        return undefined;
      }
      case 'stopped': {
        const item = runs.get(event.runId)?.item;
        if (event.status === 'completed' && item?.result !== event.result)
          return broken('I1', `a stop was told ${event.result}, run ${event.runId} is ${item?.result}`);
        return undefined;
      }
      case 'dispatched': {
        jobs.set(event.job, { runId: event.runId, attempt: event.attempt, over: false });
        selections.set(event.job, event.selection);
        return isAdmitted(event.runId)
          ? undefined
          : broken('I6', `a job of run ${event.runId}, which was not admitted`);
      }
      case 'jobEnded': {
        const job = jobs.get(event.job);
        if (job) job.over = true;
        return undefined;
      }
      case 'executionStarted':
        return isAdmitted(event.runId)
          ? undefined
          : broken('I6', `an execution of run ${event.runId}, which was not admitted`);
      case 'sent':
        runs.get(event.batch.runId)?.sent.push(event.batch);
        return undefined;
      case 'answered':
        if (event.as !== 'acknowledged') return undefined;
        runs.get(event.batch.runId)?.acknowledged.push(event.batch);
        if (event.batch.isFinal) ends.set(nameOf(event.batch), ends.get(nameOf(event.batch)) ?? event.at);
        return undefined;
      case 'uploaded': {
        const run = runs.get(event.runId);
        if (run) run.uploaded = true;
        return undefined;
      }
      case 'visited': {
        const { name, status, body } = event;
        const astray = visits.visited(event);
        if (astray !== undefined) return broken('walk', astray);
        if (isPrompt && status >= 500) return broken('5xx', `${name} was answered ${status}`);
        const {
          total,
          flaky: _,
          ...byResult
        } = (body as { counts?: Record<string, number> } | undefined)?.counts ?? {};
        const sum = Object.values(byResult).reduce((all, count) => all + count, 0);
        return total === undefined || total === sum ? undefined : broken('I3', `${name} was told ${sum} of ${total}`);
      }
      case 'unanswered': {
        const astray = visits.unanswered(event.name);
        return astray === undefined ? undefined : broken('walk', astray);
      }
      case 'published': {
        const { id, detailType, detail } = event.event;
        // Some tell of no run: of a schedule that was skipped.
        if (detail.runId === undefined) return undefined;
        const runId = Number(detail.runId);
        const known = runs.get(runId);
        if (known === undefined || !isAdmitted(runId))
          return broken('I6', `an event of run ${runId}, which was not admitted`);
        if (detailType !== 'Run Completed') return undefined;
        known.told += 1;
        const ids = completions.get(runId) ?? new Set();
        completions.set(runId, ids.add(id));
        if (ids.size > 1) return broken('I4', `run ${runId} has the completion events ${[...ids].join(', ')}`);
        const { status, result, reason, counts } = known.item;
        const same =
          result === detail.result &&
          reason === detail.reason &&
          JSON.stringify(counts) === JSON.stringify(detail.counts);
        if (status !== 'completed' || !same) return broken('I4', `the event of run ${runId} is not what is stored`);
        return undefined;
      }
      case 'gaveUpJob':
        given.add(event.runId);
        return undefined;
      case 'calm':
        calmAt = event.at;
        return undefined;
      case 'timePassed':
        return late(event.at) ?? (isPrompt ? unnoticed(event.at) : undefined);
      default:
        return undefined;
    }
  };

  const isAdmitted = (runId: number): boolean => {
    const status = runs.get(runId)?.item.status;
    return status !== undefined && status !== 'new' && status !== 'rejected';
  };

  /** L1 and L2, once nothing goes wrong any more. */
  const late = (now: number): Anomaly | undefined => {
    if (calmAt === undefined) return undefined;
    const slackMs = 120_000;
    for (const { runId, item } of runs.values()) {
      const { status, outbox, endedAt, deadlineAt, stopBy, createdAt } = item;
      if (status === 'rejected') continue;
      if (status === 'completed') {
        const due = Math.max(calmAt, Number(endedAt)) + slackMs;
        if (outbox !== undefined && now > due)
          return { rule: 'L2', what: `run ${runId} ended and nobody was told`, at: now };
        continue;
      }
      const limits = { new: Number(createdAt) + 60_000, stopping: Number(stopBy) };
      const limit = limits[status as keyof typeof limits] ?? Number(deadlineAt);
      if (now > Math.max(calmAt, limit) + slackMs)
        return { rule: 'L1', what: `run ${runId} is still ${status} past its deadline`, at: now };
    }
    return undefined;
  };

  /** F28: where nothing goes wrong, the end of an attempt is noticed long before its silence is. */
  const unnoticed = (now: number): Anomaly | undefined => {
    for (const { runId, item } of runs.values()) {
      const endedAt = ends.get(nameOf({ runId, attempt: Number(item.attempt) }));
      if (endedAt !== undefined && !isOver(item) && now > endedAt + 120_000)
        return { rule: 'F28', what: `nobody noticed that an attempt of run ${runId} ended`, at: now };
    }
    return undefined;
  };

  return {
    observe,
    /** Every run is over. */
    isQuiet: () => [...runs.values()].every(({ item }) => isOver(item)),
    /** Runs that were admitted. */
    runs: () => [...runs.keys()].filter(isAdmitted).length,
    /** What must hold when everything has come to its end. */
    finish(
      items: readonly Item[],
      nameOfCase: (planId: number, position: number) => string,
      now: number,
    ): Anomaly | undefined {
      const broken = (rule: string, what: string): Anomaly => ({ rule, what, at: now });
      const children = new Map<unknown, number>();
      const byKey = new Map<string, number>();
      const fired = new Map<string, number>();
      for (const known of runs.values()) {
        const { runId, item } = known;
        if (item.status !== 'completed') continue;
        if (known.told === 0) return broken('I4', `the event of run ${runId} was never told`);
        if (item.schedule !== undefined) {
          const occurrence = JSON.stringify(item.schedule);
          const other = fired.get(occurrence);
          if (other !== undefined) return broken('I5', `${occurrence} started runs ${other} and ${runId}`);
          fired.set(occurrence, runId);
        }
        if (item.rerunOf !== undefined) {
          const other = children.get(item.rerunOf);
          if (other !== undefined) return broken('I5', `run ${item.rerunOf} was rerun by ${other} and ${runId}`);
          children.set(item.rerunOf, runId);
        } else if (String(item.buildNo).startsWith('key')) {
          const key = `${item.planId} ${item.buildNo}`;
          const other = byKey.get(key);
          if (other !== undefined) return broken('I5', `${key} started runs ${other} and ${runId}`);
          byKey.set(key, runId);
        }
        const wrong = checkResults(known, items, (position) => nameOfCase(Number(item.planId), position), selections);
        if (wrong) return broken(...wrong);
      }
      for (const [name, { runId, attempt, over }] of jobs) {
        const item = runs.get(runId)?.item;
        if (over || item?.status !== 'completed' || given.has(runId)) continue;
        const isKnown = items.some(({ pk, sk }) => pk === `RUN#${runId}` && sk === `ATTEMPT#${attempt}`);
        // One nobody has heard of cannot be asked: it is looked for until it is given up, and that is reported.
        if (isKnown || item.cancelPending !== true)
          return broken('L4', `job ${name} is alive, although its run is over`);
      }
      const left = visits.left(items);
      return left === undefined ? undefined : broken('walk', left);
    },
  };
}

function nameOf({ runId, attempt }: Pick<SentBatch, 'runId' | 'attempt'>): string {
  return `run-${runId}-a${attempt}`;
}

function isOver({ status }: Item): boolean {
  return status === 'completed' || status === 'rejected';
}
