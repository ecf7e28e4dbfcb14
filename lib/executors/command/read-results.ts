import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { collectReports } from '../../adapters/junit/collect-reports.ts';
import { readJUnit } from '../../adapters/junit/read-junit.ts';
import { isServiceError } from '../../core/errors.ts';
import type { AttemptEnd } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import type { ReportedCase } from '../../core/results.ts';
import { worstOfEach } from '../worst-of-each.ts';
import { attemptFiles } from './attempt-files.ts';
import { selectorFor } from './selectors/selector-for.ts';
import { tailOutput } from './tail-output.ts';

export interface EndedJob {
  readonly directory: string;
  readonly settings: SettingsOf<'command'>;
  readonly exitCode: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Never shown. */
  readonly secrets: readonly string[];
}

/** The report of a command that ended. What cannot be trusted is told as a problem, never as success. */
export async function readResults(job: EndedJob): Promise<{ cases: ReportedCase[]; end: AttemptEnd }> {
  const reported: ReportedCase[] = [];
  const why = await readReports(job, reported);
  const cases = selectorFor(job.settings)?.reportsOnce ? worstOfEach(reported) : reported;
  if (why !== null) return { cases, end: await problem(job, `and ${why}`) };
  const hasFailure = cases.some(({ result }) => result === 'failed' || result === 'errored');
  if (job.exitCode === 0 || hasFailure) return { cases, end: {} };
  // Its executor did its work: what a coverage limit or a failed teardown refuses would be refused again.
  return { cases, end: await problem(job, 'although its report has no failure') };
}

/** Adds the reports' cases; answers why they are not to be trusted, or null. */
async function readReports(job: EndedJob, cases: ReportedCase[]): Promise<string | null> {
  try {
    const { found, fresh } = await findReports(job);
    if (fresh.length === 0) return found ? 'its report is older than its start' : 'it left no report';
    const fromReport = selectorFor(job.settings)?.fromReport ?? ((reported: ReportedCase) => reported);
    for (const report of fresh) {
      for await (const batch of readJUnit(createReadStream(report))) {
        for (const reported of batch) {
          const own = fromReport(reported);
          if (own !== null) cases.push(own);
        }
      }
    }
    return null;
  } catch (error) {
    if (isServiceError(error, 'REPORT_UNREADABLE')) return `its report cannot be read: ${error.message}`;
    if (error instanceof Error && 'syscall' in error) return `its report cannot be read: ${error.message}`;
    throw error;
  }
}

/** A report that was there before the job is another run's: it must not make this one green. */
async function findReports({ directory, settings, startedAt }: EndedJob): Promise<{ found: boolean; fresh: string[] }> {
  const own = join(directory, attemptFiles.report);
  const found =
    settings.report === undefined ? [own] : await collectReports(resolve(settings.directory), settings.report);
  const times = await Promise.all(
    found.map(async (path) => {
      const file = await stat(path).catch(() => null);
      return { path, modifiedAt: file?.mtimeMs ?? null };
    }),
  );
  const existing = times.filter(({ modifiedAt }) => modifiedAt !== null);
  const fresh = existing.filter(({ modifiedAt }) => (modifiedAt ?? 0) >= startedAt).map(({ path }) => path);
  return { found: existing.length > 0, fresh };
}

async function problem(job: EndedJob, why: string): Promise<AttemptEnd> {
  const output = await tailOutput(join(job.directory, attemptFiles.output), job.secrets);
  const said = output === '' ? 'It printed nothing.' : `Its output ends with:\n${output}`;
  return {
    problem: { reason: 'reportUnreadable', message: `the command exited with ${job.exitCode} ${why}. ${said}` },
  };
}
