import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';
import { freePort } from '../support/embedded-process.ts';

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.close());

/** Runs it and expects that it worked. */
async function succeed(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await line.proctor(args, env);
  expect(code, stderr).toBe(0);
  return stdout;
}

test('a key is made for one plan, rotated and revoked; its token alone is on stdout', async () => {
  const token = (
    await succeed(['keys', 'create', 'ci', '--scope', 'PLAN_RUN', 'PLAN_VIEW', '--plan', 'storefront'])
  ).trim();
  const list: { id: string; name: string; planIds: number[] }[] = JSON.parse(await succeed(['keys', 'list', '--json']));
  const made = list.find(({ name }) => name === 'ci');
  expect(made).toMatchObject({ planIds: [3857], scopes: ['PLAN_RUN', 'PLAN_VIEW'] });
  expect(await succeed(['plans', 'list'], { PROCTOR_KEY: token })).toContain('storefront');

  const denied = await line.proctor(['keys', 'list'], { PROCTOR_KEY: token });
  expect({ code: denied.code, stdout: denied.stdout }).toEqual({ code: 4, stdout: '' });
  expect(denied.stderr).toContain('KEY_ADMIN');

  const rotated = (await succeed(['keys', 'rotate', made?.id ?? '', '--expire-old-after', '1h'])).trim();
  await succeed(['keys', 'revoke', made?.id ?? '']);
  expect((await line.proctor(['plans', 'list'], { PROCTOR_KEY: token })).code).toBe(4);
  expect(await succeed(['plans', 'list'], { PROCTOR_KEY: rotated })).toContain('storefront');
  expect(await succeed(['keys', 'list'])).toMatch(/ci .*revoked/);
  expect((await line.proctor(['keys', 'create', 'x', '--scope', 'ALL'])).code).toBe(4);
});

test('a hook is made, listed, rotated and deleted; its secret may come from the environment', async () => {
  const made = await succeed(['hooks', 'create', 'forge', '--scheme', 'github', '--plan', 'shop/storefront']);
  const [, id = ''] = /^id +(\S+)$/m.exec(made) ?? [];
  expect(made).toMatch(new RegExp(`^url +${line.server.url}/hooks/${id}$`, 'm'));
  expect(made).toMatch(/^secret +\S{32,}$/m);
  expect(await succeed(['hooks', 'list'])).toMatch(new RegExp(`${id} +forge +github +shop +3857 +yes`));
  const rotated = await succeed(['hooks', 'rotate', id, '--secret-from', 'OURS', '--json'], { OURS: 'a'.repeat(32) });
  expect(JSON.parse(rotated)).toMatchObject({ id, version: 2, oldSecretUntil: expect.any(String) });
  expect(rotated).not.toContain('aaaa');
  expect((await line.proctor(['hooks', 'rotate', id, '--secret-from', 'OURS'])).stderr).toContain('OURS is not set');
  expect(JSON.parse(await succeed(['hooks', 'calls', id, '--json']))).toEqual([]);
  await succeed(['hooks', 'delete', id]);
  expect(await succeed(['hooks', 'list'])).not.toContain(id);
});

test('deliveries are listed by plan and replayed', async () => {
  const url = `http://127.0.0.1:${await freePort()}/hook`;
  const executor = { type: 'command', directory: line.directory, command: 'true' };
  const notify = [{ name: 'chat', url, on: ['run.completed'], secret: 'env:CHAT_SECRET' }];
  await line.call('POST', '/v1/plans', { name: 'told', executor, notify });
  await line.proctor(['run', 'told', '--wait']);
  const [delivery] = JSON.parse(await succeed(['deliveries', 'list', '--plan', 'told', '--json']));
  expect(delivery).toMatchObject({ type: 'run.completed', host: new URL(url).host });
  const table = await succeed(['deliveries', 'list', '--limit', '1', '--run', String(delivery.runId)]);
  expect(table).toContain(delivery.id);
  expect(await succeed(['deliveries', 'replay', delivery.id])).toContain(delivery.id);
  expect((await line.proctor(['deliveries', 'list', '--state', 'lost'])).code).toBe(4);
});
