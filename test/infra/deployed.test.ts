import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { routes } from '../../lib/http/routes.ts';
import { type Deployed, deploy } from '../support/deployed/deploy.ts';
import { withoutHash } from './synthesize.ts';

/** Every function is a process that starts when it is first called, on a machine that may have two cores. */
const patience = 60_000;
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Whoever is on the internet in these tests: a runner of tests, and receivers of webhooks. */
interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}
interface Dispatched {
  readonly key: string;
  readonly runId: number;
  readonly variables: Record<string, string>;
  readonly callback: { readonly url: string; readonly token: string };
}

const canaries = {
  runner: `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
  chat: `whsec_${Buffer.alloc(32, 6).toString('base64')}`,
};
const report = '<testsuite name="Cart"><testcase name="pays"/><testcase name="applies a coupon"/></testsuite>';

let proctor: Deployed;
let token = '';
const received: Received[] = [];
const dispatched: Dispatched[] = [];
const reported: Promise<number>[] = [];
/** Secrets the service made, which only their owner may see. */
const hidden: string[] = [];

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const path = request.url ?? '';
  received.push({ path, headers: request.headers as Record<string, string>, body });
  response.writeHead(path === '/start' ? 202 : 200, { 'content-type': 'application/json' });
  response.end(path === '/stop' ? '{"state":"ended"}' : '{}');
  if (path !== '/start') return;
  const dispatch = JSON.parse(body) as Dispatched;
  dispatched.push(dispatch);
  if (dispatch.variables.STAYS === undefined) reported.push(tellResults(dispatch).catch(() => 0));
}

/** As a runner does it, once it is done: JUnit XML, packed, to the address it was told. */
async function tellResults({ callback }: Dispatched): Promise<number> {
  const { pathname } = new URL(`${callback.url}/results`);
  const headers = {
    authorization: `Bearer ${callback.token}`,
    'content-type': 'application/xml',
    'content-encoding': 'gzip',
  };
  return (await fetch(proctor.url + pathname, { method: 'POST', headers, body: gzipSync(report) })).status;
}

beforeAll(async () => {
  proctor = await deploy(serve);
  proctor.secrets.set('proctor/runner', canaries.runner).set('/proctor/chat', canaries.chat);
});
afterAll(async () => {
  await proctor?.close();
});

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}
async function call<T = { id: number }>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(proctor.url + path, { method, headers, ...sent });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: (isJson ? JSON.parse(text) : text) as T };
}

interface Run {
  readonly id: number;
  readonly status: string;
  readonly result: string;
}
const completed = (runId: number): Promise<Run> =>
  vi.waitFor(
    async () => {
      const { body } = await call<Run>('GET', `/v1/runs/${runId}`);
      expect(body.status).toBe('completed');
      return body;
    },
    { timeout: patience, interval: 100 },
  );
const runsOf = async (planId: number): Promise<Run[]> =>
  (await call<{ runs: Run[] }>('GET', `/v1/runs?plan=${planId}`)).body.runs;
const firstRunOf = (planId: number): Promise<Run> =>
  vi.waitFor(async () => {
    const [run] = await runsOf(planId);
    if (run === undefined) throw new Error(`no run of plan ${planId}`);
    return run;
  }, patience);

const runner = () => ({
  type: 'http',
  url: `https://${proctor.host}/start`,
  stopUrl: `https://${proctor.host}/stop`,
  secret: 'secretsmanager:proctor/runner',
});
async function applyPlan(name: string, more: object = {}): Promise<number> {
  const plan = { name, project: 'shop', executor: runner(), ...more };
  const { status, body } = await call('POST', '/v1/plans', plan);
  expect([status, body]).toEqual([201, expect.anything()]);
  return body.id;
}

describe('a deployment, driven as AWS drives it', () => {
  it('makes its first key for who administers the account, and for nobody after', async () => {
    const made = (await proctor.invoke('HttpKeys', { proctor: 'first-key' })) as { token: string };
    token = made.token;
    expect((await call<{ plans: unknown[] }>('GET', '/v1/plans')).body).toMatchObject({ plans: [] });
    await expect(proctor.invoke('HttpKeys', { proctor: 'first-key' })).rejects.toThrow();
  });

  it('runs a plan on a runner: from the trigger through the callback to the event, the subscriber and the callback URL', async () => {
    const subscription = {
      name: 'chat',
      url: `https://${proctor.host}/chat`,
      on: ['run.completed'],
      secret: 'ssm:/proctor/chat',
    };
    const planId = await applyPlan('smoke', { notify: [subscription] });
    const ping = await call<{ deliveries: object[] }>('POST', `/v1/plans/${planId}/notify/test`);
    expect(ping.body.deliveries).toMatchObject([{ state: 'delivered' }]);
    const callbackUrl = `https://${proctor.host}/ci?build=7`;
    const { status, body } = await call('POST', `/v1/plans/${planId}/runs`, { callbackUrl });
    expect(status).toBe(202);
    expect(await completed(body.id)).toMatchObject({ result: 'passed', counts: { total: 2, passed: 2 } });
    expect(await Promise.all(reported)).toEqual([202]);
    await vi.waitFor(
      () => expect(received.map(({ path }) => path).sort()).toEqual(['/chat', '/chat', '/ci?build=7', '/start']),
      patience,
    );
    const [start, chat] = ['/start', '/chat'].map((path) => received.findLast((one) => one.path === path));
    const { deliveries } = (await call<{ deliveries: { state: string }[] }>('GET', `/v1/deliveries?run=${body.id}`))
      .body;
    expect(deliveries).toHaveLength(2);
    expect(start && new Webhook(canaries.runner).verify(start.body, start.headers)).toMatchObject({ runId: body.id });
    expect(chat && new Webhook(canaries.chat).verify(chat.body, chat.headers)).toMatchObject({
      type: 'run.completed',
      data: { runId: body.id, result: 'passed' },
    });
    const said = proctor.events.filter(({ source }) => source === 'proctor').map((event) => event['detail-type']);
    expect(said.filter((type) => type === 'Run Completed')).toHaveLength(1);
    await vi.waitFor(() => expect(proctor.executions.get(`run-${body.id}-1`)?.status()).toBe('SUCCEEDED'), patience);
    // Woken by the callback, not by a wait: one attempt, one completion.
    expect(proctor.executions.get(`run-${body.id}-1`)?.transitions).toBeLessThanOrEqual(3);
  });

  it('runs a plan on CodeBuild, whose end it hears by an event', async () => {
    const executor = { type: 'codebuild', project: 'shop-tests', command: 'npx vitest run', directory: '.' };
    const planId = await applyPlan('builds', { executor });
    const { body } = await call('POST', `/v1/plans/${planId}/runs`, {});
    await vi.waitFor(() => expect(proctor.builds.builds).toHaveLength(1), patience);
    await vi.waitFor(async () => {
      expect((await call<Run>('GET', `/v1/runs/${body.id}`)).body.status).toBe('running');
    }, patience);
    const cases = [{ suite: 'Cart', className: '', name: 'pays', result: 'passed', durationMs: 5 } as const];
    proctor.builds.end(`run-${body.id}-a1`, { reports: { proctor: cases } });
    expect(await completed(body.id)).toMatchObject({ result: 'passed', counts: { total: 1 } });
    expect([...proctor.invoked.keys()].map(withoutHash)).toContain('EndedBuildsBuildChanged');
  });

  it('starts runs by an event on the bus, a webhook and a schedule', async () => {
    const scheduled = await applyPlan('scheduled', { schedules: [{ name: 'nightly', cron: '0 2 * * ? *' }] });
    const [schedule] = await vi.waitFor(async () => {
      const { schedules } = (await call<{ schedules: { id: number }[] }>('GET', `/v1/schedules?plan=${scheduled}`))
        .body;
      expect(schedules).toHaveLength(1);
      return schedules;
    }, patience);
    const asked = await applyPlan('asked');
    const event = { source: 'com.acme', detailType: 'Run Requested', detail: { plan: asked }, id: 'deploy-1' };
    expect((await call('POST', '/v1/events', event)).status).toBe(202);
    expect(await completed((await firstRunOf(asked)).id)).toMatchObject({ result: 'passed' });

    const pushed = await applyPlan('pushed', { triggers: { webhooks: [{ events: ['push'] }] } });
    const hook = await call<{ id: string; secret: string }>('POST', '/v1/hooks', {
      name: 'ci',
      scheme: 'standard',
      plans: [pushed],
    });
    expect(hook.status).toBe(201);
    hidden.push(hook.body.secret);
    const [body, at] = [JSON.stringify({ type: 'push', data: { branch: 'main' } }), new Date()];
    const headers = {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(hook.body.secret).sign('msg_1', at, body),
    };
    const sent = await fetch(`${proctor.url}/hooks/${hook.body.id}`, { method: 'POST', headers, body });
    expect([sent.status, await sent.json()]).toMatchObject([202, { outcomes: [{ outcome: 'started' }] }]);

    const once = new Date(Date.now() + 4000).toISOString().replace(/\.\d+/, '');
    const soon = await call('POST', '/v1/schedules', { planId: scheduled, name: 'soon', once });
    expect([soon.status, schedule]).toEqual([201, expect.objectContaining({ name: 'nightly' })]);
    await sleep(Math.max(0, Date.parse(once) - Date.now()));
    await proctor.fire(`schedule-${soon.body.id}`);
    expect(await completed((await firstRunOf(scheduled)).id)).toMatchObject({ result: 'passed' });
  });

  it('goes on with a run whose execution was lost, and stops it', async () => {
    const planId = await applyPlan('stays', { variables: { STAYS: 'yes' }, overlap: 'queue' });
    const { body } = await call('POST', `/v1/plans/${planId}/runs`, {});
    await vi.waitFor(() => expect(dispatched.some(({ runId }) => runId === body.id)).toBe(true), patience);
    const name = `run-${body.id}-1`;
    const stateMachineArn = 'arn:aws:states:eu-central-1:123456789012:stateMachine:Proctor-run';
    proctor.emit({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { executionArn: `${stateMachineArn}:${name}`, stateMachineArn, name, status: 'ABORTED' },
    });
    await vi.waitFor(() => expect(proctor.executions.has(`run-${body.id}-2`)).toBe(true), patience);
    // One that waits behind it is over at once: no executor knows of it.
    const behind = (await call('POST', `/v1/plans/${planId}/runs`, {})).body.id;
    const over = await call('POST', `/v1/runs/${behind}/stop`, {});
    expect(over).toMatchObject({ status: 200, body: { status: 'completed', result: 'stopped' } });
    expect((await call('POST', `/v1/runs/${body.id}/stop`, {})).status).toBe(200);
    expect(await completed(body.id)).toMatchObject({ result: 'stopped' });
    expect(received.some(({ path }) => path === '/stop')).toBe(true);
  });

  it('looks after everything when the minute comes', async () => {
    await proctor.tick();
    const swept = lines().filter(({ event }) => event === 'swept');
    expect(swept.at(-1)).toMatchObject({ stuckRuns: 0, OldestDueAge: expect.any(Number) });
    for (const id of ['SweeperSweep', 'OutboundDeliver', 'FiringFireSchedule']) {
      const [, by] = [...proctor.invoked].find(([each]) => withoutHash(each) === id) ?? [];
      expect([id, by?.has('Scheduler')]).toEqual([id, true]);
    }
  });

  it('serves every route of the template by the function it leads to', async () => {
    const answers = await takeTour();
    expect(answers.filter((answer) => / 5\d\d( |$)/.test(answer))).toEqual([]);
    // Most do what they are asked; the others refuse what the tour has not got, by their own words.
    expect(answers.filter((answer) => / 2\d\d$/.test(answer)).length).toBeGreaterThan(answers.length * 0.7);
    await proctor.settled();
  });
});

/** Every line of every function's log. */
function lines(): Record<string, unknown>[] {
  return [...proctor.functions.values()].flatMap((service) => service.lines).map((line) => JSON.parse(line));
}

/** What the names in paths stand for while the tour goes on. */
interface Stops {
  [name: string]: string | number;
}

/** Bodies of the calls that need one to do anything; every other gets an empty object. */
const bodies: Readonly<Record<string, (stops: Stops) => unknown>> = {
  'POST /api/v1/execution_results': ({ planId }) => ({ executionId: planId }),
  'POST /api/v1/test_plan_results': ({ planId }) => ({ executionId: planId }),
  'POST /api/v1/environments': () => ({ name: 'by Testsigma', parameters: [{ key: 'A', value: '1' }] }),
  'POST /api/v1/schedule_executions': ({ planId }) => ({
    name: 'by Testsigma',
    executionId: planId,
    scheduleType: 'ONCE',
    nextInterval: Date.now() + 86_400_000,
    timezone: 'IST',
  }),
  'POST /v1/plans': () => ({ name: 'toured', project: 'shop', executor: runner(), badge: 'public' }),
  'PUT /v1/plans/{planId}': () => ({ name: 'toured', project: 'shop', executor: runner(), badge: 'public' }),
  'POST /v1/plans/{planId}/configs': () => ({
    name: 'smoke',
    query: [{ key: 'tags', value: ['smoke'], operation: 'IN' }],
  }),
  'POST /v1/runs/{runId}/override': ({ resultId }) => ({
    cases: [{ resultId, result: 'failed', comment: 'seen by hand' }],
  }),
  'POST /v1/runs/{runId}/results': () => report,
  'POST /v1/events': () => ({ source: 'com.acme', detailType: 'Built', detail: {} }),
  'POST /v1/hooks': ({ planId }) => ({ name: 'toured', scheme: 'github', plans: [planId] }),
  'POST /v1/environments': () => ({
    name: 'staging',
    project: 'shop',
    capacity: 1,
    variables: [{ key: 'A', value: '1' }],
  }),
  'POST /v1/schedules': ({ planId }) => ({ planId, name: 'nightly', cron: '0 2 * * ? *' }),
  'POST /v1/schedules/preview': () => ({ cron: '0 2 * * ? *' }),
  'PUT /v1/projects/{project}': () => ({ parallelRuns: 5 }),
  'POST /v1/keys': () => ({ name: 'toured', scopes: ['PLAN_VIEW'] }),
};
const created: Readonly<Record<string, string>> = {
  'POST /v1/plans': 'planId',
  'POST /v1/plans/{planId}/runs': 'runId',
  'POST /v1/plans/{planId}/configs': 'configId',
  'POST /v1/hooks': 'hookId',
  'POST /v1/environments': 'environmentId',
  'POST /v1/schedules': 'scheduleId',
  'POST /v1/keys': 'keyId',
};

interface Made {
  readonly id?: string | number;
  readonly key?: { readonly id: string };
}

/** What of a run is needed further on. */
async function readCompleted(runId: number): Promise<Stops> {
  await completed(runId);
  const { deliveries } = (await call<{ deliveries: { id: string }[] }>('GET', '/v1/deliveries')).body;
  const { cases } = (await call<{ cases: Record<'id' | 'resultId', number>[] }>('GET', `/v1/runs/${runId}/cases`)).body;
  return { deliveryId: deliveries[0]?.id ?? '', caseId: cases[0]?.id ?? 0, resultId: cases[0]?.resultId ?? 0 };
}

/** `{id}` is what the path before it says. */
function nameOfId(path: string): string {
  if (/environments/.test(path)) return 'environmentId';
  if (/schedule_executions/.test(path)) return 'scheduleId';
  if (/\/(plans)\//.test(path)) return 'planId';
  return /projects|companies/.test(path) ? 'one' : 'runId';
}

/**
 * Every route once: what makes things first, what deletes them last, the inner before the outer. Then a path of each function
 * in another spelling, and one that is nobody's. Answers `<route> <status>` of each.
 */
async function takeTour(): Promise<string[]> {
  const stops: Stops = {
    file: 'page.js',
    one: 1,
    cid: 1,
    appId: 1,
    forceRun: 'true',
    attempt: 1,
    project: 'shop',
    token: 'cbt1.1.1.1.x',
  };
  const firsts = Object.keys(created);
  const rank = (key: string): number => {
    const first = firsts.indexOf(key);
    const turn = ['GET', 'PUT', 'POST', 'DELETE'].findIndex((method) => key.startsWith(method));
    const depth = key.startsWith('DELETE') ? key.length / 1000 : 0;
    return first === -1 ? firsts.length + turn - depth : first;
  };
  const answers: string[] = [];
  const fill = (path: string): string =>
    path.replace(/\{(\w+)\}/g, (_, name) => {
      const stop = stops[name === 'id' ? nameOfId(path) : name];
      if (stop === undefined) throw new Error(`nobody says what {${name}} of ${path} is`);
      return String(stop);
    });
  for (const key of proctor.routeKeys.filter((each) => each !== '$default').sort((a, b) => rank(a) - rank(b))) {
    const [method = '', path = ''] = key.split(' ');
    const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[key]?.(stops) ?? {});
    const { status, body: said } = await call<Made>(method, fill(path), body);
    answers.push(status < 500 ? `${key} ${status}` : `${key} ${status} ${JSON.stringify(said)}`);
    const makes = created[key];
    if (makes === undefined) continue;
    expect([key, status < 300, said]).toEqual([key, true, expect.anything()]);
    stops[makes] = said.id ?? said.key?.id ?? '';
    if (makes === 'planId') stops.badge = `${said.id}.svg`;
    if (makes === 'runId') Object.assign(stops, await readCompleted(Number(said.id)));
  }
  for (const name of new Set(routes.map((route) => route.function))) {
    const own = routes.filter((route) => route.function === name);
    const { method, path } = own.find((route) => route.method === 'GET') ?? (own[0] as (typeof own)[number]);
    const { status } = await call(method, `/${fill(path)}`, method === 'GET' ? undefined : {});
    answers.push(`//${name} ${status}`);
  }
  expect((await call('GET', '/api/v1/nobody')).status).toBe(404);
  return answers;
}

/** Grants that nothing here made use of, and why they are there; each line must fit a grant. */
const unneededHere: readonly (readonly [RegExp, string])[] = [
  [
    /^\w+ (logs:\w+|xray:\w+|sqs:SendMessage) /,
    'Lambda, Step Functions and Scheduler write logs, traces and dead letters themselves',
  ],
  [
    /^SweeperSweep (dynamodb|states|events|codebuild|secretsmanager|ssm):/,
    'the net under everything: nothing was late here',
  ],
  [
    / states:SendTask(Success|Failure) /,
    'a run that waits is woken by whoever frees what it waits for; here others did',
  ],
  [
    /^(HttpStopRun|RunStepRun|RunCompleteRun) states:StartExecution /,
    'the next run of a plan, a child of a group: none waited',
  ],
  [/^\w+ events:PutEvents /, 'the end of a run or delivery, a refusal: told by whoever finds it'],
  [/^OutboundDeliver dynamodb:(BatchGetItem|Query) /, 'a commit status that is late looks for newer runs'],
  [/^HttpTrigger dynamodb:Query table.*list$/, 'a plan by its name, and the last run of one, on the Testinium API'],
  [
    /^(HttpEditPlans|EventsInBusEvent|FiringFireSchedule) dynamodb:Query /,
    'the catalog of a plan with selections; schedules of a plan',
  ],
  [
    /^FiringFireSchedule (dynamodb:DeleteItem|scheduler:\w+|iam:PassRole) /,
    'a recurring schedule is armed again, one without its plan goes',
  ],
  [
    /^(RunCompleteRun|FailedExecutionsExecutionFailed) dynamodb:/,
    'the end of a run, when the callback did not complete it',
  ],
  [/^HttpStopRun dynamodb:Query /, 'stopping everything walks the plans'],
  [/^RunStepRun codebuild:StopBuild /, 'no build was stopped'],
  [/^(OutboundDeliver|RunStepRun) (secretsmanager|ssm):/, 'a plan may keep its secrets in either store'],
];

describe('when all of that was done', () => {
  it('every function of the template had been called, those of the API by the API, and none failed', () => {
    expect([...proctor.invoked.keys()].sort()).toEqual([...proctor.functions.keys()].sort());
    for (const [id, by] of proctor.invoked) {
      if (id.startsWith('Http')) expect([id, [...by]]).toEqual([id, expect.arrayContaining(['API Gateway'])]);
    }
    expect(proctor.failures).toEqual([]);
  });

  it('no function had made a call that its role is not granted', () => {
    expect(proctor.denied).toEqual([]);
    expect(proctor.usedGrants.size).toBeGreaterThan(100);
  });

  it('every grant had been used, or there is a reason why it was not', () => {
    const show = ({ role, action, resource }: (typeof proctor.grants)[number]) =>
      `${withoutHash(role).replace(/Role$/, '')} ${action} ${resource.split(':').slice(5).join(':')}`;
    const unused = proctor.grants.filter((grant) => !proctor.usedGrants.has(grant)).map(show);
    expect(unused.filter((line) => !unneededHere.some(([pattern]) => pattern.test(line)))).toEqual([]);
    const all = proctor.grants.map(show);
    expect(unneededHere.filter(([pattern]) => !all.some((line) => pattern.test(line)))).toEqual([]);
  });

  it('every line of the logs names its function and request, and none holds a secret', () => {
    const written = lines();
    expect(written.length).toBeGreaterThan(100);
    for (const line of written) {
      expect(line).toMatchObject({ function: expect.stringMatching(/^Proctor-/), requestId: expect.any(String) });
    }
    const about = written.filter(({ event }) =>
      /^(attempt dispatched|run completed|delivery delivered)$/.test(String(event)),
    );
    expect(about.length).toBeGreaterThan(10);
    for (const { event, runId, deliveryId } of about) expect([event, runId ?? deliveryId]).not.toContain(undefined);
    const text = JSON.stringify(written);
    const { token: callback } = dispatched[0]?.callback ?? { token: '' };
    for (const secret of [...Object.values(canaries), ...hidden, token, callback, 'k'.repeat(64)]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(text).not.toContain(secret);
    }
  });
});
