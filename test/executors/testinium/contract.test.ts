import { createEgress } from '../../../lib/adapters/egress.ts';
import { createTestiniumExecutor } from '../../../lib/executors/testinium.ts';
import { answering, startFakeTestinium } from '../../support/fake-testinium.ts';
import { type Breakage, describeExecutorContract } from '../contract.ts';
import { makeDispatch } from '../dispatch.ts';
import { levelOfResult } from './levels-of.ts';

const secret = 'canary-5f1c';

for (const variant of ['cloud', 'enterprise'] as const) {
  describeExecutorContract(
    `testinium (${variant})`,
    { breaks: ['down', 'garbage', 'refuse'], polls: true, stops: true, secret },
    async () => {
      const tenant = await startFakeTestinium();
      tenant.secret = secret;
      const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' });
      const executor = createTestiniumExecutor({
        egress,
        secrets: { get: async () => secret },
        now: Date.now,
        newId: () => 'fresh',
      });
      const settings = {
        type: 'testinium',
        url: tenant.origin,
        variant,
        planId: 204,
        username: 'proctor',
        password: 'env:TENANT_PASSWORD',
      };
      const answers: Record<Breakage, () => void> = {
        down: () => {
          tenant.before = answering.status(503);
        },
        garbage: () => {
          tenant.before = answering.page;
        },
        refuse: () => {
          tenant.before = answering.status(403);
        },
      };
      return {
        executor,
        dispatch: (overrides) => makeDispatch(settings, overrides),
        jobsStarted: () => tenant.executions.length,
        endJob: async ({ key }, cases) => {
          const execution = tenant.executions.find((one) => one.key === key);
          if (execution === undefined) throw new Error(`no execution of ${key}`);
          tenant.end(execution, cases.map(levelOfResult));
        },
        breakDown: (how) => answers[how](),
        close: tenant.close,
      };
    },
  );
}
