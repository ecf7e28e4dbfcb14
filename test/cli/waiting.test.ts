import { describe, expect, test } from 'vitest';
import type { RunAnswer } from '../../lib/cli/answers.ts';
import { describeDuration, parseDuration } from '../../lib/cli/duration.ts';
import { toMarkdown } from '../../lib/cli/github-summary.ts';
import { nearest } from '../../lib/cli/nearest.ts';
import { createProgress, type Progress } from '../../lib/cli/progress.ts';
import { createTerminal, plain } from '../../lib/cli/terminal.ts';
import { waitForRun } from '../../lib/cli/wait-for-run.ts';
import { answer, hangUp, serve } from '../client/serve.ts';

const counts = { total: 2, passed: 1, failed: 0, errored: 0, skipped: 0, blocked: 0, stopped: 0 };
const run = {
  id: 7,
  planName: 'smoke',
  status: 'completed',
  result: 'passed',
  explanation: 'All passed.',
  attempt: 1,
  counts: { ...counts, notExecuted: 0, running: 1, queued: 0, flaky: 0 },
  createdAt: '2026-01-31T12:00:00.000Z',
  endedAt: '2026-01-31T12:01:05.000Z',
} as RunAnswer;

test('a wait goes on over a restart of the server, and tells it once', async () => {
  const { api } = await serve(hangUp, answer(503, {}), answer(200, run));
  const said: string[] = [];
  const progress: Progress = { update: () => {}, say: (line) => said.push(line), end: () => {} };
  expect(await waitForRun(api, 7, progress, new AbortController().signal)).toEqual(run);
  expect(said).toEqual([expect.stringMatching(/no answer from .*; trying again for 2 minutes/)]);
});

test('a wait ends at once when it is refused', async () => {
  const { api, requests } = await serve(answer(403, { code: 'FORBIDDEN', detail: 'not yours' }));
  const progress: Progress = { update: () => {}, say: () => {}, end: () => {} };
  await expect(waitForRun(api, 7, progress, new AbortController().signal)).rejects.toThrow('not yours');
  expect(requests).toHaveLength(1);
});

describe('on a terminal', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    return { stream: { isTTY, write } as never as NodeJS.WriteStream & { fd: 1 & 2 }, written };
  };

  test.each([
    [true, {}, true, true],
    [true, { NO_COLOR: '1' }, true, false],
    [true, { CI: 'true' }, false, true],
    [true, { TERM: 'dumb' }, false, false],
    [false, { CI: 'true' }, false, false],
    [false, { FORCE_COLOR: '1' }, false, false],
  ])('tty %j and %j: moves %j, coloured %j', (isTTY, env, live, coloured) => {
    const { stream: stderr } = stream(isTTY);
    const terminal = createTerminal({ stdout: stderr, stderr }, env);
    expect({ live: terminal.live, coloured: terminal.colors.isColorSupported }).toEqual({ live, coloured });
  });

  test('without one, a log gets a line when the status changes, and when the counts do after half a minute', () => {
    const { stream: stderr, written } = stream(false);
    let now = 0;
    const progress = createProgress(createTerminal({ stdout: stderr, stderr }, {}), () => now);
    const running = { ...run, status: 'running', result: null } as RunAnswer;
    for (; now < 70_000; now += 1000) progress.update(running, []);
    progress.update({ ...running, counts: running.counts && { ...running.counts, passed: 2, running: 0 } }, []);
    progress.end();
    expect(written).toEqual(['  running\n', '  running: 1 of 2 cases\n', '  running: 2 of 2 cases\n']);
  });
});

test('durations have units, and are told as people say them', () => {
  expect(['90s', '45m', '1h30m'].map(parseDuration)).toEqual([90_000, 2_700_000, 5_400_000]);
  for (const text of ['', '45', '0s', '1.5h', '-1s', '30m1h', '99999h'])
    expect(() => parseDuration(text), text).toThrow('as in 90s');
  expect([400, 59_600, 250_000, 7_500_000].map(describeDuration)).toEqual([
    '0.4 s',
    '1 min 0 s',
    '4 min 10 s',
    '2 h 5 min',
  ]);
});

test('a typo finds what was meant, and another word nothing', () => {
  const words = ['storefront', 'checkout', 'queue'];
  expect(['storefornt', 'Chekout', 'que', 'x', 'payment'].map((word) => nearest(word, words))).toEqual([
    'storefront',
    'checkout',
    'queue',
    undefined,
    undefined,
  ]);
});

test('text of others is one harmless line', () => {
  expect(plain('\u001b[31mred\u001b[0m\r\nnext\u0007\u202eend')).toBe('red next end');
  expect(plain('x'.repeat(400))).toHaveLength(300);
});

test('names and messages stay text in the summary of a job', () => {
  const hostile = { suite: '<b>S</b>', name: 'a|b', result: 'failed', message: '[x](javascript:1)\n# big `code`' };
  const text = toMarkdown(run, [hostile as never], true);
  expect(text).toContain('### ✅ smoke: passed');
  expect(text).toContain('Run 7, attempt 1, took 1 min 5 s.');
  const row = text.split('\n').find((line) => line.includes('javascript'));
  expect(row).toMatch(/^\| &lt;b&gt;S&lt;\/b&gt; › a&#124;b \| failed \| /);
  expect(row).not.toMatch(/[<>[\]`]|\n/);
});
