import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/local.ts';

const caseCount = 100_000;
let proctor: TestSystem;
/** A runner that accepts everything and never reports: the results are uploaded. */
const runner = createServer((_, response) => response.writeHead(202).end());
beforeAll(async () => {
  runner.listen(0, '127.0.0.1');
  await once(runner, 'listening');
  proctor = await startTestSystem();
});
afterAll(async () => {
  await proctor.close();
  runner.close();
});

test('a report of 100,000 cases is ingested over HTTP and read back through both APIs', {
  timeout: 180_000,
}, async () => {
  const { port } = runner.address() as AddressInfo;
  const executor = { type: 'http', url: `http://127.0.0.1:${port}/` };
  const plan = await proctor.post<{ id: number }>('/v1/plans', { name: 'large', executor, overlap: 'allow' });
  const { body: run } = await proctor.post<{ id: number }>(`/v1/plans/${plan.body.id}/runs`, {});
  const upload = await proctor.call(`/v1/runs/${run.id}/results`, {
    method: 'POST',
    body: gzipSync(makeReport()),
    headers: { 'content-type': 'application/xml', 'content-encoding': 'gzip' },
  });
  expect(upload.status).toBe(202);
  const completed = await proctor.completed(run.id);
  expect(completed).toMatchObject({
    result: 'failed',
    counts: { total: caseCount, failed: 100, passed: caseCount - 100 },
  });

  const vendor = await proctor.call<{ result: string; testCases: { testCaseId: number; testCaseResultId: number }[] }>(
    `/api/v1/execution_results/${run.id}/test_case_results`,
  );
  expect(vendor.body.result).toBe('FAILURE');
  expect(vendor.body.testCases).toHaveLength(caseCount);
  expect(new Set(vendor.body.testCases.map(({ testCaseResultId }) => testCaseResultId)).size).toBe(caseCount);

  let seen = 0;
  let failed = 0;
  let cursor: string | null = null;
  do {
    const page: { body: Page } = await proctor.call<Page>(
      `/v1/runs/${run.id}/cases?limit=1000${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    seen += page.body.cases.length;
    failed += page.body.cases.filter(({ result }) => result === 'failed').length;
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  expect([seen, failed]).toEqual([caseCount, 100]);
});

interface Page {
  readonly cases: readonly { readonly result: string }[];
  readonly nextCursor: string | null;
}

function makeReport(): string {
  const suites = Array.from({ length: 500 }, (_, s) => {
    const cases = Array.from({ length: caseCount / 500 }, (__, c) => {
      const failure = c === 0 && s < 100 ? '<failure message="expected 90, got 100">at Cart.java:12</failure>' : '';
      return `<testcase classname="com.acme.Suite${s}Test" name="does thing ${c} of suite ${s}" time="0.${(c * 7919 + s) % 1000}">${failure}</testcase>`;
    });
    return `<testsuite name="com.acme.Suite${s}Test">${cases.join('\n')}</testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?><testsuites>${suites.join('\n')}</testsuites>`;
}
