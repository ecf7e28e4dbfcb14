import { createEgress } from '../../../lib/adapters/egress.ts';
import { createTestiniumExecutor } from '../../../lib/executors/testinium.ts';
import { answering, type FakeExecution, startFakeTestinium } from '../../support/fake-testinium.ts';
import type { Breakage, ExecutorHarness, ExecutorTraits, Setup } from '../contract/harness.ts';
import { describeExecutorContract } from '../contract.ts';
import { makeDispatch } from '../dispatch.ts';
import { levelOfResult } from './levels-of.ts';

const traits: ExecutorTraits = {
  breaks: ['down', 'throttled', 'refuse', 'refuseStop', 'stopLate', 'garbage', 'oversized', 'lostAnswer', 'silent'],
  polls: true,
  stops: true,
  callsBack: true,
  startsAtomically: true,
  tellsProgress: true,
  cannotTell: ['iteration'],
  takes: ['selection'],
  waitSeconds: 7,
  secret: 'canary-5f1c',
};

for (const variant of ['cloud', 'enterprise'] as const) {
  describeExecutorContract(`testinium (${variant})`, traits, setupTestinium(variant));
}

/** The executor before a tenant as the contract has it, where each run is one of a plan of its own: tenants stop plans. */
function setupTestinium(variant: 'cloud' | 'enterprise'): Setup {
  return async (now): Promise<ExecutorHarness> => {
    const tenant = await startFakeTestinium();
    tenant.secret = traits.secret;
    const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' });
    let timeoutMs = 15_000;
    const create = () =>
      createTestiniumExecutor({
        egress: { ...egress, send: (request) => egress.send({ ...request, timeoutMs }) },
        secrets: { get: async () => traits.secret },
        now,
        newId: () => 'fresh',
      });
    const executionOf = (key: string): FakeExecution => {
      const execution = tenant.executions.find((one) => one.key === key);
      if (execution === undefined) throw new Error(`no execution of ${key}`);
      return execution;
    };
    /** Only what an execution had can be rerun: someone had one of just these cases. */
    const seed = (planId: number, selection: NonNullable<ReturnType<typeof makeDispatch>['selection']>): void => {
      const results = selection.map((picked) => levelOfResult({ ...picked, result: 'failed', durationMs: 1 }));
      tenant.end(tenant.begin(String(planId), { username: 'someone.else' }), results);
    };
    const breakages: Record<Breakage, () => void> = {
      down: () => {
        tenant.before = answering.status(503);
      },
      throttled: () => {
        tenant.before = answering.status(429, { 'retry-after': String(traits.waitSeconds) });
      },
      refuse: () => {
        tenant.before = answering.status(403);
      },
      refuseStop: () => {
        tenant.before = (asked, response) => asked.path.endsWith('/stop') && answering.status(403)(asked, response);
      },
      stopLate: () => {
        tenant.stopsLate = true;
      },
      garbage: () => {
        tenant.before = answering.page;
      },
      oversized: () => {
        tenant.before = answering.endless;
      },
      lostAnswer: () => {
        tenant.losesAnswers = true;
      },
      silent: () => {
        timeoutMs = 200;
        tenant.before = () => true;
      },
    };
    return {
      executor: create(),
      another: create,
      dispatch(overrides = {}) {
        const planId = 152 + (overrides.runId ?? 52);
        if (overrides.selection) seed(planId, overrides.selection);
        const password = 'env:TENANT_PASSWORD';
        const settings = { type: 'testinium', url: tenant.origin, variant, planId, username: 'proctor', password };
        return makeDispatch(settings, overrides);
      },
      jobsStarted: () => tenant.executions.filter(({ key }) => key !== undefined).length,
      received({ key }) {
        const { scenarios } = executionOf(key);
        return { selection: scenarios?.map((id) => tenant.scenarioOf(id).split(' › ').at(-1) ?? '') ?? null };
      },
      progress: ({ key }, cases) => tenant.setResults(executionOf(key), cases.map(levelOfResult)),
      endJob: ({ key }, cases) => tenant.end(executionOf(key), cases.map(levelOfResult)),
      endWithoutResults: ({ key }) =>
        tenant.end(executionOf(key), [], { errorCode: 'NO_TESTS', summary: { ERROR: 1 } }),
      endAtOnce: (cases) => tenant.onStart((execution) => tenant.end(execution, cases.map(levelOfResult))),
      breakDown: (how) => breakages[how](),
      recover() {
        tenant.before = undefined;
        tenant.losesAnswers = false;
        tenant.stopsLate = false;
        timeoutMs = 15_000;
      },
      close: tenant.close,
    };
  };
}
