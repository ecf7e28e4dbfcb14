import * as z from 'zod/mini';
import { githubApiUrl, repositoryName } from './github.ts';
import { id } from './schema.ts';
import { secretReference } from './secret-reference.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

/** Built-in ways to tell a test runner which cases to run; `template` is the user's own. */
export const selectors = ['node:test', 'vitest', 'jest', 'playwright', 'pytest', 'maven-surefire', 'go-test'] as const;

/** `{pattern}` in `arguments` is replaced by the escaped names, joined with `join`. */
const template = z.strictObject({ arguments: text(1024), join: z._default(text(10), '|') });

/** What runs the tests, wherever it runs. */
const commandFields = {
  /** Run by `sh -c`. `{selection}` and `{report}` are replaced, quoted. */
  command: text(8192),
  /** Relative to the plan file's folder, or absolute on this machine. */
  directory: z._default(text(1024), '.'),
  selector: z.optional(z.union([z.enum(selectors), template])),
  /** Glob of JUnit XML files relative to `directory`; without it, the file given to the command as `{report}`. */
  report: z.optional(text(512)),
};

const command = z.strictObject({ type: z.literal('command'), ...commandFields });

const codebuild = z.strictObject({
  type: z.literal('codebuild'),
  ...commandFields,
  /** Name of an existing project; without it, the deployment's own. */
  project: z.optional(
    z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{1,149}$/, 'must be the name of a CodeBuild project')),
  ),
  /** Where the project is, if not where Proctor is; embedded only. */
  region: z.optional(z.string().check(z.regex(/^[a-z]{2}(?:-[a-z]+)+-[0-9]$/, 'must be the name of an AWS region'))),
  /** Branch, tag, commit or object version, instead of the project's. */
  sourceVersion: z.optional(text(255)),
  image: z.optional(text(255)),
  computeType: z.optional(z.string().check(z.regex(/^[A-Z][A-Z0-9_]{1,49}$/, 'must be a compute type of CodeBuild'))),
  /** Run in the directory before the command, for what a fresh checkout has not: dependencies. */
  setup: z.optional(text(8192)),
  /** Versions of languages, for the images of AWS: `nodejs: '22'`. */
  runtimes: z.optional(z.record(text(30), text(30))),
});

const http = z.strictObject({
  type: z.literal('http'),
  /** Gets the signed attempt by POST; 2xx accepts it. */
  url: text(2048),
  /** Gets GET with `?key=`; answers the progress of the attempt. */
  statusUrl: z.optional(text(2048)),
  /** Gets a signed POST when the run is stopped. */
  stopUrl: z.optional(text(2048)),
  /** Where the signing secret (`whsec_…`) is. */
  secret: z.optional(secretReference),
  selects: z._default(z.enum(['iterations', 'cases', 'suites', 'nothing']), 'nothing'),
});

/** Selectors that need no file of ours beside the tests. */
const remoteSelectors = ['vitest', 'jest', 'playwright', 'pytest', 'maven-surefire', 'go-test'] as const;

const inputName = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, 'must be the name of an input'));

const githubActions = z
  .strictObject({
    type: z.literal('github-actions'),
    repository: repositoryName,
    /** File name below `.github/workflows`, or its number. */
    workflow: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'must be the file name of a workflow')),
    /** Branch or tag the workflow runs on. */
    ref: z._default(text(250), 'main'),
    /** May write Actions of the repository. */
    token: secretReference,
    apiUrl: z._default(text(2048), githubApiUrl),
    /** Further inputs of the workflow, the same for every run. */
    inputs: z._default(
      z
        .record(inputName, z.string().check(z.maxLength(1024)))
        .check(z.refine((inputs) => Object.keys(inputs).length <= 20, 'must be at most 20')),
      {},
    ),
    /** Variables of the run that the workflow gets, as one input of JSON. Whoever can read the repository sees inputs. */
    variables: z._default(z.array(text(128)).check(z.maxLength(50)), []),
    selector: z.optional(
      z.union([z.enum(remoteSelectors), template], {
        error: `must be one of ${remoteSelectors.join(', ')}, or { arguments }`,
      }),
    ),
    /** The input that gets the words which select the cases of an attempt, quoted for a shell. */
    selectionInput: z._default(inputName, 'proctor_selection'),
    /** Name of the artifacts that hold JUnit XML; `*` stands for any characters. */
    artifact: z._default(text(255), 'junit*'),
    /** The workflow gets URL and token to report by itself; the token is then an input. */
    callback: z._default(z.boolean(), false),
  })
  .check(
    z.refine(
      ({ inputs, selectionInput }) => {
        return !Object.keys(inputs).some((name) => name.startsWith('proctor_') || name === selectionInput);
      },
      {
        error: 'must not set what Proctor sends itself',
        path: ['inputs'],
      },
    ),
  );

/** A plan of a Testsigma tenant, or of whatever speaks its API. */
const testsigma = z.strictObject({
  type: z.literal('testsigma'),
  /** Where the tenant is, without `/api/v1`. */
  url: z._default(text(2048), 'https://app.testsigma.com'),
  apiKey: secretReference,
  /** The tenant's id of the plan. */
  testPlanId: id,
  /** A saved configuration of the tenant, by name or id, that stands for the whole plan. */
  config: z.optional(z.union([text(255), z.int().check(z.positive())])),
  /** The tenant's id of the environment to run in, when `environments` is not given or the run has none. */
  environmentId: z.optional(id),
  /** The tenant's ids of environments by their names here. A run in one that is not among them is refused. */
  environments: z.optional(z.record(text(255), id)),
  /** What becomes of an attempt while the tenant says that the plan is running: try again, or end. */
  whenBusy: z._default(z.enum(['retry', 'refuse']), 'retry'),
});

/** A plan of a Testinium tenant, or of another Proctor's Testinium API. */
const testinium = z
  .strictObject({
    type: z.literal('testinium'),
    /** What comes before `/Testinium.RestApi`. */
    url: text(2048),
    /** Where tokens are, if not under `url`: the vendor's cloud has them on a host of their own. */
    tokenUrl: z.optional(text(2048)),
    variant: z._default(z.enum(['cloud', 'enterprise']), 'cloud'),
    /** The plan at the tenant: its id, or its name in the enterprise variant. */
    planId: z.union([id, text(255)]),
    /** Sent as `current-company-id`; without it, the user's own company. */
    company: z.optional(id),
    /** A user of Proctor's own tells its executions from those of other people. */
    username: text(255),
    password: z.optional(secretReference),
    /** Instead of a password. */
    accessKey: z.optional(secretReference),
    /** How Proctor names itself to the token endpoint, where the tenant asks for that. */
    clientId: z.optional(text(255)),
    clientSecret: z.optional(secretReference),
    /** Starts although environments are unavailable. */
    force: z._default(z.boolean(), false),
    /** What becomes of a start that finds the plan running, or an environment unavailable. */
    whenBusy: z._default(z.enum(['retry', 'refuse']), 'retry'),
    /** Until a busy tenant is asked again; tries end with the plan's `startSeconds`. */
    retrySeconds: z._default(z.int().check(z.gte(1), z.lte(300)), 60),
  })
  .check(
    z.refine(({ password, accessKey }) => (password === undefined) !== (accessKey === undefined), {
      path: ['password'],
      error: 'is needed, or an accessKey instead of it',
    }),
    z.refine(({ variant, planId }) => variant === 'enterprise' || typeof planId === 'number', {
      path: ['planId'],
      error: 'must be the id of a plan: only the enterprise variant takes names',
    }),
    z.refine(({ clientId, clientSecret }) => clientSecret === undefined || clientId !== undefined, {
      path: ['clientId'],
      error: 'is needed beside clientSecret',
    }),
  );

/** A parent: its tests are other plans of its project. Disabled ones are left out when it runs. */
const group = z.strictObject({
  type: z.literal('group'),
  children: z
    .array(id)
    .check(z.minLength(1), z.maxLength(20))
    .check(z.refine((ids) => new Set(ids).size === ids.length, 'must name each plan once')),
});

export const executorSettings = z.discriminatedUnion('type', [
  command,
  codebuild,
  http,
  githubActions,
  testsigma,
  testinium,
  group,
]);
export type ExecutorSettings = z.output<typeof executorSettings>;
export type ExecutorType = ExecutorSettings['type'];
export type SettingsOf<T extends ExecutorType> = Extract<ExecutorSettings, { readonly type: T }>;
/** What `command` and `codebuild` have in common: one plan file runs on either. */
export type CommandSettings = Pick<SettingsOf<'command'>, 'command' | 'directory' | 'selector' | 'report'>;
