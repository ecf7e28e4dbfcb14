/** One test of a fixture project: where it is and what it is called. */
export interface FixtureCase {
  readonly file: number;
  /** Names of the describes around it, outermost first. */
  readonly path: readonly string[];
  readonly name: string;
  /** Fails in every attempt, or in the first one only. */
  readonly fails?: 'always' | 'once';
}

/** Names that mean something to a shell, a regular expression, an XML parser or a runner's own way to join names. */
export const nastyNames = [
  'adds',
  'adds up',
  'adds (twice)',
  'adds[1]',
  'adds › up',
  'adds > up',
  'costs $5 "x" \'y\' `id` $(id) $& $HOME',
  'a|b (c|d) [e-f] {2,3} ^g$ \\d+ .* h?',
  '.starts and ends with dots...',
  '--looks like an option=1',
  'two  blanks, a / and a \\',
  'Großkunden zahlen 5 € — 🛒 <&> naïve',
  '#1: 100% @ noon; rm -rf *',
  '!not ~this *or that?',
] as const;

const suites: readonly (readonly string[])[] = [
  [],
  ['Cart'],
  ['Cart', 'inner'],
  ['Tax $5 (a|b) [c] › d', 'Ünïcode 🛒'],
  ['Cart of others'],
];

/**
 * The cases of a project: every nasty name in every suite of every file, filled up with plain ones. Three fail: one of
 * them shares its whole path with cases of other files and its name with cases of other suites.
 */
export function makeCases(count: number): FixtureCase[] {
  const fileCount = countFiles(count);
  const perSuite = Math.ceil(count / fileCount / suites.length);
  const cases = Array.from({ length: fileCount }, (_, file) =>
    suites.flatMap((path) =>
      Array.from({ length: perSuite }, (__, i) => ({ file, path, name: nastyNames[i] ?? `plain case ${i}` })),
    ),
  )
    .flat()
    .slice(0, count);
  const failing: FixtureCase[] = [
    { file: 1, path: ['Cart', 'inner'], name: 'adds', fails: 'always' },
    { file: 1, path: [], name: 'a|b (c|d) [e-f] {2,3} ^g$ \\d+ .* h?', fails: 'once' },
    { file: 2, path: ['Tax $5 (a|b) [c] › d', 'Ünïcode 🛒'], name: nastyNames[6], fails: 'always' },
  ];
  return cases.map((one) => failing.find((failed) => identityOf(failed) === identityOf(one)) ?? one);
}

/** Files of a project of that many cases: a process each, on most runners. */
export function countFiles(cases: number): number {
  return Math.max(4, Math.round(cases / 500));
}

/** What a case writes when it is executed: unlike any other case's. */
export function identityOf({ file, path, name }: Pick<FixtureCase, 'file' | 'path' | 'name'>): string {
  return JSON.stringify([file, ...path, name]);
}

/** The cases of each file, by its number. */
export function byFile(cases: readonly FixtureCase[]): Map<number, FixtureCase[]> {
  const files = new Map<number, FixtureCase[]>();
  for (const one of cases) files.set(one.file, [...(files.get(one.file) ?? []), one]);
  return files;
}
