import { writeJUnit } from '../../../lib/adapters/junit/write-junit.ts';
import { createApiKey } from '../../../lib/core/api-key.ts';
import { indexCatalog, placeDeclared } from '../../../lib/core/catalog.ts';
import type { AttemptEnd, Dispatch } from '../../../lib/core/executor.ts';
import { type Plan, parsePlan } from '../../../lib/core/plan.ts';
import type { LogEntry, RunStore, Services } from '../../../lib/core/ports.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import type { Run } from '../../../lib/core/run.ts';
import { createEntry } from '../../../lib/http/entry.ts';
import { type Scope, scopes } from '../../../lib/http/message.ts';
import { createCaseResults } from '../../../lib/http/testsigma/case-results.ts';
import * as environments from '../../../lib/http/testsigma/environments.ts';
import { createJUnitReport } from '../../../lib/http/testsigma/junit-report.ts';
import { createListPlans } from '../../../lib/http/testsigma/list-plans.ts';
import { createListRuns } from '../../../lib/http/testsigma/list-runs.ts';
import { createOverrideRun } from '../../../lib/http/testsigma/override-run.ts';
import { createReadRun } from '../../../lib/http/testsigma/read-run.ts';
import { createListConfigs } from '../../../lib/http/testsigma/saved-configs.ts';
import * as schedules from '../../../lib/http/testsigma/schedules.ts';
import { createStopRun } from '../../../lib/http/testsigma/stop-run.ts';
import { createTriggerRun } from '../../../lib/http/testsigma/trigger-run.ts';
import { completeRun } from '../../../lib/workflow/complete-run.ts';
import { dispatchAttempt } from '../../../lib/workflow/dispatch-attempt.ts';
import { recordResults } from '../../../lib/workflow/record-results.ts';
import { renderNative } from '../../../lib/workflow/render-delivery.ts';
import { createFakeSecrets } from '../../support/fake-secrets.ts';
import { aRequest, seededBytes } from '../../support/http.ts';
import { openTestTable, type TestTable } from '../../support/table.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body parsed; undefined if it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect
  readonly body: any;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

/** The API behind the shared entry, on a table of its own or the given one, with an executor that waits to be told what it reports. */
export type Facade = Awaited<ReturnType<typeof openFacade>>;

export async function openFacade(given?: TestTable) {
  const { stores, table, close } = given ?? (await openTestTable());
  const clock = { now: 1_795_421_730_120 };
  const random = seededBytes('testsigma');
  const logs: LogEntry[] = [];
  const dispatches: Dispatch[] = [];
  const calls: string[] = [];
  /** What happens while a stop waits: time passes, unless a test says more. */
  const sleep = {
    now: async (ms: number): Promise<void> => {
      clock.now += ms;
    },
  };
  const secrets = createFakeSecrets();
  const runs = recordCalls(stores.runs, calls);
  const services: Services = {
    ...stores,
    runs,
    sender: { notice() {}, send: async () => {} },
    renderDelivery: (_kind, run) => renderNative(services, run),
    scheduler: { arm: async () => {}, disarm: async () => {} },
    workflow: { start: async () => 'open', wake: async () => {} },
    bus: { publish: async () => {} },
    executors: () => ({
      capabilities: () => ({ selects: 'cases', callsBack: true, polls: false, stops: true }),
      start: async (dispatch) => {
        dispatches.push(dispatch);
        return { ref: dispatch.key, executing: { grain: 'everything', description: 'everything' } };
      },
      poll: async () => ({ state: 'running', cases: [] }),
      stop: async () => 'stopping',
    }),
    now: () => clock.now,
    random,
    publicUrl: 'https://proctor.example.com',
    masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32) }],
    secrets,
    log: (line) => logs.push(line),
  };
  const entry = createEntry({
    keys: stores.keys,
    now: services.now,
    log: services.log,
    handlers: {
      'testsigma.trigger': createTriggerRun(services),
      'testsigma.getRun': createReadRun(services),
      'testsigma.listRuns': createListRuns(services),
      'testsigma.listCases': createCaseResults(services),
      'testsigma.getJunit': createJUnitReport(services, writeJUnit),
      'testsigma.overrideRun': createOverrideRun(services),
      'testsigma.stopRun': createStopRun(services, (ms) => sleep.now(ms)),
      'testsigma.listPlans': createListPlans(services),
      'testsigma.listConfigs': createListConfigs(services),
      'testsigma.listEnvironments': environments.createListEnvironments(services),
      'testsigma.createEnvironment': environments.createCreateEnvironment(services),
      'testsigma.getEnvironment': environments.createGetEnvironment(services),
      'testsigma.createSchedule': schedules.createCreateSchedule(services),
      'testsigma.listSchedules': schedules.createListSchedules(services),
      'testsigma.getSchedule': schedules.createGetSchedule(services),
      'testsigma.updateSchedule': schedules.createUpdateSchedule(services),
      'testsigma.deleteSchedule': schedules.createDeleteSchedule(services),
    },
  });

  const addKey = async (
    change: { scopes?: readonly Scope[]; projects?: readonly string[]; planIds?: readonly number[] } = {},
  ): Promise<string> => {
    const made = createApiKey({
      random,
      name: 'ci',
      ownerId: 3,
      now: clock.now,
      scopes: change.scopes ?? scopes,
      projects: change.projects ?? null,
      planIds: change.planIds ?? null,
    });
    await stores.keys.putKey(made.key);
    return made.token;
  };
  const everything = await addKey();

  const call = async (method: string, target: string, options: CallOptions = {}): Promise<Answer> => {
    const [path = '', search = ''] = target.split('?');
    const body = options.body === undefined ? '' : options.body;
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const answer = await entry(
      aRequest(method, path, {
        query: new URLSearchParams(search),
        headers: { authorization: `Bearer ${options.token ?? everything}`, ...options.headers },
        body: bytes,
        baseUrl: '',
      }),
    );
    const text = String(answer.body);
    return { status: answer.status, headers: answer.headers, text, body: parsed(text) };
  };

  let plans = 0;
  const addPlan = async (change: Record<string, unknown> = {}): Promise<Plan> => {
    plans += 1;
    const executor = { type: 'http', url: 'https://runner.example/' };
    const document = parsePlan({ name: `Plan ${plans}`, overlap: 'allow', executor, ...change });
    const plan = await stores.plans.createPlan(document, 3, clock.now);
    const index = indexCatalog(await stores.plans.readCatalog(plan.id));
    placeDeclared(plan, index);
    if (index.added.length > 0) await stores.plans.appendCatalog(plan.id, 0, index.added);
    return plan;
  };
  const getRun = async (runId: number): Promise<Run> => {
    const run = await stores.runs.getRun(runId);
    if (run === undefined) throw new Error(`no run ${runId}`);
    return run;
  };
  const trigger = async (plan: Plan, body: Record<string, unknown> = {}): Promise<number> => {
    const answer = await call('POST', '/api/v1/execution_results', { body: { executionId: plan.id, ...body } });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body.id;
  };
  const dispatch = async (runId: number): Promise<void> => {
    await dispatchAttempt(services, await getRun(runId));
  };
  const report = async (runId: number, cases: readonly ReportedCase[], end?: AttemptEnd): Promise<void> => {
    await recordResults(services, { runId, attempt: 1, cases, wake: false, ...(end === undefined ? {} : { end }) });
  };
  const finish = async (runId: number, cases: readonly ReportedCase[], end: AttemptEnd = {}): Promise<void> => {
    await dispatch(runId);
    clock.now += 95_480;
    await report(runId, cases, end);
    await completeRun(services, runId);
  };

  return {
    services,
    clock,
    secrets,
    logs,
    dispatches,
    calls,
    sleep,
    call,
    addKey,
    addPlan,
    getRun,
    trigger,
    dispatch,
    report,
    complete: (runId: number) => completeRun(services, runId),
    /** A run that reported the cases and is over. */
    async finished(plan: Plan, cases: readonly ReportedCase[], end: AttemptEnd = {}): Promise<number> {
      const runId = await trigger(plan);
      await finish(runId, cases, end);
      return runId;
    },
    finish,
    async countStored(): Promise<number> {
      return Number((await table.get({ pk: 'SEQ', sk: 'runs' }))?.n ?? 0);
    },
    close,
  };
}

export function aCase(name: string, result: ReportedCase['result'], change: Partial<ReportedCase> = {}): ReportedCase {
  return { suite: 'Payment', className: '', name, result, durationMs: 12_031, ...change };
}

/** Every key with its value's JSON type, nested ones by path; one line for all items of an array. */
export function typesOf(value: unknown, path = ''): Map<string, string> {
  const types = new Map<string, string>();
  if (Array.isArray(value)) {
    for (const item of value) for (const [key, type] of typesOf(item, `${path}[]`)) types.set(key, type);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      const key = path === '' ? name : `${path}.${name}`;
      types.set(key, typeOf(member));
      for (const [inner, type] of typesOf(member, key)) types.set(inner, type);
    }
  }
  return types;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The store, writing down the name of each call. */
function recordCalls(store: RunStore, calls: string[]): RunStore {
  return new Proxy(store, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        calls.push(String(name));
        return member.apply(target, given);
      };
    },
  });
}
