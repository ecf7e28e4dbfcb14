import type { Stores } from '../../../lib/adapters/dynamodb/client.ts';
import type { Table } from '../../../lib/adapters/dynamodb/table.ts';
import { unpack } from '../../../lib/core/batch.ts';
import type { RunStore, Services } from '../../../lib/core/ports.ts';
import { countResults } from '../../../lib/core/results.ts';
import { completeRun } from '../../../lib/workflow/complete-run.ts';
import type { Focus } from './scenario.ts';
import type { Mutation, Outside } from './world.ts';

export interface Mutant {
  readonly mutation: Mutation;
  /** What schedules are like in which it shows. */
  readonly focus: Focus;
}

/** An expression as it is sent: what it changes, and on what condition. */
interface Expression {
  readonly change: string;
  readonly condition: string | undefined;
}

/** The table with one expression of reliability.md 3.3 replaced, known by how its change begins. */
function instead(begins: string, wrong: (right: Expression) => Partial<Expression>): Mutation {
  return {
    table: (table) => ({
      ...table,
      update(key, change, values, condition) {
        const right = { change, condition };
        const sent = change.startsWith(begins) && condition !== undefined ? { ...right, ...wrong(right) } : right;
        return table.update(key, sent.change, values, sent.condition);
      },
    }),
  };
}

function inRuns(wrong: (runs: RunStore, table: Table, outside: Outside) => Partial<RunStore>): Mutation {
  return {
    stores: (stores: Stores, table, outside) => ({
      ...stores,
      runs: { ...stores.runs, ...wrong(stores.runs, table, outside) },
    }),
  };
}

const exists = 'attribute_exists(#pk)';
const bump = ', #version = #version + :one';
const without = (part: string) => (right: Expression) => ({
  change: right.change.replace(part, ''),
  condition: right.condition?.replace(part, ''),
});
const unconditional = () => ({ condition: exists });

const onePlan = (change: Record<string, unknown>): Record<string, unknown>[] => [
  {
    rerun: { max: 0 },
    redispatch: { max: 0 },
    deadlines: { queueSeconds: 900, startSeconds: 240, runSeconds: 900, inactivitySeconds: 240, stopSeconds: 45 },
    ...change,
  },
];
const callsBack = { selects: 'iterations', callsBack: true, polls: false, stops: true } as const;
const smooth = { faultRate: 0, slowness: 0 };
const rough = { faultRate: 0.1, slowness: 0.03 };
const quiet = { silent: 0, unreachable: 0, refuses: 0 };
const onlyTriggers = { stop: 0, rerun: 0, step: 0, conclude: 0, sweep: 0, crash: 0 };
const crowded: Focus = {
  plans: onePlan({ overlap: 'queue' }),
  weights: { ...onlyTriggers, stop: 2 },
  length: 8,
  keys: 0,
  eagerness: 0.15,
};
const chatty: Focus = {
  plans: onePlan({ overlap: 'queue' }),
  capabilities: callsBack,
  habits: { ...quiet, outOfOrder: 80, repeats: 60 },
  weights: onlyTriggers,
  ...smooth,
  favour: 0.3,
};
/** Ends that wait while results come in. */
const racing: Focus = { ...chatty, holds: 'SET #status = :completed' };
const stopped: Focus = {
  plans: onePlan({ overlap: 'queue' }),
  weights: { ...onlyTriggers, stop: 20 },
  length: 5,
  keys: 0,
  eagerness: 0.1,
};

/** The 27 wrong protocols of reliability.md T1. Each is made of one wrong function; the product has no switch for any of them. */
export const mutants: Readonly<Record<string, Mutant>> = {
  noIdem: {
    mutation: inRuns(() => ({ claimIdempotency: async () => ({ won: true }), getIdempotency: async () => undefined })),
    focus: { plans: onePlan({ overlap: 'allow' }), weights: onlyTriggers, keys: 1 },
  },
  checkThenAct: {
    mutation: inRuns((runs, table) => ({
      async lock(planId, runId) {
        const { active, waiting } = await runs.readLock(planId);
        if (active.size + waiting.size > 0 && !active.has(runId)) return false;
        await table.update({ pk: `PLAN#${planId}`, sk: 'LOCK' }, 'ADD #active :me', { me: new Set([String(runId)]) });
        return true;
      },
    })),
    focus: { ...crowded, plans: onePlan({ overlap: 'reject' }) },
  },
  stealLive: {
    mutation: inRuns((runs, table, { now }) => ({
      async lock(planId, runId) {
        if (await runs.lock(planId, runId)) return true;
        const holders = await runs.getRuns([...(await runs.readLock(planId)).active]);
        if (holders.length === 0 || holders.some(({ createdAt }) => now() < createdAt + 10_000)) return false;
        await table.update({ pk: `PLAN#${planId}`, sk: 'LOCK' }, 'ADD #active :me', { me: new Set([String(runId)]) });
        return true;
      },
    })),
    focus: { ...crowded, plans: onePlan({ overlap: 'reject' }), eagerness: 0.02 },
  },
  evictAll: { mutation: inRuns(() => ({ getRuns: async () => [] })), focus: crowded },
  admitNoCas: {
    mutation: instead('SET #status = :queued', unconditional),
    focus: {
      driver: 'loop',
      plans: onePlan({ overlap: 'reject' }),
      weights: onlyTriggers,
      faultRate: 0,
      slowness: 0.15,
    },
  },
  countEveryBatch: {
    mutation: inRuns((runs) => ({
      async complete(run, completion) {
        const { batches } = await runs.readItems(run);
        const entries = batches.flatMap(({ parts }) => parts.flatMap(unpack));
        return runs.complete(run, {
          ...completion,
          counts: countResults(entries.map((one) => ({ ...one, flaky: false }))),
        });
      },
    })),
    focus: chatty,
  },
  addCounter: {
    mutation: inRuns((runs, _table, { memory }) => ({
      async putBatch(runId, batch) {
        const cases = batch.parts.flatMap(unpack).length;
        memory.set(`cases ${runId}`, (memory.get(`cases ${runId}`) ?? 0) + cases);
        return runs.putBatch(runId, batch);
      },
      complete: (run, completion) =>
        runs.complete(run, {
          ...completion,
          counts: { ...completion.counts, total: memory.get(`cases ${run.id}`) ?? completion.counts.total },
        }),
    })),
    focus: chatty,
  },
  stopUnconditional: {
    mutation: instead('SET #status = :stopping', unconditional),
    focus: { ...stopped, faultRate: 0, haste: 0.1, length: 8, holds: 'SET #status = :stopping', outlasts: true },
  },
  randomEventId: {
    mutation: {
      services: (services, { memory }): Services => ({
        ...services,
        bus: {
          publish: (events) =>
            services.bus.publish(
              events.map((event) => {
                memory.set('events', (memory.get('events') ?? 0) + 1);
                return { ...event, id: `evt_${memory.get('events')}` };
              }),
            ),
        },
      }),
    },
    focus: {
      plans: onePlan({ overlap: 'allow' }),
      faultRate: 0.2,
      slowness: 0,
      weights: onlyTriggers,
      habits: quiet,
      length: 6,
      lasts: 0.9995,
    },
  },
  noSweeper: {
    mutation: inRuns(() => ({ listDue: async () => [] })),
    focus: { ...rough, driver: 'machine', weights: { ...onlyTriggers, crash: 4 } },
  },
  noBump: { mutation: instead('SET #lastProgressAt = :at, #garbage', without(bump)), focus: racing },
  ackEarly: {
    mutation: inRuns((runs) => ({ acknowledge: (runId) => runs.getRun(runId) })),
    focus: racing,
  },
  bumpUncond: {
    mutation: instead('SET #lastProgressAt = :at, #garbage', unconditional),
    focus: { ...chatty, holds: 'SET #lastProgressAt' },
  },
  noCas: { mutation: instead('SET #status = :completed', without('#version = :version AND ')), focus: racing },
  batchOverwrites: {
    mutation: {
      table: (table) => ({
        ...table,
        put: (item, condition, values) =>
          item.sk.startsWith('BATCH#') ? table.put(item) : table.put(item, condition, values),
      }),
    },
    focus: { ...chatty, habits: { ...quiet, reusesIds: 60 } },
  },
  foldByArrival: {
    mutation: inRuns((runs) => ({
      async readItems(run) {
        const items = await runs.readItems(run);
        const arrived = [...items.batches].sort((a, b) => a.receivedAt - b.receivedAt || a.seq[1] - b.seq[1]);
        let newest = 1;
        const batches = arrived.map(({ end, ...batch }, i) => {
          newest = Math.max(newest, batch.attempt);
          const isLate = batch.attempt < newest;
          return { ...batch, attempt: newest, seq: [i, 0] as const, ...(isLate || !end ? {} : { end }) };
        });
        return { ...items, batches };
      },
    })),
    focus: {
      ...chatty,
      plans: onePlan({ overlap: 'queue', rerun: { max: 2 } }),
      habits: { ...quiet, outOfOrder: 80, fails: 60 },
    },
  },
  chunkByVersionOnly: {
    mutation: inRuns((runs) => {
      const version = (resultAt: string): string => resultAt.slice(0, resultAt.indexOf('#'));
      return {
        putResultChunks: (runId, resultAt, chunks) => runs.putResultChunks(runId, version(resultAt), chunks),
        readResultChunks: (runId, resultAt, count) => runs.readResultChunks(runId, version(resultAt), count),
        complete: (run, completion) => runs.complete(run, { ...completion, resultAt: version(completion.resultAt) }),
      };
    }),
    focus: { ...chatty, driver: 'machine', weights: onlyTriggers, doubles: 1 },
  },
  /** Without its version alone it is no other protocol, see below. */
  nextNoCas: {
    mutation: instead('SET #attempt = :next', ({ condition }) => ({
      condition: condition?.replace('#version = :version AND ', '').replace(' AND #attempt = :attempt', ''),
    })),
    focus: {
      driver: 'machine',
      plans: onePlan({ overlap: 'queue', rerun: { max: 2 } }),
      habits: { ...quiet, fails: 90 },
      weights: { ...onlyTriggers, trigger: 2, step: 20 },
      length: 12,
      favour: 0.9,
      slowness: 0,
      eagerness: 0.05,
    },
  },
  jump: {
    mutation: instead('ADD #active :me', ({ change, condition }) =>
      change === 'ADD #active :me' ? { condition: condition?.replace(' AND attribute_not_exists(#waiting)', '') } : {},
    ),
    focus: crowded,
  },
  promoteNoCas: {
    mutation: instead('ADD #active :me DELETE #waiting', unconditional),
    focus: {
      ...crowded,
      overlaps: ['queue', 'queue', 'allow'],
      eagerness: 0.01,
      haste: 0.15,
      length: 10,
      holds: 'DELETE #waiting :me',
      outlasts: true,
    },
  },
  releaseUncond: {
    mutation: instead('SET #deadlineAt = :deadlineAt, #nextActionAt = :nextActionAt, #wakeSeq', unconditional),
    focus: {
      ...crowded,
      weights: { ...onlyTriggers, stop: 20 },
      faultRate: 0,
      haste: 0.1,
      length: 14,
      holds: ', #wakeSeq = #wakeSeq + :one',
      outlasts: true,
    },
  },
  claimNoBump: {
    mutation: instead('SET #dispatch = :calling', without(bump)),
    focus: { ...stopped, ...smooth, driver: 'machine', eagerness: 0.15, holds: 'executor.stop', outlasts: true },
  },
  stopSkipsStopping: {
    mutation: {
      stopRun: (services, runId) =>
        completeRun(services, runId, () => ({
          result: 'stopped',
          reason: 'requested',
          explanation: 'It was stopped.',
        })),
    },
    focus: stopped,
  },
  stoppingPasses: {
    mutation: inRuns((runs) => ({
      async getRun(runId) {
        const run = await runs.getRun(runId);
        return run?.status === 'stopping' ? { ...run, status: 'running' } : run;
      },
    })),
    focus: { ...stopped, capabilities: callsBack, habits: quiet },
  },
  notFoundConfirms: {
    mutation: inRuns((runs) => ({
      async readItems(run) {
        const items = await runs.readItems(run);
        const isKnown = items.attempts.some(({ attempt }) => attempt === run.attempt);
        if (isKnown || run.status !== 'stopping') return items;
        const none = { attempt: run.attempt, startedAt: 0, ref: 'none', executing: 'nothing' };
        return { ...items, attempts: [...items.attempts, none] };
      },
    })),
    focus: { ...stopped, faultRate: 0.05, holds: 'executor.start', outlasts: true, lasts: 0.9995 },
  },
  noCancel: {
    mutation: inRuns((runs) => ({
      complete: (run, completion) => runs.complete(run, { ...completion, cancelPending: false }),
    })),
    focus: { habits: { silent: 80 }, weights: onlyTriggers, capabilities: callsBack, faultRate: 0 },
  },
  tokenUncond: {
    mutation: instead('SET #taskToken', ({ condition }) => ({
      condition: condition?.replace('#wakeSeq = :seen AND ', ''),
    })),
    focus: {
      ...smooth,
      driver: 'machine',
      plans: onePlan({ overlap: 'queue' }),
      capabilities: callsBack,
      habits: quiet,
      weights: onlyTriggers,
      doubles: 0,
      holds: 'SET #taskToken',
    },
  },
};

/** Wrong by the letter and right in effect (reliability.md 3.7): they must not be caught, and each says why. */
export const equivalent: Readonly<Record<string, Mutant>> = {
  /** While the version is tested the status need not be: every change of it is a version of its own. */
  'E7 without its status': {
    mutation: instead('SET #status = :completed', ({ condition }) => ({
      condition: condition?.replace(/ AND .*/, ''),
    })),
    focus: stopped,
  },
  /** The attempt alone tells two deciders apart: who decided by older results runs again what has passed, and the newer result stands. */
  'E16 without its version': {
    mutation: instead('SET #attempt = :next', without('#version = :version AND ')),
    focus: chatty,
  },
};
