import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { fireSchedule } from '../../../lib/workflow/fire-schedule.ts';
import { type Answer, type Facade, openFacade } from './facade.ts';

const path = '/api/v1/schedule_executions';
const start = 1_795_432_800_750;
const configs = [{ name: 'payments only', query: [{ key: 'suiteId', value: [65], operation: 'NOT_IN' }] }];

let facade: Facade;
let plan: Plan;
beforeAll(async () => {
  facade = await openFacade();
  facade.clock.now = start;
  plan = await facade.addPlan({ configs });
});
afterAll(() => facade.close());

const post = (body: object, token?: string): Promise<Answer> =>
  facade.call('POST', path, token === undefined ? { body } : { body, token });
const put = (id: number, body: unknown): Promise<Answer> => facade.call('PUT', `${path}/${id}`, { body });
const get = (id: number): Promise<Answer> => facade.call('GET', `${path}/${id}`);
const aBody = (change: object = {}) => ({
  name: 'nightly',
  executionId: plan.id,
  scheduleType: 'DAILY',
  nextInterval: '2027-01-18T09:30:00',
  ...change,
});
const made = async (change: object = {}): Promise<number> => (await post(aBody(change))).body.id;
/** Time goes on to the armed occurrence, and it is delivered. */
const fire = async (id: number): Promise<void> => {
  const { nextInterval } = (await get(id)).body;
  facade.clock.now = nextInterval;
  await fireSchedule(facade.services, id, nextInterval);
};

describe('saving', () => {
  test('answers the contract’s object: keys, order and values', async () => {
    const body = {
      name: 'Weekly payments',
      executionId: plan.id,
      scheduleType: 'WEEKLY',
      status: 'ACTIVE',
      nextInterval: '2027-01-18T09:30:00.000',
      timezone: 'PST',
      executionConfig: { name: 'payments only' },
    };
    const answer = await post(body);
    expect(answer.status).toBe(201);
    const expected = {
      id: answer.body.id,
      executionId: plan.id,
      name: 'Weekly payments',
      comments: null,
      scheduleType: 'WEEKLY',
      nextInterval: 1_800_293_400_000,
      nextIntervalUTC: '2027-01-18T17:30:00Z',
      createdById: 3,
      createdDate: start,
      updatedById: 3,
      updatedDate: start,
      status: 'ACTIVE',
      timezone: 'PST',
      executionConfig: { name: 'payments only' },
    };
    expect(answer.text).toBe(JSON.stringify(expected));
    expect(await get(answer.body.id)).toMatchObject({ status: 200, text: answer.text });
  });

  test('takes the seed’s payload as printed', async () => {
    const seed = await readFile(new URL('fixtures/seed-schedule.json', import.meta.url), 'utf8');
    const favourite = { ...configs[0], name: 'fav_config_name' };
    await facade.addPlan({ id: 3857, configs: [favourite] });
    facade.clock.now = Date.UTC(2023, 4, 1);
    const answer = await facade.call('POST', path, { body: seed });
    facade.clock.now = start;
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...JSON.parse(seed),
      nextInterval: Date.UTC(2023, 5, 1, 17, 30),
      nextIntervalUTC: '2023-06-01T17:30:00Z',
    });
  });

  test.each([
    ['2027-01-18T09:30', 'IST', '2027-01-18T04:00:00Z'],
    ['2027-01-18T09:30:15.999Z', 'IST', '2027-01-18T09:30:15Z'],
    ['2027-01-18T09:30:00+02:00', 'America/New_York', '2027-01-18T07:30:00Z'],
    [1_800_014_400_999, 'Europe/Berlin', '2027-01-15T12:00:00Z'],
    ['2027-01-18T09:30:00', 'GMT-05:30', '2027-01-18T15:00:00Z'],
    ['2027-03-28T02:30:00', 'Europe/Berlin', '2027-03-28T01:00:00Z'],
    ['2027-01-18T09:30:00', undefined, '2027-01-18T09:30:00Z'],
  ])('understands %s in %s as %s, and says so', async (nextInterval, timezone, nextIntervalUTC) => {
    const { status, body } = await post(aBody({ nextInterval, ...(timezone === undefined ? {} : { timezone }) }));
    expect([status, body.nextIntervalUTC, body.timezone]).toEqual([201, nextIntervalUTC, timezone ?? 'UTC']);
    expect(body.nextInterval).toBe(Date.parse(nextIntervalUTC));
  });

  test('begins after now when the anchor of a recurring one is past', async () => {
    const { body } = await post(aBody({ scheduleType: 'MONTHLY', nextInterval: '2026-01-31T09:00:00' }));
    expect(body.nextIntervalUTC).toBe('2026-11-30T09:00:00Z');
  });

  test('takes ids as text, nulls for what is not given, and ignores unknown keys', async () => {
    const [config] = plan.configs;
    const change = {
      executionId: ` ${plan.id} `,
      comments: null,
      executionConfig: { id: String(config?.id) },
      extra: 1,
    };
    const { status, body } = await post(aBody(change));
    expect([status, body.executionConfig]).toEqual([201, { id: config?.id }]);
    expect((await post(aBody({ executionConfig: null, status: 'IN_ACTIVE' }))).body).toMatchObject({
      executionConfig: null,
      status: 'IN_ACTIVE',
      nextIntervalUTC: '2027-01-18T09:30:00Z',
    });
  });

  test('never starts a run', async () => {
    const before = await facade.countStored();
    const id = await made();
    await put(id, { name: 'renamed', status: 'IN_ACTIVE' });
    await put(id, { status: 'ACTIVE' });
    expect(await facade.countStored()).toBe(before);
  });
});

describe('refused', () => {
  test.each([
    [{ name: undefined }, 400, 'VALIDATION_FAILED', 'name'],
    [{ name: '' }, 400, 'VALIDATION_FAILED', 'name'],
    [{ name: 'x'.repeat(256) }, 400, 'VALIDATION_FAILED', 'name'],
    [{ executionId: undefined }, 400, 'VALIDATION_FAILED', 'executionId'],
    [{ executionId: 'abc' }, 400, 'VALIDATION_FAILED', 'executionId'],
    [{ executionId: 2_000_000_000 }, 404, 'NOT_FOUND', undefined],
    [{ scheduleType: undefined }, 400, 'VALIDATION_FAILED', 'scheduleType'],
    [{ scheduleType: 'FORTNIGHTLY' }, 400, 'VALIDATION_FAILED', 'scheduleType'],
    [{ scheduleType: 7 }, 400, 'VALIDATION_FAILED', 'scheduleType'],
    [{ status: 'INACTIVE' }, 400, 'VALIDATION_FAILED', 'status'],
    [{ nextInterval: undefined }, 400, 'VALIDATION_FAILED', 'nextInterval'],
    [{ nextInterval: 'tomorrow' }, 400, 'VALIDATION_FAILED', 'nextInterval'],
    [{ nextInterval: '2027-02-30T09:30:00' }, 400, 'VALIDATION_FAILED', 'nextInterval'],
    [{ nextInterval: 1.5e18 }, 400, 'VALIDATION_FAILED', 'nextInterval'],
    [{ nextInterval: true }, 400, 'VALIDATION_FAILED', 'nextInterval'],
    [{ timezone: 'CEST' }, 400, 'UNKNOWN_TIMEZONE', 'timezone'],
    [{ timezone: 'EDT' }, 400, 'UNKNOWN_TIMEZONE', 'timezone'],
    [{ timezone: 5 }, 400, 'VALIDATION_FAILED', 'timezone'],
    [{ scheduleType: 'ONCE', nextInterval: '2026-01-01T00:00:00Z' }, 400, 'TIME_IN_PAST', 'nextInterval'],
    [{ executionConfig: { name: 'nobody' } }, 400, 'UNKNOWN_CONFIG', 'executionConfig'],
    [{ executionConfig: {} }, 400, 'VALIDATION_FAILED', 'executionConfig'],
    [{ executionConfig: 'payments only' }, 400, 'VALIDATION_FAILED', 'executionConfig'],
  ])('%j: %i %s on %s', async (change, status, code, field) => {
    const answer = await post(aBody(change));
    expect([answer.status, answer.body.code, answer.body.fieldErrors?.[0].field]).toEqual([status, code, field]);
  });

  test('broken JSON and unknown ids', async () => {
    expect((await facade.call('POST', path, { body: '{"name":' })).body.code).toBe('INVALID_JSON');
    expect((await get(4711)).status).toBe(404);
    expect((await put(4711, {})).status).toBe(404);
    expect((await facade.call('GET', `${path}/x`)).body.fieldErrors[0].field).toBe('id');
    expect((await facade.call('GET', `${path}?executionId=x`)).body.fieldErrors[0].field).toBe('executionId');
    expect((await facade.call('GET', `${path}?executionId=2000000000`)).status).toBe(404);
  });

  test('without the scope to edit schedules, and outside of the key’s projects, as if it were not there', async () => {
    const id = await made();
    const runner = await facade.addKey({ scopes: ['PLAN_RUN', 'PLAN_EDIT'] });
    expect((await post(aBody(), runner)).status).toBe(403);
    const elsewhere = await facade.addKey({ projects: ['elsewhere'] });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await facade.call(method, `${path}/${id}`, { token: elsewhere, body: method === 'GET' ? '' : {} });
      const unknown = await facade.call(method, `${path}/4711`, { token: elsewhere, body: method === 'GET' ? '' : {} });
      expect([answer.status, answer.text]).toEqual([404, unknown.text.replace('4711', String(id))]);
    }
    expect((await post(aBody(), elsewhere)).status).toBe(404);
    expect((await facade.call('GET', path, { token: elsewhere })).body.totalElements).toBe(0);
  });
});

describe('changing', () => {
  test('keys that are there replace, absent ones stay: the contract’s example', async () => {
    const id = await made({ executionConfig: { name: 'payments only' }, comments: 'kept' });
    const change = { nextInterval: '2027-01-15T12:00:00.000Z', scheduleType: 'ONCE', timezone: 'IST' };
    expect(await put(id, change)).toMatchObject({
      status: 200,
      body: {
        ...{ id, name: 'nightly', comments: 'kept', scheduleType: 'ONCE', timezone: 'IST', status: 'ACTIVE' },
        nextInterval: 1_800_014_400_000,
        nextIntervalUTC: '2027-01-15T12:00:00Z',
        executionConfig: { name: 'payments only' },
      },
    });
    expect((await put(id, { executionConfig: null })).body.executionConfig).toBeNull();
  });

  test('a zone alone reads the anchor’s text again in it', async () => {
    const id = await made({ timezone: 'PST' });
    expect((await put(id, { timezone: 'IST' })).body.nextIntervalUTC).toBe('2027-01-18T04:00:00Z');
    const instant = await made({ nextInterval: '2027-01-18T09:30:00Z', timezone: 'PST' });
    expect((await put(instant, { timezone: 'IST' })).body.nextIntervalUTC).toBe('2027-01-18T09:30:00Z');
  });

  test('what GET shows may be sent back and changes nothing', async () => {
    const id = await made({ scheduleType: 'MONTHLY', nextInterval: '2026-01-31T09:00:00' });
    const shown = (await get(id)).body;
    expect(shown.nextIntervalUTC).toBe('2026-11-30T09:00:00Z');
    await put(id, shown);
    const times: string[] = [];
    for (let i = 0; i < 4; i++) {
      await fire(id);
      times.push((await get(id)).body.nextIntervalUTC.slice(0, 10));
    }
    expect(times).toEqual(['2026-12-31', '2027-01-31', '2027-02-28', '2027-03-31']);
    facade.clock.now = start;
  });

  test.each([
    [{ nextInterval: '2027-01-10T08:00:00' }, '2027-01-10T07:00:00Z'],
    [{ nextInterval: '2027-01-10T08:00:00Z' }, '2027-01-10T08:00:00Z'],
    [{ nextInterval: '2027-01-10T08:00:00Z', timezone: 'UTC' }, '2027-01-10T08:00:00Z'],
    [{ nextInterval: '2027-01-10T08:00:00Z', scheduleType: 'HOURLY' }, '2027-01-10T08:00:00Z'],
  ])('%j means what it says, although the next occurrence is at that hour', async (change, nextIntervalUTC) => {
    const id = await made({ nextInterval: '2027-01-10T09:00:00', timezone: 'Europe/Berlin' });
    expect((await get(id)).body.nextIntervalUTC).toBe('2027-01-10T08:00:00Z');
    const { status, body } = await put(id, change);
    expect([status, body.nextIntervalUTC]).toEqual([200, nextIntervalUTC]);
    expect((await get(id)).body.nextIntervalUTC).toBe(nextIntervalUTC);
  });

  test('what GET shows, with another type, is the anchor of that type', async () => {
    const id = await made({ scheduleType: 'MONTHLY', nextInterval: '2026-01-31T09:00:00' });
    await put(id, { ...(await get(id)).body, scheduleType: 'YEARLY' });
    expect((await get(id)).body.nextIntervalUTC).toBe('2026-11-30T09:00:00Z');
    expect((await put(id, { scheduleType: 'MONTHLY' })).body.nextIntervalUTC).toBe('2026-11-30T09:00:00Z');
    await fire(id);
    expect((await get(id)).body.nextIntervalUTC).toBe('2026-12-30T09:00:00Z');
    facade.clock.now = start;
  });

  test('a paused one keeps its time, and goes on after now', async () => {
    const id = await made({ nextInterval: '2026-12-01T09:30:00' });
    expect((await put(id, { status: 'IN_ACTIVE' })).body.nextIntervalUTC).toBe('2026-12-01T09:30:00Z');
    facade.clock.now = Date.UTC(2026, 11, 5, 12);
    expect((await get(id)).body).toMatchObject({ status: 'IN_ACTIVE', nextIntervalUTC: '2026-12-01T09:30:00Z' });
    expect((await put(id, { status: 'ACTIVE' })).body.nextIntervalUTC).toBe('2026-12-06T09:30:00Z');
    facade.clock.now = start;
  });

  test('moves to another plan the key may see, and refuses what that one does not have', async () => {
    const id = await made({ executionConfig: { name: 'payments only' } });
    const other = await facade.addPlan();
    expect((await put(id, { executionId: other.id })).body.code).toBe('UNKNOWN_CONFIG');
    expect((await put(id, { executionId: other.id, executionConfig: null })).body.executionId).toBe(other.id);
    const list = await facade.call('GET', `${path}?executionId=${other.id}`);
    expect(list.body.content.map((one: { id: number }) => one.id)).toEqual([id]);
  });

  test('a change and an occurrence at the same moment lose nothing', async () => {
    const id = await made({ nextInterval: '2026-12-01T09:30:00' });
    const { nextInterval } = (await get(id)).body;
    facade.clock.now = nextInterval;
    await Promise.all([fireSchedule(facade.services, id, nextInterval), put(id, { name: 'renamed' })]);
    expect((await get(id)).body).toMatchObject({ name: 'renamed', nextIntervalUTC: '2026-12-02T09:30:00Z' });
    const occurrences = await facade.services.schedules.listOccurrences(id, 1e15, 10, facade.clock.now);
    expect(occurrences.map(({ state }) => state)).toEqual(['fired']);
    facade.clock.now = start;
  });
});

describe('firing', () => {
  test('a run says who started it; one that fired once is inactive and keeps its time', async () => {
    const id = await made({ scheduleType: 'ONCE', nextInterval: '2026-12-01T09:30:00' });
    await fire(id);
    const { body } = await facade.call('GET', `/api/v1/execution_results?executionId=${plan.id}&size=1`);
    expect(body.content[0]).toMatchObject({ triggeredType: 'SCHEDULED', scheduledId: id, executedBy: 3 });
    expect((await get(id)).body).toMatchObject({ status: 'IN_ACTIVE', nextIntervalUTC: '2026-12-01T09:30:00Z' });
    expect((await put(id, { status: 'ACTIVE' })).body).toMatchObject({
      code: 'TIME_IN_PAST',
      fieldErrors: [{ field: 'nextInterval' }],
    });
    expect((await put(id, { name: 'renamed' })).status).toBe(200);
    facade.clock.now = start;
  });

  test.each([
    ['MONTHLY', '2027-01-31T09:00', ['2027-01-31T08:00:00Z', '2027-02-28T08:00:00Z', '2027-03-31T07:00:00Z']],
    ['DAILY', '2027-03-27T02:30', ['2027-03-27T01:30:00Z', '2027-03-28T01:00:00Z', '2027-03-29T00:30:00Z']],
    ['DAILY', '2027-10-30T02:30', ['2027-10-30T00:30:00Z', '2027-10-31T00:30:00Z', '2027-11-01T01:30:00Z']],
    ['HOURLY', '2027-03-28T01:30', ['2027-03-28T00:30:00Z', '2027-03-28T01:30:00Z', '2027-03-28T02:30:00Z']],
  ])('%s from %s in Berlin: %j', async (scheduleType, nextInterval, expected) => {
    const id = await made({ scheduleType, nextInterval, timezone: 'Europe/Berlin' });
    const times: string[] = [];
    for (const _ of expected) {
      times.push((await get(id)).body.nextIntervalUTC);
      await fire(id);
    }
    expect(times).toEqual(expected);
    facade.clock.now = start;
  });

  test('a selection that is gone is a run that is aborted, with the reason', async () => {
    const once = await facade.addPlan({ configs });
    const body = {
      executionId: once.id,
      executionConfig: { name: 'payments only' },
      nextInterval: '2026-12-01T09:30:00',
    };
    const id = await made(body);
    const { name, overlap, executor } = once;
    const document = { ...(await facade.services.plans.getPlan(once.id)), name, overlap, executor, configs: [] };
    await facade.services.plans.updatePlan(once, document as never, 3, start);
    await fire(id);
    const runs = await facade.call('GET', `/api/v1/execution_results?executionId=${once.id}`);
    expect(runs.body.content).toMatchObject([{ status: 'STATUS_COMPLETED', result: 'ABORTED', scheduledId: id }]);
    expect(runs.body.content[0].message).toMatch(/^Test plan execution failed: .*payments only/);
    facade.clock.now = start;
  });
});

describe('deleting and listing', () => {
  test('DELETE is 202 without a body, again 404; its runs go on', async () => {
    const id = await made({ nextInterval: '2026-12-01T09:30:00' });
    await fire(id);
    expect(await facade.call('DELETE', `${path}/${id}`)).toMatchObject({ status: 202, text: '' });
    expect((await facade.call('DELETE', `${path}/${id}`)).status).toBe(404);
    expect((await get(id)).status).toBe(404);
    const { body } = await facade.call('GET', `/api/v1/execution_results?executionId=${plan.id}&size=1`);
    expect(body.content[0]).toMatchObject({ scheduledId: id, status: 'STATUS_IN_PROGRESS' });
    facade.clock.now = start;
  });

  test('pages of a plan’s schedules, newest first, and all that the key may see', async () => {
    const own = await facade.addPlan({ project: 'shop' });
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) ids.push(await made({ executionId: own.id, name: `schedule ${i}` }));
    const { body } = await facade.call('GET', `${path}?executionId=${own.id}&page=1&size=2`);
    expect(body).toMatchObject({ totalElements: 5, totalPages: 3, number: 1, size: 2, numberOfElements: 2 });
    expect(body.content.map(({ id }: { id: number }) => id)).toEqual([ids[2], ids[1]]);
    expect(body.content[0]).toEqual((await get(ids[2] ?? 0)).body);
    const shopper = await facade.addKey({ projects: ['shop'] });
    const all = await facade.call('GET', `${path}?size=100&direction=ASC`, { token: shopper });
    expect(all.body.content.map(({ id }: { id: number }) => id)).toEqual(ids);
    const onlyPlan = await facade.addKey({ planIds: [own.id] });
    expect((await facade.call('GET', path, { token: onlyPlan })).body.totalElements).toBe(5);
    expect((await facade.call('GET', path)).body.totalElements).toBeGreaterThan(5);
  });
});
