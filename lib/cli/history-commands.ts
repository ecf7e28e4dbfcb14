import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import type { components } from '../client/api-types.ts';
import { ServiceError } from '../core/errors.ts';
import type { RunAnswer } from './answers.ts';
import { connect } from './connect.ts';
import { describeDuration } from './duration.ts';
import { findPlan, readPages, take } from './find.ts';
import { describeCounts } from './follow-run.ts';
import { toCount } from './options.ts';
import { toTable } from './table.ts';
import { createTerminal, plain, printable } from './terminal.ts';

/** Runs read at most for those of a result. */
const mostLookedAt = 5000;

type History = components['schemas']['History'];
interface CaseName {
  readonly suite: string;
  readonly name: string;
  readonly machine: string | null;
}

interface ListFlags {
  readonly plan?: string;
  readonly project?: string;
  readonly status?: RunAnswer['status'];
  readonly result?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface ReportFlags {
  readonly html?: boolean;
  readonly csv?: boolean;
  readonly output?: string;
}

/** `runs list`, `history` and `report`. */
export function addHistoryCommands(program: Command): void {
  program
    .command('runs')
    .description('runs, newest first')
    .command('list')
    .description('list runs, newest first')
    .option('--plan <plan>', 'of one plan: id, name, or project/name')
    .option('--project <name>', 'of one project')
    .addOption(new Option('--status <status>').choices(['queued', 'running', 'stopping', 'completed']))
    .addOption(
      new Option('--result <result>').choices(['passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests']),
    )
    .option('--limit <number>', 'how many at most', toCount, 50)
    .option('--json', 'as JSON')
    .action(async ({ json, ...flags }: ListFlags) => {
      const found = await listRuns(flags);
      const rows = found.map(({ id, planName, status, result, counts, createdAt, buildNo }) => {
        return [id, createdAt, planName, result ?? status, counts === null ? null : describeCounts(counts), buildNo];
      });
      const table = toTable(['ID', 'CREATED', 'PLAN', 'RESULT', 'CASES', 'BUILD'], rows);
      createTerminal().print(json ? JSON.stringify(found) : table);
    });

  program
    .command('history')
    .description('how a plan has been doing: what fails since when, what is flaky, what is slow')
    .argument('<plan>', 'id, name, or project/name')
    .option('--runs <number>', 'how many of the newest, up to 100', toCount, 30)
    .option('--json', 'as JSON')
    .action(async (wanted: string, { runs, json }: { readonly runs: number; readonly json?: boolean }) => {
      const api = await connect();
      const params = { path: { planId: (await findPlan(api, wanted)).id }, query: { runs } };
      const { data } = await api.GET('/v1/plans/{planId}/history', { params });
      createTerminal().print(json ? JSON.stringify(data) : describeHistory(data));
    });

  program
    .command('report')
    .description('a report of a run, to read or to calculate with')
    .argument('<run>', 'its id', toCount)
    .option('--html', 'one HTML file (default)')
    .option('--csv', 'a line for each case')
    .option('-o, --output <file>', 'where it goes; without it, to stdout')
    .action(async (runId: number, { html, csv, output }: ReportFlags) => {
      if (html && csv) throw new ServiceError('VALIDATION_FAILED', 'give one of --html and --csv');
      const api = await connect();
      const path = csv ? '/v1/runs/{runId}/report.csv' : '/v1/runs/{runId}/report.html';
      const { data } = await api.GET(path, { params: { path: { runId } }, parseAs: 'arrayBuffer' });
      // As a text it would lose the mark by which spreadsheets know its encoding.
      const report = Buffer.from(data);
      if (output === undefined) {
        process.stdout.write(process.stdout.isTTY ? printable(report.toString()) : report);
        return;
      }
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output, report);
    });
}

/** The API knows no results to look for, so runs are read until there are enough of them. */
async function listRuns({ plan, project, status, result, limit }: Omit<ListFlags, 'json'>): Promise<RunAnswer[]> {
  const api = await connect();
  const query = {
    limit: Math.min(result === undefined ? limit : 200, 200),
    ...(plan === undefined ? {} : { plan: (await findPlan(api, plan)).id }),
    ...(project === undefined ? {} : { project }),
    ...(status === undefined ? {} : { status }),
  };
  const runs = readPages(async (cursor) => {
    const { data } = await api.GET('/v1/runs', { params: { query: { ...query, ...cursor } } });
    return [data.runs, data.nextCursor];
  });
  return take(result === undefined ? runs : ofResult(runs, result), limit);
}

async function* ofResult(runs: AsyncIterable<RunAnswer>, result: string): AsyncGenerator<RunAnswer> {
  let looked = 0;
  for await (const run of runs) {
    if (looked++ >= mostLookedAt) {
      const which = '--plan, --project or --status say which';
      return createTerminal().say(`only the newest ${mostLookedAt} runs were looked at; ${which}`);
    }
    if (run.result === result) yield run;
  }
}

function describeHistory({ plan, window, runs, cases }: History): string {
  const passed = runs.filter(({ result }) => result === 'passed').length;
  const span = window.from === null ? '' : `, from ${window.from} to ${window.to}`;
  const title = `${plain(plan.name)}: ${passed} of ${window.runs} runs passed${span}`;
  return [
    title,
    ...part(
      'FAILING',
      ['CASE', 'RUNS', 'SINCE', 'MESSAGE'],
      cases.failing.map((one) => {
        const since = one.firstFailedRun === null ? null : `run ${one.firstFailedRun.id}`;
        return [nameOf(one), one.failingRuns, one.sinceBeforeWindow ? `before ${since}` : since, one.message];
      }),
    ),
    ...part(
      'FLAKIEST',
      ['CASE', 'FLAKINESS', 'FLIPS', 'RUNS'],
      cases.flakiest.map((one) => {
        return [nameOf(one), `${Math.round(one.flakiness * 100)} %`, one.flips, one.runs];
      }),
    ),
    ...part(
      'SLOWEST',
      ['CASE', 'MEDIAN', 'P95', 'LAST'],
      cases.slowest.map((one) => {
        return [nameOf(one), lasting(one.medianMs), lasting(one.p95Ms), lasting(one.lastMs)];
      }),
    ),
  ].join('\n');
}

function part(title: string, names: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  return rows.length === 0 ? [] : ['', title, toTable(names, rows)];
}

function nameOf({ suite, name, machine }: CaseName): string {
  return `${suite} › ${name}${machine === null ? '' : ` (${machine})`}`;
}

function lasting(ms: number | null): string | null {
  return ms === null ? null : describeDuration(ms);
}
