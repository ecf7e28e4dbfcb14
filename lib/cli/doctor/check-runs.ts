import type { ApiClient } from '../../client/api-client.ts';
import type { RunAnswer } from '../answers.ts';
import { readPages, readSchedules } from '../find.ts';
import { type Check, ok, problem, warn } from './check.ts';

/** Why an attempt ended whose executor failed or refused it; the other reasons are the tests' own. */
const executorReasons: ReadonlySet<string> = new Set([
  'dispatchFailed',
  'executorLost',
  'executorProtocol',
  'executorRefused',
]);
/** Runs looked at, newest first. */
const mostRuns = 200;
/** Queued runs looked at, newest first, for the oldest of them. */
const mostQueued = 5000;
const part = `; only the newest ${mostQueued} queued runs were looked at`;
/** Live runs that are asked what they wait for. */
const mostExplained = 20;
/** The sweeper looks every minute, and Scheduler promises the minute. */
const lateMs = 5 * 60_000;
/** As long as a run may wait unless its plan says otherwise. */
const longMs = 86_400_000;

/** Plans whose executor is missing something or nobody reaches, as their newest runs tell it. */
export async function checkExecutors(api: ApiClient): Promise<readonly Check[]> {
  const name = 'executors';
  const { data } = await api.GET('/v1/runs', { params: { query: { limit: mostRuns } } });
  const live = data.runs.filter(({ status }) => status === 'queued' || status === 'running');
  const waiting = await Promise.all(live.slice(0, mostExplained).map((run) => explainTrouble(api, run)));
  const newest = new Map<number, RunAnswer>();
  for (const run of data.runs) if (run.status === 'completed' && !newest.has(run.planId)) newest.set(run.planId, run);
  const ended = [...newest.values()].filter(({ reason }) => executorReasons.has(reason ?? ''));
  const found = [
    ...waiting.flat(),
    ...ended.map(({ id, planId, planName, reason, explanation }) => {
      const message = `the newest run of ${planName} (${planId}) ended as ${reason}: ${explanation}`;
      return warn(name, message, `proctor explain ${id}; then its executor’s url and secret in the plan`);
    }),
  ];
  return found.length > 0 ? found : [ok(name, `none failed the newest run of ${newest.size} plans`)];
}

async function explainTrouble(api: ApiClient, { id, planName }: RunAnswer): Promise<readonly Check[]> {
  const { data } = await api.GET('/v1/runs/{runId}/explain', { params: { path: { runId: id } } });
  const waits = data.steps.find(
    ({ kind, sentence }) => kind === 'waits' && /is failing since|the last try failed/.test(sentence),
  );
  if (waits === undefined) return [];
  const fix = 'mend or reach that executor; the run goes on by itself';
  return [problem('executors', `run ${id} of ${planName}: ${waits.sentence}`, fix)];
}

/** What is due and nobody does: schedules that are late, runs that wait long. */
export async function checkDue(api: ApiClient, now: number): Promise<readonly Check[]> {
  const name = 'due work';
  const found: Check[] = [];
  let schedules = 0;
  for await (const { id, name: title, nextAt } of readSchedules(api)) {
    schedules += 1;
    if (nextAt === null || now - Date.parse(nextAt) < lateMs) continue;
    const fix = 'the sweeper does not run: docs/operations.md, Work is overdue; embedded the log of the process';
    found.push(problem(name, `schedule ${id} (${title}) was due at ${nextAt} and nobody fired it`, fix));
  }
  const { oldest, count, isPart } = await readQueue(api);
  if (oldest !== undefined && now - Date.parse(oldest.createdAt) > longMs)
    found.push(
      warn(
        name,
        `run ${oldest.id} of ${oldest.planName} is queued since ${oldest.createdAt}${isPart ? part : ''}`,
        `proctor explain ${oldest.id}`,
      ),
    );
  if (found.length > 0) return found;
  const queue =
    oldest === undefined
      ? 'no run is queued'
      : `the oldest of ${count} queued runs is of ${oldest.createdAt}${isPart ? part : ''}`;
  return [ok(name, `none of ${schedules} schedules is late; ${queue}`)];
}

async function readQueue(api: ApiClient) {
  const query = { status: 'queued' as const, limit: mostRuns };
  const runs = readPages(async (cursor) => {
    const { data } = await api.GET('/v1/runs', { params: { query: { ...query, ...cursor } } });
    return [data.runs, data.nextCursor];
  });
  let oldest: RunAnswer | undefined;
  let count = 0;
  for await (const run of runs) {
    if (count >= mostQueued) return { oldest, count, isPart: true };
    oldest = run;
    count += 1;
  }
  return { oldest, count, isPart: false };
}
