/** Files of `npm test` with large figures, each told to its tests by an environment variable. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the figures mean, for the table. */
  readonly figures: string;
  /** Of vitest, if it is not that of `npm test`. */
  readonly config?: string;
}

/** In the order in which they are run: what finds most comes first. */
export function suitesOf(env: NodeJS.ProcessEnv): readonly Suite[] {
  const {
    SEEDS = '10000',
    TWICE = '2000',
    SEQUENCES = '1000',
    KILLS = '20',
    QUEUE = '100',
    NETWORK_RUNS = '1000',
  } = env;
  return [
    {
      name: 'interleavings',
      files: ['test/workflow/interleavings.test.ts'],
      env: { SEEDS },
      figures: `${SEEDS} schedules`,
    },
    {
      name: 'dynalite',
      files: ['test/workflow/same-on-dynalite.test.ts'],
      env: { TWICE },
      figures: `${TWICE} schedules, on both tables`,
    },
    {
      name: 'mutants',
      files: ['test/workflow/mutants.test.ts'],
      env: { MUTANT_SEEDS: '400' },
      figures: '27, up to 400 seeds each',
    },
    {
      name: 'table',
      files: ['test/support/memory-table.test.ts'],
      env: { SEQUENCES },
      figures: `${SEQUENCES} sequences of 40 calls`,
    },
    {
      name: 'wire',
      files: ['test/http', 'test/workflow'],
      env: { TABLE: 'wire' },
      figures: 'every test of both over the wire',
    },
    {
      name: 'crash points',
      files: ['test/journey/crash-points.test.ts'],
      env: { CRASH_ROUNDS: '3' },
      figures: 'all, 3 times',
    },
    {
      name: 'kills',
      files: ['test/journey/kill.test.ts'],
      env: { KILLS, QUEUE },
      figures: `${KILLS} kills, a queue of ${QUEUE}`,
    },
    {
      name: 'network',
      files: ['test/journey/network.test.ts'],
      env: { NETWORK_RUNS },
      figures: `${NETWORK_RUNS} runs, faults by chance`,
    },
    {
      name: 'races',
      files: ['test/http/testsigma/races.test.ts', 'test/journey/races.test.ts'],
      env: { RACES: '1000' },
      figures: '1,000 stops, 200 reruns, 50 commands',
    },
    {
      name: 'storms',
      files: ['test/workflow/storms.test.ts', 'test/journey/overlap.test.ts'],
      env: { STORMS: '50', CALLBACKS: '1000', TRIGGERS: '50' },
      figures: '40 triggers of 50 plans, 1,000 callbacks, 50 in a queue',
    },
    {
      name: 'schedules',
      files: ['test/core/schedule/every-minute.test.ts'],
      env: { CLOCK_ZONES: '10' },
      figures: 'every minute of 2027, 10 zones',
    },
    {
      name: 'webhooks',
      files: ['test/http/hooks/is-genuine.test.ts', 'test/adapters/webhook-signature.test.ts'],
      env: { FLIPS: '100000' },
      figures: '100,000 flipped bits',
    },
    {
      name: 'timing',
      files: ['test/soak/timing.proof.ts'],
      env: { TIMED_CALLS: '100000' },
      figures: '5 checks, 100,000 samples each',
      config: 'vitest.soak.config.ts',
    },
    {
      name: 'hostile addresses',
      files: ['test/adapters/egress/corpus.test.ts', 'test/adapters/egress.test.ts'],
      env: {},
      figures: 'the whole corpus',
    },
    {
      name: 'fuzz',
      files: [
        'test/http/native/fuzz.test.ts',
        'test/journey/hostile.test.ts',
        'test/adapters/junit/hostile.test.ts',
        'test/core/schedule/laws.test.ts',
      ],
      env: { FUZZ: '20' },
      figures: '20 times as many',
    },
    {
      name: 'authorization',
      files: ['test/http/entry.test.ts', 'test/http/authorization.test.ts'],
      env: { FUZZ: '20' },
      figures: 'every route',
    },
    { name: 'canaries', files: ['test/journey/secrets.test.ts'], env: {}, figures: '20, and 4 of each run' },
  ];
}
