import { type Catalog, nameOf } from './catalog.ts';
import type { EntryState, Report } from './report.ts';
import { type Ending, type Run, rerunsUsed } from './run.ts';
import { plural } from './words.ts';

/**
 * How a run whose last attempt has ended turned out. `passed` needs at least one passed case, every case that had to be
 * reported reported, and none of them failed, errored or blocked in its last attempt. Whatever is doubtful is not green.
 */
export function judge(report: Report, catalog: Catalog): Ending {
  const { counts } = report;
  const problem = report.attempt.end?.problem;
  if (problem) {
    const result = problem.reason === 'inactivity' ? 'timedOut' : 'errored';
    return { result, reason: problem.reason, explanation: problem.message };
  }
  if (report.reported === 0) {
    return {
      result: 'noTests',
      reason: 'nothingReported',
      explanation: 'No test case was reported, so there is nothing to call passed.',
    };
  }
  const expectedCases = report.attempt.end?.expectedCases ?? 0;
  if (report.missing.length > 0) {
    const names = some(report.missing.map((position) => fullName(catalog, position)));
    const explanation = `${plural(report.missing.length, 'case')} had to report and did not: ${names}.${unnamed(report, catalog)}`;
    return { result: 'errored', reason: 'casesMissing', explanation };
  }
  if (report.silent.length > 0) {
    const explanation = `No result names the ${report.silent.length === 1 ? 'machine' : 'machines'} ${some(report.silent)}.`;
    return { result: 'errored', reason: 'casesMissing', explanation };
  }
  if (report.attempt.reported < expectedCases) {
    const explanation = `The executor announced ${plural(expectedCases, 'case')} and reported ${report.attempt.reported}.`;
    return { result: 'errored', reason: 'casesMissing', explanation };
  }
  const bad = counts.failed + counts.errored + counts.blocked;
  if (bad > 0) {
    const failed = report.cases.find(({ result }) => result === 'failed' || result === 'errored');
    const first = failed ?? report.cases.find(({ result }) => result === 'blocked');
    const example = first ? `, first ${fullName(catalog, first.position)}` : '';
    const blocked = counts.blocked > 0 ? `; ${counts.blocked} of them blocked by a prerequisite` : '';
    return {
      result: 'failed',
      reason: 'casesFailed',
      explanation: `${bad} of ${plural(counts.total, 'case')} did not pass in the last attempt${example}${blocked}.`,
    };
  }
  if (counts.passed === 0) {
    return {
      result: 'noTests',
      reason: 'nothingReported',
      explanation: `All ${plural(counts.total, 'case')} were skipped, so nothing was tested.`,
    };
  }
  const flaky = report.cases.filter((testCase) => testCase.flaky).map(({ position }) => fullName(catalog, position));
  const skipped = counts.skipped > 0 ? `, ${plural(counts.skipped, 'case')} skipped` : '';
  const later = flaky.length > 0 ? `, ${flaky.length} of them only after failing first (flaky): ${some(flaky)}` : '';
  return {
    result: 'passed',
    reason: 'allPassed',
    explanation: `${plural(counts.passed, 'case')} passed${skipped}${later}.`,
  };
}

/**
 * Catalog positions an automatic rerun would run again: cases, or just the iterations of a data-driven case, that ended as
 * the plan's policy names, and what their runner did not run because of them. Empty when nothing qualifies or no rerun is
 * left. What Proctor blocked has not run and is a stage, once its prerequisite passes.
 */
export function selectForRerun(
  run: Pick<Run, 'rerun' | 'attempt' | 'stages' | 'redispatches'>,
  report: Report,
): number[] {
  if (run.rerun.which === 'none' || rerunsUsed(run) >= run.rerun.max) return [];
  if (report.attempt.end?.problem || report.reported === 0) return [];
  const wanted = new Set<string>(run.rerun.on);
  if (wanted.has('errored')) wanted.add('notExecuted');
  if (!report.cases.some(({ result }) => wanted.has(result))) return [];
  const isAgain = ({ result, attempt }: EntryState): boolean =>
    wanted.has(result) || (result === 'blocked' && attempt > 0);
  return report.cases.filter(isAgain).flatMap(({ position, iterations }) => {
    const again = iterations.filter(isAgain);
    return again.length > 0 ? again.map((iteration) => iteration.position) : [position];
  });
}

/** `suite › name [iteration] on machine`, for sentences. */
export function fullName(catalog: Catalog, position: number): string {
  const { suite, name, machine } = nameOf(catalog, position);
  const entry = catalog.entries[position];
  const iteration = entry?.kind === 'iteration' ? ` [${entry.name}]` : '';
  return `${suite ? `${suite} › ` : ''}${name}${iteration}${machine === undefined ? '' : ` on ${machine}`}`;
}

/** Why a case is missing on its machines although it was reported. */
function unnamed(report: Report, catalog: Catalog): string {
  const reported = new Set(report.cases.filter(({ attempt }) => attempt > 0).map(({ position }) => position));
  const elsewhere = new Set<number>();
  for (const position of report.missing) {
    const entry = catalog.entries[position];
    if (entry?.kind === 'lane' && reported.has(entry.parent)) elsewhere.add(entry.parent);
  }
  return elsewhere.size === 0 ? '' : ` The report of ${plural(elsewhere.size, 'case')} named no machine of the plan.`;
}

/** The first three, and how many more. */
function some(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more}`;
}
