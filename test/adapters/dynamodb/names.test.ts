import { afterAll, beforeAll, expect, test } from 'vitest';
import { isServiceError } from '../../../lib/core/errors.ts';
import { parsePlan } from '../../../lib/core/plan.ts';
import { openWireTable } from '../../support/table.ts';

let opened: Awaited<ReturnType<typeof openWireTable>>;
beforeAll(async () => {
  opened = await openWireTable();
});
afterAll(() => opened.close());

const document = (name: string) => parsePlan({ name, executor: { type: 'command', command: 'true' } });
const environment = (name: string) => ({ name, description: null, project: 'default', variables: [] });

/** Those that got the name; the others must have been refused for it. */
async function winners<T>(tries: Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(tries);
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return [outcome.value];
    expect(isServiceError(outcome.reason, 'NAME_TAKEN') || isServiceError(outcome.reason, 'VERSION_CONFLICT')).toBe(
      true,
    );
    return [];
  });
}

test('of creators of one plan name at the same time one gets it', async () => {
  const { plans } = opened.stores;
  for (let round = 0; round < 10; round++) {
    const name = `plan ${round}`;
    const made = await winners(Array.from({ length: 5 }, () => plans.createPlan(document(name), 1, 1000)));
    expect(made).toHaveLength(1);
    expect((await plans.findPlanByName('default', name))?.id).toBe(made[0]?.id);
  }
  expect(await plans.listPlans(0, 100)).toHaveLength(10);
});

test('of creators of one environment name at the same time one gets it', async () => {
  const { environments } = opened.stores;
  const made = await winners(
    Array.from({ length: 5 }, () => environments.createEnvironment(environment('staging'), 1, 1000)),
  );
  expect(made).toHaveLength(1);
  expect(await environments.listEnvironments()).toHaveLength(1);
});

test('a name is free again at once when its plan is deleted or renamed', async () => {
  const { plans } = opened.stores;
  const first = await plans.createPlan(document('first'), 1, 1000);
  await plans.deletePlan(first, 0);
  const second = await plans.createPlan(document('first'), 1, 1001);
  await plans.updatePlan(second, document('second'), 1, 1002);
  await expect(plans.createPlan(document('first'), 1, 1003)).resolves.toMatchObject({ name: 'first' });
  await expect(plans.createPlan(document('second'), 1, 1004)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
});

test('a name whose creator died is free again after a minute', async () => {
  const { plans } = opened.stores;
  await opened.table.put({ pk: 'NAME#default#orphan', sk: 'PLAN', holder: 999_999, claimedAt: 1000 });
  await expect(plans.createPlan(document('orphan'), 1, 30_000)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  await expect(plans.createPlan(document('orphan'), 1, 61_001)).resolves.toMatchObject({ name: 'orphan' });
});
