import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEgress } from '../../lib/adapters/egress.ts';
import type { ReportedCase } from '../../lib/core/results.ts';
import { createCommandExecutor } from '../../lib/executors/command/command-executor.ts';
import { createHttpExecutor } from '../../lib/executors/http.ts';
import { type Breakage, describeExecutorContract } from './contract.ts';
import { makeDispatch } from './dispatch.ts';
import { startHttpRunner } from './http-runner.ts';

const secret = 'canary-5f1c';

describeExecutorContract(
  'http',
  { breaks: ['down', 'garbage', 'refuse'], polls: true, stops: true, secret },
  async () => {
    const runner = await startHttpRunner();
    const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' });
    const executor = createHttpExecutor({
      egress,
      secrets: { get: async () => `whsec_${Buffer.alloc(32, 1).toString('base64')}` },
      now: () => 1_700_000_000_000,
      newId: () => 'fresh',
    });
    const settings = {
      type: 'http',
      url: `${runner.origin}/start`,
      statusUrl: `${runner.origin}/status`,
      stopUrl: `${runner.origin}/stop`,
      secret: 'env:RUNNER_SECRET',
      selects: 'cases',
    };
    const answers: Record<Breakage, () => void> = {
      down: () => {
        runner.answer = ({ body }, response) => response.writeHead(503).end(body);
      },
      garbage: () => {
        runner.answer = (_received, response) => response.end('<html>It works!</html>');
      },
      refuse: () => {
        runner.answer = ({ body }, response) => response.writeHead(422).end(body);
      },
    };
    return {
      executor,
      dispatch: (overrides) => makeDispatch(settings, overrides),
      jobsStarted: () => runner.jobs.size,
      endJob: async ({ key }, cases) => {
        runner.jobs.set(key, { ended: true, cases });
      },
      breakDown: (how) => answers[how](),
      close: runner.close,
    };
  },
);

describeExecutorContract('command', { breaks: ['garbage', 'refuse'], polls: true, stops: true, secret }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-contract-'));
  const starts = join(directory, 'starts');
  const go = join(directory, 'go');
  const executor = createCommandExecutor({
    dataDirectory: join(directory, 'data'),
    now: () => Date.now(),
    stopGraceMs: 300,
  });
  const waitForGo = `while [ ! -e ${go}$PROCTOR_ATTEMPT ]; do sleep 0.02; done`;
  const command = `echo started >> ${starts}; ${waitForGo}; cp ${go}$PROCTOR_ATTEMPT {report}`;
  let workingDirectory = directory;
  const dispatch = (overrides?: Parameters<typeof makeDispatch>[1]) =>
    makeDispatch({ type: 'command', command, directory: workingDirectory }, overrides);
  const letGo = (attempt: number, report: string): void => {
    writeFileSync(`${go}.next`, report);
    renameSync(`${go}.next`, `${go}${attempt}`);
  };
  const countStarts = async (): Promise<number> => {
    const text = await readFile(starts, 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  };
  return {
    executor,
    dispatch,
    jobsStarted: async (expected) => {
      for (let tries = 0; tries < 150 && (await countStarts()) < expected; tries++) await sleep(20);
      // Time for one too many to show itself.
      await sleep(100);
      return countStarts();
    },
    endJob: async ({ attempt }, cases) => letGo(attempt, toXml(cases)),
    breakDown: (how) => {
      if (how === 'refuse') workingDirectory = join(directory, 'missing');
      else letGo(1, '<html>It works!</html>');
    },
    close: async () => {
      for (const attempt of [1, 2]) {
        const own = dispatch({ attempt, key: `run-52-a${attempt}` });
        for (let tries = 0; tries < 100 && (await executor.stop(own.key, own)) !== 'gone'; tries++) await sleep(20);
      }
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
});

function toXml(cases: readonly ReportedCase[]): string {
  const lines = cases.map(({ className, name, result, durationMs, message }) => {
    const failure = result === 'failed' ? `<failure message="${message}"/>` : '';
    return `<testcase classname="${className}" name="${name}" time="${durationMs / 1000}">${failure}</testcase>`;
  });
  return `<testsuite name="${cases[0]?.suite}">${lines.join('')}</testsuite>`;
}
