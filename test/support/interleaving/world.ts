import { createStoresOn, type Stores } from '../../../lib/adapters/dynamodb/client.ts';
import type { Table } from '../../../lib/adapters/dynamodb/table.ts';
import { createLocalScheduler } from '../../../lib/adapters/local-scheduler.ts';
import { createLocalWorkflow } from '../../../lib/adapters/local-workflow.ts';
import { createApiKey } from '../../../lib/core/api-key.ts';
import type { Catalog } from '../../../lib/core/catalog.ts';
import { isServiceError, ServiceError } from '../../../lib/core/errors.ts';
import type { Executor } from '../../../lib/core/executor.ts';
import { type Plan, parsePlan } from '../../../lib/core/plan.ts';
import type { LogEntry, PostWebhook, Services, Workflow } from '../../../lib/core/ports.ts';
import type { Run } from '../../../lib/core/run.ts';
import { scopes } from '../../../lib/http/message.ts';
import { completeRun } from '../../../lib/workflow/complete-run.ts';
import { concludeRun } from '../../../lib/workflow/conclude-run.ts';
import { continueRun } from '../../../lib/workflow/continue-run.ts';
import { driveStep } from '../../../lib/workflow/drive-step.ts';
import { fireSchedule } from '../../../lib/workflow/fire-schedule.ts';
import { recordResults } from '../../../lib/workflow/record-results.ts';
import { renderNative } from '../../../lib/workflow/render-delivery.ts';
import { rerunRun } from '../../../lib/workflow/rerun-run.ts';
import { sendDue, sendNow, sendOfRun } from '../../../lib/workflow/send-due.ts';
import { startByEvent } from '../../../lib/workflow/start-by-event.ts';
import { stepRun } from '../../../lib/workflow/step-run.ts';
import { stopRun } from '../../../lib/workflow/stop-run.ts';
import { readOldestDue, resume, sweep } from '../../../lib/workflow/sweep.ts';
import { resumeSchedules, sweepSchedules } from '../../../lib/workflow/sweep-schedules.ts';
import { triggerRun } from '../../../lib/workflow/trigger-run.ts';
import { seededBytes } from '../http.ts';
import { createMemoryTable, type MemoryTable, type Written } from '../memory-table.ts';
import { answerRequest } from './answer-request.ts';
import { createEngine, type Process } from './engine.ts';
import { createExecutor, type Message } from './executor.ts';
import { byChance, faults, type Hits, inEveryPort, isAtOnce, methodsOf, withFaults } from './faults.ts';
import type { Event, Happened } from './history.ts';
import { createMachine } from './machine.ts';
import { createRandom } from './random.ts';
import type { Command, Scenario } from './scenario.ts';
import { type Answer, type TourRequest, tidyUp, walkThroughApi } from './tour.ts';

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

export interface WorldOptions {
  /** Where faults are counted. */
  readonly hits?: Hits;
  readonly mutation?: Mutation;
  /** The table, which tells of every write; one in memory unless given. */
  readonly openTable?: (onWrite: (written: Written) => void) => MemoryTable;
}

/** What functions are killed at, in milliseconds (infra/function-table.ts). */
const ofFunctions = { http: 29_000, step: 55_000, complete: 60_000, sweep: 110_000 };
const forever = Number.POSITIVE_INFINITY;
/** Nobody kills what goes on in a process of its own. */
const embedded: typeof ofFunctions = { http: forever, step: forever, complete: forever, sweep: forever };
const minuteMs = 60_000;
/** Whoever walks through the API asks so often again. */
const maxLost = 7;
/** What is outside of the process and no table. */
const inItsTurn: ReadonlySet<string> = new Set(['workflow', 'bus']);

/**
 * The procedures as they are, on the adapters as they are, over a table in memory, with an executor, a state machine or the
 * embedded loop, a bus and clients around them. Every call of every port is a turn, and may go wrong.
 */
export async function createWorld(
  scenario: Scenario,
  tell: (event: Event) => void,
  { hits = new Map(), mutation = {}, openTable = createMemoryTable }: WorldOptions,
) {
  const engine = createEngine(createRandom(`ranks ${scenario.seed}`));
  const { clock } = engine;
  const isLoop = scenario.driver === 'loop';
  const timeouts = isLoop ? embedded : ofFunctions;
  const happened = (event: Happened): void => tell({ ...event, at: clock.now() });
  const memory = openTable(({ key, before, after }) => happened({ what: 'written', key, before, after }));
  const outside: Outside = { now: clock.now, memory: new Map() };
  const told: number[] = [];
  /** Those that have no answer yet. */
  const clients = new Set<string>();
  let methods: readonly string[] = [];
  const logs: LogEntry[] = [];
  const random = seededBytes(`world ${scenario.seed}`);
  let faultRate = 0;
  let aims: ReadonlySet<string> = new Set();
  const decide = byChance(
    createRandom(`faults ${scenario.seed}`),
    () => faultRate,
    hits,
    () => aims,
  );
  const isTour = scenario.commands.some((command) => command.do === 'tour');
  /** Somebody wants to hear of the runs. */
  const isTold = isTour || scenario.plans.some(({ notify }) => notify !== undefined);
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
      complete: (runId, live) =>
        call(`complete ${runId}`, forever, (services) => completeRun(services, runId, undefined, live)),
      timers: { now: clock.now, after: (ms, fn) => clock.after(ms, () => (alive ? fn() : undefined)) },
      log: (entry) => logs.push(entry),
    });
    return { workflow, kill: () => (alive = false) };
  };
  let loop = startLoop();
  const startScheduler = () => {
    let alive = true;
    const scheduler = createLocalScheduler({
      fire: (scheduleId, scheduledAt) =>
        call(`fire ${scheduleId}`, timeouts.step, (services) => fireSchedule(services, scheduleId, scheduledAt)),
      timers: { now: clock.now, after: (ms, fn) => clock.after(ms, () => (alive ? fn() : undefined)) },
      log: (entry) => logs.push(entry),
    });
    return { scheduler, kill: () => (alive = false) };
  };
  let schedules = startScheduler();
  const receiving = createRandom(`receiver ${scenario.seed}`);
  /** A receiver that may be down, or gone, until the calm. */
  const post: PostWebhook = async () => ({
    status: (faultRate > 0 || aims.size > 0) && receiving.chance(0.3) ? receiving.pick([503, 500, 410]) : 204,
  });
  /** By a timer when embedded; a function that is invoked otherwise. */
  const sendLater = (name: string, work: (services: Services) => Promise<unknown>): void =>
    void clock.after(
      200,
      () => void call(name, timeouts.sweep, async (services) => void (await work(services))).catch(() => {}),
    );
  const sleep = (ms: number): Promise<void> => new Promise<void>((go) => clock.after(ms, go));

  const tracked = (table: Table): Table => ({
    get: (...given) => engine.track(table.get(...given)),
    getMany: (...given) => engine.track(table.getMany(...given)),
    put: (...given) => engine.track(table.put(...given)),
    update: (...given) => engine.track(table.update(...given)),
    delete: (...given) => engine.track(table.delete(...given)),
    query: (...given) => engine.track(table.query(...given)),
    count: (...given) => engine.track(table.count(...given)),
  });

  const methodsOfAll = (services: Services): string[] => [
    ...methodsOf('table', tracked(memory)),
    ...methodsOf('executor', { start: executor.start, poll: executor.poll, stop: executor.stop }),
    ...Object.entries(services).flatMap(([port, member]) =>
      typeof member === 'object' ? methodsOf(port, member) : methodsOf('services', { [port]: member }),
    ),
  ];

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
          if (typeof method !== 'function' || typeof name !== 'string' || isAtOnce(name)) return method;
          return async (...given: unknown[]) => {
            await engine.turn(process, `${port}.${name} ${labelOf(given)}`);
            return Reflect.apply(method, object, given);
          };
        },
      });
    const mutated = mutation.table?.(memory, outside) ?? memory;
    const table = inTurn('table', point('table', tracked(mutated)));
    const plain = createStoresOn(table);
    const stores = mutation.stores?.(plain, table, outside) ?? plain;
    const workflow: Workflow = {
      ...(isLoop ? { looksItself: true } : {}),
      async start(runId, executionN) {
        happened({ what: 'executionStarted', runId });
        return (isLoop ? loop.workflow : machine.workflow).start(runId, executionN);
      },
      wake: (run, why) => (isLoop ? loop.workflow : machine.workflow).wake(run, why),
    };
    const remote = inTurn('executor', point('executor', mutation.executor?.(executor) ?? executor));
    const send = (ids: readonly string[]) => sendLater('deliver', (other) => sendNow(other, post, ids));
    const inside: Services = {
      ...stores,
      scheduler: {
        arm: (armed) => schedules.scheduler.arm(armed),
        disarm: (scheduleId) => schedules.scheduler.disarm(scheduleId),
      },
      sender: { notice: (ids) => (isLoop && isTold ? send(ids) : undefined), send: async (ids) => send(ids) },
      renderDelivery: (_kind, run: Run) => renderNative(services, run),
      workflow,
      bus: {
        async publish(events) {
          for (const event of events) happened({ what: 'published', event });
          for (const { detail } of isLoop || !isTold ? [] : events) {
            if (typeof detail.runId !== 'number') continue;
            const { runId } = detail;
            sendLater('deliver', (other) => sendOfRun(other, post, runId, sleep));
          }
        },
      },
      executors: () => remote,
      now: clock.now,
      random,
      publicUrl: 'https://proctor.example',
      masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32) }],
      secrets: { get: async () => 'secret' },
      log(entry) {
        logs.push(entry);
        if (entry.event === 'job could not be stopped' || entry.event === 'job may be alive')
          happened({ what: 'gaveUpJob', runId: entry.runId ?? 0 });
      },
    };
    if (methods.length === 0) methods = methodsOfAll(inside);
    const services = inEveryPort(inside, (port, target) => {
      const pointed = isLoop && port === 'workflow' ? target : point(port, target);
      return inItsTurn.has(port) && !(isLoop && port === 'workflow') ? inTurn(port, pointed) : pointed;
    });
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

  const looksAfter = async (services: Services): Promise<void> => {
    await sweep(services);
    await sendDue(services, post, sleep).catch(() => {});
    if (!isTour) return;
    await sweepSchedules(services);
    await readOldestDue(services);
  };
  const sweepOnce = (): Promise<void> => call('sweep', timeouts.sweep, looksAfter).catch(() => {});
  // Once, to see what ports there are.
  servicesOf({ name: 'nobody', startedAt: 0, maxMs: 0, rank: 0, alive: false, vanished() {} });
  const isDue = (): boolean =>
    memory.items().some(({ due, nextActionAt }) => due !== undefined && Number(nextActionAt) <= clock.now());

  const made = createStoresOn(memory);
  const guideKey = createApiKey({
    random: seededBytes('guide'),
    name: 'administrator',
    ownerId: 1,
    scopes,
    projects: null,
    planIds: null,
    now: clock.now(),
  });
  if (isTour) await made.keys.putKey(guideKey.key);
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
  /** Someone who calls every operation of the API, and again what got no answer. */
  const walk = async (): Promise<void> => {
    clients.add('tour');
    const pace = createRandom(`pace ${scenario.seed}`);
    const send = async (name: string, request: TourRequest, lost = 0): Promise<Answer> => {
      await sleep(pace.below(6000));
      // Whoever sends an end in the place of a job speaks for it.
      const isEnd = name.startsWith('addResults') || name === 'uploadResults';
      if (isEnd) executor.endOf(runOfRequest(request));
      if (isEnd || name.startsWith('addProgress')) happened({ what: 'uploaded', runId: runOfRequest(request) ?? 0 });
      const answer = await call(`tour ${name}`, timeouts.http, (services) =>
        answerRequest(services, request, (event) =>
          sendLater('bus event', (other) => startByEvent(other, other.plans.listEventPlans, event)),
        ),
      ).catch(() => undefined);
      const { attempt } = (answer?.body ?? {}) as { readonly attempt?: number };
      if (isEnd && attempt !== undefined) executor.endOf(runOfRequest(request), attempt);
      // Whoever took the name and died holds it for a minute.
      const isHeld = answer?.status === 409 && JSON.stringify(answer.body).includes('try again in a minute');
      if (isHeld) await sleep(minuteMs);
      const isDone = answer !== undefined && answer.status < 500 && !isHeld;
      if (!isDone && lost < maxLost) return send(name, request, lost + 1);
      const isNone = answer === undefined || isHeld;
      happened(isNone ? { what: 'unanswered', name } : { what: 'visited', name, lost, ...answer });
      return answer;
    };
    const guide = { key: guideKey.token, callbackToken: executor.lastToken, now: clock.now, sleep, send };
    await walkThroughApi(guide);
    clients.add('tidy').delete('tour');
    await itIsCalm;
    await tidyUp(guide);
    clients.delete('tidy');
  };
  let calmDown = (): void => {};
  const itIsCalm = new Promise<void>((resolve) => {
    calmDown = resolve;
  });
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
      case 'tour':
        return void walk();
      case 'crash':
        engine.crash();
        if (!isLoop) return;
        loop.kill();
        schedules.kill();
        loop = startLoop();
        schedules = startScheduler();
        call('resume', forever, async (services) => {
          await resume(services);
          await resumeSchedules(services);
        }).catch(() => {});
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
    isWalking: () => clients.has('tour'),
    isAsked: () => clients.size > 0 || executor.isSending(),
    /** Something is still to be done about a run, a job or a delivery. */
    isBusy: () => memory.items().some(({ due, nextActionAt }) => due !== undefined && nextActionAt !== undefined),
    /** Of all plans there ever were. */
    async namesOfCases() {
      const ids = memory.items().flatMap(({ pk }) => /^PLAN#(\d+)$/.exec(String(pk))?.[1] ?? []);
      const catalogs = new Map<number, Catalog>();
      for (const id of new Set(ids.map(Number))) catalogs.set(id, await made.plans.readCatalog(id));
      return (planId: number, position: number): string => {
        const { entries } = catalogs.get(planId) ?? { entries: [] };
        const entry = entries[position];
        return entry?.kind === 'case' ? `${entries[entry.parent]?.name} ${entry.name}` : String(position);
      };
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
    /** Every method of every port that may go wrong. */
    methods: () => methods,
    beginFaults() {
      faultRate = scenario.faultRate;
      if (scenario.aim === undefined) return;
      const { nth, of, at = methods } = scenario.aim;
      const all = at.flatMap((method) => faults.map((fault) => `${method} ${fault}`));
      aims = new Set(all.filter((_, i) => i % of === nth % of));
    },
    calm() {
      faultRate = 0;
      aims = new Set();
      sweeping = true;
      happened({ what: 'calm' });
      calmDown();
    },
  };
}

/** By the path, or by the callback's token. */
function runOfRequest({ target, headers }: TourRequest): number {
  return Number(/^\/v1\/runs\/(\d+)\//.exec(target)?.[1] ?? headers.authorization?.split('.')[1]);
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
