import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackedBatch } from '../../lib/core/batch.ts';
import { type Catalog, caseOf, emptyCatalog, indexCatalog, nameOf, placeDeclared } from '../../lib/core/catalog.ts';
import { decide } from '../../lib/core/decide.ts';
import type { SelectionGrain } from '../../lib/core/executor.ts';
import { type PlanDocument, parsePlan } from '../../lib/core/plan.ts';
import type { AttemptRequest } from '../../lib/core/ports.ts';
import { firstStage, planStages, type Stages } from '../../lib/core/prerequisites.ts';
import { closeReport, foldReport, type Report } from '../../lib/core/report.ts';
import type { CaseResult } from '../../lib/core/results.ts';
import { type Run, rerunsUsed } from '../../lib/core/run.ts';
import { declaredPrerequisites, withPrerequisites } from '../../lib/core/with-prerequisites.ts';
import { aBatch, aDocument, aRun } from '../support/runs.ts';

const issuesOf = (suites: unknown): Record<string, string> => {
  try {
    parsePlan({ name: 'Checkout', executor: { type: 'command', command: 'true' }, suites });
  } catch (error) {
    const { fields } = error as { fields: { field: string; message: string }[] };
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    return Object.fromEntries(fields.map(({ field, message }) => [field, message]));
  }
  return {};
};

describe('a plan', () => {
  it('takes prerequisites by name in the same suite and fully in another', () => {
    const suites = [
      {
        name: 'Setup',
        cases: [
          { name: 'seeds', className: 'A' },
          { name: 'seeds', className: 'B' },
        ],
      },
      {
        name: 'Cart',
        prerequisites: ['Setup'],
        cases: [
          { name: 'opens' },
          { name: 'adds', prerequisites: ['opens', { suite: 'Setup', name: 'seeds', className: 'B' }] },
        ],
      },
    ];
    expect(issuesOf(suites)).toEqual({});
  });

  it('without prerequisites may have suites without cases', () => {
    expect(issuesOf([{ name: 'Setup' }])).toEqual({});
  });

  it('refuses names it does not declare, several of one name, and itself', () => {
    const suites = [
      { name: 'Setup', prerequisites: ['Setup', 'Set up'], cases: [{ name: 'seeds' }] },
      {
        name: 'Cart',
        cases: [
          { name: 'adds', className: 'A' },
          { name: 'adds', className: 'B' },
          { name: 'pays', prerequisites: ['adds', 'pay', 'pays', { suite: 'Setup', name: 'adds' }] },
        ],
      },
      { name: 'Empty' },
    ];
    expect(issuesOf(suites)).toEqual({
      'suites[0].prerequisites[0]': 'must be another suite',
      'suites[0].prerequisites[1]': 'is no suite of this plan',
      'suites[1].cases[2].prerequisites[0]': 'is the name of several cases of suite Cart: give its className, too',
      'suites[1].cases[2].prerequisites[1]': 'is no declared case of suite Cart',
      'suites[1].cases[2].prerequisites[2]': 'must be another case',
      'suites[1].cases[2].prerequisites[3]': 'is no declared case of suite Setup',
      'suites[2].cases': 'must not be empty in a plan with prerequisites: of such a plan only declared cases run',
    });
  });

  it('refuses a circle of cases and shows it', () => {
    const cases = [
      { name: 'a', prerequisites: ['c'] },
      { name: 'b', prerequisites: ['a'] },
      { name: 'c', prerequisites: ['b'] },
    ];
    expect(Object.values(issuesOf([{ name: 'S', cases }]))).toEqual([
      expect.stringMatching(/^goes round in a circle: (S › [abc] needs ){3}S › [abc]$/),
    ]);
  });

  it('refuses a circle through whole suites', () => {
    const suites = [
      { name: 'Setup', cases: [{ name: 'seeds', prerequisites: [{ suite: 'Cart', name: 'adds' }] }] },
      { name: 'Cart', prerequisites: ['Setup'], cases: [{ name: 'adds' }] },
    ];
    const [[field, message] = []] = Object.entries(issuesOf(suites));
    expect(field).toMatch(/^suites\[(0\]\.cases\[0|1)\]\.prerequisites\[0\]$/);
    expect(message).toContain('goes round in a circle: ');
    expect(message).toContain('Setup › seeds needs Cart › adds');
  });

  it('refuses a chain that a run could not go through', () => {
    const chain = (length: number) => [
      {
        name: 'S',
        cases: Array.from({ length }, (_, i) => ({ name: `c${i}`, ...(i > 0 && { prerequisites: [`c${i - 1}`] }) })),
      },
    ];
    expect(issuesOf(chain(50))).toEqual({});
    expect(issuesOf(chain(51))).toEqual({
      'suites[0].cases[50]': 'comes after 50 cases or more in a chain; at most 49',
    });
  });
});

const shop = aDocument({
  suites: [
    { name: 'Setup', cases: [{ name: 'seeds' }, { name: 'logs in', prerequisites: ['seeds'] }] },
    {
      name: 'Cart',
      prerequisites: ['Setup'],
      cases: [
        { name: 'adds', iterations: ['one', 'two'] },
        { name: 'removes', prerequisites: ['adds'] },
      ],
    },
    { name: 'Tax', cases: [{ name: 'adds tax', prerequisites: [{ suite: 'Cart', name: 'adds' }] }] },
    { name: 'Login', cases: [{ name: 'refuses' }] },
  ],
});
const named = (suite: string, name: string, className = '') => ({ suite, className, name });

describe('picked cases', () => {
  it('get what they need, and what that needs, before them', () => {
    expect(withPrerequisites(shop, [named('Tax', 'adds tax'), named('Login', 'refuses')])).toEqual([
      named('Setup', 'seeds'),
      named('Setup', 'logs in'),
      named('Cart', 'adds'),
      named('Tax', 'adds tax'),
      named('Login', 'refuses'),
    ]);
  });

  it('do not get what has passed, nor what only that needed', () => {
    const isMet = ({ name }: { name: string }) => name === 'adds';
    expect(withPrerequisites(shop, [named('Tax', 'adds tax')], isMet)).toEqual([named('Tax', 'adds tax')]);
    expect(withPrerequisites(shop, [named('Cart', 'removes')], isMet)).toEqual([
      named('Setup', 'seeds'),
      named('Setup', 'logs in'),
      named('Cart', 'removes'),
    ]);
  });

  it('stay as they were picked, by class and by iteration', () => {
    const picked = [
      { ...named('Cart', 'adds', 'CartTest'), iterations: ['one'] },
      { ...named('Cart', 'removes', 'CartTest') },
      named('Elsewhere', 'nobody declared'),
    ];
    const all = withPrerequisites(shop, picked);
    expect(all).toEqual([named('Setup', 'seeds'), named('Setup', 'logs in'), ...picked]);
  });

  it('need what they need on their own machine, and what has passed on another is not met there', () => {
    const plan = { ...shop, machines: aDocument({ machines: [{ title: 'A' }, { title: 'B' }] }).machines };
    const removes = named('Cart', 'removes');
    const setUp = ({ suite, machine }: { suite: string; machine?: string }) => suite === 'Setup' || machine === 'A';
    expect(withPrerequisites(plan, [removes], setUp)).toEqual([{ ...named('Cart', 'adds'), machine: 'B' }, removes]);
    const onB = { ...removes, machine: 'B' };
    expect(withPrerequisites(plan, [{ ...named('Cart', 'adds'), machine: 'A' }, onB], setUp)).toEqual([
      { ...named('Cart', 'adds'), machine: 'B' },
      { ...named('Cart', 'adds'), machine: 'A' },
      onB,
    ]);
    expect(withPrerequisites(plan, [removes], ({ suite }) => suite === 'Setup')).toEqual([
      named('Cart', 'adds'),
      removes,
    ]);
  });

  it('of a plan without prerequisites are all that runs', () => {
    expect(withPrerequisites(aDocument(), [named('Cart', 'adds')])).toEqual([named('Cart', 'adds')]);
  });
});

describe('what a runner is told', () => {
  it('is the prerequisites of the cases it gets, by case and by suite', () => {
    expect(declaredPrerequisites(shop, [named('Cart', 'removes'), named('Login', 'refuses')])).toEqual([
      { suite: 'Cart', prerequisites: [{ suite: 'Setup' }] },
      { ...named('Cart', 'removes'), prerequisites: [named('Cart', 'adds')] },
    ]);
    expect(declaredPrerequisites(shop, null)).toHaveLength(4);
    expect(declaredPrerequisites(aDocument(), null)).toEqual([]);
  });
});

/** Positions of the declared cases, and the stages of a run that asks for those that `asks` names, all without it. */
function layOut(plan: PlanDocument, selects: SelectionGrain = 'cases', asks?: readonly string[]) {
  const index = indexCatalog(emptyCatalog);
  const { cases, iterations } = placeDeclared(plan, index);
  const catalog: Catalog = { entries: index.added, ids: index.added.map((_, i) => i + 1) };
  const asked = cases.filter((position) => asks?.includes(nameOf(catalog, position).name) ?? true);
  const expected = asked.flatMap((position) => iterations.get(position) ?? [position]);
  const input = { plan, selects, catalog, expected, byIteration: new Set<number>(), place: index.place };
  return { catalog, expected, stages: planStages(input) };
}

describe('the stages', () => {
  const firstOf = (selects: SelectionGrain, asks?: readonly string[]): string[] | null => {
    const { stages, catalog } = layOut(shop, selects, asks);
    return stages && firstStage(stages).map((position) => nameOf(catalog, position).name);
  };

  it('begin with the cases that need nothing', () => {
    expect(firstOf('iterations')).toEqual(['seeds', 'refuses']);
    expect(firstOf('cases')).toEqual(['seeds', 'refuses']);
  });

  it('are by suites alone for an executor that selects suites', () => {
    expect(firstOf('suites')).toEqual(['seeds', 'logs in', 'adds tax', 'refuses']);
  });

  it('are none for an executor that selects nothing', () => {
    expect(firstOf('nothing')).toBeNull();
  });

  it('take a prerequisite the run does not ask for as met', () => {
    expect(firstOf('cases', ['adds', 'removes', 'adds tax'])).toEqual(['adds']);
    expect(firstOf('cases', ['removes', 'adds tax'])).toBeNull();
  });

  it('run a data-driven case whole, and only its picked iterations when single ones were picked', () => {
    const { catalog, expected, stages } = layOut(shop, 'iterations');
    const adds = catalog.entries.findIndex(({ kind, name }) => kind === 'case' && name === 'adds');
    expect(stages?.asks.get(adds)).toEqual([adds]);
    const place = indexCatalog(catalog).place;
    const one = expected.filter((position) => caseOf(catalog, position) !== adds || position === adds + 1);
    const some = { plan: shop, selects: 'iterations' as const, catalog, expected: one, place };
    expect(planStages({ ...some, byIteration: new Set([adds]) })?.asks.get(adds)).toEqual([adds + 1]);
  });

  it('take a suite with a skipped case as passed, and one with nothing but skipped cases as not', () => {
    const plan = aDocument({
      suites: [
        { name: 'Setup', cases: [{ name: 'a' }, { name: 'b' }] },
        { name: 'Cart', prerequisites: ['Setup'], cases: [{ name: 'c' }] },
      ],
    });
    const standing = (...results: CaseResult[]): string | undefined => {
      const { catalog, expected, stages } = layOut(plan);
      const batches = [
        aBatch(
          'b',
          [
            [1, results[0] ?? 'passed'],
            [2, results[1] ?? 'passed'],
          ],
          { end: {} },
        ),
      ];
      const requests: AttemptRequest[] = [{ attempt: 1, why: 'stage', requested: firstStage(stages as Stages) }];
      const report = foldReport({ catalog, batches, requests, attempt: 1, expected, only: false, stages });
      return report.ready.length > 0 ? 'ready' : report.cases.find(({ position }) => position === 4)?.message;
    };
    expect(standing('passed', 'skipped')).toBe('ready');
    expect(standing('skipped', 'skipped')).toBe('Not run: its prerequisite suite Setup did not pass.');
    expect(standing('passed', 'errored')).toBe('Not run: its prerequisite suite Setup did not pass.');
  });
});

/** What a whole run did, by the core alone. */
interface Simulated {
  readonly run: Run;
  readonly ending: string;
  readonly report: Report;
  readonly catalog: Catalog;
  readonly stages: Stages | null;
  /** The attempts, in order: what ran, and how each case stood before. */
  readonly attempts: { readonly ran: ReadonlySet<number>; readonly before: ReadonlyMap<number, CaseResult> }[];
}

/** Runs the plan with an executor that does what it is told; the nth run of a case ends as `outcomes` says. */
function simulate(
  plan: PlanDocument,
  max: number,
  outcomes: (position: number, nth: number) => CaseResult | null,
): Simulated {
  const { catalog, expected, stages } = layOut(plan);
  const requests: AttemptRequest[] = [];
  if (stages) requests.push({ attempt: 1, why: 'stage', requested: firstStage(stages) });
  let run = aRun(1, {
    status: 'running',
    dispatch: 'accepted',
    startedAt: 0,
    deadlineAt: 1e9,
    rerun: { which: 'failed', max, on: ['failed', 'errored'] },
  });
  const batches: PackedBatch[] = [];
  const times = new Map<number, number>();
  const attempts: Simulated['attempts'] = [];
  const fold = () => foldReport({ catalog, batches, requests, attempt: run.attempt, expected, only: false, stages });
  for (;;) {
    const before = new Map(fold().cases.map(({ position, result }) => [position, result]));
    const ran = new Set(requests.find(({ attempt }) => attempt === run.attempt)?.requested ?? expected);
    attempts.push({ ran, before });
    const results: [number, CaseResult][] = [];
    for (const position of ran) {
      const nth = times.get(position) ?? 0;
      times.set(position, nth + 1);
      const result = outcomes(position, nth);
      if (result !== null) results.push([position, result]);
    }
    batches.push(aBatch(`b${run.attempt}`, results, { attempt: run.attempt, end: {} }));
    const report = fold();
    const decision = decide(run, report, catalog, 1000);
    if (decision.next === 'complete') {
      const closed = closeReport(report, 'notExecuted');
      return { run, ending: decision.ending.result, report: closed, catalog, stages, attempts };
    }
    if (decision.next !== 'stage' && decision.next !== 'rerun') throw new Error(`unexpected ${decision.next}`);
    requests.push({ attempt: run.attempt + 1, why: decision.next, requested: decision.requested });
    run = { ...run, attempt: run.attempt + 1, stages: (run.stages ?? 0) + (decision.next === 'stage' ? 1 : 0) };
  }
}

const setting = fc.constantFrom('Abort' as const, 'Continue' as const);
const aName = (suite: number, testCase: number) => `c${suite}.${testCase}`;

/** Up to four suites of up to four cases; whatever comes later in the plan may need what comes earlier. */
const anyPlan = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    /** Each number chooses, by its bits, among what comes earlier. */
    choices: fc.array(fc.nat(0xffff), { minLength: 24, maxLength: 24 }),
    onCase: setting,
    onSuite: setting,
  })
  .map(({ sizes, choices, onCase, onSuite }) => {
    let at = 0;
    const choose = <T>(from: readonly T[]): T[] => {
      const bits = choices[at++] ?? 0;
      return from.filter((_, i) => (bits >> (2 * (i % 8))) % 4 === 3);
    };
    const earlier: { suite: string; name: string }[] = [];
    const suites = sizes.map((size, s) => ({
      name: `s${s}`,
      prerequisites: choose(sizes.slice(0, s).map((_, other) => `s${other}`)),
      cases: Array.from({ length: size }, (_, c) => {
        const prerequisites = choose(earlier);
        earlier.push({ suite: `s${s}`, name: aName(s, c) });
        return { name: aName(s, c), prerequisites };
      }),
    }));
    return aDocument({ suites, settings: { onCasePrerequisiteFail: onCase, onSuitePrerequisiteFail: onSuite } });
  });
const anyOutcome = fc.constantFrom<(CaseResult | null)[]>(
  'passed',
  'passed',
  'passed',
  'failed',
  'errored',
  'skipped',
  null,
);

describe('a run of any plan, however its cases end', () => {
  const anyRun = fc
    .record({ plan: anyPlan, max: fc.nat(3), outcomes: fc.array(anyOutcome, { minLength: 60, maxLength: 60 }) })
    .map(({ plan, max, outcomes }) => ({
      plan,
      max,
      simulated: simulate(plan, max, (position, nth) => outcomes[(position * 7 + nth * 31) % outcomes.length] ?? null),
    }));
  const check = (law: (simulated: Simulated, max: number, plan: PlanDocument) => void): void => {
    fc.assert(
      fc.property(anyRun, ({ simulated, max, plan }) => law(simulated, max, plan)),
      { numRuns: 200 },
    );
  };
  /** Under `Abort`: true if the prerequisite kept its dependents from running, with these results. */
  const isUnmet = (
    need: { kind: string; cases: readonly number[] },
    resultOf: (position: number) => unknown,
  ): boolean => {
    const results = need.cases.map(resultOf);
    if (need.kind === 'case') return results[0] !== 'passed';
    return !results.includes('passed') || results.some((result) => result !== 'passed' && result !== 'skipped');
  };

  it('ends every case exactly once, in a result', () => {
    check(({ report, catalog }) => {
      const cases = catalog.entries.flatMap(({ kind }, position) => (kind === 'case' ? [position] : []));
      expect(report.cases.map(({ position }) => position)).toEqual(cases);
      expect(report.counts.total).toBe(cases.length);
      expect(report.counts.queued + report.counts.running).toBe(0);
    });
  });

  it('runs no case before its prerequisites are over, and under Abort only when they have passed', () => {
    check(({ attempts, stages }) => {
      const over = new Set<number>();
      for (const { ran, before } of attempts) {
        for (const position of ran) {
          for (const need of stages?.needs.get(position) ?? []) {
            // A rerun runs again what ran before: its prerequisites had ended then.
            const isOver = (other: number): boolean => over.has(other) || before.get(other) === 'blocked';
            if (!over.has(position)) expect(need.cases.every(isOver)).toBe(true);
            if (stages?.onFail[need.kind] === 'Abort') {
              expect(isUnmet(need, (other) => before.get(other))).toBe(false);
            }
          }
        }
        for (const position of ran) over.add(position);
      }
    });
  });

  it('blocks a case if and only if a prerequisite under Abort did not pass', () => {
    check(({ report, stages }) => {
      const results = new Map(report.cases.map(({ position, result }) => [position, result]));
      for (const { position, result, message } of report.cases) {
        const unmet = (stages?.needs.get(position) ?? []).filter(
          (need) => stages?.onFail[need.kind] === 'Abort' && isUnmet(need, (other) => results.get(other)),
        );
        expect(result === 'blocked').toBe(unmet.length > 0);
        if (result === 'blocked') expect(unmet.some(({ name }) => message?.includes(name))).toBe(true);
      }
    });
  });

  it('never passes with a blocked case', () => {
    check(({ report, ending }) => {
      if (report.counts.blocked > 0) expect(ending).not.toBe('passed');
    });
  });

  it('comes to its end within its stages, gone through once more for each rerun', () => {
    check(({ run, stages }, max) => {
      const levels = new Map<number, number>();
      const levelOf = (position: number): number => {
        const known = levels.get(position);
        if (known !== undefined) return known;
        const needed = (stages?.needs.get(position) ?? []).flatMap(({ cases }) => cases);
        const level = 1 + Math.max(0, ...needed.map(levelOf));
        levels.set(position, level);
        return level;
      };
      const most = Math.max(1, ...[...(stages?.asks.keys() ?? [])].map(levelOf));
      expect(rerunsUsed(run)).toBeLessThanOrEqual(max);
      expect(run.attempt).toBeLessThanOrEqual(most * (1 + rerunsUsed(run)));
    });
  });

  it('runs everything that is not blocked', () => {
    check(({ report, attempts }) => {
      const ran = new Set(attempts.flatMap((attempt) => [...attempt.ran]));
      for (const { position, result } of report.cases) expect(ran.has(position)).toBe(result !== 'blocked');
    });
  });
});
