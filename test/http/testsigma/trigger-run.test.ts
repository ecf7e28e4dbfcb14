import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { parseId } from '../../../lib/core/schema.ts';
import { type Facade, openFacade } from './facade.ts';

let facade: Facade;
let plan: Plan;
beforeAll(async () => {
  facade = await openFacade();
  plan = await facade.addPlan();
});
afterAll(() => facade.close());

const path = '/api/v1/execution_results';
const post = (body: unknown, headers: Record<string, string> = {}) => facade.call('POST', path, { body, headers });
const errorKeys = ['timeStamp', 'error', 'code', 'fieldErrors', 'objectErrors'];

/** The call stores no run and names one wrong field. */
async function expectRefused(body: unknown, field: string, code = 'VALIDATION_FAILED') {
  const before = await facade.countStored();
  const answer = await post(body);
  expect([body, answer.status, answer.body?.code]).toEqual([body, 400, code]);
  expect(Object.keys(answer.body)).toEqual(errorKeys);
  expect(answer.body.fieldErrors[0].field).toBe(field);
  expect(await facade.countStored()).toBe(before);
  return answer;
}

describe('the plan', () => {
  test('is named by number or text, under three names', async () => {
    for (const name of ['executionId', 'testPlanId', 'executionid']) {
      for (const id of [plan.id, String(plan.id), ` ${plan.id} `, `0${plan.id}`]) {
        const { status, body } = await post({ [name]: id });
        expect([status, body.executionId]).toEqual([200, plan.id]);
      }
    }
    expect((await post({ executionId: plan.id, testPlanId: String(plan.id), other: [1] })).status).toBe(200);
  });

  test('must be given, once, as an id', async () => {
    await expectRefused({}, 'executionId');
    await expectRefused('', 'executionId');
    await expectRefused({ executionId: null }, 'executionId');
    await expectRefused({ executionId: plan.id, testPlanId: plan.id + 1 }, 'testPlanId');
    for (const id of ['abc', '', 0, -1, 1.5, 2_147_483_648, true, [plan.id], {}]) {
      await expectRefused({ executionId: id }, 'executionId');
    }
    for (const body of ['[]', '"58"', '58', 'null ', '[{"executionId":1}]']) {
      const { status } = await post(body);
      expect([body, status]).toEqual([body, 400]);
    }
  });

  test('that is unknown, or not the caller’s to see, is not found', async () => {
    const token = await facade.addKey({ planIds: [plan.id + 1000] });
    const hidden = await facade.call('POST', path, { body: { executionId: plan.id }, token });
    const missing = await facade.call('POST', path, { body: { executionId: plan.id + 1000 }, token });
    expect(hidden.status).toBe(404);
    expect(hidden.text.replace(String(plan.id), String(plan.id + 1000))).toBe(missing.text);
    const config = { executionId: plan.id, executionConfig: { name: 'payments only' } };
    expect((await facade.call('POST', path, { body: config, token })).text).toBe(hidden.text);
  });

  test('that is disabled starts nothing', async () => {
    const disabled = await facade.addPlan({ enabled: false });
    const { status, body } = await post({ executionId: disabled.id });
    expect([status, body.code]).toEqual([409, 'PLAN_DISABLED']);
  });

  test('that rejects a second run says which one is active', async () => {
    const busy = await facade.addPlan({ overlap: 'reject' });
    const runId = await facade.trigger(busy);
    const { status, text } = await post({ executionId: busy.id });
    expect(status).toBe(409);
    expect(text).toBe(
      `{"timeStamp":null,"error":"Test plan ${busy.id} already has an active run (${runId})","code":"ALREADY_RUNNING","fieldErrors":null,"objectErrors":null}`,
    );
  });

  test('that queues answers 200 while another run is active, and so does one that allows both', async () => {
    for (const overlap of ['queue', 'allow']) {
      const busy = await facade.addPlan({ overlap });
      const ids = [await facade.trigger(busy), await facade.trigger(busy)];
      expect(ids[1]).toBeGreaterThan(ids[0] as number);
    }
  });
});

describe('what the run gets', () => {
  test('a build number keeps the digits of its literal', async () => {
    const literals = [
      ['202611230815', '202611230815'],
      ['12345678901234567890', '12345678901234567890'],
      ['1.10', '1.10'],
      ['"v1.2"', 'v1.2'],
      ['""', ''],
    ] as const;
    for (const [literal, buildNo] of literals) {
      const { body } = await post(`{"executionId":${plan.id},"buildNo":${literal}}`);
      expect(body.buildNo).toBe(buildNo);
      expect((await facade.call('GET', `${path}/${body.id}`)).body.buildNo).toBe(buildNo);
    }
    for (const buildNo of [true, [1], {}, 'x'.repeat(256), '\ud800']) {
      await expectRefused({ executionId: plan.id, buildNo }, 'buildNo');
    }
  });

  test('an environment is one of the plan’s project; null and empty text are none', async () => {
    const create = (project: string) =>
      facade.services.environments.createEnvironment(
        { name: `env of ${project}`, description: null, project, variables: [] },
        3,
        0,
      );
    const own = await create('default');
    const other = await create('elsewhere');
    for (const environmentId of [own.id, ` ${own.id}`]) {
      const { body } = await post({ executionId: plan.id, environmentId });
      expect(body.environmentId).toBe(own.id);
    }
    for (const environmentId of [null, '', ' ']) {
      const { body } = await post({ executionId: plan.id, environmentId });
      expect(body.environmentId).toBe(null);
    }
    for (const environmentId of [other.id, 4711]) {
      await expectRefused({ executionId: plan.id, environmentId }, 'environmentId', 'UNKNOWN_ENVIRONMENT');
    }
    await expectRefused({ executionId: plan.id, environmentId: 'staging' }, 'environmentId');
  });

  test('runtime data and upload versions reach the executor as text', async () => {
    const body = {
      executionId: plan.id,
      runtimeData: { baseUrl: 'https://stg.example.com', retries: 3, ratio: 0.5, debug: true, 'a name': '' },
      uploadVersions: { 31: ' 204 ', 32: 205 },
    };
    await facade.dispatch((await post(body)).body.id);
    expect(facade.dispatches.at(-1)).toMatchObject({
      variables: { baseUrl: 'https://stg.example.com', retries: '3', ratio: '0.5', debug: 'true', 'a name': '' },
      uploadVersions: { 31: '204', 32: '205' },
    });
  });

  test('the executor is told which values nobody may be shown', async () => {
    const variables = [
      { key: 'BASE_URL', value: 'https://stg.example.com', secret: false },
      { key: 'PASSWORD', value: 'geheim-88', secret: true },
    ];
    const environment = await facade.services.environments.createEnvironment(
      { name: 'with a secret', description: null, project: 'default', variables },
      3,
      0,
    );
    const body = { executionId: plan.id, environmentId: environment.id, runtimeData: { token: 'rt-4711' } };
    await facade.dispatch((await post(body)).body.id);
    expect(facade.dispatches.at(-1)?.secrets).toEqual(['geheim-88', 'rt-4711']);
  });

  test('runtime data that is no text is refused, and never shown or logged', async () => {
    const secret = 's3cret-canary';
    facade.logs.length = 0;
    const wrong: Record<string, unknown>[] = [
      { a: [secret] },
      { a: { b: secret } },
      { a: null, b: secret },
      { a: `${secret}\0` },
      { 'a=b': secret },
      { '': secret },
    ];
    for (const runtimeData of [...wrong, [secret], secret]) {
      const { text, body } = await expectRefused({ executionId: plan.id, runtimeData }, 'runtimeData');
      expect(text).not.toContain(secret);
      expect(body.fieldErrors[0].rejectedValue).toBe(null);
    }
    await expectRefused(`{"executionId":${plan.id},"runtimeData":{"n":12345678901234567890}}`, 'runtimeData');
    for (const uploadVersions of [{ 31: true }, { 31: ' ' }, { 31: { id: secret } }, [secret]]) {
      const { text } = await expectRefused({ executionId: plan.id, uploadVersions }, 'uploadVersions');
      expect(text).not.toContain(secret);
    }
    const accepted = await post({ executionId: plan.id, runtimeData: { a: secret }, uploadVersions: { 31: secret } });
    const seen = await facade.call('GET', `${path}/${accepted.body.id}`);
    expect(accepted.text + seen.text + JSON.stringify(facade.logs)).not.toContain(secret);
  });

  test('null is absence for every optional key', async () => {
    const absent = { environmentId: null, runtimeData: null, uploadVersions: null, buildNo: null };
    const more = { executionConfig: null, isReRun: null, testPlanId: null };
    expect((await post({ executionId: plan.id, ...absent, ...more })).status).toBe(200);
  });
});

describe('what is not asked for properly', () => {
  test('an unknown saved configuration is refused, so that a few cases asked for never become all', async () => {
    for (const executionConfig of [{ name: 'payments only' }, { id: 7 }, { id: '7' }, { name: 'config 2', id: '2' }]) {
      const { body } = await expectRefused(
        { executionId: plan.id, executionConfig },
        'executionConfig',
        'UNKNOWN_CONFIG',
      );
      expect(body.error).toContain('it has none');
    }
    await expectRefused({ executionId: plan.id, executionConfig: {} }, 'executionConfig');
    await expectRefused({ executionId: plan.id, executionConfig: 'payments only' }, 'executionConfig');
  });

  test('isReRun is true or false; with false the other keys of a rerun are ignored', async () => {
    const rerun = { executionId: plan.id, executionResultId: 'x', reRunType: 7, testCaseResultRequests: {} };
    for (const isReRun of ['true', 1, 'false', {}]) await expectRefused({ ...rerun, isReRun }, 'isReRun');
    expect((await post({ ...rerun, isReRun: false })).status).toBe(200);
    expect((await post(rerun)).status).toBe(200);
  });
});

describe('variables that steer a command', () => {
  test('are refused from who triggers a run, in runtime data and from an environment, and allowed to the plan', async () => {
    const executor = { type: 'command', command: 'true' };
    const commands = await facade.addPlan({ executor, variables: { NODE_OPTIONS: '--no-warnings' } });
    for (const name of [
      'NODE_OPTIONS',
      'PATH',
      'path',
      'LD_PRELOAD',
      'BASH_ENV',
      'npm_config_script_shell',
      'GIT_SSH',
    ]) {
      const { body } = await expectRefused({ executionId: commands.id, runtimeData: { [name]: 'x' } }, 'runtimeData');
      expect(body.error).toContain(name);
    }
    const allowed = await post({ executionId: commands.id, runtimeData: { PATHOLOGY: 'x', baseUrl: 'y' } });
    expect(allowed.status).toBe(200);
    expect((await post({ executionId: plan.id, runtimeData: { PATH: '/for/the/runner' } })).status).toBe(200);
    const variables = [{ key: 'NODE_OPTIONS', value: '--import=x', secret: false }];
    const environment = await facade.services.environments.createEnvironment(
      { name: 'steers', description: null, project: 'default', variables },
      3,
      0,
    );
    const { body } = await post({ executionId: commands.id, environmentId: environment.id });
    const dispatched = facade.dispatches.length;
    await facade.dispatch(body.id);
    await facade.complete(body.id);
    expect(facade.dispatches).toHaveLength(dispatched);
    const ended = (await facade.call('GET', `${path}/${body.id}`)).body;
    expect([ended.result, ended.message]).toEqual([
      'ABORTED',
      expect.stringContaining('its environment sets NODE_OPTIONS'),
    ]);
  });
});

describe('Idempotency-Key', () => {
  test('the same request again answers the same run, byte for byte, and says so', async () => {
    const body = { executionId: plan.id, buildNo: 1 };
    const headers = { 'idempotency-key': 'build-1' };
    const first = await post(body, headers);
    await facade.dispatch(first.body.id);
    facade.clock.now += 5000;
    const again = await post(body, headers);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.text).toBe(first.text);
  });

  test('another request under the same key is refused', async () => {
    const headers = { 'idempotency-key': 'build-2' };
    await post({ executionId: plan.id, buildNo: 1 }, headers);
    const { status, body } = await post({ executionId: plan.id, buildNo: 2 }, headers);
    expect([status, body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    const query = await facade.call('POST', `${path}?trace=1`, { body: { executionId: plan.id, buildNo: 1 }, headers });
    expect(query.status).toBe(422);
  });

  test('the alias is the same route', async () => {
    const headers = { 'idempotency-key': 'build-3' };
    const body = { testPlanId: String(plan.id) };
    const first = await post(body, headers);
    const other = await facade.call('POST', '/api/v1//test_plan_results/', { body, headers });
    expect(other.body.id).toBe(first.body.id);
  });

  test('without a key, two equal requests are two triggers', async () => {
    const [first, second] = [await post({ executionId: plan.id }), await post({ executionId: plan.id })];
    expect(second.body.id).toBeGreaterThan(first.body.id);
  });

  test('a key must be short and printable', async () => {
    for (const key of ['', ' ', 'x'.repeat(256), 'ключ', 'a\tb']) {
      const { status, body } = await post({ executionId: plan.id }, { 'idempotency-key': key });
      expect([status, body.fieldErrors[0].field]).toEqual([400, 'Idempotency-Key']);
    }
  });
});

describe('hostile bodies', () => {
  const members = [
    'executionId',
    'testPlanId',
    'executionid',
    'environmentId',
    'buildNo',
    'runtimeData',
    'uploadVersions',
    'executionConfig',
    'isReRun',
    'executionResultId',
    'reRunType',
    'testCaseResultRequests',
  ];
  const namesPlan = (value: unknown) => (parseId(String(value)) ?? 1000) < 100;
  // No id of a plan that exists: such a body is a good one.
  const values = fc.jsonValue({ maxDepth: 3 }).filter((value) => !namesPlan(value));

  test('never cost a run or an internal error', async () => {
    const before = await facade.countStored();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.dictionary(fc.constantFrom(...members), values).map((body) => JSON.stringify(body)),
          fc.jsonValue().map((value) => JSON.stringify(value)),
          fc.string({ unit: 'binary' }),
          fc.tuple(fc.nat(80), fc.string({ maxLength: 3 })).map(([at, noise]) => {
            const body = `{"executionId":"999","buildNo":v1.2,"runtimeData":{"a":"b c"}}`;
            return body.slice(0, at) + noise + body.slice(at);
          }),
        ),
        async (body) => {
          const { status, text } = await facade.call('POST', path, { body });
          expect([400, 404]).toContain(status);
          expect(text).not.toMatch(/[\r\n]/);
          expect(Object.keys(JSON.parse(text))).toEqual(errorKeys);
        },
      ),
      { numRuns: 400, seed: 7 },
    );
    expect(await facade.countStored()).toBe(before);
  });
});
