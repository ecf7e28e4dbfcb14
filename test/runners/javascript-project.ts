import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byFile, type FixtureCase, identityOf } from './names.ts';

/** How one runner's test files are written. */
export interface Dialect {
  /** Of the test files, `.test.js`. */
  readonly extension: string;
  /** The statement that brings the words below into scope. */
  readonly imports: string;
  readonly describe: string;
  readonly test: string;
}

/** Writes the cases as test files under `tests`, each of which appends its identity to the log when it is executed. */
export function writeJavaScriptProject(directory: string, cases: readonly FixtureCase[], dialect: Dialect): void {
  mkdirSync(join(directory, 'tests'), { recursive: true });
  for (const [file, own] of byFile(cases)) {
    const source = [dialect.imports, recorder, ...[...bySuite(own)].map(([, some]) => toSuite(some, dialect))];
    writeFileSync(join(directory, 'tests', `area ${file}${dialect.extension}`), `${source.join('\n')}\n`);
  }
}

/** Defines `ran(identity, fails)`, which makes the function of a test. */
// `require` is there in CommonJS only, `process` everywhere.
export const recorder = `const { appendFileSync } = process.getBuiltinModule('node:fs');
const ran = (identity, fails) => () => {
  appendFileSync(process.env.RAN_LOG, JSON.stringify([process.env.PROCTOR_ATTEMPT, identity]) + '\\n');
  if (fails === 'always' || (fails === 'once' && process.env.PROCTOR_ATTEMPT === '1')) throw new Error('it fails');
};`;

function bySuite(cases: readonly FixtureCase[]): Map<string, FixtureCase[]> {
  const suites = new Map<string, FixtureCase[]>();
  for (const one of cases) {
    const key = JSON.stringify(one.path);
    suites.set(key, [...(suites.get(key) ?? []), one]);
  }
  return suites;
}

function toSuite(cases: readonly FixtureCase[], { describe, test }: Dialect): string {
  const path = cases[0]?.path ?? [];
  const tests = cases.map(
    (one) => `${test}(${text(one.name)}, ran(${text(identityOf(one))}, ${text(one.fails ?? 'never')}));`,
  );
  return path.reduceRight((body, name) => `${describe}(${text(name)}, () => {\n${body}\n});`, tests.join('\n'));
}

function text(value: string): string {
  return JSON.stringify(value);
}
