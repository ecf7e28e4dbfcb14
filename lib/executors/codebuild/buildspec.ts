import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ServiceError } from '../../core/errors.ts';
import type { Executing, PickedCase } from '../../core/executor.ts';
import type { CommandSettings } from '../../core/executor-settings.ts';
import { type BuiltCommand, buildCommand } from '../command/build-command.ts';
import { quoteShell } from '../command/quote-shell.ts';
import { selectorFor } from '../command/selectors/selector-for.ts';
import { helperTexts } from './helper-texts.ts';

/** Where a build keeps what is Proctor's. A build has a machine of its own, so the name is free. */
export const buildDirectory = '/tmp/proctor';

/** CodeBuild states no limit; this leaves room in a request for everything else. */
const maxBuildspecBytes = 60_000;

export interface BuildspecInput {
  readonly settings: CommandSettings;
  /** The plan file's folder within the source, `''` for its root. */
  readonly root: string;
  /** Run in the command's directory before it. */
  readonly setup: string | undefined;
  /** Versions of languages, for the images of AWS. */
  readonly runtimes: Readonly<Record<string, string>> | undefined;
  /** Name or ARN. */
  readonly reportGroup: string;
  /** Null is everything. */
  readonly selection: readonly PickedCase[] | null;
}

/**
 * The build specification that runs a plan's command as the `command` executor runs it, selection and reports included; as
 * JSON, which is YAML too. A selection that does not fit runs everything, and `executing` says so.
 */
export function buildBuildspec(input: BuildspecInput): { readonly text: string; readonly executing: Executing } {
  const { settings, selection } = input;
  const files = {
    progressFile: `${buildDirectory}/progress.jsonl`,
    reportFile: `${buildDirectory}/reports/report.xml`,
    helpersDirectory: buildDirectory,
  };
  const command = buildCommand(settings, selection, files);
  const text = toText(input, command);
  if (selection === null || Buffer.byteLength(text) <= maxBuildspecBytes) return { text, executing: command.executing };
  const count = `${selection.length} picked cases`;
  const description = `everything (the selection does not fit into a build specification; all but the ${count} are ignored)`;
  const everything = { ...input, selection: null };
  return {
    text: toText(everything, buildCommand(settings, null, files)),
    executing: { grain: 'everything', description },
  };
}

function toText(input: BuildspecInput, { text }: BuiltCommand): string {
  const { settings, setup, runtimes, selection, reportGroup } = input;
  const enter = `cd "$CODEBUILD_SRC_DIR"${toPath(input)}`;
  const run = (command: string) => `${enter} && sh -c ${quoteShell(command.trim())} </dev/null`;
  const patterns = selection && selectorFor(settings)?.patternsByFile?.(selection);
  const files = {
    ...helpersOf(settings),
    ...(selection && { 'selection.json': JSON.stringify(selection) }),
    ...(patterns && { 'patterns.json': JSON.stringify(patterns) }),
  };
  const spec = {
    version: 0.2,
    env: {
      variables: {
        PROCTOR_REPORT: `${buildDirectory}/reports/report.xml`,
        PROCTOR_PROGRESS: `${buildDirectory}/progress.jsonl`,
        ...(selection && { PROCTOR_SELECTION: `${buildDirectory}/selection.json` }),
      },
    },
    phases: {
      ...(runtimes && { install: { 'runtime-versions': runtimes } }),
      pre_build: {
        commands: [
          `mkdir -p ${buildDirectory}/reports`,
          ...Object.entries(files).map(([name, content]) => write(`${buildDirectory}/${name}`, content)),
          ...(setup === undefined ? [] : [run(setup)]),
          // Reports that are older came with the source: they must not make this build green.
          `touch ${buildDirectory}/started`,
        ],
      },
      build: { commands: [run(text)] },
      ...(settings.report !== undefined && { post_build: { commands: [`${enter} && ${collect}`] } }),
    },
    reports: {
      [reportGroup]: {
        files: [settings.report ?? 'report.xml'],
        'base-directory': `${buildDirectory}/reports`,
        'file-format': 'JUNITXML',
      },
    },
  };
  return JSON.stringify(spec, null, 1);
}

/** Copies the XML files written since the start to where the reports are read, with their paths. */
const collect = [
  `find . \\( -name node_modules -o -name .git \\) -prune -o -type f -name '*.xml' -newer ${buildDirectory}/started -print |`,
  `while IFS= read -r file; do mkdir -p "${buildDirectory}/reports/$(dirname "$file")" &&`,
  `cp "$file" "${buildDirectory}/reports/$file" || exit 1; done`,
].join(' ');

/** `/` and the quoted path of the command's directory below the source, `''` for the source itself. */
function toPath({ settings: { directory }, root }: BuildspecInput): string {
  const path = posix.normalize(posix.join(root, directory));
  if (posix.isAbsolute(directory) || path === '..' || path.startsWith('../')) {
    throw new ServiceError(
      'EXECUTOR_REFUSED',
      `the directory ${directory} of the command is not in the source of a build: it must be relative to the plan file's folder`,
    );
  }
  return path === '.' ? '' : `/${quoteShell(path.replace(/\/$/, ''))}`;
}

function write(path: string, content: string): string {
  const packed = gzipSync(content, { level: 9 });
  // Which system packed it, which says nothing here and would make the text another one on each.
  packed[9] = 255;
  return `printf %s ${packed.toString('base64')} | base64 -d | gzip -d > ${path}`;
}

/** Just the modules the plan's selector names. */
function helpersOf({ selector }: CommandSettings): Record<string, string> {
  const used = typeof selector === 'string' ? (helpersBySelector[selector] ?? /^$/) : /^$/;
  return Object.fromEntries(Object.entries(helperTexts).filter(([name]) => used.test(name)));
}

const helpersBySelector: Readonly<Record<string, RegExp>> = {
  'node:test': /^node-test-/,
  vitest: /^(?:vitest-reporter|patterns)\./,
  jest: /^(?:jest-test-runner|patterns)\./,
};
