import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerFile } from '../../../lib/http/native/large-answer.ts';
import { writeCsvReport } from '../../../lib/http/native/report-csv.ts';
import { writeHtmlReport } from '../../../lib/http/native/report-html.ts';
import type { RunView } from '../../../lib/workflow/read-run.ts';
import { readRunView } from '../../../lib/workflow/read-run.ts';
import { type Api, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const hostile = '=HYPERLINK("https://evil.example","x")';
const script = '<script>alert(1)</script>';

/** A completed run of one case that passed, one with two iterations that failed, and one with a hostile name. */
async function aReport(change: Record<string, unknown> = {}) {
  const started = await api.startRun(
    {
      name: 'Checkout & more',
      suites: [{ name: 'Cart', cases: [{ name: 'adds' }, { name: 'pays', iterations: ['card', 'cash'] }] }],
      ...change,
    },
    { buildNo: '1.2' },
  );
  const cases = [
    { suite: 'Cart', name: 'adds', result: 'passed', durationMs: 5 },
    { suite: 'Cart', name: 'pays', iteration: 'card', result: 'passed', durationMs: 1200 },
    {
      suite: 'Cart',
      name: 'pays',
      iteration: 'cash',
      result: 'failed',
      durationMs: 90_000,
      message: `no, "${script}"\nat all`,
    },
    { suite: 'Cart', name: hostile, result: 'skipped', durationMs: 0 },
  ];
  await api.call('POST', `/v1/runs/${started.runId}/results`, { body: { cases, final: true } });
  api.clock.now += 95_000;
  await api.step(started.runId);
  return started;
}
const read = (runId: number, kind: 'csv' | 'html', headers = {}) =>
  api.call('GET', `/v1/runs/${runId}/report.${kind}`, { headers });

describe('the report of a run as CSV', () => {
  test('has a row for each case and each iteration, by RFC 4180, and no formula', async () => {
    const { runId } = await aReport({ name: 'csv' });
    const { status, headers, text } = await read(runId, 'csv');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/csv;charset=UTF-8',
      'content-disposition': `attachment; filename="run-${runId}.csv"`,
      etag: expect.any(String),
    });
    const ids = (await api.call('GET', `/v1/runs/${runId}/cases`)).body.cases;
    const numbers = ids
      .flatMap((one: Numbered) => [one, ...one.iterations])
      .map((one: Numbered) => `${one.id},${one.resultId}`);
    expect(text).toBe(
      [
        '\ufeffsuite,class,case,iteration,machine,result,flaky,attempt,duration_ms,message,reported_result,override_comment,case_id,result_id',
        `Cart,,adds,,,passed,no,1,5,,,,${numbers[0]}`,
        `Cart,,pays,,,failed,no,1,91200,"no, ""${script}""\nat all",,,${numbers[1]}`,
        `Cart,,pays,card,,passed,no,1,1200,,,,${numbers[2]}`,
        `Cart,,pays,cash,,failed,no,1,90000,"no, ""${script}""\nat all",,,${numbers[3]}`,
        `Cart,,"'=HYPERLINK(""https://evil.example"",""x"")",,,skipped,no,1,0,,,,${numbers[4]}`,
        '',
      ].join('\r\n'),
    );
  });

  test('says what was reported where a person says otherwise', async () => {
    const { runId } = await aReport({ name: 'csv of an override' });
    const before = await read(runId, 'csv');
    const [, pays] = (await api.call('GET', `/v1/runs/${runId}/cases`)).body.cases;
    const cases = [{ resultId: pays.resultId, result: 'passed', comment: '+known' }];
    await api.call('POST', `/v1/runs/${runId}/override`, { body: { cases } });
    const after = await read(runId, 'csv', { 'if-none-match': before.headers.etag });
    expect(after.status).toBe(200);
    expect(after.text).toMatch(/^Cart,,pays,,,passed,[^\r]*,failed,'\+known,/m);
    expect((await read(runId, 'csv', { 'if-none-match': after.headers.etag })).status).toBe(304);
  });
});

describe('the report of a run as HTML', () => {
  test('is one file that loads and runs nothing, and shows what was sent as text', async () => {
    const { runId } = await aReport();
    const { status, headers, text } = await read(runId, 'html');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html;charset=UTF-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).toMatch(/^<!doctype html>\n<html lang="en"><head><meta charset="utf-8"\/?>/);
    expect(text).toContain(
      `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"`,
    );
    expect(text).not.toMatch(/<(script|link|img|iframe|object|form)|\son\w+=|url\(|@import/i);
    expect(text).toContain('&lt;script>alert(1)&lt;/script>');
    expect(text).toContain('<title>Checkout &amp; more: run');
  });

  test('tells the verdict, its reason, the counts, the attempts and what failed before everything else', async () => {
    const { runId } = await aReport({ name: 'order' });
    const shown = textOf((await read(runId, 'html')).text);
    const order = [
      'order',
      `run ${runId}`,
      'build 1.2',
      '✗ Failed',
      '1 of 3 cases did not pass',
      '1 passed',
      '1 failed',
      '1 skipped',
      '3 cases',
      '1 min 35 s',
      '1 attempt',
      'everything the run asks for',
      '1 failure',
      '✗ failed pays',
      'cash',
      'at all',
      'Duration',
      '✗ failed pays',
      '1.2 s',
      '✓ passed adds',
      `– skipped ${hostile}`,
    ];
    let at = 0;
    for (const words of order) {
      const found = shown.indexOf(words, at);
      expect([words, found >= at]).toEqual([words, true]);
      at = found;
    }
    expect((await read(runId, 'html')).text).toContain(`/runs/${runId}">run ${runId}</a>`);
  });

  test('shows a flaky case with what it failed with, and one without a result', async () => {
    const { runId } = await api.startRun({ rerun: { max: 1 } });
    const send = (name: string, result: string, message?: string) =>
      api.call('POST', `/v1/runs/${runId}/results`, {
        body: { cases: [{ suite: 'Cart', name, result, durationMs: 1, message }], final: true },
      });
    await send('adds', 'failed', 'not yet');
    for (let i = 0; i < 2; i++) await api.step(runId);
    await send('adds', 'passed');
    for (let i = 0; i < 2; i++) await api.step(runId);
    const shown = textOf((await read(runId, 'html')).text);
    expect(shown).toContain('1 flaky: failed, then passed');
    expect(shown).toMatch(/~ flaky adds.*not yet/);
    expect(shown).toContain('automatic rerun 1 of 1');
    expect(shown).toContain('? not executed removes');
  });
});

describe('both reports', () => {
  test('follow when the run is completed, for whoever may see its plan', async () => {
    const { runId } = await api.startRun();
    const foreign = await api.addKey({ projects: ['other'] });
    for (const kind of ['csv', 'html'] as const) {
      expect(await read(runId, kind)).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE', runId } });
      const answer = await api.call('GET', `/v1/runs/${runId}/report.${kind}`, { token: foreign });
      expect(answer.status).toBe(404);
    }
  });

  test('cope with 100,000 cases: CSV has all of them, HTML the first 5,000 and the text of 200, and says so', async () => {
    const { runId } = await aReport({ name: 'large' });
    const run = (await api.services.runs.getRun(runId)) as NonNullable<
      Awaited<ReturnType<Api['services']['runs']['getRun']>>
    >;
    const view = enlarge(await readRunView(api.services, run), 100_000);
    const csv = writeCsvReport(view);
    expect(csv.split('\r\n')).toHaveLength(100_000 + 2);
    const plain = answerFile({ headers: {} }, csv, {});
    await expect(plain).rejects.toMatchObject({
      code: 'RUN_TOO_LARGE',
      message: expect.stringContaining('curl --compressed'),
    });
    const packed = await answerFile({ headers: { 'accept-encoding': 'gzip' } }, csv, { 'content-type': 'text/csv' });
    expect(packed.headers).toEqual({ 'content-type': 'text/csv', vary: 'accept-encoding', 'content-encoding': 'gzip' });
    expect(packed.body.length * (4 / 3)).toBeLessThan(6_000_000);
    expect(gunzipSync(packed.body).toString()).toBe(csv);

    const html = writeHtmlReport(view, { batches: [], requests: [], attempts: [] }, 'https://proctor.example');
    expect(Buffer.byteLength(html)).toBeLessThan(4 * 1024 * 1024);
    expect(html.match(/<tr><td class="fixed /g)).toHaveLength(5000);
    const shown = textOf(html);
    expect(shown).toContain('The first 5000 of 100000 cases, what did not pass first; report.csv has all of them.');
    expect(html.match(/<details/g)).toHaveLength(200);
    expect(shown).toContain('800 more without their text here');
  });

  test('refuse what does not even fit packed, and name another way', async () => {
    let seed = 1;
    const noise = Array.from({ length: 1_500_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed.toString(36);
    }).join('');
    await expect(answerFile({ headers: { 'accept-encoding': 'gzip' } }, noise, {})).rejects.toMatchObject({
      code: 'RUN_TOO_LARGE',
      message: expect.stringContaining('/v1/runs/{runId}/cases'),
    });
  });
});

interface Numbered {
  readonly id: number;
  readonly resultId: number;
  readonly iterations: readonly Numbered[];
}

/** What a reader sees, blanks made one. */
function textOf(html: string): string {
  return html
    .replace(/<(head)[\s\S]*?<\/\1>/, '')
    .replace(/<\/?(span|b|a|i|strong|time)\b[^>]*>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

/** The view with so many cases; each hundredth failed. */
function enlarge(view: RunView, count: number): RunView {
  const suite = view.catalog.entries.length;
  const names = Array.from({ length: count }, (_, i) => ({
    kind: 'case' as const,
    parent: suite,
    name: `does thing ${i} of the large suite`,
    className: '',
  }));
  const entries = [...view.catalog.entries, { kind: 'suite' as const, name: 'Large' }, ...names];
  return {
    ...view,
    catalog: { entries, ids: entries.map((_, i) => i + 1) },
    cases: names.map((_, i) => ({
      position: suite + 1 + i,
      result: i % 100 === 0 ? ('failed' as const) : ('passed' as const),
      durationMs: i % 977,
      attempt: 1,
      flaky: false,
      iterations: [],
      ...(i % 100 === 0 ? { message: `expected ${i}`, details: `at line ${i}\n`.repeat(100) } : {}),
    })),
  };
}
