import { expect, test } from 'vitest';
import { settlePlans } from '../../lib/cli/import/imported-plan.ts';
import { createTestsigmaReader } from '../../lib/cli/import/testsigma-reader.ts';
import { answer, serve } from '../client/serve.ts';

const executor = { type: 'command', command: 'true' };

test('plans of one name are told apart, also from one that has such a name already', () => {
  const long = 'n'.repeat(255);
  const plan = (name: string, tenantPlanId: number, project = 'shop') => ({
    tenantPlanId,
    document: { name, project, executor },
    comments: [],
    scheduleComments: [],
    notes: [],
  });
  const { plans, leftOut } = settlePlans({
    plans: [
      plan('a', 1),
      plan('a (2)', 9),
      plan('a', 2),
      plan('a (2)', 9),
      plan('a', 2),
      plan('a', 2, 'other'),
      plan(long, 5),
      plan(long, 6),
    ],
    leftOut: [],
  });
  expect(leftOut).toEqual([]);
  expect(plans.map(({ document }) => document.name)).toEqual([
    'a',
    'a (2)',
    'a (2, 2)',
    'a (2) (9)',
    'a (2, 3)',
    'a',
    long,
    `${long.slice(0, 251)} (6)`,
  ]);
});

test('the cases of a plan are not those of a run of a saved configuration', async () => {
  const status = 'STATUS_COMPLETED';
  const { api, requests } = await serve(
    answer(200, {
      content: [
        { id: 9, status, executionConfig: { name: 'payments only' } },
        { id: 8, status, reRunParentId: 7 },
        { id: 7, status, executionConfig: null },
      ],
      last: true,
    }),
    answer(200, { testCases: [] }),
  );
  const reader = createTestsigmaReader(api.url, 'key', 'a test');
  expect(await reader.readNewestCases(1)).toEqual({ runId: '7', rows: [] });
  expect(requests[1]?.url).toBe('/api/v1/execution_results/7/test_case_results');
});
