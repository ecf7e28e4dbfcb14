import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Action, readAction, runAction } from '../support/composite-action.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let server: TestSystem;
let action: Action;
beforeAll(async () => {
  [server, action] = await Promise.all([startTestSystem(), readAction()]);
});
afterAll(() => server.close());

const workspace = () => mkdtemp(join(server.directory, 'workspace-'));

async function apply(name: string, command: string, change: object = {}): Promise<number> {
  const executor = { type: 'command', directory: server.directory, command };
  const { body, text } = await server.post<{ id: number }>('/v1/plans', { name, project: 'shop', executor, ...change });
  expect(body.id, text).toBeGreaterThan(0);
  return body.id;
}

function inputs(plan: string, more: Readonly<Record<string, string>> = {}) {
  return { plan, url: server.system.url, key: server.system.adminKey.token, ...more };
}

const report = (inside: string) =>
  `echo '<testsuite name="S"><testcase name="c">${inside}</testcase></testsuite>' > {report}`;
/** Whatever evaluates one of these leaves a file behind. */
const hostile = '"\'; touch pwned; $(touch pwned) `touch pwned` $HOME \\ * && touch pwned #';

test('no script holds an expression, and each input reaches the step by its environment', () => {
  const { steps } = action.runs;
  for (const { run } of steps) expect(run).not.toContain('${{');
  const passed = steps.flatMap(({ env = {} }) => Object.values(env));
  for (const name of Object.keys(action.inputs)) expect(passed).toContain(`\${{ inputs.${name} }}`);
});

test('hostile names and values are text: nothing of them is evaluated, and the tests get them as they are', async () => {
  const directory = await workspace();
  const name = `nightly ${hostile}`;
  const seen = join(directory, 'seen.txt');
  await apply(name, `printf '%s|%s' "$A" "$B" > ${seen}; ${report('')}`, {
    configs: [{ name: hostile, query: [{ key: 'tags', value: ['x'], operation: 'NOT_IN' }] }],
    suites: [{ name: 'S', cases: [{ name: 'c' }] }],
  });
  const { code, outputs, log, summary } = await runAction(
    action,
    inputs(name, {
      config: hostile,
      variables: `A=${hostile}\r\nB=x=y -- --all\n`,
      build: hostile,
      junit: 'reports/$(touch pwned).xml',
      timeout: '2m',
    }),
    directory,
  );
  expect(code, log).toBe(0);
  const id = Number(outputs['run-id']);
  expect(outputs).toEqual({ 'run-id': String(id), result: 'passed', url: `${server.system.url}/runs/${id}` });
  expect(await readFile(seen, 'utf8')).toBe(`${hostile}|x=y -- --all`);
  expect((await server.call<{ buildNo: string }>(`/v1/runs/${id}`)).body.buildNo).toBe(hostile);
  expect(await readFile(join(directory, 'reports/$(touch pwned).xml'), 'utf8')).toContain('<testcase');
  expect(await readdir(directory, { recursive: true })).not.toContain('pwned');
  expect(summary).toContain('✅');
  expect(log).not.toContain(server.system.adminKey.token);
  // No spinner, no colours: a log of a job keeps every character.
  expect(log).toBe(stripVTControlCharacters(log));
  expect(log).not.toContain('\r');
});

test('the step fails as the run did, and the outputs still say which run it was', async () => {
  await apply('fails', report('<failure/>'));
  const failed = await runAction(action, inputs('shop/fails'), await workspace());
  expect(failed).toMatchObject({ code: 1, outputs: { result: 'failed' }, summary: expect.stringContaining('❌') });
  const unknown = await runAction(action, inputs('--help', { 'github-summary': 'false' }), await workspace());
  expect(unknown).toMatchObject({ code: 4, outputs: { 'run-id': '', result: '', url: '' }, summary: '' });
  expect(unknown.log).toContain('there is no plan named --help');
});

test('a switch that is neither true nor false starts nothing', async () => {
  for (const [name, value] of Object.entries({ wait: 'True', detach: 'yes', 'github-summary': '' })) {
    const refused = await runAction(action, inputs('slow', { [name]: value }), await workspace());
    expect(refused, refused.log).toMatchObject({ code: 4, outputs: { 'run-id': '', result: '', url: '' } });
    expect(refused.log).toContain(`proctor: ${name} must be true or false, not ${value || "''"}`);
  }
});

test('without waiting the run goes on; a job that is cancelled stops its run unless it is detached', async () => {
  await apply('slow', 'sleep 60 & wait', { overlap: 'allow' });
  const left = await runAction(action, inputs('slow', { wait: 'false', junit: 'never.xml' }), await workspace());
  expect(left).toMatchObject({ code: 0, outputs: { result: '' } });
  const cancel = async (detach: string) => {
    const cancelled = await runAction(action, inputs('slow', { detach }), await workspace(), (id, child) => {
      if (id !== 'run') return;
      let told = '';
      child.stderr?.on('data', (chunk) => {
        told += chunk;
        if (!child.killed && /^run \d+ of slow/.test(told)) child.kill('SIGINT');
      });
    });
    const [, id] = /^run (\d+) of slow/m.exec(cancelled.log) ?? [];
    return { ...cancelled, id: Number(id) };
  };
  const stopped = await cancel('false');
  expect(stopped, stopped.log).toMatchObject({ code: 2, outputs: { 'run-id': String(stopped.id) } });
  expect(await server.completed(stopped.id)).toMatchObject({ result: 'stopped' });
  const detached = await cancel('true');
  expect(detached, detached.log).toMatchObject({ code: 2 });
  for (const id of [Number(left.outputs['run-id']), detached.id]) {
    expect((await server.call<{ status: string }>(`/v1/runs/${id}`)).body.status).not.toBe('completed');
    await server.post(`/v1/runs/${id}/stop`, '');
  }
});

test('the example workflow gives the action inputs it has', async () => {
  const { jobs } = parse(await readFile('examples/github-action/workflow.yml', 'utf8'));
  const [{ with: given }] = jobs['checkout-smoke'].steps;
  expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
  const required = Object.entries(action.inputs).flatMap(([name, { required }]) => (required ? name : []));
  expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
});
