import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { sweep } from '../../../lib/workflow/sweep.ts';
import { type Api, openApi, passedCases } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const schemaOf = async (name: string) => {
  const text = await readFile(new URL(`../../../docs/events/${name}.schema.json`, import.meta.url), 'utf8');
  return JSON.parse(text);
};

test.each([
  ['passed', passedCases],
  ['failed', [{ ...passedCases[0], result: 'failed' }, passedCases[1]]],
  ['errored', passedCases.slice(1)],
  ['noTests', []],
])('the events of a run that ends %s are as their schemas say', async (result, cases) => {
  api.published.length = 0;
  const { runId } = await api.startRun();
  await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases, final: true } });
  await api.step(runId);
  const turned = result === 'passed' ? [] : ['Plan Became Failed'];
  expect(api.published.map(({ detailType }) => detailType)).toEqual([
    'Run Queued',
    'Run Started',
    'Run Completed',
    ...turned,
  ]);
  for (const { id, detailType, detail } of api.published) {
    const schema = await schemaOf(detailType.toLowerCase().replaceAll(' ', '-'));
    const onTheWire = JSON.parse(JSON.stringify(detail));
    expect(z.fromJSONSchema(schema).safeParse(onTheWire).error).toBeUndefined();
    // The schema knows every field there is, and they agree with the event around them.
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(onTheWire)));
    expect(onTheWire).toMatchObject({ id, runId });
    for (const name of schema.required) {
      const { [name]: _, ...without } = onTheWire;
      expect(z.fromJSONSchema(schema).safeParse(without).success).toBe(false);
    }
  }
  expect(api.published[2]?.detail).toMatchObject({ result });
});

test('a plan that passes again has recovered, and the event is as its schema says', async () => {
  const failed = [{ ...passedCases[0], result: 'failed' }, passedCases[1]];
  const { planId, runId } = await api.startRun();
  await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases: failed, final: true } });
  await api.step(runId);
  const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`, { body: {} })).body;
  await api.step(id);
  api.published.length = 0;
  await api.call('POST', `/v1/runs/${id}/results`, { body: { cases: passedCases, final: true } });
  await api.step(id);
  expect(api.published.map((event) => [event.id, event.detailType])).toEqual([
    [`evt_${id}_2`, 'Run Completed'],
    [`evt_${id}_4`, 'Plan Recovered'],
  ]);
  const detail = JSON.parse(JSON.stringify(api.published[1]?.detail));
  expect(z.fromJSONSchema(await schemaOf('plan-recovered')).safeParse(detail).error).toBeUndefined();
  expect(detail).toMatchObject({ planId, runId: id, result: 'passed', seq: 4 });
});

test('a run that waits for another is told of as queued before that one ends', async () => {
  const { planId } = await api.startRun({ overlap: 'queue' });
  const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`, { body: {} })).body;
  api.published.length = 0;
  await sweep(api.services);
  await sweep(api.services);
  expect(api.published.filter(({ detail }) => detail.runId === id)).toMatchObject([
    { id: `evt_${id}_0`, detailType: 'Run Queued', detail: { status: 'queued', seq: 0 } },
  ]);
});
