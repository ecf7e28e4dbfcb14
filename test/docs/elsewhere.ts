import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readBuildSettings } from '../../lib/infra/build-settings.ts';
import { resourcesOf, show, synthesize, type Template } from '../infra/synthesize.ts';
import { startTestSystem } from '../support/local.ts';
import { blocksOf, documents, isSession } from './blocks.ts';
import { stepsOf } from './session.ts';

interface Elsewhere {
  /** What the reader is told beside it; nothing where everybody sees what it needs. */
  readonly mark?: string;
  /** What is proved here instead. */
  check(command: string): Promise<void> | void;
}

const mark = 'needs an AWS account';

/** The commands of the documents that the tests do not execute, by how they begin, and what is checked instead. */
export const elsewhere: Readonly<Record<string, Elsewhere>> = {
  // They would pull the modules from under the tests that run, or be those tests.
  'npm ci': { check: () => expect(existsSync('package-lock.json')).toBe(true) },
  'npm test': { check: hasScript },
  'npm run test:runners': { check: hasScript },
  'npm run test:soak': { check: hasScript },
  'npm run bench': { check: hasScript },
  // It looks at all of the sources, and is the step of a change beside `npm test`.
  'npm run check': { check: hasScript },
  // They write the API document and what is made from it; test/http/native/openapi.test.ts finds it up to date.
  'npm run openapi': { check: hasScript },
  'npm run examples': { check: hasScript },
  'npm link': { check: () => expect(readPackage().bin).toEqual({ proctor: 'bin/proctor.mjs' }) },
  // It stays until it is interrupted; test/journey/kill.test.ts starts it as people do.
  'npm start': { check: hasScript },

  'npx cdk bootstrap': { mark, check: () => expect(readPackage().devDependencies).toHaveProperty('aws-cdk') },
  'npx cdk deploy': {
    mark,
    check: (command) => {
      const context = contextOf(command);
      const known = [...readFileSync('lib/infra/app.ts', 'utf8').matchAll(/(?:tryGetContext|text)\('(\w+)'\)/g)].map(
        ([, key]) => key,
      );
      expect(known).toEqual(expect.arrayContaining(Object.keys(context)));
      if (context.codebuild !== undefined) expect(readBuildSettings(context.codebuild)).toHaveProperty('setup');
      expect(Object.keys(template().Outputs)).toEqual(expect.arrayContaining(['ApiUrl', 'BusName', 'FirstKeyCommand']));
    },
  },
  'aws iam create-policy': {
    mark,
    check: (command) => {
      const [, file = ''] = /file:\/\/(\S+)/.exec(command) ?? [];
      expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('Statement');
    },
  },
  'aws ssm put-parameter': {
    mark,
    check: (command) => {
      const [, name = ''] = /--name (\S+)/.exec(command) ?? [];
      expect(name).toMatch(/^\/proctor\//);
      const policies = [
        ...resourcesOf(template(), 'AWS::IAM::Policy'),
        ...resourcesOf(template(), 'AWS::IAM::ManagedPolicy'),
      ];
      expect(JSON.stringify(policies)).toContain(':parameter/proctor/*');
    },
  },
  'aws events put-events': { mark, check: isAskedFor },
};

/** The run that the event asks for is started by an event of the same content, on a bus of the name it is put to. */
async function isAskedFor(command: string): Promise<void> {
  const [entry] = JSON.parse(wordsOf(command).at(-1) ?? '') as [
    Record<'EventBusName' | 'Source' | 'DetailType' | 'Detail', string>,
  ];
  const [[, bus] = ['', undefined]] = resourcesOf(template(), 'AWS::Events::EventBus');
  expect(show(bus?.Properties.Name)).toBe(entry.EventBusName);
  const proctor = await startTestSystem();
  try {
    const executor = { type: 'command', command: 'true' };
    const { plan } = JSON.parse(entry.Detail);
    const { body } = await proctor.post<{ id: number }>('/v1/plans', { ...plan, executor });
    const put = { source: entry.Source, detailType: entry.DetailType, detail: JSON.parse(entry.Detail), id: '1' };
    expect(await proctor.post('/v1/events', put)).toMatchObject({ status: 202 });
    await expect
      .poll(async () => (await proctor.call<{ runs: object[] }>(`/v1/runs?plan=${body.id}`)).body.runs, {
        timeout: 10_000,
      })
      .toHaveLength(1);
  } finally {
    await proctor.close();
  }
}

/** The words a shell makes of the command, without running it. */
function wordsOf(command: string): string[] {
  const script = `npx() { printf '%s\\0' "$@"; }; aws() { printf '%s\\0' "$@"; }; ${command}`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

/** What `-c` sets. */
function contextOf(command: string): Record<string, string> {
  const words = wordsOf(command);
  const settings = words.filter((_, i) => words[i - 1] === '-c');
  return Object.fromEntries(settings.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
}

/** With every context a document sets: synthesizing takes seconds, so it is done once. */
let made: Template | undefined;
function template(): Template {
  const steps = documents.flatMap(blocksOf).filter(isSession).flatMap(stepsOf);
  const commands = steps.map(({ command }) => command).filter((command) => command.startsWith('npx cdk deploy'));
  made ??= synthesize(undefined, Object.assign({}, ...commands.map(contextOf))).template;
  return made;
}

function hasScript(command: string): void {
  const name = command.replace(/^npm (?:run )?/, '');
  expect(readPackage().scripts).toHaveProperty([name]);
}

function readPackage(): Record<'scripts' | 'bin' | 'devDependencies', Record<string, string>> {
  return JSON.parse(readFileSync('package.json', 'utf8'));
}
