import { gunzipSync } from 'node:zlib';
import { vi } from 'vitest';
import { createBuilds } from '../../lib/adapters/codebuild.ts';
import type { ReportedCase } from '../../lib/core/results.ts';
import { createCodebuildExecutor } from '../../lib/executors/codebuild.ts';
import { type BuildEnding, failure, startFakeCodebuild } from '../support/fake-codebuild.ts';
import type { Breakage, ExecutorHarness, ExecutorTraits, Setup } from './contract/harness.ts';
import { makeDispatch } from './dispatch.ts';

export const codebuildTraits: ExecutorTraits = {
  breaks: ['down', 'throttled', 'refuse', 'refuseStop', 'stopLate', 'garbage', 'lostAnswer'],
  polls: true,
  stops: true,
  callsBack: true,
  startsAtomically: true,
  tellsProgress: false,
  cannotTell: ['iteration', 'running'],
  takes: ['variables', 'selection', 'deadline'],
  secret: 'secret-access-key-canary',
};

/** The codebuild executor before CodeBuild as its API reference describes it, through the SDK's own client. */
export const setupCodebuild: Setup = async (now): Promise<ExecutorHarness> => {
  const fake = await startFakeCodebuild();
  vi.stubEnv('AWS_ENDPOINT_URL_CODEBUILD', fake.url);
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: codebuildTraits.secret };
  const create = () =>
    createCodebuildExecutor({
      builds: createBuilds({ region: 'eu-central-1', credentials }),
      deployment: { name: 'Proctor-run' },
      now,
    });
  const settings = { type: 'codebuild', project: 'proctor-shop', command: 'npx jest {selection}', selector: 'jest' };
  const breakages: Record<Exclude<Breakage, 'oversized' | 'silent'>, () => void> = {
    down: () => {
      fake.answer = (_operation, body) => ({ status: 503, body });
    },
    throttled: () => {
      fake.answer = () => failure('ThrottlingException', 'Rate exceeded');
    },
    refuse: () => {
      fake.answer = (_operation, body) => failure('InvalidInputException', body);
    },
    refuseStop: () => {
      fake.answer = (operation) =>
        operation === 'StopBuild' ? failure('AccessDeniedException', 'not authorized') : undefined;
    },
    stopLate: () => {
      fake.stopsLate = true;
    },
    garbage: () => {
      fake.answer = () => ({ status: 200, body: '<html>It works!</html>' });
    },
    lostAnswer: () => {
      fake.losesAnswers = true;
    },
  };
  return {
    executor: create(),
    another: create,
    dispatch: (overrides) => makeDispatch(settings, overrides),
    jobsStarted: () => fake.builds.length,
    received({ key }) {
      const { input } = fake.find(key);
      const variables = input.environmentVariablesOverride as { name: string; value: string }[];
      return {
        variables: Object.fromEntries(variables.map(({ name, value }) => [name, value])),
        selection: selectionOf(String(input.buildspecOverride)),
        deadline: { afterSeconds: Number(input.timeoutInMinutesOverride) * 60 },
      };
    },
    progress() {},
    endJob: ({ key }, cases) => fake.end(key, toEnding(cases)),
    endWithoutResults: ({ key }) => fake.end(key, {}),
    endAtOnce(cases) {
      fake.onStart = (build) => fake.end(build, toEnding(cases));
    },
    breakDown(how) {
      if (how !== 'oversized' && how !== 'silent') breakages[how]();
    },
    recover() {
      Object.assign(fake, { answer: undefined, stopsLate: false, losesAnswers: false });
    },
    async close() {
      vi.unstubAllEnvs();
      await fake.close();
    },
  };
};

/** A command fails when a test of it does. */
function toEnding(cases: readonly ReportedCase[]): BuildEnding {
  const reports = { proctor: cases };
  if (!cases.some(({ result }) => result === 'failed')) return { reports };
  return { status: 'FAILED', phases: [{ type: 'BUILD', status: 'FAILED', message: 'exit status 1' }], reports };
}

function selectionOf(buildspec: string): string[] | null {
  const { commands } = JSON.parse(buildspec).phases.pre_build as { commands: string[] };
  const packed = commands.find((command) => command.endsWith('/selection.json'))?.split(' ')[2];
  if (packed === undefined) return null;
  const selection = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString()) as { name: string }[];
  return selection.map(({ name }) => name);
}
