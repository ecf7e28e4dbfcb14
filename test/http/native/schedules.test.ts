import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  occurrencesAnswer,
  previewAnswer,
  scheduleAnswer,
  schedulesAnswer,
} from '../../../lib/http/native/answer-schemas.ts';
import { fireSchedule } from '../../../lib/workflow/fire-schedule.ts';
import { type Answer, type Api, aPlan, openApi } from './api.ts';

const monday = Date.UTC(2027, 0, 4, 9);
const day = 86_400_000;

let api: Api;
let planId: number;
beforeAll(async () => {
  api = await openApi();
  planId = (await api.call('POST', '/v1/plans', { body: aPlan({ overlap: 'reject' }) })).body.id;
});
beforeEach(() => {
  api.clock.now = monday;
});
afterAll(() => api.close());

const post = (body: object): Promise<Answer> =>
  api.call('POST', '/v1/schedules', { body: { planId, name: 'nightly', cron: '0 2 ? * MON-FRI *', ...body } });
const get = (id: number) => api.call('GET', `/v1/schedules/${id}`);
/** The armed occurrence is delivered at its time. */
const fire = async (id: number): Promise<void> => {
  const schedule = await api.stores.schedules.getSchedule(id);
  api.clock.now = schedule?.nextAt ?? 0;
  await fireSchedule(api.services, id, api.clock.now);
};

describe('jitter that is not shorter than the time between two occurrences', () => {
  const minutes = { name: 'every five', cron: undefined, rate: '5 minutes' };
  const dense = { cron: '0,5 9 ? * MON *' };

  test.each([
    [{ ...minutes, jitterSeconds: 300 }, 400],
    [{ ...minutes, jitterSeconds: 299 }, 201],
    [{ ...dense, jitterSeconds: 300 }, 400],
    [{ ...dense, jitterSeconds: 299 }, 201],
    [{ cron: '0 * * * ? *', jitterSeconds: 3600 }, 400],
    [{ cron: undefined, once: '2027-02-01T09:00:00Z', jitterSeconds: 3600 }, 201],
    [{ jitterSeconds: 3600 }, 201],
  ])('%j: %i', async (body, status) => {
    const answer = await post(body);
    expect([answer.status, answer.body.errors?.[0].field]).toEqual([
      status,
      status === 400 ? 'jitterSeconds' : undefined,
    ]);
  });

  test('is refused in a change and in a plan’s document, too', async () => {
    const { id } = (await post({ jitterSeconds: 3600 })).body;
    const body = { name: 'nightly', rate: '15 minutes', jitterSeconds: 900 };
    const put = await api.call('PUT', `/v1/schedules/${id}`, { body });
    expect([put.status, put.body.errors?.[0].field]).toEqual([400, 'jitterSeconds']);
    expect((await get(id)).body).toMatchObject({ cron: '0 2 ? * MON-FRI *', jitterSeconds: 3600 });
    const applied = await api.call('POST', '/v1/plans', { body: aPlan({ schedules: [body] }) });
    expect([applied.status, applied.body.errors?.[0].field]).toEqual([400, 'schedules[0].jitterSeconds']);
  });

  test('of a schedule that has it already does not keep it from being paused', async () => {
    const { id } = (await post(minutes)).body;
    const schedule = await api.stores.schedules.getSchedule(id);
    if (schedule === undefined) throw new Error('no schedule');
    await api.stores.schedules.replaceSchedule(schedule, { jitterSeconds: 600 });
    expect((await api.call('POST', `/v1/schedules/${id}/pause`)).body).toMatchObject({ status: 'paused' });
  });
});

describe('a schedule', () => {
  test('is made, read, replaced and deleted', async () => {
    const made = await post({ timezone: 'Europe/Istanbul', missed: 'skip', jitterSeconds: 30, variables: { A: 'b' } });
    const { id } = made.body;
    expect(made).toMatchObject({
      status: 201,
      headers: { etag: '"1"', location: `http://127.0.0.1/v1/schedules/${id}` },
    });
    expect(z.safeParse(scheduleAnswer as never, made.body).error).toBeUndefined();
    expect(made.body).toMatchObject({
      ...{ planId, project: 'shop', name: 'nightly', status: 'active', source: 'api', version: 1 },
      ...{ cron: '0 2 ? * MON-FRI *', timezone: 'Europe/Istanbul', missed: 'skip', jitterSeconds: 30 },
      ...{ variables: { A: 'b' }, config: null, environmentId: null, overlap: null, buildNo: null, comments: null },
      nextAt: '2027-01-04T23:00:00.000Z',
    });
    expect((await get(id)).text).toBe(made.text);
    const body = { name: 'renamed', rate: 'rate(90 minutes)', enabled: false };
    const headers = { 'if-match': '"1"' };
    const put = await api.call('PUT', `/v1/schedules/${id}`, { body, headers });
    expect(put.headers.etag).toBe('"2"');
    expect(put.body).toMatchObject({ name: 'renamed', rate: '90 minutes', status: 'paused', nextAt: null, version: 2 });
    expect(put.body).not.toHaveProperty('cron');
    expect((await api.call('PUT', `/v1/schedules/${id}`, { body, headers })).body.code).toBe('VERSION_CONFLICT');
    expect((await api.call('DELETE', `/v1/schedules/${id}`, { headers })).status).toBe(409);
    expect((await api.call('DELETE', `/v1/schedules/${id}`)).status).toBe(204);
    expect((await get(id)).status).toBe(404);
  });

  test.each([
    [{ cron: undefined }, 'cron'],
    [{ rate: '5 minutes' }, 'rate'],
    [{ cron: '0 2 * * MON-FRI *' }, 'cron'],
    [{ cron: '61 2 ? * MON-FRI *' }, 'cron'],
    [{ cron: '0 0 ? FEB 8 *' }, 'cron'],
    [{ cron: undefined, rate: 'now and then' }, 'rate'],
    [{ cron: undefined, every: 'day' }, 'at'],
    [{ cron: undefined, every: 'day', at: 'noon' }, 'at'],
    [{ cron: undefined, once: '2020-01-01T00:00:00Z' }, 'once'],
    [{ at: '2027-02-01T00:00' }, 'at'],
    [{ timezone: 'CEST' }, 'timezone'],
    [{ endsAt: '2020-01-01T00:00:00Z' }, 'endsAt'],
    [{ config: { name: 'nobody' } }, 'config'],
    [{ environmentId: 4711 }, 'environmentId'],
    [{ jitterSeconds: 3601 }, 'jitterSeconds'],
    [{ maxLatenessSeconds: 86_401 }, 'maxLatenessSeconds'],
    [{ missed: 'runAll' }, 'missed'],
    [{ variables: { '1A': 'b' } }, 'variables.1A'],
    [{ colour: 'red' }, 'colour'],
  ])('%j is refused, naming %s', async (change, field) => {
    const { status, body } = await post(change);
    expect([status, body.errors?.[0].field]).toEqual([400, field]);
  });

  test('of no plan the key sees is not found, and without the scope it is forbidden', async () => {
    expect((await post({ planId: 4711 })).status).toBe(404);
    const { id } = (await post({})).body;
    const token = await api.addKey({ projects: ['elsewhere'] });
    for (const path of [`/v1/schedules/${id}`, `/v1/schedules/${id}/occurrences`, `/v1/schedules/${id}/preview`])
      expect((await api.call('GET', path, { token })).status).toBe(404);
    for (const verb of ['pause', 'resume'])
      expect((await api.call('POST', `/v1/schedules/${id}/${verb}`, { token })).status).toBe(404);
    const viewer = await api.addKey({ scopes: ['PLAN_VIEW', 'PLAN_EDIT', 'PLAN_RUN'] });
    expect((await api.call('POST', `/v1/schedules/${id}/pause`, { token: viewer })).status).toBe(403);
    expect((await api.call('GET', `/v1/schedules/${id}`, { token: viewer })).status).toBe(200);
  });

  test('is paused and resumed: it goes on with the first occurrence after now', async () => {
    const { id } = (await post({ cron: undefined, every: 'day', at: '2027-01-04T10:00' })).body;
    const pause = () => api.call('POST', `/v1/schedules/${id}/pause`);
    expect((await pause()).body).toMatchObject({ status: 'paused', nextAt: null, version: 2 });
    expect((await pause()).body.version).toBe(2);
    api.clock.now = monday + 3 * day;
    const resumed = await api.call('POST', `/v1/schedules/${id}/resume`);
    expect(resumed.body).toMatchObject({ status: 'active', nextAt: '2027-01-07T10:00:00.000Z', version: 3 });
    const stale = { headers: { 'if-match': '"2"' } };
    expect((await api.call('POST', `/v1/schedules/${id}/pause`, stale)).status).toBe(409);
  });

  test('keeps its version and its rate’s start while it fires and is renamed', async () => {
    const made = (await post({ cron: undefined, rate: '90 minutes', overlap: 'allow' })).body;
    expect(made.nextAt).toBe('2027-01-04T10:30:00.000Z');
    await fire(made.id);
    expect((await get(made.id)).body).toMatchObject({ version: 1, nextAt: '2027-01-04T12:00:00.000Z' });
    const body = { name: 'renamed', rate: '90 minutes', overlap: 'allow' };
    const put = await api.call('PUT', `/v1/schedules/${made.id}`, { body, headers: { 'if-match': '"1"' } });
    expect(put.body).toMatchObject({ version: 2, nextAt: '2027-01-04T12:00:00.000Z' });
  });

  test('lists by plan and project, with cursors, only what the key sees', async () => {
    const own = (await api.call('POST', '/v1/plans', { body: aPlan({ project: 'bank' }) })).body.id;
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) ids.push((await post({ planId: own, name: `schedule ${i}` })).body.id);
    const first = await api.call('GET', `/v1/schedules?plan=${own}&limit=2`);
    expect(z.safeParse(schedulesAnswer as never, first.body).error).toBeUndefined();
    const second = await api.call('GET', `/v1/schedules?plan=${own}&limit=2&cursor=${first.body.nextCursor}`);
    const idsOf = ({ body }: Answer) => body.schedules.map(({ id }: { id: number }) => id);
    expect([idsOf(first), idsOf(second), second.body.nextCursor]).toEqual([ids.slice(0, 2), ids.slice(2), null]);
    expect(idsOf(await api.call('GET', '/v1/schedules?project=bank'))).toEqual(ids);
    const token = await api.addKey({ projects: ['bank'] });
    expect(idsOf(await api.call('GET', '/v1/schedules', { token }))).toEqual(ids);
    expect((await api.call('GET', `/v1/schedules?plan=${planId}`, { token })).status).toBe(404);
  });
});

test('occurrences say what became of them, newest first, and the events are as their schema says', async () => {
  const own = (await api.call('POST', '/v1/plans', { body: aPlan({ overlap: 'reject' }) })).body.id;
  const { id } = (await post({ planId: own, cron: undefined, every: 'day', at: '2027-01-04T10:00' })).body;
  api.published.length = 0;
  await fire(id);
  await fire(id);
  api.clock.now += 3 * day + 600_000;
  await fireSchedule(api.services, id);
  const { body } = await api.call('GET', `/v1/schedules/${id}/occurrences`);
  expect(z.safeParse(occurrencesAnswer as never, body).error).toBeUndefined();
  expect(body.occurrences).toMatchObject([
    { state: 'skipped', code: 'ALREADY_RUNNING', scheduledAt: '2027-01-08T10:00:00.000Z', runId: null },
    { state: 'missed', count: 2, scheduledAt: '2027-01-06T10:00:00.000Z', lastScheduledAt: '2027-01-07T10:00:00.000Z' },
    { state: 'skipped', code: 'ALREADY_RUNNING', scheduledAt: '2027-01-05T10:00:00.000Z' },
    { state: 'fired', code: null, scheduledAt: '2027-01-04T10:00:00.000Z' },
  ]);
  const runId = body.occurrences[3].runId;
  expect(body.occurrences[3].links.run).toBe(`http://127.0.0.1/v1/runs/${runId}`);
  const run = await api.call('GET', `/v1/runs/${runId}`);
  expect(run.body).toMatchObject({
    trigger: { type: 'schedule' },
    schedule: { id, scheduledAt: '2027-01-04T10:00:00.000Z' },
  });
  const explained = await api.call('GET', `/v1/runs/${runId}/explain`);
  expect(explained.text).toContain(`It was triggered by schedule ${id}, for 2027-01-04T10:00:00.000Z, to run`);
  const first = await api.call('GET', `/v1/schedules/${id}/occurrences?limit=3`);
  const next = await api.call('GET', `/v1/schedules/${id}/occurrences?limit=3&cursor=${first.body.nextCursor}`);
  expect([...first.body.occurrences, ...next.body.occurrences]).toEqual(body.occurrences);
  expect(next.body.nextCursor).toBeNull();

  const text = await readFile(new URL('../../../docs/events/schedule-skipped.schema.json', import.meta.url), 'utf8');
  const schema = JSON.parse(text);
  expect(api.published.map(({ detailType }) => detailType)).toEqual(Array(3).fill('Schedule Skipped'));
  for (const { id: eventId, detail } of api.published) {
    const onTheWire = JSON.parse(JSON.stringify(detail));
    expect(z.fromJSONSchema(schema).safeParse(onTheWire).error).toBeUndefined();
    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(onTheWire).sort());
    expect(onTheWire).toMatchObject({ id: eventId, scheduleId: id, planId: own });
  }
});

describe('a preview', () => {
  const preview = (body: object): Promise<Answer> => api.call('POST', '/v1/schedules/preview', { body });

  test('marks what the clocks do to an occurrence', async () => {
    const gap = await preview({ every: 'day', at: '2027-03-27T02:30', timezone: 'Europe/Berlin', count: 3 });
    expect(z.safeParse(previewAnswer as never, gap.body).error).toBeUndefined();
    expect(gap.body.occurrences).toMatchObject([
      { at: '2027-03-27T01:30:00.000Z', local: '2027-03-27T02:30:00', offset: '+01:00', kind: 'normal' },
      { at: '2027-03-28T01:00:00.000Z', local: '2027-03-28T03:00:00', offset: '+02:00', kind: 'gap' },
      { at: '2027-03-29T00:30:00.000Z', local: '2027-03-29T02:30:00', offset: '+02:00', kind: 'normal' },
    ]);
    const fold = await preview({ once: '2027-10-31T02:30', timezone: 'Europe/Berlin' });
    expect(fold.body.occurrences).toMatchObject([{ at: '2027-10-31T00:30:00.000Z', offset: '+02:00', kind: 'fold' }]);
    const west = await preview({ once: '2027-06-01T02:30', timezone: 'America/St_Johns' });
    expect(west.body.occurrences[0].offset).toBe('-02:30');
  });

  test('shows whose runs it would meet, as long as they usually take', async () => {
    const { planId: own, runId } = await api.startRun();
    api.clock.now += 40 * 60_000;
    const cases = [
      { suite: 'Cart', name: 'adds', result: 'passed' },
      { suite: 'Cart', name: 'removes', result: 'passed' },
    ];
    await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases, final: true } });
    await api.step(runId);
    const other = (await post({ planId: own, name: 'other', cron: '45 * * * ? *' })).body.id;
    const shown = await preview({ planId: own, rate: '30 minutes', startsAt: '2027-01-04T12:00:00Z', count: 2 });
    expect(shown.body).toMatchObject({
      usualSeconds: 2400,
      occurrences: [
        {
          at: '2027-01-04T12:00:00.000Z',
          runsIntoNext: true,
          clashes: [{ scheduleId: other, name: 'other', at: '2027-01-04T11:45:00.000Z' }],
        },
        { at: '2027-01-04T12:30:00.000Z', clashes: [{ scheduleId: other, at: '2027-01-04T12:45:00.000Z' }] },
      ],
    });
    const { body } = await api.call('GET', `/v1/schedules/${other}/preview?limit=1`);
    expect(body.occurrences).toMatchObject([{ at: '2027-01-04T09:45:00.000Z', runsIntoNext: false, clashes: [] }]);
  });

  test('is refused as the schedule would be', async () => {
    expect((await preview({ timezone: 'UTC' })).body.errors[0].field).toBe('cron');
    expect((await preview({ cron: 'x' })).body.errors[0].field).toBe('cron');
    expect((await preview({ cron: '0 2 * * *', count: 101 })).body.errors[0].field).toBe('count');
    expect((await preview({ cron: '0 2 * * *', planId: 4711 })).status).toBe(404);
  });
});
