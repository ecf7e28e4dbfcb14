import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toLookToken } from '../../../lib/core/callback-token.ts';
import type { PickedCase } from '../../../lib/core/executor.ts';
import { parsePlan } from '../../../lib/core/plan.ts';
import { type OpenTenant, openTenant } from './tenant.ts';

let open: OpenTenant;
const reopen = async (options: Parameters<typeof openTenant>[0] = {}) => {
  await open?.tenant.close();
  open = await openTenant(options);
};
beforeEach(() => reopen());
afterEach(() => open.tenant.close());

const start = (settings: Record<string, unknown> = {}, overrides = {}) =>
  open.executor.start(open.dispatch(settings, overrides));
const answerRun = (status: number, body: unknown): void => {
  open.tenant.before = ({ path }, response) => {
    if (!/\/(?:run|rerun)(?:\/|$)/.test(path)) return false;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    return true;
  };
};
const pick = (name: string): PickedCase => ({ suite: 'Cart', className: '', name });

describe('a start', () => {
  it('runs the plan with our callback, by its key, for the company', async () => {
    await start({ force: true, company: 7 });
    const [execution] = open.tenant.executions;
    const look = toLookToken('cbt1.52.1.1800000000.mac');
    expect(execution).toMatchObject({
      plan: '204',
      force: 'true',
      key: 'run-52-a1',
      callbackUrl: `${open.tenant.origin}/proctor/callbacks/t/${look}/look`,
    });
    const asked = open.tenant.asked.filter(({ path }) => path.includes('/api/'));
    expect(asked.map(({ headers }) => headers['current-company-id'])).toEqual(asked.map(() => '7'));
    expect(JSON.stringify(open.tenant.asked)).not.toContain('cbt1.');
  });

  it('names no callback that could never arrive', async () => {
    const callback = { url: 'http://localhost:4010/callbacks/52/1', token: 'cbt1.52.1.1800000000.mac' };
    const dispatch = open.dispatch({}, { callback });
    await open.executor.start(dispatch);
    expect(open.tenant.executions[0]?.callbackUrl).not.toBeNull();
    const { callbackUrlOf } = await import('../../../lib/executors/testinium/callback-url.ts');
    expect(callbackUrlOf(callback, 'https://testinium.example')).toBeUndefined();
  });

  it('names a plan of the enterprise variant as it is called', async () => {
    await start({ variant: 'enterprise', planId: 'smoke & more/all' });
    expect(open.tenant.paths()).toContain('GET /plans/smoke%20%26%20more%2Fall/run/false');
  });

  it.each([
    [
      'already running',
      409,
      { already_running: true, running_execution_id: 5117 },
      'running already as execution 5117',
    ],
    ['already running, on 200', 200, { successful: false, already_running: true }, 'running already'],
    ['one environment', 200, { succesful: false, unavailable_env_list: [{ id: 32 }] }, 'environment 32'],
    ['several', 200, { successful: false, unavailable_env_list: [{ id: 32 }, { id: 33 }] }, 'environments 32, 33'],
  ])('of a busy plan waits or is refused, as the plan says: %s', async (_what, status, body, message) => {
    answerRun(status, body);
    const later = { code: 'EXECUTOR_UNAVAILABLE', retryAfterSeconds: 60, nothingStarted: true };
    await expect(start()).rejects.toMatchObject({ ...later, message: expect.stringContaining(message) });
    await expect(start({ retrySeconds: 5 })).rejects.toMatchObject({ ...later, retryAfterSeconds: 5 });
    await expect(start({ whenBusy: 'refuse' })).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    [
      'a disabled plan',
      200,
      { successful: false, error: 'PLAN_DISABLED', message: 'canary' },
      'EXECUTOR_REFUSED',
      'PLAN_DISABLED',
    ],
    ['no case', 200, { succesful: false, error: 'NO_TEST_CASES' }, 'EXECUTOR_REFUSED', 'NO_TEST_CASES'],
    ['no reason', 200, { successful: false }, 'EXECUTOR_REFUSED', 'did not start it.'],
    ['an unknown plan', 404, { error: 'TEST_PLAN_NOT_FOUND', message: 'canary' }, 'EXECUTOR_REFUSED', 'no plan 204'],
    ['a bad parameter', 400, { error: 'INVALID_REQUEST' }, 'EXECUTOR_REFUSED', 'status 400 INVALID_REQUEST'],
    ['a key that was used', 422, { error: 'IDEMPOTENCY_KEY_REUSED' }, 'EXECUTOR_REFUSED', 'IDEMPOTENCY_KEY_REUSED'],
    ['no permission', 403, { error: 'ACCESS_DENIED' }, 'EXECUTOR_REFUSED', 'status 403 ACCESS_DENIED'],
    ['a login page', 302, '<html>canary</html>', 'EXECUTOR_REFUSED', 'another page'],
    ['an HTML page', 200, '<html>canary</html>', 'EXECUTOR_PROTOCOL', 'not JSON'],
    ['an HTML error page', 500, '<html>canary</html>', 'EXECUTOR_UNAVAILABLE', 'status 500'],
    ['nothing it could mean', 200, { unavailable_env_list: [] }, 'EXECUTOR_PROTOCOL', 'does not say'],
    ['a wrong type', 200, [], 'EXECUTOR_PROTOCOL', 'not as documented'],
  ])('that is answered by %s (%i) is refused in our words', async (_what, status, body, code, message) => {
    answerRun(status, body);
    const error = await start().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect((error as Error).stack).not.toContain('canary');
  });

  it.each([
    ['0', { execution_id: 0, successful: true }],
    ['none', { succesful: true, unavailable_env_list: [] }],
  ])('that was answered without an id finds its execution in the list: %s', async (_what, body) => {
    const { tenant } = open;
    tenant.begin('204', { username: 'someone.else' });
    answerRun(200, body);
    const answer = tenant.before;
    tenant.before = (asked, response) => {
      if (asked.path.includes('/run/')) {
        tenant.begin('204', { username: 'someone.else' });
        tenant.begin('204', { username: 'PROCTOR' });
      }
      return answer?.(asked, response) ?? false;
    };
    expect((await start()).ref).toBe(String(tenant.executions.at(-1)?.id));
  });
});

describe('a repeat of a start', () => {
  const loseRun = (): void => {
    open.tenant.before = ({ path }) => {
      open.tenant.losesAnswers = path.includes('/run/');
      return false;
    };
  };
  const recover = (): void => {
    open.tenant.before = undefined;
    open.tenant.losesAnswers = false;
  };

  it('whose answer was lost finds the execution, where the tenant knows no key', async () => {
    await reopen({ knowsKeys: false });
    loseRun();
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE', nothingStarted: false });
    recover();
    expect((await start()).ref).toBe(String(open.tenant.executions[0]?.id));
    expect(open.tenant.executions).toHaveLength(1);
  });

  it('in another process looks from the time of the first on, by the tenant’s clock', async () => {
    await reopen({ knowsKeys: false });
    // Ours runs a day ahead of the tenant's.
    open.clock.now += 86_400_000;
    const before = open.tenant.begin('204', { startedAt: Date.now() - 60_000 });
    loseRun();
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' });
    recover();
    const again = open.dispatch({}, { triedAt: open.clock.now });
    const { ref } = await open.another().start(again);
    expect(ref).toBe(String(open.tenant.executions[1]?.id));
    expect(open.tenant.executions.map(({ id }) => id)).toEqual([before.id, Number(ref)]);
  });

  it('takes no execution of someone else, and none of an earlier attempt', async () => {
    await reopen({ knowsKeys: false });
    const { tenant, clock } = open;
    tenant.begin('204', { username: 'someone.else' });
    const first = tenant.begin('204', {});
    const earlier = [{ attempt: 1, ref: String(first.id) }];
    const overrides = { attempt: 2, key: 'run-52-a2', earlier, triedAt: clock.now };
    const { ref } = await open.another().start(open.dispatch({}, overrides));
    expect(tenant.executions).toHaveLength(3);
    expect(ref).toBe(String(tenant.executions[2]?.id));
  });

  it('after a busy plan takes no execution that others started meanwhile', async () => {
    await reopen({ knowsKeys: false, overlap: 'reject' });
    const others = open.tenant.begin('204', {});
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' });
    open.tenant.end(others, []);
    const more = open.tenant.begin('204', {});
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' });
    open.tenant.end(more, []);
    expect((await start()).ref).toBe(String(open.tenant.executions[2]?.id));
  });

  it('of a plan that is busy may be what it is busy with, and looks for that again', async () => {
    await reopen({ knowsKeys: false });
    answerRun(500, {});
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE', nothingStarted: false });
    answerRun(409, { already_running: true });
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE', nothingStarted: false });
    recover();
    const shown = open.tenant.begin('204', {});
    expect((await start()).ref).toBe(String(shown.id));
    expect(open.tenant.executions).toHaveLength(1);
  });

  it('is refused where the tenant does not show what an earlier one started', async () => {
    await reopen({ knowsKeys: false });
    open.tenant.before = ({ path }, response) => {
      if (!path.endsWith('/executions')) return false;
      response.writeHead(404).end();
      return true;
    };
    await expect(start({}, { triedAt: open.clock.now })).rejects.toMatchObject({ code: 'EXECUTOR_REFUSED' });
    expect(open.tenant.executions).toEqual([]);
    expect((await open.another().start(open.dispatch())).ref).toBe(String(open.tenant.executions[0]?.id));
  });
});

describe('a selection', () => {
  const endWith = (scenarios: readonly string[]) => {
    const { tenant } = open;
    const execution = tenant.begin('204', {});
    tenant.end(
      execution,
      scenarios.map((scenario) => ({ scenario: `Cart › ${scenario}`, level: 'FAILURE' })),
    );
    return execution;
  };

  it.each([{ inlinesNames: true }, { inlinesNames: false }])(
    'of what the last execution had is rerun alone, %o',
    async (options) => {
      for (const variant of ['cloud', 'enterprise']) {
        await reopen(options);
        endWith(['adds', 'removes', 'pays']);
        const { executing, ref } = await start({ variant }, { selection: [pick('pays'), pick('adds')] });
        expect(executing).toEqual({ grain: 'cases', description: '2 cases' });
        const execution = open.tenant.executions.find(({ id }) => String(id) === ref);
        const ids = ['adds', 'pays'].map((name) => open.tenant.scenarioIdOf(`Cart › ${name}`));
        expect(execution?.scenarios).toEqual(ids);
      }
    },
  );

  it.each([
    ['another case', [pick('adds'), pick('waits')], ['adds']],
    ['no execution at all', [pick('adds')], undefined],
  ])('of %s runs in full, and says so', async (_what, selection, known) => {
    if (known) endWith(known);
    const { executing } = await start({}, { selection });
    expect(executing.grain).toBe('everything');
    expect(executing.description).toContain('the tenant reruns only what its last execution had');
    expect(open.tenant.executions.at(-1)?.scenarios).toBeUndefined();
  });

  it('runs in full when the last execution is another one by the time', async () => {
    endWith(['adds']);
    answerRun(404, { error: 'SCENARIO_NOT_FOUND' });
    const answer = open.tenant.before;
    open.tenant.before = (asked, response) => asked.path.endsWith('/rerun') && (answer?.(asked, response) ?? false);
    const { executing } = await start({}, { selection: [pick('adds')] });
    expect(executing.grain).toBe('everything');
    expect(open.tenant.executions).toHaveLength(2);
  });

  it('of a machine runs on every environment the scenario had, and says so', async () => {
    endWith(['adds']);
    const { executing } = await start({}, { selection: [{ ...pick('adds'), machine: 'firefox' }] });
    expect(executing.description).toBe('1 case, on every environment they had');
  });
});

describe('the settings', () => {
  const settings = { type: 'testinium', url: 'https://tenant.example', planId: 204, username: 'proctor' };
  it.each([
    ['a secret in the open', { password: 'hunter2' }, 'executor.password'],
    ['no secret', {}, 'executor.password'],
    ['two secrets', { password: 'env:A', accessKey: 'env:B' }, 'executor.password'],
    ['a name in the cloud variant', { password: 'env:A', planId: 'smoke' }, 'executor.planId'],
    ['the secret of no client', { password: 'env:A', clientSecret: 'env:B' }, 'executor.clientId'],
  ])('refuse %s, and name the field', (_what, change, field) => {
    const parsing = () => parsePlan({ name: 'p', executor: { ...settings, ...change } });
    expect(parsing).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', fields: [expect.objectContaining({ field })] }),
    );
  });

  it('fill in what is usual', () => {
    const { executor } = parsePlan({ name: 'p', executor: { ...settings, password: 'env:A' } });
    expect(executor).toMatchObject({ variant: 'cloud', force: false, whenBusy: 'retry', retrySeconds: 60 });
  });
});
