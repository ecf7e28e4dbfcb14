import * as z from 'zod/mini';
import { id } from './schema.ts';
import { secretReference } from './secret-reference.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

/** Built-in ways to tell a test runner which cases to run; `template` is the user's own. */
export const selectors = ['node:test', 'vitest', 'jest', 'playwright', 'pytest', 'maven-surefire', 'go-test'] as const;

/** What runs the tests, wherever it runs. */
const commandFields = {
  /** Run by `sh -c`. `{selection}` and `{report}` are replaced, quoted. */
  command: text(8192),
  /** Relative to the plan file's folder, or absolute on this machine. */
  directory: z._default(text(1024), '.'),
  selector: z.optional(
    z.union([
      z.enum(selectors),
      /** `{pattern}` in `arguments` is replaced by the escaped names, joined with `join`. */
      z.strictObject({ arguments: text(1024), join: z._default(text(10), '|') }),
    ]),
  ),
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

/** A parent: its tests are other plans of its project. Disabled ones are left out when it runs. */
const group = z.strictObject({
  type: z.literal('group'),
  children: z
    .array(id)
    .check(z.minLength(1), z.maxLength(20))
    .check(z.refine((ids) => new Set(ids).size === ids.length, 'must name each plan once')),
});

export const executorSettings = z.discriminatedUnion('type', [command, codebuild, http, group]);
export type ExecutorSettings = z.output<typeof executorSettings>;
export type ExecutorType = ExecutorSettings['type'];
export type SettingsOf<T extends ExecutorType> = Extract<ExecutorSettings, { readonly type: T }>;
/** What `command` and `codebuild` have in common: one plan file runs on either. */
export type CommandSettings = Pick<SettingsOf<'command'>, 'command' | 'directory' | 'selector' | 'report'>;
