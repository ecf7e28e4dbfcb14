import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Reader, runOnce, startReader } from '../support/reader.ts';

const examples = resolve(import.meta.dirname, '../../examples');
/** Browsers share the machine with the rest of the suite. */
const timeout = 180_000;
let reader: Reader;
// Where there is no Chromium, the shipped one is unpacked first.
beforeAll(async () => {
  reader = await startReader();
}, 180_000);
afterAll(() => reader?.close());

test('a reader starts the sample plan, sees it fill, reruns the case that failed, and sees it turn', {
  timeout,
}, async () => {
  // Here the sandbox of the sample's bank notes whether it is awake; and one file of tests waits until it is let go.
  const sandbox = join(reader.system.directory, 'sandbox');
  await mkdir(sandbox);
  await writeFile(join(sandbox, 'hold.mjs'), holdLast);
  // Without its automatic rerun, so that there is something left to do.
  const plan = parse(await readFile(join(examples, 'plan.yaml'), 'utf8'));
  plan.rerun.max = 0;
  plan.executor.directory = join(examples, 'shop');
  plan.executor.command = `NODE_OPTIONS=--import=${join(sandbox, 'hold.mjs')} ${plan.executor.command}`;
  await reader.system.post('/v1/plans', plan);
  const { token } = reader.system.system.adminKey;
  const { page, urls, complaints, picture } = await reader.open('/', { key: null });

  await page.getByLabel('API key').fill(token);
  await picture('sign-in');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('No runs yet').waitFor();
  await picture('no-runs');
  await page.getByRole('button', { name: 'Run a plan' }).click();
  const dialog = page.getByRole('dialog', { name: 'Run a plan' });
  await dialog.getByRole('option', { name: 'storefront · shop' }).waitFor({ state: 'attached' });
  await dialog.getByLabel('Build').fill('build 7');
  await dialog.getByLabel('Variables').fill(`TMPDIR=${sandbox}`);
  await picture('start');
  await dialog.getByRole('button', { name: 'Run now' }).click();

  await page.waitForURL(/\/runs\/1$/);
  // Nothing is loaded again from here on: the run fills by itself.
  await page.evaluate('window.isTheSamePage = true');
  await page.getByText('Running', { exact: true }).waitFor();
  await page.getByText('10 of 12 cases reported, 1 of them not passed so far.').waitFor();
  const list = page.getByRole('list', { name: /^Cases/ });
  await list.getByText('503 from the bank').waitFor();
  await picture('live');
  await writeFile(join(sandbox, 'go'), '');
  await page.getByText('Failed', { exact: true }).first().waitFor({ timeout: 120_000 });
  // What failed stands first, and is open.
  await list.getByText('503 from the bank').first().waitFor();
  expect(await list.getByRole('listitem').first().textContent()).toContain('pays at the bank');
  expect(await page.getByRole('button', { name: 'Passed 11' }).count()).toBe(1);
  await picture('failed');
  await page.getByRole('link', { name: 'Why is it red?' }).click();
  await page
    .getByText(/1 of 12 cases did not pass/)
    .first()
    .waitFor();
  await picture('why');
  await page.getByRole('link', { name: 'Cases' }).click();

  // The bank is awake by now.
  await writeFile(join(sandbox, `shop-bank-${new URL(reader.system.system.url).port}-2`), '');
  await page.getByLabel('Pick pays at the bank').check();
  await page.getByRole('button', { name: 'Rerun 1 picked case' }).click();
  await page.waitForURL(/\/runs\/2$/);
  await page.getByText('Passed', { exact: true }).first().waitFor({ timeout: 120_000 });
  await page.getByText('Taken together: passed, 12 of 12 passed').waitFor();
  const facts = await page.locator('.facts').textContent();
  for (const fact of ['Asked for1 case', 'Executed1 case', 'Buildbuild 7']) expect(facts).toContain(fact);
  await picture('turned');
  await page.getByRole('link', { name: /^Attempts/ }).click();
  await page.getByText('Output').click();
  await page.getByLabel('Output of attempt 1').getByText('pays at the bank').waitFor();
  await picture('attempts');
  for (const [word, file] of [
    ['JUnit XML', 'proctor-run-2.xml'],
    ['CSV', 'proctor-run-2.csv'],
    ['HTML report', 'proctor-run-2.html'],
  ] as const) {
    const kept = page.waitForEvent('download');
    await page.getByRole('button', { name: word }).click();
    expect((await kept).suggestedFilename()).toBe(file);
  }
  await page.getByRole('link', { name: 'Proctor' }).click();
  await page.getByRole('link', { name: 'storefront #1' }).waitFor();
  await picture('runs');

  expect(await page.evaluate('window.isTheSamePage')).toBe(true);
  expect(urls.filter((url) => url.includes(token.slice(4, 20)))).toEqual([]);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('a wrong key is refused with the reason; a key that is revoked meanwhile leads back to the form', {
  timeout,
}, async () => {
  const runId = await runOnce(reader.system, { passed: 3 });
  const { body: key } = await reader.system.post<{ id: string; token: string }>('/v1/keys', {
    name: 'reader',
    scopes: ['PLAN_VIEW'],
  });
  const { page, complaints } = await reader.open(`/runs/${runId}`, { key: null });
  const field = page.getByLabel('API key');
  await field.fill(`${key.token.slice(0, -1)}${key.token.endsWith('a') ? 'b' : 'a'}`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That key is unknown, revoked or expired').waitFor();
  await field.fill(key.token);
  await page.getByLabel('Remember on this device').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  // The link still leads where it pointed, and survives a new tab of the device.
  await page.getByRole('heading', { level: 1, name: `quick #${runId}` }).waitFor();
  const another = await page.context().newPage();
  await another.goto(`${reader.system.system.url}/runs/${runId}`);
  await another.getByRole('heading', { level: 1, name: `quick #${runId}` }).waitFor();

  // What the key may not do is told as a sentence.
  await page.getByRole('button', { name: 'Rerun all' }).click();
  await page.getByRole('alert').getByText('PLAN_RUN').waitFor();

  await reader.system.call(`/v1/keys/${key.id}`, { method: 'DELETE' });
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
  await page.getByText('The key is unknown, revoked or expired.').waitFor();
  expect(await page.evaluate('localStorage.length')).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('a run is stopped from the page, after a question', { timeout }, async () => {
  const executor = { type: 'command', directory: reader.system.directory, command: 'sleep 60' };
  const plan = await reader.system.post<{ id: number }>('/v1/plans', { name: 'slow', project: 'shop', executor });
  const run = await reader.system.post<{ id: number }>(`/v1/plans/${plan.body.id}/runs`, {});
  const { page, picture } = await reader.open(`/runs/${run.body.id}`);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('dialog', { name: `Stop run ${run.body.id}?` }).waitFor();
  await picture('stop');
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.getByText('Stopped', { exact: true }).first().waitFor();
  expect(await reader.system.completed(run.body.id)).toMatchObject({ result: 'stopped' });
  await page.context().close();
});

test('a run that is not there is told as such', { timeout }, async () => {
  const { page } = await reader.open('/runs/4711');
  await page.getByRole('alert').getByText('4711').waitFor();
  await page.getByRole('link', { name: 'Go to the runs' }).click();
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  await page.context().close();
});

/** Loaded before every file of tests: the last one waits for the file `go`. */
const holdLast = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const isHeld = process.env.NODE_TEST_CONTEXT !== undefined && /tax\\.test\\.js$/.test(process.argv[1] ?? '');
while (isHeld && !existsSync(new URL('go', import.meta.url))) await sleep(50);
`;
