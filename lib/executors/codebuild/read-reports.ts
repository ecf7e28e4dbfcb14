import type { Build, Builds, TestCase, TestReport } from '../../adapters/codebuild.ts';
import { isServiceError } from '../../core/errors.ts';
import type { CommandSettings } from '../../core/executor-settings.ts';
import { reportedCases } from '../../core/reported-case.ts';
import type { ReportableResult, ReportedCase } from '../../core/results.ts';
import { parse } from '../../core/schema.ts';
import { selectorFor } from '../command/selectors/selector-for.ts';
import { worstOfEach } from '../worst-of-each.ts';

export interface ReadReports {
  readonly cases: readonly ReportedCase[];
  /** Why they are not to be trusted; undefined if they are. */
  readonly problem?: string;
  /** CodeBuild is still reading the report. */
  readonly pending: boolean;
}

/** Reports of one build at most; the build specification names one report group. */
const maxReports = 20;
const atOnce = 4;

/** The test cases of a build that is over. What cannot be trusted is told as a problem, never as success. */
export async function readReports(builds: Builds, build: Build, settings: CommandSettings): Promise<ReadReports> {
  const reports = await builds.getReports(build.reportArns.slice(0, maxReports));
  const cases: ReportedCase[] = [];
  for (let from = 0; from < reports.length; from += atOnce) {
    const found = await Promise.all(
      reports.slice(from, from + atOnce).map((report) => builds.listTestCases(report.arn)),
    );
    try {
      cases.push(...parse(reportedCases, found.flat().map(toReported)));
    } catch (error) {
      if (!isServiceError(error)) throw error;
      return { cases: [], problem: `its report cannot be read: ${error.message}`, pending: false };
    }
  }
  const pending = reports.some(({ status }) => status === 'GENERATING' || status === 'INCOMPLETE');
  const problem = whyNot(build, reports);
  return { cases: undoRunner(cases, settings), pending, ...(problem === undefined ? {} : { problem }) };
}

function whyNot(build: Build, reports: readonly TestReport[]): string | undefined {
  if (build.reportArns.length > maxReports)
    return `it has ${build.reportArns.length} reports, at most ${maxReports} are read`;
  if (reports.length === 0)
    return 'it left no report: does the command write JUnit XML to {report}, or where `report` says?';
  const bad = reports.find(({ status }) => status !== 'SUCCEEDED' && status !== 'FAILED');
  if (bad) return `its report is ${bad.status}`;
  const cut = reports.find(({ truncated }) => truncated);
  return (
    cut && `its report has ${cut.total ?? 'more than 500'} test cases, of which CodeBuild keeps 500 (run suites apart)`
  );
}

/** As the `command` executor reads the file itself. */
function undoRunner(cases: readonly ReportedCase[], settings: CommandSettings): ReportedCase[] {
  const selector = selectorFor(settings);
  const own = cases.flatMap((reported) => (selector?.fromReport ? (selector.fromReport(reported) ?? []) : reported));
  return selector?.reportsOnce ? worstOfEach(own) : own;
}

/** CodeBuild's prefix is the class of a JUnit test case; of a test suite it knows the name. */
function toReported({ suite, prefix = '', name, status = '', durationNanoseconds, message }: TestCase) {
  return {
    suite: suite ?? prefix,
    className: prefix,
    name,
    result: results[status] ?? 'errored',
    durationMs: durationNanoseconds / 1_000_000,
    message: message?.trim(),
  };
}

const results: Readonly<Record<string, ReportableResult>> = {
  SUCCEEDED: 'passed',
  FAILED: 'failed',
  SKIPPED: 'skipped',
};
