import { createStoresOn, type Stores } from '../../../lib/adapters/dynamodb/client.ts';
import type { Table } from '../../../lib/adapters/dynamodb/table.ts';
import { createLocalWorkflow } from '../../../lib/adapters/local-workflow.ts';
import type { Catalog } from '../../../lib/core/catalog.ts';
import { isServiceError, ServiceError } from '../../../lib/core/errors.ts';
import type { Executor } from '../../../lib/core/executor.ts';
import { type Plan, parsePlan } from '../../../lib/core/plan.ts';
import type { LogEntry, PostWebhook, Services, Workflow } from '../../../lib/core/ports.ts';
import type { Run } from '../../../lib/core/run.ts';
import { completeRun } from '../../../lib/workflow/complete-run.ts';
import { concludeRun } from '../../../lib/workflow/conclude-run.ts';
import { continueRun } from '../../../lib/workflow/continue-run.ts';
import { driveStep } from '../../../lib/workflow/drive-step.ts';
import { recordResults } from '../../../lib/workflow/record-results.ts';
import { renderNative } from '../../../lib/workflow/render-delivery.ts';
import { rerunRun } from '../../../lib/workflow/rerun-run.ts';
import { sendDue } from '../../../lib/workflow/send-due.ts';
import { stepRun } from '../../../lib/workflow/step-run.ts';
import { stopRun } from '../../../lib/workflow/stop-run.ts';
import { resume, sweep } from '../../../lib/workflow/sweep.ts';
import { triggerRun } from '../../../lib/workflow/trigger-run.ts';
import { seededBytes } from '../http.ts';
import { createMemoryTable } from '../memory-table.ts';
import { createEngine, type Process } from './engine.ts';
import { createExecutor, type Message } from './executor.ts';
import { byChance, type Hits, withFaults } from './faults.ts';
import type { Event, Happened } from './history.ts';
import { createMachine } from './machine.ts';
import { createRandom } from './random.ts';
import type { Command, Scenario } from './scenario.ts';

/** A wrong function in the place of a right one, in the wiring of a test only: what a mutant is. */
export interface Mutation {
  readonly table?: (table: Table, world: Outside) => Table;
  readonly stores?: (stores: Stores, table: Table, world: Outside) => Stores;
  readonly services?: (services: Services, world: Outside) => Services;
  readonly stopRun?: typeof stopRun;
  readonly executor?: (executor: Executor) => Executor;
}

/** What a mutant may look at. */
export interface Outside {
  readonly now: () => number;
  readonly memory: Map<string, number>;
}

/** What functions are killed at, in milliseconds (infra/function-table.ts). */
const ofFunctions = { http: 29_000, step: 55_000, complete: 60_000, sweep: 110_000 };
const forever = Number.POSITIVE_INFINITY;
/** Nobody kills what goes on in a process of its own. */
const embedded: typeof ofFunctions = { http: forever, step: forever, complete: forever, sweep: forever };
const minuteMs = 60_000;

/**
 * The procedures as they are, on the adapters as they are, over a table in memory, with an executor, a state machine or the
 * embedded loop, a bus and clients around them. Every call of every port is a turn, and may go wrong.
 */
export async function createWorld(
  scenario: Scenario,
  tell: (event: Event) => void,
  hits: Hits,
  mutation: Mutation = {},
) {
  const engine = createEngine(createRandom(`ranks ${scenario.seed}`));
  const { clock } = engine;
  const isLoop = scenario.driver === 'loop';
  const timeouts = isLoop ? embedded : ofFunctions;
  const happened = (event: Happened): void => tell({ ...event, at: clock.now() });
  const memory = createMemoryTable(({ key, before, after }) => happened({ what: 'written', key, before, after }));
  const outside: Outside = { now: clock.now, memory: new Map() };
  const told: number[] = [];
  /** Those that have no answer yet. */
  const clients = new Set<string>();
  const logs: LogEntry[] = [];
  let faultRate = 0;
  const decide = byChance(createRandom(`faults ${scenario.seed}`), () => faultRate, hits);
  const lateFor = createRandom(`late ${scenario.seed}`);
  const late = (process: Process, what: string) => async (): Promise<void> => {
    for (let turns = lateFor.below(12); turns > 0; turns--) await engine.turn(process, `${what} is late`);
  };
  const broken = (what: string): Error => Object.assign(new Error(`${what} went wrong`), { name: 'TimeoutError' });

  const executor = createExecutor({
    seed: scenario.seed,
    habits: scenario.habits,
    capabilities: scenario.capabilities,
    clock,
    happened,
    deliver: (message) =>
      call('callback', timeouts.http, async (services) => {
        await recordResults(services, inputOf(message));
        return 'acknowledged' as const;
      }).catch((error) => (isServiceError(error) && error.code !== 'UNAVAILABLE' ? 'refused' : 'lost')),
  });
  const doubled = createRandom(`doubled ${scenario.seed}`);
  const machine = createMachine({
    clock,
    invoke: (name, payload) => {
      const runId = Number(payload.runId);
      const invoke = (): Promise<void> =>
        name === 'step-run'
          ? call(`step ${runId}`, timeouts.step, (services) =>
              driveStep(services, machine.tasks, runId, String(payload.taskToken)),
            )
          : call(`conclude ${runId}`, timeouts.complete, (services) => concludeRun(services, runId));
      if (doubled.chance(scenario.doubles)) invoke().catch(() => {});
      return invoke();
    },
    failed: (execution) => {
      call('rule', timeouts.complete, (services) => continueRun(services, execution)).catch(() => {});
    },
  });
  /** The embedded process: its loop and its timers die with it. */
  const startLoop = () => {
    let alive = true;
    const workflow = createLocalWorkflow({
      step: (runId) => call(`step ${runId}`, forever, (services) => stepRun(services, runId)),
      complete: (runId) => call(`complete ${runId}`, forever, (services) => completeRun(services, runId)),
      timers: { now: clock.now, after: (ms, fn) => clock.after(ms, () => (alive ? fn() : undefined)) },
      log: (entry) => logs.push(entry),
    });
    return { workflow, kill: () => (alive = false) };
  };
  let loop = startLoop();

  /** The ports of one process, each call a turn. */
  const servicesOf = (process: Process): Services => {
    const point = <T extends object>(port: string, target: T, rate = true): T => {
      const options = {
        decide: rate ? decide : () => undefined,
        late: late(process, port),
        error: (method: string) => broken(`${port}.${method}`),
      };
      return withFaults(port, target, options);
    };
    const inTurn = <T extends object>(port: string, target: T): T =>
      new Proxy(target, {
        get(object, name, receiver) {
          const method = Reflect.get(object, name, receiver) as unknown;
          if (typeof method !== 'function' || typeof name !== 'string') return method;
          return async (...given: unknown[]) => {
            await engine.turn(process, `${port}.${name} ${labelOf(given)}`);
            return Reflect.apply(method, object, given);
          };
        },
      });
    const mutated = mutation.table?.(memory, outside) ?? memory;
    const table = inTurn('table', point('table', mutated));
    const plain = createStoresOn(table);
    const stores = mutation.stores?.(plain, table, outside) ?? plain;
    const workflow: Workflow = {
      async start(runId, executionN) {
        happened({ what: 'executionStarted', runId });
        return (isLoop ? loop.workflow : machine.workflow).start(runId, executionN);
      },
      wake: (run, why) => (isLoop ? loop.workflow : machine.workflow).wake(run, why),
    };
    const remote = inTurn('executor', point('executor', mutation.executor?.(executor) ?? executor));
    const services: Services = {
      ...stores,
      runs: point('runs', stores.runs),
      slots: point('slots', stores.slots),
      plans: point('plans', stores.plans),
      deliveries: point('deliveries', stores.deliveries),
      circuits: point('circuits', stores.circuits),
      environments: point('environments', stores.environments),
      scheduler: { arm: async () => {}, disarm: async () => {} },
      sender: { notice() {}, send: async () => {} },
      renderDelivery: (_kind, run: Run) => renderNative(services, run),
      workflow: isLoop ? workflow : inTurn('workflow', point('workflow', workflow)),
      bus: inTurn(
        'bus',
        point('bus', {
          async publish(events) {
            for (const event of events) happened({ what: 'published', event });
          },
        } satisfies Services['bus']),
      ),
      executors: () => ({
        ...remote,
        capabilities: executor.capabilities,
        start: remote.start,
        poll: remote.poll,
        stop: remote.stop,
      }),
      now: clock.now,
      random: seededBytes('world'),
      publicUrl: 'https://proctor.example',
      masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32) }],
      secrets: { get: async () => 'secret' },
      log(entry) {
        logs.push(entry);
        if (entry.event === 'job could not be stopped' || entry.event === 'job may be alive')
          happened({ what: 'gaveUpJob', runId: entry.runId ?? 0 });
      },
    };
    return mutation.services?.(services, outside) ?? services;
  };

  /** One invocation; one that vanishes is found dead by its caller after a while. */
  const call = <T>(name: string, maxMs: number, work: (services: Services) => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const vanished = (): void => {
        const error = Object.assign(new Error(`${name} vanished`), { name: 'Sandbox.Timedout' });
        clock.after(1000, () => reject(error));
      };
      const begin = (process: Process): Promise<void> => work(servicesOf(process)).then(resolve, reject);
      engine.run(name, maxMs, begin, vanished);
    });

  const post: PostWebhook = async () => ({ status: 204 });
  const looksAfter = async (services: Services): Promise<void> => {
    await sweep(services);
    await sendDue(services, post, (ms) => new Promise<void>((go) => clock.after(ms, go))).catch(() => {});
  };
  const sweepOnce = (): Promise<void> => call('sweep', timeouts.sweep, looksAfter).catch(() => {});
  const isDue = (): boolean =>
    memory.items().some(({ due, nextActionAt }) => due !== undefined && Number(nextActionAt) <= clock.now());

  const made = createStoresOn(memory);
  const environment =
    scenario.capacity === undefined
      ? undefined
      : await made.environments.createEnvironment(
          { name: 'staging', description: null, project: 'default', variables: [], capacity: scenario.capacity },
          1,
          clock.now(),
        );
  const plans: Plan[] = [];
  for (const [i, document] of scenario.plans.entries()) {
    const named = { name: `plan ${i}`, executor: { type: 'http', url: 'https://runner.example/' }, ...document };
    const where = environment === undefined ? {} : { environment: environment.id };
    plans.push(await made.plans.createPlan(parsePlan({ ...named, ...where }), 1, clock.now()));
  }

  const trigger = { type: 'api', keyId: 'key', ownerId: 1 } as const;
  /** A client that repeats what it got no answer to, if it gave it a key. */
  const ask = async (
    client: string,
    key: string | undefined,
    work: (services: Services) => Promise<{ run: Run }>,
    tries = 4,
  ): Promise<void> => {
    clients.add(client);
    try {
      const { run } = await call(client, timeouts.http, work);
      clients.delete(client);
      told.push(run.id);
      happened({ what: 'triggered', client, runId: run.id, ...(key === undefined ? {} : { key }) });
    } catch (error) {
      const isUnknown = !(error instanceof ServiceError) || error.code === 'UNAVAILABLE';
      if (!isUnknown) happened({ what: 'refused', client, code: error.code });
      else if (key !== undefined && tries > 1)
        return void clock.after(3000, () => void ask(client, key, work, tries - 1));
      clients.delete(client);
    }
  };
  const runOf = (of: number): number | undefined => told[of % Math.max(1, told.length)];
  const obey = (command: Command): void => {
    switch (command.do) {
      case 'trigger': {
        const { client, key, overlap, demands } = command;
        const planId = plans[command.plan]?.id ?? 0;
        const request = {
          planId,
          maySee: () => true,
          trigger,
          buildNo: key ?? client,
          ...(overlap === undefined ? {} : { overlap }),
          ...(demands === undefined ? {} : { demandSlots: demands }),
          ...(key === undefined ? {} : { idempotency: { key, route: 'trigger', fingerprint: 'same' } }),
        };
        const named = key === undefined ? undefined : `${planId} ${key}`;
        return void ask(client, named, (services) => triggerRun(services, request));
      }
      case 'rerun': {
        const runId = runOf(command.of);
        if (runId === undefined) return;
        return void ask(command.client, undefined, async (services) => {
          const run = await services.runs.getRun(runId);
          if (run === undefined) throw new ServiceError('NOT_FOUND', 'there is no such run');
          return rerunRun(services, { run, type: 'all', picks: [], maySee: () => true, trigger });
        });
      }
      case 'stop': {
        const runId = runOf(command.of);
        if (runId === undefined) return;
        const stop = mutation.stopRun ?? stopRun;
        call(`stop ${runId}`, timeouts.http, (services) => stop(services, runId)).then(
          ({ status, result }) =>
            happened({ what: 'stopped', runId, status, ...(result === undefined ? {} : { result }) }),
          () => {},
        );
        return;
      }
      case 'step':
      case 'conclude': {
        const runId = runOf(command.of);
        if (runId === undefined || isLoop) return;
        const work = command.do === 'step' ? stepRun : concludeRun;
        call(`${command.do} ${runId}`, timeouts.step, async (services) => void (await work(services, runId))).catch(
          () => {},
        );
        return;
      }
      case 'sweep':
        return void sweepOnce();
      case 'crash':
        engine.crash();
        if (!isLoop) return;
        loop.kill();
        loop = startLoop();
        call('resume', forever, resume).catch(() => {});
    }
  };

  let sweeping = scenario.sweeps;
  const every = isLoop ? 15_000 : minuteMs;
  const tick = (): void => {
    clock.after(every, tick);
    happened({ what: 'timePassed' });
    if (sweeping && isDue()) void sweepOnce();
  };
  clock.after(every, tick);

  return {
    engine,
    obey,
    plans,
    logs,
    items: memory.items,
    isAsked: () => clients.size > 0 || executor.isSending(),
    /** Something is still to be done about a run, a job or a delivery. */
    isBusy: () => memory.items().some(({ due, nextActionAt }) => due !== undefined && nextActionAt !== undefined),
    async namesOfCases() {
      const catalogs = new Map<number, Catalog>();
      for (const { id } of plans) catalogs.set(id, await made.plans.readCatalog(id));
      return (planId: number, position: number) => catalogs.get(planId)?.entries[position]?.name ?? String(position);
    },
    /** One more run of every plan, refused if anything is in its way. Answers whether all of them went. */
    triggerAll() {
      const admitted = new Set<number>();
      for (const { id } of plans) {
        const request = { planId: id, maySee: () => true, trigger, overlap: 'reject' as const, demandSlots: true };
        call('last', timeouts.http, (services) => triggerRun(services, request)).then(
          () => admitted.add(id),
          () => {},
        );
      }
      return () =>
        admitted.size === (scenario.capacity === undefined ? plans.length : Math.min(plans.length, scenario.capacity));
    },
    beginFaults() {
      faultRate = scenario.faultRate;
    },
    calm() {
      faultRate = 0;
      sweeping = true;
      happened({ what: 'calm' });
    },
  };
}

function inputOf({ batch, expectedCases }: Message): Parameters<typeof recordResults>[1] {
  const { runId, attempt, batchId, seq, cases, isFinal } = batch;
  const end = expectedCases === undefined ? {} : { expectedCases };
  return { runId, attempt, batchId, seq, cases: [...cases], wake: true, ...(isFinal ? { end } : {}) };
}

/** What tells calls of a table apart: the key, and what is changed. */
function labelOf([key, change]: readonly unknown[]): string {
  const { sk } = (typeof key === 'object' && key !== null ? key : {}) as { readonly sk?: string };
  return typeof change === 'string' && sk !== undefined ? `${sk} ${change.slice(0, 100)}` : (sk ?? '');
}
