import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { caseHistoryAnswer, historyAnswer } from '../../lib/http/native/history-schemas.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let proctor: TestSystem;
beforeAll(async () => {
  proctor = await startTestSystem();
});
afterAll(() => proctor.close());

/** What the attempts of the runs report, each case by a word: `p` passed, `f` failed. */
const runs = [['pp'], ['fp', 'p-'], ['pf', '-f'], ['pf', '-f']];
const names = ['adds', 'removes'];

test('a plan that runs tells since when a case fails, which one is flaky, how long they take, and shows it to others', {
  timeout: 120_000,
}, async () => {
  const reports = join(proctor.directory, 'reports');
  await mkdir(reports);
  for (const [r, attempts] of runs.entries()) {
    for (const [a, words] of attempts.entries()) await writeFile(join(reports, `${r}${a}.xml`), junit(words));
  }
  const executor = {
    type: 'command',
    directory: proctor.directory,
    command: 'next="$(ls reports | head -1)"; cat "reports/$next" > {report}; rm "reports/$next"',
  };
  const suites = [{ name: 'Cart', cases: names.map((name) => ({ name })) }];
  const plan = { name: 'checkout', badge: 'public', executor, suites, rerun: { max: 1 } };
  const planId = (await proctor.post<{ id: number }>('/v1/plans', plan)).body.id;
  const ids: number[] = [];
  for (const [i] of runs.entries()) {
    const { body } = await proctor.post<{ id: number }>(`/v1/plans/${planId}/runs`, { buildNo: `1.${i}` });
    await proctor.completed(body.id);
    ids.push(body.id);
  }

  const history = historyAnswer.parse((await proctor.call(`/v1/plans/${planId}/history`)).body);
  expect(history.runs.map(({ id, result, passRate, counts }) => [id, result, passRate, counts?.flaky])).toEqual([
    [ids[3], 'failed', 0.5, 0],
    [ids[2], 'failed', 0.5, 0],
    [ids[1], 'passed', 1, 1],
    [ids[0], 'passed', 1, 0],
  ]);
  expect(history.window).toMatchObject({ runs: 4, complete: true, casesOf: 4 });
  expect(history.cases.failing).toMatchObject([
    {
      name: 'removes',
      failingRuns: 2,
      firstFailedRun: { id: ids[2], buildNo: '1.2' },
      message: 'removes did not work',
    },
  ]);
  expect(history.cases.flakiest).toMatchObject([{ name: 'adds', runs: 4, passed: 3, flaky: 1, flakiness: 0.25 }]);
  expect(history.cases.slowest).toMatchObject([
    { name: 'removes', medianMs: 2500 },
    { name: 'adds', medianMs: 1500 },
  ]);

  const caseId = history.cases.failing[0]?.id;
  const answer = await proctor.call(`/v1/plans/${planId}/cases/${caseId}/history?runs=3`);
  const removes = caseHistoryAnswer.parse(answer.body);
  expect(removes.results.map(({ runId, result, buildNo }) => [runId, result, buildNo])).toEqual([
    [ids[3], 'failed', '1.3'],
    [ids[2], 'failed', '1.2'],
    [ids[1], 'passed', '1.1'],
  ]);
  expect(removes).toMatchObject({ flips: 1, firstFailedRun: { id: ids[2] }, window: { complete: false } });

  const csv = await proctor.call(`/v1/runs/${ids[3]}/report.csv`);
  expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="run-${ids[3]}.csv"`);
  expect(csv.text).toContain('\r\nCart,,removes,,,failed,no,2,2500,removes did not work,');
  const html = await proctor.call(`/v1/runs/${ids[3]}/report.html`);
  expect(html.headers.get('content-type')).toBe('text/html;charset=UTF-8');
  expect(html.text).toContain('removes did not work');
  const badge = await fetch(`${proctor.system.url}/badges/${planId}.svg`);
  expect([badge.status, badge.headers.get('cache-control')]).toEqual([200, 'max-age=60']);
  expect(await badge.text()).toContain('<title>checkout: 1 of 2 failed</title>');
  expect((await fetch(`${proctor.system.url}/v1/plans/${planId}/history`)).status).toBe(401);
});

function junit(words: string): string {
  const cases = [...words].flatMap((word, i) => {
    if (word === '-') return [];
    const failure = word === 'f' ? `<failure message="${names[i]} did not work"/>` : '';
    return [`<testcase name="${names[i]}" time="${i + 1}.5">${failure}</testcase>`];
  });
  return `<testsuite name="Cart">${cases.join('')}</testsuite>`;
}
