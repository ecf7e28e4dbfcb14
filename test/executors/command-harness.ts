import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatch } from '../../lib/core/executor.ts';
import { attemptDirectory, attemptFiles } from '../../lib/executors/command/attempt-files.ts';
import { createCommandExecutor } from '../../lib/executors/command/command-executor.ts';
import type { ExecutorHarness, ExecutorTraits, Setup } from './contract/harness.ts';
import { makeDispatch } from './dispatch.ts';
import { toJUnit } from './to-junit.ts';

export const commandTraits: ExecutorTraits = {
  breaks: ['refuse', 'stopLate', 'garbage', 'oversized'],
  polls: true,
  stops: true,
  callsBack: false,
  startsAtomically: true,
  tellsProgress: true,
  // Its report is JUnit XML, which has no iterations.
  cannotTell: ['iteration'],
  takes: ['variables', 'selection'],
  sharesClock: true,
  secret: 'canary-5f1c',
};

/** A command that waits for files: `go-<run>-<attempt>` is its report, `quit-…` ends it without one. */
const script = `
id=$PROCTOR_RUN_ID-$PROCTOR_ATTEMPT
printf '%s\\n' {selection} >arguments-$id
env >environment-$id
echo started >>starts
while :; do
  [ -e stubborn ] && trap '' TERM
  [ -e quit-$id ] && exit 0
  for go in go-$id go-all; do [ -e $go ] && cp $go {report} && exit 0; done
  sleep 0.02
done`;

const joint = '␟';

/** The command executor with jobs in a directory of their own. */
export const setupCommand: Setup = async (now): Promise<ExecutorHarness> => {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-contract-'));
  const dataDirectory = join(directory, 'data');
  const create = () => createCommandExecutor({ dataDirectory, now, stopGraceMs: 300 });
  const executor = create();
  const made = new Map<string, Dispatch>();
  let workingDirectory = directory;
  const put = (name: string, text: string): void => {
    writeFileSync(join(directory, `${name}.next`), text);
    renameSync(join(directory, `${name}.next`), join(directory, name));
  };
  const read = (name: string) => readFile(join(directory, name), 'utf8').catch(() => '');
  const idOf = ({ runId, attempt }: Dispatch) => `${runId}-${attempt}`;
  const countStarts = async () => (await read('starts')).split('\n').length - 1;
  return {
    executor,
    another: create,
    dispatch(overrides) {
      const selector = { arguments: '{pattern}', join: joint };
      const settings = { type: 'command', command: script, directory: workingDirectory, selector };
      const dispatch = makeDispatch(settings, overrides);
      made.set(dispatch.key, dispatch);
      return dispatch;
    },
    async jobsStarted(expected) {
      for (let tries = 0; tries < 150 && (await countStarts()) < expected; tries++) await sleep(20);
      // Time for one too many to show itself.
      await sleep(100);
      return countStarts();
    },
    async received(dispatch) {
      const variables = (await read(`environment-${idOf(dispatch)}`)).split('\n').map((line) => {
        const [name = '', ...value] = line.split('=');
        return [name, value.join('=')] as const;
      });
      const pattern = (await read(`arguments-${idOf(dispatch)}`)).trimEnd();
      const names = pattern.split(joint).map((name) => name.replace(/\\(.)/g, '$1'));
      return { variables: Object.fromEntries(variables), selection: pattern === '' ? null : names };
    },
    progress({ runId, attempt }, cases) {
      const lines = cases.map((one) => `${JSON.stringify(one)}\n`).join('');
      appendFileSync(join(attemptDirectory(dataDirectory, runId, attempt), attemptFiles.progress), lines);
    },
    endJob: (dispatch, cases) => put(`go-${idOf(dispatch)}`, toJUnit(cases)),
    endWithoutResults: (dispatch) => put(`quit-${idOf(dispatch)}`, ''),
    endAtOnce: (cases) => put('go-all', toJUnit(cases)),
    breakDown(how) {
      if (how === 'refuse') workingDirectory = join(directory, 'missing');
      else if (how === 'stopLate') put('stubborn', '');
      else if (how === 'garbage') put('go-all', '<html>It works!</html>');
      else put('go-all', `<testsuite>${' '.repeat(65 * 1024 * 1024)}</testsuite>`);
    },
    recover() {
      workingDirectory = directory;
      rmSync(join(directory, 'stubborn'), { force: true });
    },
    async close() {
      await Promise.all([...made.values()].map(stopForGood));
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  async function stopForGood(dispatch: Dispatch): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if ((await executor.stop(dispatch.key, dispatch)) === 'gone') return;
      await sleep(20);
    }
  }
};
