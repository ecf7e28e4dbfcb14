import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Services } from '../../lib/core/ports.ts';
import type { Run } from '../../lib/core/run.ts';
import { noticeJob } from '../../lib/workflow/notice-job.ts';
import { aCompletion, aRun } from '../support/runs.ts';
import { openTestTable } from '../support/table.ts';

let world: Awaited<ReturnType<typeof openTestTable>>;
let services: Services;
let run: Run;
const woken: [number, string][] = [];
let runs = 0;

beforeAll(async () => {
  world = await openTestTable();
  services = {
    ...world.stores,
    workflow: {
      start: async () => 'open',
      wake: async ({ id }: Run, why: string) => {
        woken.push([id, why]);
      },
    },
    now: () => 2000,
    log: () => {},
  } as unknown as Services;
});
afterAll(() => world.close());

// A run whose first attempt was given the job `shop:1`.
beforeEach(async () => {
  woken.length = 0;
  const { stores } = world;
  const created = aRun(++runs);
  await stores.runs.createRun(created, null);
  await stores.runs.admit(created, { deadlineAt: 100_000, nextActionAt: 1000 });
  const claimed = await stores.runs.claimDispatch((await stores.runs.getRun(runs)) as Run, 1500, 0);
  const attempt = { attempt: 1, startedAt: 1500, ref: 'shop:1', executing: 'everything' };
  const times = { at: 1500, deadlineAt: 100_000, nextActionAt: 60_000 };
  run = (await stores.runs.acceptDispatch(claimed as Run, attempt, times)) as Run;
});

describe('a message about a job', () => {
  it('wakes the run that was given the job', async () => {
    expect(await noticeJob(services, { runId: run.id, attempt: 1, ref: 'shop:1' })).toBe(true);
    expect(woken).toEqual([[run.id, 'look']]);
  });

  it('makes a step that is just about to wait look again', async () => {
    await noticeJob(services, { runId: run.id, attempt: 1, ref: 'shop:1' });
    expect(await world.stores.runs.registerToken(run.id, run.wakeSeq, 'token', 60_000)).toBe(false);
  });

  it.each([
    ['another job', { ref: 'shop:2' }],
    ['another attempt', { attempt: 2 }],
    ['a run that is not there', { runId: 4_000_000 }],
  ])('about %s wakes nobody', async (_what, change) => {
    expect(await noticeJob(services, { runId: run.id, attempt: 1, ref: 'shop:1', ...change })).toBe(false);
    expect(woken).toEqual([]);
  });

  it('about a completed run changes nothing', async () => {
    const completed = await world.stores.runs.complete(run, aCompletion({ eventId: `evt_${run.id}_2` }));
    expect(await noticeJob(services, { runId: run.id, attempt: 1, ref: 'shop:1' })).toBe(false);
    expect(await world.stores.runs.getRun(run.id)).toEqual(completed);
    expect(woken).toEqual([]);
  });
});
