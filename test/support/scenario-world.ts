import { expect } from 'vitest';
import type { Stores } from '../../lib/adapters/dynamodb/client.ts';
import { type Plan, parsePlan } from '../../lib/core/plan.ts';
import type { BusEvent, LogEntry, Services, Workflow } from '../../lib/core/ports.ts';
import type { CaseState } from '../../lib/core/report.ts';
import type { Run } from '../../lib/core/run.ts';
import { fullName } from '../../lib/core/verdict.ts';
import { readRunView } from '../../lib/workflow/read-run.ts';
import { recordResults } from '../../lib/workflow/record-results.ts';
import { renderNative } from '../../lib/workflow/render-delivery.ts';
import { stopRun } from '../../lib/workflow/stop-run.ts';
import { sweep } from '../../lib/workflow/sweep.ts';
import { type TriggerRequest, triggerRun } from '../../lib/workflow/trigger-run.ts';
import { createFakeExecutor, type FakeExecutor, type Script } from './fake-executor.ts';
import { createFakeSecrets } from './fake-secrets.ts';
import { seededBytes } from './http.ts';
import { openTestTable } from './table.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** What carries a run on: the loop of the embedded system, or the state machine. */
export interface Driver {
  readonly name: 'loop' | 'machine';
  readonly sweepEveryMs: number;
  /** `driven` is what the driver's own steps use: it breaks with the driver, `services` do not. */
  create(driven: Services, clock: VirtualClock, services: Services): DriverInstance;
}

interface DriverInstance {
  readonly workflow: Workflow;
  /** State transitions of all executions of the run; undefined where there are none to count. */
  transitions(runId: number): number | undefined;
}

/** Faults a scenario switches on and off. */
interface Faults {
  busDown: boolean;
  /** Starts of executions that fail from now on. */
  failingStarts: number;
  wakesLost: boolean;
  /** Every step fails, as if its process died. */
  stepsFail: boolean;
  /** The process of a step dies when it calls this method of the store, once. */
  diesAt?: string;
}

interface Ended {
  readonly run: Run;
  readonly cases: readonly CaseState[];
  /** Result by `suite › name [iteration]`. */
  readonly results: Readonly<Record<string, string>>;
}

export interface World {
  readonly clock: VirtualClock;
  readonly stores: Stores;
  readonly services: Services;
  readonly executor: FakeExecutor;
  readonly plan: Plan;
  readonly faults: Faults;
  readonly published: BusEvent[];
  readonly logs: LogEntry[];
  /** Another plan beside `plan`. */
  addPlan(plan: Record<string, unknown>): Promise<Plan>;
  trigger(request?: Partial<TriggerRequest>): Promise<Run>;
  stop(runId: number): Promise<Run>;
  /** Stops the run when the time has come. */
  stopAfter(ms: number, runId: number): void;
  getRun(runId: number): Promise<Run>;
  /** Runs until the run is completed and nothing is left to do about it, and checks what holds for every ended run. */
  finish(runId: number, withinMs?: number): Promise<Ended>;
  transitions(runId: number): number | undefined;
  close(): Promise<void>;
}

const hour = 3_600_000;

export async function createWorld(driver: Driver, plan: Record<string, unknown>, script: Script): Promise<World> {
  const clock = createVirtualClock();
  const { stores, close } = await openTestTable();
  const published: BusEvent[] = [];
  const logs: LogEntry[] = [];
  const faults: Faults = { busDown: false, failingStarts: 0, wakesLost: false, stepsFail: false };
  let closed = false;
  let triggers = 0;
  const executor = createFakeExecutor(script, clock, (dispatch, { attempt, cases, end, batchId, seq }) =>
    recordResults(services, {
      runId: dispatch.runId,
      attempt: attempt ?? dispatch.attempt,
      cases: [...cases],
      wake: true,
      ...(end === undefined ? {} : { end }),
      ...(batchId === undefined ? {} : { batchId }),
      ...(seq === undefined ? {} : { seq }),
    }),
  );
  const services: Services = {
    ...stores,
    sender: { notice() {}, send: async () => {} },
    renderDelivery: (_kind, run) => renderNative(services, run),
    scheduler: { arm: async () => {}, disarm: async () => {} },
    workflow: {
      get looksItself() {
        return instance.workflow.looksItself ?? false;
      },
      async start(runId, executionN) {
        if (faults.failingStarts > 0) {
          faults.failingStarts -= 1;
          throw new Error('throttled');
        }
        return instance.workflow.start(runId, executionN);
      },
      async wake(run, why) {
        return faults.wakesLost ? undefined : instance.workflow.wake(run, why);
      },
    },
    bus: {
      async publish(events) {
        if (faults.busDown) throw new Error('the bus is down');
        published.push(...events);
      },
    },
    executors: () => executor,
    now: clock.now,
    random: seededBytes('world'),
    publicUrl: 'https://proctor.example',
    masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32) }],
    secrets: createFakeSecrets(),
    log: (entry) => logs.push(entry),
  };
  // What a driver does may fail on its own, without the callers around it noticing.
  const driven: Services = {
    ...services,
    runs: mortal(
      {
        ...stores.runs,
        async getRun(runId) {
          if (faults.stepsFail) throw new Error('the process died');
          return stores.runs.getRun(runId);
        },
      },
      faults,
    ),
    slots: mortal(stores.slots, faults),
  };
  const instance = driver.create(driven, clock, services);
  const sweeper = async (): Promise<void> => {
    if (closed) return;
    // Ids count from 1 in a table of its own. Asking for these is cheaper than a sweep that finds nothing.
    const runs = await stores.runs.getRuns(Array.from({ length: triggers }, (_, i) => i + 1));
    if (runs.some(({ nextActionAt }) => nextActionAt !== undefined && nextActionAt <= clock.now()))
      await sweep(services);
    clock.after(driver.sweepEveryMs, sweeper);
  };
  clock.after(driver.sweepEveryMs, sweeper);
  const addPlan = (document: Record<string, unknown>): Promise<Plan> =>
    stores.plans.createPlan(
      parsePlan({ name: 'Checkout', executor: { type: 'http', url: 'https://runner.example/' }, ...document }),
      1,
      clock.now(),
    );
  const stored = await addPlan(plan);
  const getRun = async (runId: number): Promise<Run> => {
    const run = await stores.runs.getRun(runId);
    if (run === undefined) throw new Error(`no run ${runId}`);
    return run;
  };

  return {
    clock,
    stores,
    services,
    executor,
    plan: stored,
    faults,
    published,
    logs,
    getRun,
    addPlan,
    async trigger(request = {}) {
      triggers += 1;
      const trigger = { type: 'api', keyId: 'key', ownerId: 1 } as const;
      return (await triggerRun(services, { planId: stored.id, maySee: () => true, trigger, ...request })).run;
    },
    stop: (runId) => stopRun(services, runId),
    stopAfter(ms, runId) {
      clock.after(ms, async () => {
        await stopRun(services, runId);
      });
    },
    async finish(runId, withinMs = 6 * hour) {
      const isOver = async (): Promise<boolean> => {
        // A read after every timer would take most of the time.
        if (!logs.some(({ event, runId: of }) => event === 'run completed' && of === runId)) return false;
        const run = await getRun(runId);
        return run.status === 'completed' && run.nextActionAt === undefined;
      };
      await clock.runUntil(isOver, withinMs);
      const run = await getRun(runId);
      await expectConsistent(run, services, published);
      const { cases, catalog } = await readRunView(services, run);
      const states = cases.flatMap((state) => [state, ...state.iterations]);
      const results = Object.fromEntries(states.map(({ position, result }) => [fullName(catalog, position), result]));
      return { run, cases, results };
    },
    transitions: instance.transitions,
    async close() {
      closed = true;
      await close();
    },
  };
}

function mortal<T extends object>(store: T, faults: Faults): T {
  return new Proxy(store, {
    get(target, name, receiver) {
      if (name !== faults.diesAt) return Reflect.get(target, name, receiver);
      delete faults.diesAt;
      return async () => {
        throw new Error('the process died');
      };
    },
  });
}

/** I3, I4 and L3 of reliability.md. */
async function expectConsistent(run: Run, services: Services, published: readonly BusEvent[]): Promise<void> {
  const completions = published.filter(
    ({ detailType, detail }) => detailType === 'Run Completed' && detail.runId === run.id,
  );
  expect(new Set(completions.map(({ id }) => id))).toEqual(new Set([`evt_${run.id}_2`]));
  for (const { detail } of completions) {
    expect(detail).toMatchObject({ result: run.result, reason: run.reason, counts: run.counts });
  }
  const { cases, counts } = await readRunView(services, run);
  expect(counts).toEqual(run.counts);
  const { total, flaky: _, ...byResult } = counts;
  expect(Object.values(byResult).reduce((sum, count) => sum + count, 0)).toBe(total);
  expect(cases).toHaveLength(total);
  const lock = await services.runs.readLock(run.planId);
  expect([...lock.active, ...lock.waiting]).not.toContain(run.id);
  for (const { holders, waiting } of await services.slots.readSlots(run.slots ?? [])) {
    expect([...holders.keys(), ...waiting]).not.toContain(run.id);
  }
}
