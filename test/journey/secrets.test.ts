import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { routes } from '../../lib/http/routes.ts';
import { until } from '../executors/command/job-harness.ts';
import { type HttpRunner, startHttpRunner } from '../executors/http-runner.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

const signing = `whsec_${Buffer.from('canary-of-the-signing-secret-0001').toString('base64')}`;
const variable = 'canary-of-a-variable-7c1d';
const runtime = 'canary-of-runtime-data-52aa';

let proctor: TestSystem;
let runner: HttpRunner;
beforeAll(async () => {
  vi.stubEnv('CANARY_SIGNING', signing);
  vi.stubEnv('CANARY_VARIABLE', variable);
  proctor = await startTestSystem();
  runner = await startHttpRunner();
});
afterAll(async () => {
  await runner.close();
  await proctor.close();
  vi.unstubAllEnvs();
});

interface Created {
  readonly id: number;
}
interface Sent {
  readonly variables: Record<string, string>;
  readonly callback: { readonly token: string };
}

/** A runner that says all it was sent wherever it can: in reference, link, description, results and errors. */
function tellEverything(status: number): () => Sent {
  let sent: Sent | undefined;
  runner.answer = ({ json, url }, response) => {
    if (url === '/start') sent = json as unknown as Sent;
    const all = JSON.stringify(sent);
    const token = sent?.callback.token ?? '';
    const started = {
      ref: token,
      link: `https://ci.example/?t=${token}`,
      executing: { grain: 'everything', description: `${token} ${variable} ${runtime}` },
    };
    const cases = [{ name: 'prints', result: 'failed', message: sent?.variables.TOKEN, details: all }];
    const ended = { state: 'ended', cases, error: `lost with ${all}` };
    response.writeHead(status, { 'content-type': 'application/json', 'x-echo': variable });
    response.end(JSON.stringify(url === '/start' ? started : ended));
  };
  return () => {
    if (sent === undefined) throw new Error('The runner got nothing');
    return sent;
  };
}

/** A run of a plan of its own, over; answers what the parameters of routes about it are. */
async function run(name: string): Promise<Record<string, string | number>> {
  const environment = await proctor.post<Created>('/v1/environments', {
    name,
    project: name,
    variables: [{ key: 'TOKEN', valueFrom: 'env:CANARY_VARIABLE', secret: true }],
  });
  const plan = await proctor.post<Created>('/v1/plans', {
    name,
    project: name,
    environment: environment.body.id,
    executor: {
      type: 'http',
      url: `${runner.origin}/start`,
      statusUrl: `${runner.origin}/status`,
      stopUrl: `${runner.origin}/stop`,
      secret: 'env:CANARY_SIGNING',
    },
    notify: [{ url: `${runner.origin}/hook/${name}`, on: ['run.completed'], secret: 'env:CANARY_SIGNING' }],
  });
  const started = await proctor.post<Created>(`/v1/plans/${plan.body.id}/runs`, { runtimeData: { DATA: runtime } });
  expect(started.status).toBe(202);
  const path = `/v1/runs/${started.body.id}`;
  await until(async () => (await proctor.call<{ status: string }>(path)).body.status !== 'queued');
  // A stop asks for the results at once, instead of 15 s later.
  await proctor.post(`${path}/stop`, {});
  await proctor.completed(started.body.id);
  await until(() => runner.received.some(({ url }) => url === `/hook/${name}`));
  const ids = { planId: plan.body.id, runId: started.body.id, environmentId: environment.body.id };
  return { ...ids, attempt: 1, project: name, configId: 1 };
}

/** What every native route that reads says of the run, what its subscriber got, and all that the data directory holds. */
async function everythingShown(params: Record<string, string | number>): Promise<Map<string, string>> {
  const deliveries = await proctor.call<{ deliveries: { id: string }[] }>('/v1/deliveries');
  const known = { ...params, deliveryId: deliveries.body.deliveries[0]?.id ?? '' };
  const shown = new Map<string, string>();
  for (const { method, path, surface } of routes.filter((one) => one.method === 'GET' && one.surface === 'native')) {
    const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => String(known[name as keyof typeof known]));
    const { status, text } = await proctor.call(filled);
    shown.set(`${surface} ${method} ${filled} (${status})`, text);
  }
  for (const { url, body } of runner.received) {
    if (url.startsWith('/hook')) shown.set(url, new TextDecoder().decode(body));
  }
  const data = join(proctor.directory, 'data');
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) shown.set(file, await readFile(file, 'latin1'));
  }
  return shown;
}

/** Runtime data is the run's input: the table keeps it, and no route shows it. */
const mayHold = (place: string, secret: string) => secret === runtime && place.includes('/data/table');

test.each([
  ['that takes the attempt', 202],
  ['that refuses it', 422],
])(
  'no secret of a run is in what is shown, logged or sent of it, with a talkative runner %s',
  async (_name, status) => {
    const sentOf = tellEverything(status);
    const params = await run(`canary-${status}`);
    const { variables, callback } = sentOf();
    expect(variables).toMatchObject({ TOKEN: variable, DATA: runtime });
    const shown = await everythingShown(params);
    expect(shown.size).toBeGreaterThan(20);
    for (const [place, text] of shown) {
      for (const secret of [signing, variable, runtime, callback.token]) {
        if (!mayHold(place, secret)) expect(text.includes(secret), `${secret} in ${place}`).toBe(false);
      }
    }
    const cases = await proctor.call<{ items: { message?: string }[] }>(`/v1/runs/${params.runId}/cases`);
    if (status === 202) expect(JSON.stringify(cases.body)).toContain('***');
  },
);

test('a signing secret in the plan itself is refused at the field, and not repeated', async () => {
  const executor = { type: 'http', url: `${runner.origin}/start`, secret: signing };
  const answer = await proctor.post<{ errors: { field: string }[] }>('/v1/plans', { name: 'inline', executor });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('executor.secret');
  expect(answer.text).toContain('ssm:/proctor/<name>');
  expect(answer.text).not.toContain(signing);
});

test('none of twenty canaries in headers, queries, bodies and stored values is logged, told or shown', async () => {
  const canaries = Array.from({ length: 20 }, (_, i) => `canary-${i}-of-twenty`);
  const of = (i: number): string => canaries[i] ?? '';
  const sent = tellEverything(202);
  const environment = await proctor.post<Created>('/v1/environments', {
    name: 'twenty',
    project: 'twenty',
    variables: [{ key: 'STORED', value: of(0), secret: true }],
  });
  const plan = await proctor.post<Created>('/v1/plans', {
    name: 'twenty',
    project: 'twenty',
    environment: environment.body.id,
    executor: { type: 'http', url: `${runner.origin}/start`, stopUrl: `${runner.origin}/stop` },
  });
  const callbackUrl = `${runner.origin}/hook/twenty?token=${of(1)}`;
  const started = await proctor.post<Created>(`/v1/plans/${plan.body.id}/runs`, {
    runtimeData: { DATA: of(2) },
    callbackUrl,
  });
  expect([started.status, started.text]).toEqual([202, started.text]);
  await until(
    async () => (await proctor.call<{ status: string }>(`/v1/runs/${started.body.id}`)).body.status !== 'queued',
  );
  await proctor.post(`/v1/runs/${started.body.id}/stop`, {});
  await proctor.completed(started.body.id);
  expect(sent().variables).toMatchObject({ STORED: of(0), DATA: of(2) });
  const answers = [
    await proctor.call('/v1/plans', { key: of(3) }),
    await proctor.call('/v1/plans', { headers: { authorization: `Basic ${of(4)}` } }),
    await proctor.call('/api/v1/test_plans', { headers: { authorization: '', 'x-ts-api-key': of(5) } }),
    await proctor.call(`/v1/plans?limit=1&token=${of(6)}`),
    await proctor.call('/v1/plans', { headers: { cookie: of(7), 'user-agent': of(8), 'x-forwarded-for': of(9) } }),
    await proctor.call(`/v1/plans/${plan.body.id}`, { method: 'PUT', body: `{"name":"${of(10)}` }),
    await proctor.post(`/v1/plans/${plan.body.id}/runs`, [], { 'idempotency-key': of(11) }),
    await proctor.post('/hooks/nobody', { push: of(12) }, { 'x-hub-signature-256': of(13), 'x-gitlab-token': of(14) }),
    await proctor.post('/hooks/nobody', {}, { 'webhook-id': '1', 'webhook-signature': of(15) }),
    await proctor.call(`/callbacks/${started.body.id}/1/results`, { method: 'POST', body: '{}', key: of(16) }),
    await proctor.call(`/callbacks/t/${of(17)}/results`, { method: 'POST', body: '{}' }),
    await proctor.post('/Testinium.RestApi/oauth/token', `grant_type=password&username=admin&password=${of(18)}`),
    await proctor.call(`/nothing/${of(19)}`),
  ];
  const shown = await everythingShown({
    planId: plan.body.id,
    runId: started.body.id,
    environmentId: environment.body.id,
    attempt: 1,
    project: 'twenty',
    configId: 1,
  });
  for (const [i, { text }] of answers.entries()) shown.set(`answer ${i}`, text);
  // The receiver of the callback is who its URL is for; the table keeps the run's input and the environment's values.
  const isTheirs = (place: string, canary: string): boolean =>
    (place.startsWith('/hook/twenty') && canary === of(1)) ||
    (place.includes('/data/db') && [of(0), of(2)].includes(canary));
  const found = [...shown].flatMap(([place, text]) =>
    canaries
      .filter((canary) => text.includes(canary) && !isTheirs(place, canary))
      .map((canary) => `${canary} in ${place}`),
  );
  expect(found).toEqual([]);
});
