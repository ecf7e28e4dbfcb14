import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { occurrenceKey } from '../../lib/core/schedule/schedule.ts';
import { fireSchedule } from '../../lib/workflow/fire-schedule.ts';
import { changeSchedule, type Draft, draftOf } from '../../lib/workflow/save-schedule.ts';
import { removeSchedule } from '../../lib/workflow/settle-schedule.ts';
import { resumeSchedules } from '../../lib/workflow/sweep-schedules.ts';
import { triggerRun } from '../../lib/workflow/trigger-run.ts';
import { aDocument } from '../support/runs.ts';
import { hour, hourlyFrom, openScheduleWorld, type ScheduleWorld } from '../support/schedule-world.ts';

let world: ScheduleWorld;
beforeAll(async () => {
  world = await openScheduleWorld();
});
afterAll(() => world.close());
// What one test leaves must not fire in the next.
afterEach(() => world.clear());

const author = { keyId: 'key', ownerId: 7, anchorField: 'at' };
const change = (id: number, draft: Partial<Draft>) =>
  changeSchedule(
    world.services,
    () => world.getSchedule(id),
    async (schedule) => ({ ...draftOf(schedule), ...draft }),
    author,
  );
const states = async (id: number) => (await world.listOccurrences(id)).map(({ state }) => state);

describe('an occurrence', () => {
  test('starts a run of its plan in its name, is on record, and arms the next', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan, { buildNo: '7', variables: { BASE: 'x' } });
    expect(await world.listRuns(plan.id)).toEqual([]);
    await world.clock.runFor(hour);
    const [run, ...others] = await world.listRuns(plan.id);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ buildNo: '7', schedule: { id, scheduledAt: nextAt }, createdAt: nextAt });
    expect(run?.trigger).toEqual({ type: 'schedule', keyId: 'key', ownerId: 7 });
    expect((await world.services.runs.getInput(run?.id ?? 0, true)).runtimeData).toEqual({ BASE: 'x' });
    expect(await world.listOccurrences(id)).toMatchObject([{ state: 'fired', runId: run?.id, scheduledAt: nextAt }]);
    expect(await world.getSchedule(id)).toMatchObject({ nextAt: nextAt + hour, status: 'active', unrecorded: [] });
    expect(world.armed.at(-1)).toEqual({ scheduleId: id, scheduledAt: nextAt + hour, at: nextAt + hour });
  });

  test('delivered again and again, in turn and at once, starts one run', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.kill();
    world.clock.jump(hour);
    await Promise.all(Array.from({ length: 10 }, () => fireSchedule(world.other().services, id, nextAt)));
    for (let again = 0; again < 3; again++) await fireSchedule(world.services, id, nextAt);
    expect(await world.listRuns(plan.id)).toHaveLength(1);
    expect(await states(id)).toEqual(['fired']);
    expect((await world.getSchedule(id)).nextAt).toBe(nextAt + hour);
    await world.start();
  });

  test('of a paused or deleted schedule, or one that was armed anew, starts nothing', async () => {
    const plan = await world.makePlan();
    const paused = await world.makeSchedule(plan, { name: 'paused' });
    const gone = await world.makeSchedule(plan, { name: 'gone' });
    const moved = await world.makeSchedule(plan, { name: 'moved' });
    await change(paused.id, { status: 'paused' });
    await removeSchedule(world.services, await world.getSchedule(gone.id));
    await change(moved.id, { timing: hourlyFrom(world.clock.now() + 90 * 60_000) });
    world.clock.jump(hour);
    for (const { id, nextAt } of [paused, gone, moved]) await fireSchedule(world.services, id, nextAt);
    expect(await world.listRuns(plan.id)).toEqual([]);
    expect((await world.getSchedule(paused.id)).nextAt).toBe(paused.nextAt);
  });

  test('that comes before its time is armed again', async () => {
    const plan = await world.makePlan();
    const { id, nextAt } = await world.makeSchedule(plan);
    await fireSchedule(world.services, id, nextAt);
    expect(await world.listRuns(plan.id)).toEqual([]);
    expect(world.armed.at(-1)).toMatchObject({ scheduleId: id, at: nextAt });
  });

  test('fires once, then the schedule is paused at its time', async () => {
    const plan = await world.makePlan();
    const anchor = new Date(world.clock.now() + hour).toISOString();
    const { id, nextAt } = await world.makeSchedule(plan, {
      timing: { recurrence: { type: 'once', anchor }, timezone: 'UTC' },
    });
    await world.clock.runFor(3 * hour);
    expect(await world.listRuns(plan.id)).toHaveLength(1);
    expect(await world.getSchedule(id)).toMatchObject({ status: 'paused', nextAt });
    expect((await world.getSchedule(id)).nextActionAt).toBeUndefined();
  });

  test('of a schedule with jitter is started at its own moment, under its own time', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { nextAt } = await world.makeSchedule(plan, { jitterSeconds: 1800 });
    await world.clock.runFor(2 * hour);
    const [run] = await world.listRuns(plan.id);
    const delay = (run?.createdAt ?? 0) - (run?.schedule?.scheduledAt ?? 0);
    expect(run?.schedule?.scheduledAt).toBe(nextAt);
    expect(delay % 1000).toBe(0);
    expect(delay).toBeGreaterThan(0);
    expect(delay).toBeLessThanOrEqual(1_800_000);
  });
});

describe('what a plan does about a second run', () => {
  test.each([
    ['reject', undefined, ['fired', 'skipped'], 1],
    ['allow', undefined, ['fired', 'fired'], 2],
    ['queue', undefined, ['fired', 'fired'], 2],
    ['allow', 'reject', ['fired', 'skipped'], 1],
    ['reject', 'queue', ['fired', 'fired'], 2],
  ] as const)('%s, and the schedule says %s: %j', async (overlap, own, expected, runs) => {
    const plan = await world.makePlan({ overlap });
    const { id, nextAt } = await world.makeSchedule(plan, own === undefined ? {} : { overlap: own });
    world.published.length = 0;
    await world.clock.runFor(2 * hour);
    expect(await states(id)).toEqual(expected);
    expect(await world.listRuns(plan.id)).toHaveLength(runs);
    const skipped = world.published.filter(({ detailType }) => detailType === 'Schedule Skipped');
    const code = 'ALREADY_RUNNING';
    const detail = { scheduleId: id, planId: plan.id, state: 'skipped', code, count: 1 };
    expect(skipped.map((event) => event.detail)).toMatchObject(expected[1] === 'skipped' ? [detail] : []);
    expect((await world.getSchedule(id)).nextAt).toBe(nextAt + 2 * hour);
  });

  test('a disabled plan is skipped', async () => {
    const plan = await world.makePlan({ enabled: false });
    const { id } = await world.makeSchedule(plan);
    await world.clock.runFor(hour);
    expect(await world.listOccurrences(id)).toMatchObject([{ state: 'skipped', code: 'PLAN_DISABLED' }]);
  });
});

describe('a run that cannot be built', () => {
  const config = { id: 5, name: 'smoke', query: [{ key: 'tags', value: ['smoke'], operation: 'IN' }] };
  const suites = [{ name: 'Cart', cases: [{ name: 'adds', tags: ['smoke'] }] }];

  test.each([
    ['its selection is gone', { config: { name: 'smoke' } }, /smoke/],
    ['its environment is gone', { environmentId: 4711 }, /environment 4711/],
  ])('because %s is recorded as an errored one that names the reason', async (_, draft, reason) => {
    const plan = await world.makePlan({ suites, overlap: 'reject' });
    await triggerRun(world.services, {
      planId: plan.id,
      maySee: () => true,
      trigger: { type: 'api', keyId: 'key', ownerId: 1 },
    });
    const { id } = await world.makeSchedule(plan, draft);
    await world.clock.runFor(hour);
    const [occurrence] = await world.listOccurrences(id);
    expect(occurrence).toMatchObject({ state: 'errored', code: 'NOT_BUILDABLE' });
    const run = await world.services.runs.getRun(occurrence?.runId ?? 0);
    expect(run).toMatchObject({ status: 'completed', result: 'errored', reason: 'notBuildable', attempt: 1 });
    expect(run?.explanation).toMatch(reason);
    expect(run).toMatchObject({ schedule: { id }, dispatch: 'due' });
    expect(run?.startedAt).toBeUndefined();
    expect((await world.getSchedule(id)).status).toBe('active');
  });

  test('what it names is looked up when it fires', async () => {
    const plan = await world.makePlan({ suites, overlap: 'allow', configs: [config] });
    await world.makeSchedule(plan, { config: { name: 'smoke' } });
    const cases = ['adds', 'pays'].map((name) => ({ name, tags: ['smoke'] }));
    const { name, overlap, executor } = plan;
    const document = aDocument({ name, overlap, executor, suites: [{ name: 'Cart', cases }] });
    await world.services.plans.updatePlan(plan, document, 1, world.clock.now());
    await world.clock.runFor(hour);
    const [run] = await world.listRuns(plan.id);
    expect(run).toMatchObject({ planVersion: 2, requestedCases: 2, config: { id: 5, name: 'smoke' } });
  });

  test('of a plan that is gone takes the schedule with it', async () => {
    const plan = await world.makePlan();
    const { id } = await world.makeSchedule(plan);
    await world.services.plans.deletePlan(plan, world.clock.now());
    await world.clock.runFor(hour);
    expect(await world.services.schedules.getSchedule(id)).toBeUndefined();
  });
});

describe('what was missed', () => {
  const nobodyFor = async (ms: number): Promise<void> => {
    await world.kill();
    world.clock.jump(ms);
    await world.start();
    await world.sweepAfter(10_000);
  };

  test.each([
    ['five minutes late', 65, {}, ['late'], 1],
    ['a minute late', 61, {}, ['fired'], 1],
    ['five minutes late, and it skips', 65, { missed: 'skip' }, ['missed'], 0],
    ['a minute late, although it skips', 61, { missed: 'skip' }, ['fired'], 1],
    ['later than it may be', 80, { maxLatenessSeconds: 600 }, ['missed'], 0],
    ['after five occurrences', 5 * 60 + 10, {}, ['missed', 'late'], 1],
    ['after five occurrences, the last on time', 5 * 60 + 1, { missed: 'skip' }, ['missed', 'fired'], 1],
  ] as const)('%s', async (_, minutes, draft, expected, runs) => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan, draft);
    world.published.length = 0;
    await nobodyFor(minutes * 60_000);
    const found = await world.listOccurrences(id);
    expect(found.map(({ state }) => state)).toEqual(expected);
    expect(await world.listRuns(plan.id)).toHaveLength(runs);
    const latest = nextAt + Math.floor((minutes - 60) / 60) * hour;
    if (expected.length === 2) {
      expect(found[0]).toMatchObject({ scheduledAt: nextAt, lastAt: latest - hour, count: 4 });
      expect(found[1]).toMatchObject({ scheduledAt: latest });
    }
    const told = world.published.filter(({ detail }) => detail.scheduleId === id);
    expect(told.map(({ detailType }) => detailType)).toEqual(expected[0] === 'missed' ? ['Schedule Skipped'] : []);
    expect(await world.getSchedule(id)).toMatchObject({ nextAt: latest + hour, unrecorded: [] });
    expect(world.armed.at(-1)).toMatchObject({ scheduleId: id, scheduledAt: latest + hour });
  });

  test('twelve hours down: twelve schedules catch up with one run each, a few at a time', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const ids: number[] = [];
    for (let i = 0; i < 12; i++) ids.push((await world.makeSchedule(plan, { name: `every hour ${i}` })).id);
    await world.kill();
    world.clock.jump(12 * hour + 600_000);
    await world.start();
    expect(await world.listRuns(plan.id)).toEqual([]);
    await world.sweep();
    expect(await world.listRuns(plan.id)).toHaveLength(5);
    await world.sweepAfter(61_000, 61_000);
    expect(await world.listRuns(plan.id)).toHaveLength(12);
    for (const id of ids) {
      expect(await world.listOccurrences(id)).toMatchObject([{ state: 'missed', count: 11 }, { state: 'late' }]);
    }
  });

  test('those that start nothing late keep no late run waiting', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const skipping: number[] = [];
    for (let i = 0; i < 6; i++)
      skipping.push((await world.makeSchedule(plan, { name: `skips ${i}`, missed: 'skip' })).id);
    const { id } = await world.makeSchedule(plan, { name: 'late' });
    await world.kill();
    world.clock.jump(hour + 600_000);
    await world.start();
    await world.sweep();
    expect(await states(id)).toEqual(['late']);
    for (const one of skipping) expect(await states(one)).toEqual(['missed']);
  });

  test('those whose late run has to wait leave the page to the others until the next minute', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const ids: number[] = [];
    for (let i = 0; i < 8; i++) ids.push((await world.makeSchedule(plan, { name: `late ${i}` })).id);
    await world.kill();
    world.clock.jump(hour + 600_000);
    await world.start();
    await world.sweep();
    const due = async () =>
      (await world.services.schedules.listDueSchedules(world.clock.now(), 100)).filter(
        (one) => one.kind === 'schedule' && ids.includes(one.scheduleId),
      );
    expect(await due()).toEqual([]);
    world.clock.jump(50_000);
    expect(await due()).toHaveLength(3);
    await world.sweep();
    for (const id of ids) expect(await states(id)).toEqual(['late']);
  });

  test('while the bus is down, it is told afterwards', async () => {
    const plan = await world.makePlan();
    const { id } = await world.makeSchedule(plan, { missed: 'skip' });
    world.published.length = 0;
    world.world.busDown = true;
    await nobodyFor(2 * hour - 60_000);
    expect(await states(id)).toEqual(['missed']);
    expect(world.published).toEqual([]);
    world.world.busDown = false;
    await world.sweepAfter(20_000);
    expect(world.published.map(({ detail }) => detail.scheduleId)).toEqual([id]);
    await world.sweepAfter(20_000);
    expect(world.published).toHaveLength(1);
  });
});

describe('a lost arm', () => {
  test('that was never set is set by the sweeper', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    world.world.armsFail = true;
    const { id, nextAt } = await world.makeSchedule(plan);
    expect(world.armed.at(-1)?.scheduleId).not.toBe(id);
    world.world.armsFail = false;
    await world.sweepAfter(20_000);
    expect(world.armed.at(-1)).toEqual({ scheduleId: id, scheduledAt: nextAt, at: nextAt });
  });

  test('that never fires is fired by the sweeper within a minute', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.services.scheduler.disarm(id);
    await world.sweepAfter(hour, 35_000, 1000);
    expect(await world.listOccurrences(id)).toMatchObject([{ state: 'fired', scheduledAt: nextAt }]);
  });
});

describe('a change while it fires', () => {
  test('of the times: the run is on record, and the new times are armed', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.kill();
    world.clock.jump(hour);
    const { services } = world.other();
    const { triggered, go } = pauseAfter(services.runs);
    const firing = fireSchedule({ ...services, runs: triggered }, id, nextAt);
    await go.reached;
    const changed = await change(id, { timing: hourlyFrom(world.clock.now() + 120_000) });
    go.on();
    await firing;
    expect(await world.listOccurrences(id)).toMatchObject([{ state: 'fired', scheduledAt: nextAt }]);
    expect(await world.getSchedule(id)).toMatchObject({ nextAt: changed.nextAt });
    expect((await world.getSchedule(id)).claimedAt).toBeUndefined();
    expect(changed.nextAt).toBe(nextAt + 120_000);
    await world.start();
  });

  test('of the name only: the occurrence is concluded, and keeps both', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.kill();
    world.clock.jump(hour);
    const { services } = world.other();
    const { triggered, go } = pauseAfter(services.runs);
    const firing = fireSchedule({ ...services, runs: triggered }, id, nextAt);
    await go.reached;
    await change(id, { name: 'renamed' });
    go.on();
    await firing;
    expect(await states(id)).toEqual(['fired']);
    expect(await world.getSchedule(id)).toMatchObject({ name: 'renamed', nextAt: nextAt + hour });
    await world.start();
  });

  test('a due occurrence that a change of times came before is on record as skipped', async () => {
    const plan = await world.makePlan();
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.kill();
    world.clock.jump(hour + 1000);
    await change(id, { timing: hourlyFrom(nextAt + 2 * hour) });
    expect(await world.listOccurrences(id)).toMatchObject([
      { state: 'skipped', code: 'SCHEDULE_CHANGED', scheduledAt: nextAt },
    ]);
    expect(await world.listRuns(plan.id)).toEqual([]);
    await world.start();
  });

  test('a change of the name keeps an occurrence that is due', async () => {
    const plan = await world.makePlan();
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.kill();
    world.clock.jump(hour + 1000);
    await change(id, { name: 'renamed' });
    await fireSchedule(world.services, id, nextAt);
    expect(await states(id)).toEqual(['fired']);
    await world.start();
  });
});

describe('killed between two effects', () => {
  /** Every call of a port is a point; each is tried with its effect not done, and done but unknown. */
  test.each(['before', 'after'] as const)(
    '%s the effect, at every point: one run, one record, armed again',
    async (when) => {
      const fireAll = async (count: number, at: (i: number) => number) => {
        const plan = await world.makePlan({ overlap: 'allow' });
        const made = [];
        for (let i = 0; i < count; i++) made.push(await world.makeSchedule(plan, { name: `point ${i + 1}` }));
        await world.kill();
        world.clock.jump(hour);
        const lives = [];
        for (const [i, { id, nextAt }] of made.entries()) {
          const { services, life } = world.other({ at: at(i), when });
          await fireSchedule(services, id, nextAt).catch(() => {});
          lives.push(life);
        }
        await world.start();
        return { made, lives, plan };
      };
      const points = (await fireAll(1, () => Number.MAX_SAFE_INTEGER)).lives[0]?.calls ?? 0;
      expect(points).toBeGreaterThan(10);
      await world.clear();
      const { made, lives, plan } = await fireAll(points, (i) => i + 1);
      expect(lives.every(({ dead }) => dead)).toBe(true);
      await world.sweepAfter(15_000, 60_000);
      const runs = await world.listRuns(plan.id);
      expect(runs.map(({ schedule }) => schedule?.id).sort()).toEqual(made.map(({ id }) => id).sort());
      for (const { id, nextAt } of made) {
        const { id: runId } = runs.find(({ schedule }) => schedule?.id === id) ?? {};
        const known = await world.listOccurrences(id);
        expect([id, known]).toMatchObject([id, [{ state: 'fired', scheduledAt: nextAt, runId }]]);
        expect(await world.getSchedule(id)).toMatchObject({ nextAt: nextAt + hour, unrecorded: [] });
      }
    },
  );

  test('a run that was started and not recorded is on record when the next occurrence is due, not called missed', async () => {
    const plan = await world.makePlan({ overlap: 'allow' });
    const { id, nextAt } = await world.makeSchedule(plan);
    await world.kill();
    world.clock.jump(hour);
    const { services } = world.other();
    const { triggered, go } = pauseAfter(services.runs);
    void fireSchedule({ ...services, runs: triggered }, id, nextAt);
    await go.reached;
    world.clock.jump(2 * hour);
    await resumeSchedules((await world.start()).services);
    await world.sweepAfter(10_000);
    expect(await world.listOccurrences(id)).toMatchObject([
      { state: 'fired', scheduledAt: nextAt },
      { state: 'missed', scheduledAt: nextAt + hour, count: 1 },
      { state: 'fired', scheduledAt: nextAt + 2 * hour },
    ]);
    expect(await world.listRuns(plan.id)).toHaveLength(2);
  });
});

test('the key of an occurrence is its schedule and its time', () => {
  expect(occurrenceKey(41, 1_800_293_400_000)).toBe('41@1800293400000');
});

/** The run store, whose caller stands still once its run is admitted. */
function pauseAfter(runs: ScheduleWorld['services']['runs']) {
  let on = (): void => {};
  let reached = (): void => {};
  const going = new Promise<void>((resolve) => {
    on = resolve;
  });
  const go = {
    on: () => on(),
    reached: new Promise<void>((resolve) => {
      reached = resolve;
    }),
  };
  const triggered: typeof runs = {
    ...runs,
    async admit(run, given) {
      const admitted = await runs.admit(run, given);
      reached();
      await going;
      return admitted;
    },
  };
  return { triggered, go };
}
