import { ServiceError } from '../../core/errors.ts';
import type { Dispatch, Executing, PickedCase, Started } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { describeSelection } from '../describe-selection.ts';
import { pageSize, type Refused, type Tenant } from './client.ts';
import { maxPicks, type ResultRequest, selectResults } from './select-results.ts';
import { carries, environmentIdOf, isMarked, markOf, toRerunBody, toTriggerBody } from './trigger-body.ts';
import { readRun, runIdIn, type TenantRun } from './wire.ts';

/** Pages looked through for an earlier try of the same start: a hundred runs of one plan begun since its first. */
const maxPages = 5;
/** How far the tenant's clock may be behind ours while it is told apart what began before the run. */
const clockSlackMs = 15 * 60_000;
/** Earlier runs whose results are asked for, to find the picked cases among them. */
const maxBases = 4;
/** Seconds until a busy tenant is asked again. */
const busyRetrySeconds = 60;

/** Why a selection runs in full after all. */
type InFull = 'unknown' | 'limit' | 'many' | 'refused';

/**
 * Starts the attempt's run at the tenant, or finds the one an earlier try started: the tenant knows no idempotency key, so it
 * is asked for a run that carries the attempt's mark before every start. A selection is a rerun of picked results of an
 * earlier run; where there is none with all of them, everything runs. `mayStart` false refuses to begin one so late.
 */
export async function startAttempt(
  tenant: Tenant,
  dispatch: Dispatch,
  settings: SettingsOf<'testsigma'>,
  mayStart: () => boolean,
): Promise<Started> {
  const { runs, found } = await lookForRun(tenant, dispatch);
  if (found !== undefined) return toStarted(found, executingOf(dispatch, settings, found.reRunParentId ?? undefined));
  const chosen = await chooseResults(tenant, dispatch, settings, runs);
  const post = async (body: Record<string, unknown>): Promise<TenantRun | Refused> => {
    if (!mayStart()) throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The tenant was too slow to start a run in time.');
    const answer = await tenant.trigger(body, markOf(dispatch));
    if (answer.refused === undefined) return readStarted(tenant, dispatch, answer.value);
    if (answer.refused.code !== 'IDEMPOTENCY_KEY_REUSED') return answer.refused;
    // The tenant is a Proctor that knows the mark with another body: the run is there, if not yet in its list.
    return (await lookForRun(tenant, dispatch)).found ?? answer.refused;
  };
  let inFull: InFull = 'unknown';
  if (typeof chosen === 'object') {
    const rerun = await post(toRerunBody(dispatch, settings, chosen.runId, chosen.picks));
    if ('id' in rerun) return toStarted(rerun, executingOf(dispatch, settings, chosen.runId));
    if (rerun.code !== 'RERUN_LIMIT' && ![400, 404, 422].includes(rerun.status)) throw toError(rerun, settings);
    inFull = rerun.code === 'RERUN_LIMIT' ? 'limit' : 'refused';
  } else if (chosen === 'many') inFull = 'many';
  const run = await post(toTriggerBody(dispatch, settings));
  if (!('id' in run)) throw toError(run, settings);
  return toStarted(run, executingOf(dispatch, settings, undefined, inFull));
}

/** The runs of the plan begun since the attempt's run, and a page of older ones at most; among them the attempt's own. */
async function lookForRun(
  tenant: Tenant,
  dispatch: Dispatch,
): Promise<{ readonly runs: readonly TenantRun[]; readonly found: TenantRun | undefined }> {
  const mark = markOf(dispatch);
  const runs: TenantRun[] = [];
  for (let page = 0; page < maxPages; page++) {
    const { content, last } = await tenant.listRuns(page);
    runs.push(...content);
    const found = content.find((run) => carries(run, mark));
    if (found !== undefined) return { runs, found };
    const older = (content.at(-1)?.startTime ?? Number.POSITIVE_INFINITY) < dispatch.createdAt - clockSlackMs;
    if (last === true || content.length < pageSize || older) break;
  }
  return { runs, found: undefined };
}

interface Chosen {
  readonly runId: string;
  readonly picks: readonly ResultRequest[];
}

/**
 * The selection as results of an earlier run: of this run's own attempts, else of the newest runs Proctor started in the same
 * environment. A run that others started is left alone: a rerun would change what it is shown to have come to.
 */
async function chooseResults(
  tenant: Tenant,
  dispatch: Dispatch,
  settings: SettingsOf<'testsigma'>,
  runs: readonly TenantRun[],
): Promise<Chosen | 'unknown' | 'many' | undefined> {
  const { selection } = dispatch;
  if (selection === null) return undefined;
  if (selection.length > maxPicks) return 'many';
  const environmentId = environmentIdOf(dispatch, settings)?.toString();
  const own = dispatch.earlier.flatMap(({ ref }) => runIdIn(ref) ?? []).reverse();
  const others = runs.filter(
    (run) => isMarked(run) && run.endTime != null && (run.environmentId ?? undefined) === environmentId,
  );
  const candidates = [...new Set([...own, ...others.map(({ id }) => id)])].slice(0, maxBases + own.length);
  for (const runId of candidates) {
    const picks = await picksOf(tenant, dispatch, selection, runId);
    if (picks !== undefined) return { runId, picks };
  }
  return 'unknown';
}

async function picksOf(tenant: Tenant, dispatch: Dispatch, selection: readonly PickedCase[], runId: string) {
  const answer = await tenant.getCases(runId);
  if (answer.refused === undefined) {
    return 'rows' in answer.value ? selectResults(selection, dispatch, answer.value.rows) : undefined;
  }
  // A run that is gone has nothing to pick from.
  if (answer.refused.error.code === 'EXECUTOR_REFUSED') return undefined;
  throw answer.refused.error;
}

/** The run in the tenant's answer; one that makes no sense may have started it all the same. */
async function readStarted(tenant: Tenant, dispatch: Dispatch, value: unknown): Promise<TenantRun> {
  try {
    return readRun(value);
  } catch {
    const { found } = await lookForRun(tenant, dispatch);
    if (found !== undefined) return found;
    throw new ServiceError(
      'EXECUTOR_UNAVAILABLE',
      'The tenant answered the start of a run with what makes no sense, and lists no such run.',
    );
  }
}

function toStarted({ id, app_url: link }: TenantRun, executing: Executing): Started {
  const isLink = link != null && link.length <= 2048 && /^https?:\/\/[^\s"'<>]+$/.test(link);
  return { ref: id, executing, ...(isLink ? { link } : {}) };
}

const reasons: Readonly<Record<InFull, string>> = {
  unknown: 'the tenant has no run of Proctor’s in the same environment to pick them from',
  limit: 'the tenant runs no run more often again',
  refused: 'the tenant refused to pick them',
  many: `the tenant takes ${maxPicks} at a time`,
};

/** `base` is the tenant's run the selection is picked from; absent runs in full. */
function executingOf(
  { selection }: Dispatch,
  { config }: SettingsOf<'testsigma'>,
  base: string | undefined,
  inFull: InFull = 'unknown',
): Executing {
  const all = config === undefined ? 'everything' : `everything of the tenant's configuration ${config}`;
  if (selection === null) return { grain: 'everything', description: all };
  const described = describeSelection(selection, 'iterations');
  if (base !== undefined) return { ...described, description: `${described.description}, of the tenant's run ${base}` };
  return { grain: 'everything', description: `${all} (${described.description} asked for, but ${reasons[inFull]})` };
}

/** A plan that is running already is worth another try, unless the plan here says otherwise. */
function toError({ status, error }: Refused, { whenBusy }: SettingsOf<'testsigma'>): ServiceError {
  if (status !== 409) return error;
  const message = 'The tenant says that its plan is running already (status 409)';
  if (whenBusy === 'refuse') return new ServiceError('EXECUTOR_REFUSED', `${message}, and the plan does not wait.`);
  return new ServiceError('EXECUTOR_UNAVAILABLE', `${message}.`, { retryAfterSeconds: busyRetrySeconds });
}
