import { createEgress } from '../../lib/adapters/egress.ts';
import type { ReportableResult } from '../../lib/core/results.ts';
import { createTestsigmaExecutor } from '../../lib/executors/testsigma.ts';
import { fakePlanId, startFakeTestsigma } from '../support/fake-testsigma.ts';
import { describeExecutorContract } from './contract.ts';
import { makeDispatch } from './dispatch.ts';

const secret = 'canary-5f1c';
const createdAt = Date.now();
const words: Readonly<Record<ReportableResult, string>> = {
  passed: 'SUCCESS',
  failed: 'FAILURE',
  errored: 'ABORTED',
  skipped: 'NOT_EXECUTED',
  blocked: 'PRE_REQUISITE_FAILURE',
  running: 'QUEUED',
};

describeExecutorContract(
  'testsigma',
  { breaks: ['down', 'garbage', 'refuse'], polls: true, stops: true, secret, tellsClasses: false },
  async () => {
    const tenant = await startFakeTestsigma();
    const executor = createTestsigmaExecutor({
      egress: createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' }),
      secrets: { get: async () => secret },
      now: Date.now,
      newId: () => 'fresh',
    });
    const settings = { type: 'testsigma', url: tenant.origin, apiKey: 'env:TENANT_KEY', testPlanId: fakePlanId };
    return {
      executor,
      dispatch: (overrides) => makeDispatch(settings, { createdAt, ...overrides }),
      jobsStarted: () => tenant.runs.length,
      endJob: async ({ key }, cases) => {
        const run = tenant.runs.find(({ buildNo }) => buildNo?.includes(`${key}-`));
        if (run === undefined) throw new Error(`no run of ${key}`);
        run.cases = cases.map(({ suite, name, result, message, durationMs }) => {
          return { suite, name, result: words[result], message: message ?? null, duration: durationMs };
        });
        run.ended = true;
      },
      breakDown: (how) => {
        tenant.answer = ({ json }, response) => {
          // What was sent comes back, as careless servers do.
          const echo = JSON.stringify({ error: secret, sent: json });
          if (how === 'garbage') response.end('<html>It works!</html>');
          else response.writeHead(how === 'down' ? 503 : 400).end(echo);
          return true;
        };
      },
      close: tenant.close,
    };
  },
);
