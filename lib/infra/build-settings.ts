import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod/mini';
import type { CommandSettings } from '../core/executor-settings.ts';
import { parsePlan } from '../core/plan.ts';
import { parse } from '../core/schema.ts';

/** The CodeBuild project a deployment makes for a plan file, and all others whose sources are in the same place. */
export interface BuildSettings {
  readonly plan: { readonly name: string; readonly settings: CommandSettings };
  /** The plan file's folder within the source. */
  readonly root: string;
  readonly source: z.output<typeof source>;
  readonly image: string;
  readonly computeType: string;
  readonly setup?: string | undefined;
  readonly runtimes?: Readonly<Record<string, string>> | undefined;
}

/** The context `codebuild`, with the plan file it names read and checked. `value` is an object, or JSON. */
export function readBuildSettings(value: unknown): BuildSettings {
  const { plan: file, root, ...rest } = parse(context, typeof value === 'string' ? JSON.parse(value) : value);
  const { name, executor } = parsePlan(parseYaml(readFileSync(file, 'utf8')));
  if (executor.type !== 'command' && executor.type !== 'codebuild') {
    throw new Error(`codebuild: the executor of ${file} is ${executor.type}, not command or codebuild`);
  }
  return { ...rest, root: root ?? posix.dirname(file.replaceAll('\\', '/')), plan: { name, settings: executor } };
}

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

const source = z.union([
  z.strictObject({
    /** `owner/repository`. */
    github: z.string().check(z.regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/repository')),
    branch: z.optional(text(255)),
    /** ARN of a connection to GitHub, for a repository that is not public. */
    connection: z.optional(text(512)),
  }),
  /** A ZIP file. */
  z.strictObject({ bucket: text(63), key: text(1024) }),
]);

const context = z.strictObject({
  /** The plan file, on the machine that deploys. */
  plan: text(1024),
  source,
  /** The plan file's folder within the source; that of `plan` unless given. */
  root: z.optional(z.string()),
  image: z._default(text(255), 'aws/codebuild/standard:7.0'),
  computeType: z._default(text(50), 'BUILD_GENERAL1_SMALL'),
  setup: z.optional(text(1000)),
  /** Versions of languages for the images of AWS: `{ "nodejs": "22" }`. */
  runtimes: z.optional(z.record(text(30), text(30))),
});
