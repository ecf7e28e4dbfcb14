import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dryRunAnswer, planAnswer, plansAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { type Api, aPlan, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const storedPlans = async () => (await api.stores.plans.listPlans(0, 100)).map(({ id, version }) => [id, version]);

describe('applying a plan', () => {
  test('creates it, learns its cases, and changes nothing the second time', async () => {
    const body = aPlan({ variables: { BASE: 'https://shop.example' } });
    const created = await api.call('POST', '/v1/plans', { body });
    expect(created).toMatchObject({
      status: 201,
      headers: { etag: '"1"', location: `http://127.0.0.1/v1/plans/${created.body.id}` },
      body: { version: 1, name: body.name, project: 'shop', variables: { BASE: 'https://shop.example' } },
    });
    expect(planAnswer.parse(created.body)).toBeTruthy();
    const { entries } = await api.stores.plans.readCatalog(created.body.id);
    expect(entries.map(({ name }) => name)).toEqual(['Cart', 'adds', 'removes']);
    const again = await api.call('POST', '/v1/plans', { body: Object.fromEntries(Object.entries(body).reverse()) });
    expect(again).toMatchObject({ status: 200, body: { id: created.body.id, version: 1 } });
  });

  test('finds it by project and name, and makes a version of what changed', async () => {
    const body = aPlan();
    const { id } = (await api.call('POST', '/v1/plans', { body })).body;
    const suites = [{ name: 'Cart', cases: [{ name: 'adds' }, { name: 'new', iterations: ['a', 'b'] }] }];
    const changed = await api.call('POST', '/v1/plans', { body: { ...body, suites } });
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { id, version: 2 } });
    const { entries } = await api.stores.plans.readCatalog(id);
    expect(entries.map(({ name }) => name)).toEqual(['Cart', 'adds', 'removes', 'new', 'a', 'b']);
  });

  test('takes the id given, also when the name changes', async () => {
    const body = aPlan({ id: 3857 });
    expect(await api.call('POST', '/v1/plans', { body })).toMatchObject({ status: 201, body: { id: 3857 } });
    const renamed = await api.call('POST', '/v1/plans', { body: { ...body, name: 'renamed' } });
    expect(renamed).toMatchObject({ status: 200, body: { id: 3857, version: 2, name: 'renamed' } });
  });

  test('reads YAML by its content type, and what does not start as JSON', async () => {
    const yaml = `name: from yaml ${Date.now()}\nexecutor: { type: http, url: https://runner.example }\nsuites:\n  - name: S\n    cases: [{ name: one }]\n`;
    const created = await api.call('POST', '/v1/plans', { body: yaml });
    expect(created).toMatchObject({ status: 201, body: { suites: [{ name: 'S', cases: [{ name: 'one' }] }] } });
    const typed = await api.call('POST', '/v1/plans', {
      body: yaml,
      headers: { 'content-type': 'application/yaml; charset=utf-8' },
    });
    expect(typed).toMatchObject({ status: 200, body: { id: created.body.id, version: 1 } });
  });

  test('a large plan fits as gzip', async () => {
    const cases = Array.from({ length: 6000 }, (_, i) => ({ name: `a case with quite a long name, number ${i}` }));
    const body = gzipSync(JSON.stringify(aPlan({ suites: [{ name: 'Big', cases }] })));
    expect(await api.call('POST', '/v1/plans', { body, headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 201,
    });
  });

  test('ten at once make one plan', async () => {
    const body = aPlan();
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('POST', '/v1/plans', { body })));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const all = await api.stores.plans.listPlans(0, 1000);
    expect(all.filter(({ name }) => name === body.name)).toHaveLength(1);
  });

  test('a dry run says what would change and stores nothing', async () => {
    const body = aPlan();
    const before = await storedPlans();
    const fresh = await api.call('POST', '/v1/plans?dryRun=true', { body });
    expect(fresh).toMatchObject({ status: 200, body: { dryRun: true, change: 'create', changes: [] } });
    expect(await storedPlans()).toEqual(before);
    const { id } = (await api.call('POST', '/v1/plans', { body })).body;
    const suites = [{ name: 'Cart', cases: [{ name: 'adds' }] }];
    const changed = await api.call('POST', '/v1/plans?dryRun=true', { body: { ...body, rerun: { max: 2 }, suites } });
    expect(changed.body).toEqual({
      dryRun: true,
      change: 'update',
      id,
      version: 1,
      changes: [
        { field: 'rerun.max', from: 0, to: 2 },
        { field: 'suites', from: '1 suite, 2 cases', to: '1 suite, 1 case' },
      ],
    });
    expect(dryRunAnswer.parse(changed.body)).toBeTruthy();
    expect((await api.call('GET', `/v1/plans/${id}`)).body.version).toBe(1);
    expect((await api.call('POST', '/v1/plans?dryRun=true', { body })).body.change).toBe('none');
  });

  test.each([
    [{ executor: { type: 'http', url: 'http://169.254.169.254/' } }, 'executor.url'],
    [{ executor: { type: 'http', url: 'https://runner.example', stopUrl: 'https://127.0.0.1/' } }, 'executor.stopUrl'],
    [{ environment: 99 }, 'environment'],
    [{ machines: ['linux', { title: 'windows', environment: 99 }] }, 'machines[1].environment'],
    [{ machines: ['linux', { title: 'linux' }] }, 'machines[1]'],
    [{ machines: ['a<b'] }, 'machines[0]'],
    [{ machines: [' '] }, 'machines[0]'],
    [{ machines: [{ title: 'a\u0007' }] }, 'machines[0].title'],
    [{ machines: [7] }, 'machines[0]'],
    [{ machines: Array.from({ length: 21 }, (_, i) => `m${i}`) }, 'machines'],
    [{ suites: [{ name: 'S', cases: [{ name: 'a' }, { name: 'a' }] }] }, 'suites[0].cases[1].name'],
    [{ deadlines: { runSeconds: 0 } }, 'deadlines.runSeconds'],
    [{ surprise: 1 }, 'surprise'],
  ])('refuses %j and names %s', async (change, field) => {
    const before = await storedPlans();
    const answer = await api.call('POST', '/v1/plans', { body: aPlan(change) });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    expect(await storedPlans()).toEqual(before);
  });

  test.each([
    ['syntax', 'name: [unclosed'],
    [
      'aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
    ],
    ['brackets', '['.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['indentation', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['prototypes', 'name: x\nvariables:\n  __proto__: y\n'],
    ['repeated keys', 'name: x\nname: y\n'],
    ['two documents', 'name: x\nexecutor: { type: http, url: https://runner.example }\n---\nname: y\n'],
    ['bytes', Buffer.from([0x6e, 0xff, 0xfe])],
    ['tabs', `${'\t'.repeat(50_000)}a`],
  ])('refuses hostile YAML at once: %s', async (_, body) => {
    const startedAt = performance.now();
    const answer = await api.call('POST', '/v1/plans', { body, headers: { 'content-type': 'text/yaml' } });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: expect.stringMatching(/INVALID_JSON|VALIDATION_FAILED/) },
    });
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });
});

describe('one plan', () => {
  test('is read with its version as ETag', async () => {
    const { id } = (await api.call('POST', '/v1/plans', { body: aPlan() })).body;
    expect(await api.call('GET', `/v1/plans/${id}`)).toMatchObject({ status: 200, headers: { etag: '"1"' } });
    const known = await api.call('GET', `/v1/plans/${id}`, { headers: { 'if-none-match': 'W/"1"' } });
    expect(known).toMatchObject({ status: 304, text: '' });
  });

  test('is replaced only by whoever knows its version', async () => {
    const body = aPlan();
    const { id } = (await api.call('POST', '/v1/plans', { body })).body;
    const put = (change: object, headers = {}) =>
      api.call('PUT', `/v1/plans/${id}`, { body: { ...body, ...change }, headers });
    expect(await put({ enabled: false }, { 'if-match': '"7"' })).toMatchObject({
      status: 409,
      body: { code: 'VERSION_CONFLICT' },
    });
    expect(await put({ enabled: false }, { 'if-match': '"1"' })).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await put({ enabled: true })).toMatchObject({ status: 200, body: { version: 3 } });
    expect(await put({ id: 1 })).toMatchObject({ status: 400, body: { errors: [{ field: 'id' }] } });
  });

  test('is gone after it is deleted', async () => {
    const { id } = (await api.call('POST', '/v1/plans', { body: aPlan() })).body;
    expect(await api.call('DELETE', `/v1/plans/${id}`)).toMatchObject({ status: 204, text: '' });
    expect((await api.call('GET', `/v1/plans/${id}`)).status).toBe(404);
    expect((await api.call('DELETE', `/v1/plans/${id}`)).status).toBe(404);
  });
});

describe('the list of plans', () => {
  test('goes on from its cursor, filtered by project and by what the key sees', async () => {
    for (let i = 0; i < 5; i++) await api.call('POST', '/v1/plans', { body: aPlan({ project: 'listed' }) });
    const token = await api.addKey({ projects: ['listed'] });
    const ids: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await api.call('GET', `/v1/plans?limit=2${cursor && `&cursor=${cursor}`}`, { token });
      expect(plansAnswer.parse(page.body)).toBeTruthy();
      expect(page.body.plans.length).toBeLessThanOrEqual(2);
      ids.push(...page.body.plans.map(({ id }: { id: number }) => id));
      cursor = page.body.nextCursor;
    }
    expect(ids).toHaveLength(5);
    const other = await api.call('GET', '/v1/plans?project=listed&limit=200');
    expect(other.body.plans.map(({ id }: { id: number }) => id)).toEqual(ids);
    expect((await api.call('GET', '/v1/plans?project=shop', { token })).body.plans).toEqual([]);
  });
});

describe('a key of another project', () => {
  test('cannot tell a plan it may not see from one that is not there', async () => {
    const { id } = (await api.call('POST', '/v1/plans', { body: aPlan() })).body;
    const token = await api.addKey({ projects: ['other'] });
    for (const [method, body] of [['GET'], ['PUT', aPlan()], ['DELETE']] as const) {
      const foreign = await api.call(method, `/v1/plans/${id}`, { token, body });
      const missing = await api.call(method, '/v1/plans/2000000', { token, body });
      expect(foreign.status).toBe(404);
      expect(foreign.text.replace(String(id), '2000000')).toBe(missing.text);
    }
    expect((await api.call('GET', `/v1/plans/${id}`)).body.version).toBe(1);
  });

  test('makes plans in its own project only', async () => {
    const token = await api.addKey({ projects: ['other'] });
    expect((await api.call('POST', '/v1/plans', { token, body: aPlan() })).status).toBe(403);
    expect((await api.call('POST', '/v1/plans', { token, body: aPlan({ project: 'other' }) })).status).toBe(201);
    const named = await api.addKey({ planIds: [12_345] });
    expect((await api.call('POST', '/v1/plans', { token: named, body: aPlan() })).status).toBe(403);
    expect((await api.call('POST', '/v1/plans', { token: named, body: aPlan({ id: 12_345 }) })).status).toBe(201);
  });
});
