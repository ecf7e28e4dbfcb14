import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isServiceError } from '../../../lib/core/errors.ts';
import { selectors } from '../../../lib/core/executor-settings.ts';
import { codebuildCapabilities } from '../../../lib/executors/codebuild/capabilities.ts';
import { selectorFor } from '../../../lib/executors/command/selectors/selector-for.ts';
import { failure } from '../../support/fake-codebuild.ts';
import { makeDispatch } from '../dispatch.ts';
import { type BuildWorld, createBuildWorld } from './world.ts';

let world: BuildWorld;
beforeAll(async () => {
  world = await createBuildWorld({ projects: ['proctor-shop', 'blue-tests'] });
});
afterEach(() => {
  world.fake.answer = undefined;
  world.fake.builds.length = 0;
  world.fake.forgetTokens();
});
afterAll(() => world.close());

const variablesOf = (i: number): Record<string, unknown>[] =>
  world.fake.builds[i]?.input.environmentVariablesOverride as Record<string, unknown>[];

async function refusalOf(call: Promise<unknown>): Promise<{ code?: string; message?: string }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isServiceError(error) ? { code: error.code, message: error.message } : { message: String(error) };
}

describe('a build of an attempt', () => {
  it('is started with what the plan overrides, the attempt, and the deadline', async () => {
    const settings = { sourceVersion: 'v2', image: 'node:22', computeType: 'BUILD_GENERAL1_LARGE' };
    const given = { variables: { BASE_URL: 'https://stg.example.com' }, buildNo: '77' };
    const { ref, link } = await world.executor.start(world.dispatch(given, settings));
    const [build] = world.fake.builds;
    expect(build?.input).toMatchObject({
      projectName: 'proctor-shop',
      idempotencyToken: expect.stringMatching(/^Proctor-run-run-52-a1-[0-9a-z]+$/),
      sourceVersion: 'v2',
      imageOverride: 'node:22',
      computeTypeOverride: 'BUILD_GENERAL1_LARGE',
      timeoutInMinutesOverride: 61,
    });
    expect(variablesOf(0)).toEqual(
      expect.arrayContaining([
        { name: 'BASE_URL', value: 'https://stg.example.com', type: 'PLAINTEXT' },
        { name: 'PROCTOR_RUN_ID', value: '52', type: 'PLAINTEXT' },
        { name: 'PROCTOR_ATTEMPT', value: '1', type: 'PLAINTEXT' },
        { name: 'PROCTOR_BUILD_NO', value: '77', type: 'PLAINTEXT' },
        { name: 'PROCTOR_RUN_KEY', value: expect.stringMatching(/^run-52-a1-[0-9a-z]+$/), type: 'PLAINTEXT' },
        { name: 'PROCTOR_DEPLOYMENT', value: 'Proctor-run', type: 'PLAINTEXT' },
      ]),
    );
    expect(ref).toBe(build?.id);
    const path = `123456789012/projects/proctor-shop/build/${encodeURIComponent(ref)}`;
    expect(link).toBe(`https://eu-central-1.console.aws.amazon.com/codesuite/codebuild/${path}`);
  });

  it('lasts 5 minutes at least and 36 hours at most, whatever the deadline', async () => {
    const minutes = async (key: string, ms: number) => {
      await world.executor.start(world.dispatch({ key, deadlineAt: Date.now() + ms }));
      return world.fake.builds.at(-1)?.input.timeoutInMinutesOverride;
    };
    expect(await minutes('run-1-a1', -1000)).toBe(5);
    expect(await minutes('run-2-a1', 90 * 3_600_000)).toBe(2160);
  });

  it('is found again when CodeBuild has long forgotten the token', async () => {
    const first = await world.executor.start(world.dispatch());
    for (let other = 0; other < 60; other++) {
      world.fake.builds.push({ ...world.fake.find('run-52-a1'), id: `proctor-shop:${other}`, input: {} });
    }
    world.fake.forgetTokens();
    expect((await world.executor.start(world.dispatch())).ref).toBe(first.ref);
    expect(world.fake.builds.filter(({ input }) => input.idempotencyToken !== undefined)).toHaveLength(1);
  });

  it('is one when two starts with different deadlines meet', async () => {
    const starts = [0, 600_000].map((ms) =>
      world.executor.start(world.dispatch({ deadlineAt: Date.now() + 3_600_000 + ms })),
    );
    const [first, second] = await Promise.all(starts);
    expect(first?.ref).toBe(second?.ref);
    expect(world.fake.builds).toHaveLength(1);
  });

  it('is never taken for that of another deployment with the same key', async () => {
    const first = await world.executor.start(world.dispatch());
    const second = await world.executorOf({ name: 'Blue-run' }).start(world.dispatch());
    expect(second.ref).not.toBe(first.ref);
  });

  it('is never taken for that of a run of the same number before the table was new', async () => {
    const old = await world.executor.start(world.dispatch({ createdAt: 1_700_000_000_000 }));
    const fresh = await world.executor.start(world.dispatch());
    expect(fresh.ref).not.toBe(old.ref);
  });

  it('runs in the project of the deployment if the plan names none, or is a plan of `command`', async () => {
    const project = {
      name: 'blue-tests',
      root: 'e2e',
      setup: 'npm ci',
      reportGroup: 'arn:aws:codebuild:…:report-group/b',
    };
    const executor = world.executorOf({ name: 'Blue-run', project });
    await executor.start(makeDispatch({ type: 'command', command: 'make test', directory: 'shop' }));
    await executor.start(makeDispatch({ type: 'codebuild', command: 'make test' }, { key: 'run-52-a2', attempt: 2 }));
    const specs = world.fake.builds.map(({ input }) => JSON.parse(String(input.buildspecOverride)));
    expect(world.fake.builds.map(({ project: name }) => name)).toEqual(['blue-tests', 'blue-tests']);
    expect(specs.map(({ phases }) => phases.build.commands)).toEqual([
      [`cd "$CODEBUILD_SRC_DIR"/e2e/shop && sh -c 'make test' </dev/null`],
      [`cd "$CODEBUILD_SRC_DIR"/e2e && sh -c 'make test' </dev/null`],
    ]);
    expect(specs.map(({ reports }) => Object.keys(reports))).toEqual([[project.reportGroup], [project.reportGroup]]);
    expect(specs[0].phases.pre_build.commands).toContain(
      `cd "$CODEBUILD_SRC_DIR"/e2e/shop && sh -c 'npm ci' </dev/null`,
    );
  });
});

describe('what a build may not be given', () => {
  it('is anything secret in plain text; where it is kept is named instead', async () => {
    const variables = { PASSWORD: 'canary-5f1c', PIN: 'canary-5f1c', USER: 'jo' };
    const secret = { PASSWORD: 'secretsmanager:proctor/tests/shop', PIN: 'ssm:/proctor/tests/pin' };
    await world.executor.start(world.dispatch({ variables, secrets: ['canary-5f1c'], secretVariables: secret }));
    expect(variablesOf(0)).toContainEqual({ name: 'PASSWORD', value: 'proctor/tests/shop', type: 'SECRETS_MANAGER' });
    expect(variablesOf(0)).toContainEqual({ name: 'PIN', value: '/proctor/tests/pin', type: 'PARAMETER_STORE' });
    const sent = JSON.stringify(world.fake.builds[0]?.input);
    expect(sent).not.toContain('canary-5f1c');
    expect(sent).not.toContain(world.dispatch().callback.token);
  });

  it.each([
    [
      'a secret the environment holds itself',
      { secretVariables: { PASSWORD: null } },
      /give the environment valueFrom/,
    ],
    [
      'a secret of this machine',
      { secretVariables: { PASSWORD: 'env:SHOP_PASSWORD' } },
      /give the environment valueFrom/,
    ],
    ['a name of CodeBuild', { variables: { CODEBUILD_SRC_DIR: '/' } }, /CODEBUILD_SRC_DIR cannot .* CodeBuild’s own/],
  ])('is %s', async (_what, overrides, message) => {
    const dispatch = world.dispatch({ variables: { PASSWORD: 'canary-5f1c' }, ...overrides });
    const refusal = await refusalOf(world.executor.start(dispatch));
    expect(refusal).toEqual({ code: 'EXECUTOR_REFUSED', message: expect.stringMatching(message) });
    expect(refusal.message).not.toContain('canary');
    expect(world.fake.builds).toEqual([]);
  });
});

describe('a start that fails', () => {
  it.each([
    ['ThrottlingException', 'EXECUTOR_UNAVAILABLE', /Rate exceeded/],
    ['AccountLimitExceededException', 'EXECUTOR_UNAVAILABLE', /Rate exceeded/],
    ['AccessDeniedException', 'EXECUTOR_REFUSED', /docs\/executors\.md lists the actions/],
    ['ExpiredTokenException', 'EXECUTOR_REFUSED', /docs\/executors\.md/],
    ['InvalidInputException', 'EXECUTOR_REFUSED', /executor settings of the plan/],
    ['ResourceNotFoundException', 'EXECUTOR_REFUSED', /Check project, report group and region/],
  ])('by %s is %s and says what to do', async (type, code, message) => {
    world.fake.answer = (operation) => (operation === 'StartBuild' ? failure(type, 'Rate exceeded') : undefined);
    expect(await refusalOf(world.executor.start(world.dispatch()))).toEqual({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('because nobody named a project says so', async () => {
    const refusal = await refusalOf(world.executor.start(makeDispatch({ type: 'codebuild', command: 'true' })));
    expect(refusal).toEqual({ code: 'EXECUTOR_REFUSED', message: expect.stringMatching(/names no CodeBuild project/) });
  });

  it('because the directory is one of another machine says so', async () => {
    const refusal = await refusalOf(world.executor.start(world.dispatch({}, { directory: '/srv/shop' })));
    expect(refusal).toEqual({ code: 'EXECUTOR_REFUSED', message: expect.stringMatching(/\/srv\/shop .* relative/) });
  });
});

describe('what a build can select', () => {
  it('is what the selector can, of every selector', () => {
    for (const selector of [...selectors, { arguments: '--only {pattern}', join: '|' }, undefined]) {
      const settings = { type: 'command', command: 'run', directory: '.', ...(selector && { selector }) } as const;
      expect(codebuildCapabilities(settings).selects).toBe(selectorFor(settings)?.selects ?? 'nothing');
    }
  });
});
