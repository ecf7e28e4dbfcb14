import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFailed } from 'vitest';
import { startBrowser } from './browser.ts';
import { startTestSystem, type TestSystem } from './local.ts';

/** Where tests leave what they saw, for people to look at. */
const pictures = join(import.meta.dirname, '../../test-results/page');

/** A reader before the page of an embedded system of its own. */
export interface Reader {
  readonly system: TestSystem;
  /** A page in a context of its own, at the path; with the key already given unless `key` is null. */
  open(path: string, options?: BrowserContextOptions & { readonly key?: null }): Promise<Opened>;
  close(): Promise<void>;
}

export interface Opened {
  readonly page: Page;
  /** Every URL that was asked for. */
  readonly urls: string[];
  /** What the browser complained of: errors of the page, and what its policy refused. */
  readonly complaints: string[];
  picture(name: string): Promise<void>;
}

export async function startReader(): Promise<Reader> {
  const [system, browser] = await Promise.all([startTestSystem(), startBrowser()]);
  await mkdir(pictures, { recursive: true });
  const open: Reader['open'] = async (path, { key, ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const token = JSON.stringify(system.system.adminKey.token);
    if (key !== null) await context.addInitScript({ content: `sessionStorage.setItem('proctor.key', ${token})` });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const urls: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A refused call is the server's answer, which the page tells; everything else is the page's own.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
    });
    const picture = async (name: string) => void (await page.screenshot({ path: join(pictures, `${name}.png`) }));
    onTestFailed(() => picture('broken'));
    await page.goto(`${system.system.url}${path}`);
    return { page, urls, complaints, picture };
  };
  return { system, open, close: () => closeBoth(browser, system) };
}

/** A run of a plan of its own whose command reports so many cases; answers its id when it is over. */
export async function runOnce(
  system: TestSystem,
  { passed, failed = 0, name = 'quick' }: { readonly passed: number; readonly failed?: number; readonly name?: string },
): Promise<number> {
  const cases = Array.from({ length: passed + failed }, (_, i) => {
    const title = `name="case ${i + 1} of the shop" time="0.${i % 10}"`;
    // Spread over the report, as failures are.
    const isFailed = failed > 0 && i % Math.ceil((passed + failed) / failed) === 0;
    return isFailed ? `<testcase ${title}>${failure}</testcase>` : `<testcase ${title}/>`;
  });
  const report = join(system.directory, `${name}.xml`);
  await writeFile(report, `<testsuite name="Shop">${cases.join('\n')}</testsuite>`);
  const executor = { type: 'command', directory: system.directory, command: `cp '${report}' {report}` };
  const { body: plan } = await system.post<{ id: number }>('/v1/plans', { name, project: 'shop', executor });
  const { body: run } = await system.post<{ id: number }>(`/v1/plans/${plan.id}/runs`, {});
  await system.completed(run.id);
  return run.id;
}

const failure =
  '<failure message="expected 200, got 503">Error: expected 200, got 503&#10;    at pay (src/checkout.js:23:11)</failure>';

async function closeBoth(browser: Browser, system: TestSystem): Promise<void> {
  await browser.close();
  await system.close();
}
