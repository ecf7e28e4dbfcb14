import { Command } from 'commander';
import { expect, onTestFinished, test, vi } from 'vitest';
import { addHistoryCommands } from '../../lib/cli/history-commands.ts';
import { serve } from '../client/serve.ts';

/** What the command writes, in this process. */
async function written(url: string, args: readonly string[], isTTY = false) {
  vi.stubEnv('PROCTOR_URL', url);
  vi.stubEnv('PROCTOR_KEY', 'key');
  const was = process.stdout.isTTY;
  process.stdout.isTTY = isTTY;
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true));
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  try {
    const program = new Command();
    addHistoryCommands(program);
    await program.parseAsync(args, { from: 'user' });
    const [stdout, stderr] = spies.map(({ mock }) => mock.calls.map(([chunk]) => Buffer.from(chunk)));
    return { stdout: Buffer.concat(stdout ?? []).toString(), stderr: Buffer.concat(stderr ?? []).toString() };
  } finally {
    process.stdout.isTTY = was;
    for (const spy of spies) spy.mockRestore();
  }
}

test('a report keeps every byte in a pipe, and moves no cursor on a terminal', async () => {
  const csv = '\ufeffsuite\tname\r\n"S","\u001b[2Jü"\r\n';
  const { api } = await serve((response) => response.writeHead(200, { 'content-type': 'text/csv' }).end(csv));
  expect((await written(api.url, ['report', '7', '--csv'])).stdout).toBe(csv);
  expect((await written(api.url, ['report', '7', '--csv'], true)).stdout).toBe('suite\tname\r\n"S","[2Jü"\r\n');
});

test('runs of a result are looked for among the newest thousands, and the limit is told', async () => {
  const { api, requests } = await serve((response) => {
    const runs = Array.from({ length: 200 }, (_, id) => ({ id, result: 'passed' }));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ runs, nextCursor: 'more' }));
  });
  const { stdout, stderr } = await written(api.url, ['runs', 'list', '--result', 'failed', '--json']);
  expect(JSON.parse(stdout)).toEqual([]);
  expect(stderr).toContain('only the newest 5000 runs were looked at');
  expect(requests.length).toBeLessThanOrEqual(26);
});
