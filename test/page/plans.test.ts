import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import axe from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Opened, type Reader, startReader } from '../support/reader.ts';

/** Browsers share the machine with the rest of the suite. */
const timeout = 180_000;
let reader: Reader;
let receiver: Server;
/** What the receiver of callbacks answers: 410 is final. */
let answer = 410;
let planId: number;
/** Oldest first. */
let runIds: readonly number[];
let bankCase: number;
let nightly: number;

beforeAll(async () => {
  reader = await startReader();
  receiver = createServer((request, response) => {
    request.resume();
    response.writeHead(answer).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  ({ planId, runIds, bankCase } = await runSixTimes());
  nightly = await schedule({ name: 'nightly', cron: '0 2 * * *', timezone: 'Asia/Kolkata' });
  await schedule({
    name: 'office hours',
    cron: '0/30 8-18 ? * MON-FRI *',
    timezone: 'Europe/Istanbul',
    enabled: false,
  });
  await schedule({ name: 'weekly report', every: 'week', at: '2027-01-08T18:00', timezone: 'Europe/Berlin' });
}, 180_000);
afterAll(async () => {
  await reader?.close();
  receiver?.close();
});

test('a plan shows its history as charts with a table, what fails since when, and all that a case did', {
  timeout,
}, async () => {
  const { page, urls, complaints, picture } = await reader.open('/');
  await page.getByRole('link', { name: `checkout #${runIds[5]}` }).waitFor();
  await page.getByRole('link', { name: 'Plans' }).click();
  const row = page.getByRole('list', { name: 'Plans' }).getByRole('listitem').filter({ hasText: 'checkout' });
  await row.getByText('Failed').waitFor();
  expect(await row.textContent()).toContain('shop · command');
  await picture('plans');
  // Charts are loaded when there is one to draw.
  expect(urls.filter((url) => url.includes('draw-chart'))).toEqual([]);

  await row.getByRole('link', { name: 'checkout' }).click();
  await page.getByRole('img', { name: /^Pass rate of each run/ }).waitFor();
  await page.getByRole('img', { name: /^Duration of each run/ }).waitFor();
  await page.locator('.plot canvas').nth(1).waitFor();
  expect(urls.filter((url) => url.includes('draw-chart'))).toHaveLength(1);
  expect(await page.title()).toBe('checkout · Proctor');
  await page.getByText('The same as a table').click();
  const rows = page.getByRole('region', { name: 'Completed runs, newest first' }).locator('tbody tr');
  expect(await rows.count()).toBe(6);
  expect(await rows.first().textContent()).toMatch(new RegExp(`^#${runIds[5]}Failed2 of 3`));
  expect(await rows.nth(5).textContent()).toContain('100 %');

  const failing = page.getByRole('region', { name: /^Failing now/ });
  expect(await failing.getByRole('listitem').count()).toBe(1);
  expect(await failing.textContent()).toContain(`since run #${runIds[3]} (build 104), 3 runs`);
  expect(await failing.textContent()).toContain('503 from the bank');
  expect(await page.getByRole('region', { name: 'Flakiest' }).textContent()).toContain('sends a mail');
  expect(await page.getByRole('region', { name: 'Slowest' }).getByRole('listitem').first().textContent()).toContain(
    'adds up',
  );
  const markdown = `[![checkout](${reader.system.system.url}/badges/${planId}.svg)](${reader.system.system.url}/plans/${planId})`;
  await page.getByText(markdown).waitFor();
  await page.getByText('The document', { exact: true }).click();
  await page.getByLabel('The plan as YAML').getByText('badge: public').waitFor();

  await failing.getByRole('link', { name: 'pays at the bank' }).click();
  await page.getByRole('heading', { level: 1, name: 'pays at the bank' }).waitFor();
  const strip = page.getByRole('list', { name: 'Results, oldest first' });
  expect(await strip.getByRole('link').allTextContents()).toEqual(
    runIds.map((id, i) =>
      expect.stringMatching(new RegExp(`^Run #${id}: ${i < 3 ? 'passed' : 'failed'}, .*build 10${i + 1}$`)),
    ),
  );
  await page.getByText(`Failing since run #${runIds[3]} (build 104), 3 runs.`).waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  await picture('case');
  await strip.getByRole('link').nth(3).click();
  await page.waitForURL(new RegExp(`/runs/${runIds[3]}$`));
  await page.goBack();
  await page.goBack();

  // A point of a chart leads to its run.
  await page.locator('.u-over').first().waitFor();
  const box = await page.locator('.u-over').first().boundingBox();
  await page.mouse.move((box?.x ?? 0) + 10, (box?.y ?? 0) + 60);
  await page.locator('.tip').getByText(`#${runIds[0]} Passed`).waitFor();
  await page.mouse.click((box?.x ?? 0) + 10, (box?.y ?? 0) + 60);
  await page.waitForURL(new RegExp(`/runs/${runIds[0]}$`));
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('schedules are dots on the days to come, read by the arrow keys, and paused; the last times say what became of them', {
  timeout,
}, async () => {
  const soon = await schedule({ name: 'soon', once: new Date(Date.now() + 3_000).toISOString() });
  await vi.waitFor(async () => {
    const { body } = await reader.system.call<{ occurrences: { state: string }[] }>(
      `/v1/schedules/${soon}/occurrences`,
    );
    expect(body.occurrences).toMatchObject([{ state: 'fired' }]);
  }, 60_000);

  const { page, complaints } = await reader.open('/schedules', { timezoneId: 'Europe/Berlin' });
  const row = page.getByRole('row').filter({ hasText: 'nightly' });
  await row.waitFor();
  const last = await page.evaluate<number>(
    'new Date(new Date().setHours(0, 0, 0, 0)).setDate(new Date().getDate() + 14)',
  );
  const { body: preview } = await reader.system.call<{ occurrences: { at: string }[] }>(
    `/v1/schedules/${nightly}/preview`,
  );
  const expected = preview.occurrences.filter(({ at }) => Date.parse(at) < last).length;
  expect(expected).toBeGreaterThan(12);
  expect(await row.getByRole('button').count()).toBe(expected);
  await row.getByRole('button').first().focus();
  await page.keyboard.press('ArrowRight');
  const reading = page.locator('.reading');
  await reading.getByText('(02:00 in Asia/Kolkata) · nightly').waitFor();
  expect(await row.locator('button:focus').getAttribute('aria-label')).toBe(await reading.textContent());

  const card = page
    .getByRole('list', { name: 'Schedules' })
    .getByRole('listitem')
    .filter({ hasText: 'Every day at 02:00' });
  await card.getByRole('button', { name: 'Pause nightly' }).click();
  await card.getByText('paused', { exact: true }).waitFor();
  expect((await reader.system.call(`/v1/schedules/${nightly}`)).body).toMatchObject({ status: 'paused' });
  await card.getByRole('button', { name: 'Resume nightly' }).click();
  await card.getByText('paused', { exact: true }).waitFor({ state: 'detached' });
  expect((await reader.system.call(`/v1/schedules/${nightly}`)).body).toMatchObject({ status: 'active' });

  const fired = page.locator(`#schedule-${soon}`);
  expect(await fired.textContent()).toMatch(/Started.*run #\d+/);
  await page.getByRole('button', { name: 'As a list' }).click();
  await page
    .getByRole('region', { name: 'The next 14 days' })
    .getByText('nightly')
    .nth(expected - 1)
    .waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('a delivery that failed says what the receiver answered, and is replayed; who may not is told', {
  timeout,
}, async () => {
  const { body: key } = await reader.system.post<{ token: string }>('/v1/keys', {
    name: 'looker',
    scopes: ['PLAN_VIEW'],
  });
  const looker = await reader.open('/deliveries', { key: null });
  await signIn(looker.page, key.token);
  await looker.page.getByText('answered 410').first().waitFor();
  await looker.page.getByText('a key that has the scope WEBHOOK_ADMIN').waitFor();
  expect(await looker.page.getByRole('button', { name: /^Replay/ }).count()).toBe(0);
  await looker.page.context().close();

  const { page, complaints } = await reader.open(`/deliveries?run=${runIds[5]}`);
  const item = page.getByRole('list', { name: 'Deliveries, newest first' }).getByRole('listitem').first();
  await item.getByText('Failed').waitFor();
  expect(await item.textContent()).toContain('run.completed to 127.0.0.1');
  answer = 204;
  await item.getByRole('button', { name: /^Replay/ }).click();
  await item.getByText('Delivered').waitFor();
  await item.getByText('answered 204').first().waitFor();
  await item.getByText('Attempts').click();
  await page.getByLabel('State').selectOption('failed');
  await page.getByText('No delivery fits these filters').waitFor();
  expect(page.url()).toContain('state=failed');
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('who has nothing yet is told what to do first', { timeout }, async () => {
  const { body: key } = await reader.system.post<{ token: string }>('/v1/keys', {
    name: 'newcomer',
    scopes: ['PLAN_VIEW'],
    projects: ['empty'],
  });
  const { page, complaints, picture } = await reader.open('/plans', { key: null });
  await signIn(page, key.token);
  await page.getByText('proctor plans apply plan.yaml').waitFor();
  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByText('- { name: nightly, cron:').waitFor();
  await picture('no-schedules');
  await page.getByRole('link', { name: 'Deliveries' }).click();
  await page.getByText('on: [run.completed]').waitFor();
  await page.goto(`${reader.system.system.url}/plans/${planId}`);
  await page.getByRole('alert').getByText(String(planId)).waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

const places: readonly (readonly [name: string, path: () => string, ready: string])[] = [
  ['plans', () => '/plans', '.plan-row'],
  ['plan', () => `/plans/${planId}`, '.plot canvas'],
  ['case', () => `/plans/${planId}?case=${bankCase}`, '.strip'],
  ['schedules', () => '/schedules', '.schedule'],
  ['deliveries', () => '/deliveries', '.delivery'],
];

describe('accessibility', () => {
  test.each(['light', 'dark'] as const)(
    'finds nothing serious on any of them, in %s colours',
    { timeout },
    async (colorScheme) => {
      const opened = await reader.open('/plans', { colorScheme, viewport: { width: 1280, height: 1500 } });
      await visit(opened, `${colorScheme}`, async () => expect(await problemsOf(opened.page)).toEqual([]));
    },
  );
});

test('a phone shows each of them without scrolling sideways', { timeout }, async () => {
  const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  const opened = await reader.open('/plans', phone);
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  await visit(opened, 'phone', async () => expect(await opened.page.evaluate(overflow)).toBe(0));
});

async function visit({ page, complaints, picture }: Opened, look: string, check: () => Promise<void>): Promise<void> {
  for (const [name, path, ready] of places) {
    await page.goto(`${reader.system.system.url}${path()}`);
    await page.locator(ready).first().waitFor();
    await check();
    await picture(`${name}-${look}`);
  }
  expect(complaints).toEqual([]);
  await page.context().close();
}

/** Six runs of three cases: one always passes, one fails from the fourth on, one every other time. The last has a callback. */
async function runSixTimes() {
  const { system } = reader;
  const report = join(system.directory, 'checkout.xml');
  const executor = { type: 'command', directory: system.directory, command: `cp '${report}' {report}` };
  const document = { name: 'checkout', project: 'shop', badge: 'public', executor };
  const { body: plan } = await system.post<{ id: number }>('/v1/plans', document);
  const ids: number[] = [];
  for (let i = 0; i < 6; i++) {
    await writeFile(
      report,
      `<testsuite name="Checkout">
        <testcase name="adds up" time="2.${i}"/>
        <testcase name="pays at the bank" time="0.4">${i < 3 ? '' : '<failure message="503 from the bank"/>'}</testcase>
        <testcase name="sends a mail" time="1.1">${i % 2 === 1 && i < 5 ? '<failure message="no mail"/>' : ''}</testcase>
      </testsuite>`,
    );
    const { port } = receiver.address() as AddressInfo;
    const { body: run } = await system.post<{ id: number }>(`/v1/plans/${plan.id}/runs`, {
      buildNo: `10${i + 1}`,
      ...(i === 5 ? { callbackUrl: `http://127.0.0.1:${port}/ci` } : {}),
    });
    await system.completed(run.id);
    ids.push(run.id);
  }
  const { body: page } = await system.call<{ cases: { id: number; name: string }[] }>(`/v1/runs/${ids[5]}/cases`);
  const bankCase = page.cases.find(({ name }) => name === 'pays at the bank')?.id ?? Number.NaN;
  return { planId: plan.id, runIds: ids, bankCase };
}

async function schedule(form: object): Promise<number> {
  const { body } = await reader.system.post<{ id: number }>('/v1/schedules', { planId, ...form });
  return body.id;
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('API key').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** What axe calls serious or critical. */
async function problemsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
}
