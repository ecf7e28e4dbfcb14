import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkNode } from '../../lib/cli/doctor/check-machine.ts';
import { checkDue } from '../../lib/cli/doctor/check-runs.ts';
import { checkKey, checkReachable, checkVersion } from '../../lib/cli/doctor/check-server.ts';
import { checkDeliveries, checkHooks } from '../../lib/cli/doctor/check-webhooks.ts';
import { serve } from '../client/serve.ts';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.close());

interface Line {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly fix?: string;
}

async function examine(env?: NodeJS.ProcessEnv) {
  const { code, stdout, stderr } = await line.proctor(['doctor', '--json'], env);
  const { checks }: { checks: Line[] } = JSON.parse(stdout);
  return { code, stderr, checks, of: (name: string) => checks.filter((check) => check.name === name) };
}

test('a system that is well is exit code 0, with a line for each thing that was looked at', async () => {
  const { code, stdout, stderr } = await line.proctor(['doctor']);
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  const names = stdout.split('\n').flatMap((row) => /^(?:ok|warn) +([a-z ]+):/.exec(row)?.[1] ?? []);
  expect([...new Set(names)]).toEqual([
    'node',
    'data directory',
    'reachable',
    'clock',
    'version',
    'key',
    'executors',
    'due work',
    'hooks',
    'deliveries',
  ]);
  expect(stdout).toMatch(/^ok +key: key administrator \(\w+\) from \S+admin\.key: PLAN_VIEW/m);
  expect(stdout).not.toContain(await line.server.key());
});

test('no key or a wrong one is exit code 4, a Proctor that is away 3, each with what to do', async () => {
  const wrong = await examine({ PROCTOR_KEY: 'prk_wrong' });
  expect(wrong.code).toBe(4);
  expect(wrong.of('key')).toMatchObject([{ state: 'problem', fix: expect.stringContaining('PROCTOR_KEY') }]);
  const none = await examine({ PROCTOR_URL: 'https://proctor.example.com' });
  expect(none).toMatchObject({ code: 4 });
  const away = await examine({ PROCTOR_URL: 'http://127.0.0.1:1', PROCTOR_KEY: 'k' });
  expect(away.code).toBe(3);
  expect(away.of('reachable')).toMatchObject([{ state: 'problem', fix: expect.stringContaining('from PROCTOR_URL') }]);
});

test('an executor without its secret is found by its newest run, a key that sees less says so, open files are a problem', async () => {
  const executor = { type: 'http', url: 'http://127.0.0.1:1/start', secret: 'env:NOT_THERE_AT_ALL' };
  const { id } = await line.call<{ id: number }>('POST', '/v1/plans', { name: 'secretless', executor });
  await line.proctor(['run', String(id), '--wait']);
  const body = { name: 'viewer', scopes: ['PLAN_VIEW'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() };
  const { token } = await line.call<{ token: string }>('POST', '/v1/keys', body);
  const data = join(line.directory, 'data');
  await chmod(data, 0o755);
  const { code, of } = await examine({ PROCTOR_KEY: token });
  await chmod(data, 0o700);
  expect(code).toBe(3);
  expect(of('data directory')[0]).toMatchObject({ state: 'problem', fix: `chmod go= ${data}` });
  expect(of('executors')).toMatchObject([{ state: 'warn', message: expect.stringContaining('NOT_THERE_AT_ALL') }]);
  expect(of('hooks')).toMatchObject([{ state: 'unknown', message: expect.stringContaining('WEBHOOK_ADMIN') }]);
  expect(of('key')).toMatchObject([{ state: 'warn', fix: expect.stringContaining('keys rotate') }]);
});

test('an old Node, a clock that is off and another version are told', async () => {
  expect(checkNode('20.18.3')).toMatchObject({ state: 'problem' });
  expect(['20.19.0', '22.0.0', '24.1.0'].map((version) => checkNode(version).state)).toEqual(['ok', 'ok', 'ok']);
  const clocks: [secondsOff: number, state: string, word: string][] = [
    [0, 'ok', 'agree'],
    [-90, 'warn', 'ahead of'],
    [3600, 'problem', 'behind'],
  ];
  for (const [seconds, state, word] of clocks) {
    const { api } = await serve((response) => {
      const date = new Date(Date.now() + seconds * 1000).toUTCString();
      response.writeHead(200, { date }).end(JSON.stringify({ info: { version: '9.9.9' } }));
    });
    const [, clock] = await checkReachable(api.url, 'a test');
    expect(clock).toMatchObject({ state, message: expect.stringContaining(word) });
    expect(await checkVersion(api, '0.1.0')).toMatchObject([
      { state: 'warn', message: 'the command line is 0.1.0, the server 9.9.9' },
    ]);
  }
});

test('the oldest queued run is looked for page after page, up to a limit that is told', async () => {
  const now = Date.parse('2027-01-01T12:00:00Z');
  const runOf = (id: number, createdAt: string) => ({ id, planName: `plan ${id}`, createdAt });
  const queue = async (pages: number) => {
    const { api, requests } = await serve((response) => {
      const { searchParams, pathname } = new URL(response.req.url ?? '', 'http://x');
      const page = Number(searchParams.get('cursor') ?? 1);
      const runs = Array.from({ length: 200 }, (_, i) =>
        runOf(page * 1000 + i, i === 199 && page === pages ? '2026-12-30T00:00:00.000Z' : '2027-01-01T11:00:00.000Z'),
      );
      const body = { runs, nextCursor: page < pages ? String(page + 1) : null };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(pathname === '/v1/runs' ? body : { schedules: [], nextCursor: null }));
    });
    const [check] = await checkDue(api, now);
    return { check, asked: requests.length - 1 };
  };
  const found = await queue(3);
  expect(found).toMatchObject({ asked: 3, check: { state: 'warn', message: expect.stringContaining('run 3199 ') } });
  const endless = await queue(100);
  expect(endless.check).toMatchObject({ state: 'ok', message: expect.stringContaining('only the newest 5000') });
  expect(endless.asked).toBeLessThanOrEqual(26);
});

test('schedules nobody fires, refused hooks and given up deliveries are told with the newest of each', async () => {
  const now = Date.parse('2027-01-01T12:00:00Z');
  const answers: Record<string, unknown> = {
    '/v1/schedules': {
      schedules: [
        { id: 1, name: 'late', nextAt: '2027-01-01T11:00:00.000Z' },
        { id: 2, name: 'paused', nextAt: null },
        { id: 3, name: 'soon', nextAt: '2027-01-01T11:58:00.000Z' },
      ],
      nextCursor: null,
    },
    '/v1/runs': { runs: [{ id: 7, planName: 'old', createdAt: '2026-12-30T00:00:00.000Z' }], nextCursor: null },
    '/v1/hooks': { hooks: [{ id: 'h1', name: 'forge' }] },
    '/v1/hooks/h1/calls': {
      calls: [
        { receivedAt: '2027-01-01T10:00:00.000Z', outcomes: [{ planId: 5, outcome: 'refused', reason: 'QUEUE_FULL' }] },
        { receivedAt: '2026-12-01T10:00:00.000Z', outcomes: [{ planId: 6, outcome: 'refused' }] },
      ],
    },
    '/v1/deliveries': {
      deliveries: [{ id: 'd1', planId: 5, host: 'chat.example.com', createdAt: '2026-12-31T10:00:00.000Z' }],
      nextCursor: null,
    },
    '/v1/keys/self': { name: 'ci', id: 'k1', scopes: [], projects: ['shop'], planIds: null, expiresAt: null },
  };
  const { api } = await serve((response) => {
    const { url = '' } = response.req;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[url.replace(/\?.*/, '')]));
  });
  expect(await checkDue(api, now)).toMatchObject([
    { state: 'problem', message: expect.stringContaining('schedule 1 (late)') },
    { state: 'warn', message: expect.stringContaining('run 7 of old') },
  ]);
  expect(await checkHooks(api, now)).toMatchObject([
    {
      state: 'warn',
      message: expect.stringMatching(/^1 refused .* by plan 5: QUEUE_FULL$/),
      fix: 'proctor hooks calls h1',
    },
  ]);
  expect(await checkDeliveries(api, now)).toMatchObject([
    { state: 'warn', message: expect.stringContaining('1 failed in a week') },
    { state: 'warn', fix: expect.stringContaining('deliveries replay d1') },
  ]);
  expect(await checkKey(api, 'a test', now)).toMatchObject([
    { state: 'ok', message: expect.stringContaining('no scope, for projects shop') },
  ]);
});
