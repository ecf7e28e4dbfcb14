import type { AttemptRecord, Services } from '../../core/ports.ts';
import { isLive, isVisible, type Run } from '../../core/run.ts';
import { maxId } from '../../core/schema.ts';
import { readPlaces } from '../../workflow/read-queue.ts';
import { readAttempts, readCounts } from '../../workflow/read-run.ts';
import { maySee } from '../entry.ts';
import { findRun, ownsProject, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, Principal } from '../message.ts';
import { etagOf, notModified } from './etag.ts';
import { readIdParameter, readPaging, readProject, readWord, toCursor } from './paging.ts';
import { toRunObject } from './run-object.ts';

/** Runs looked at for one page: a rare status makes short pages, never slow ones. */
const maxLooked = 1000;
/** Attempts kept in memory, by run and attempt: once dispatched they never change. */
const maxCached = 500;

/** `GET /v1/runs?plan=&project=&status=&cursor=&limit=`: newest first. */
export function createListRuns(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after } = readPaging(request.query, 'run');
    const planId = readIdParameter(request.query, 'plan');
    const project = readProject(request.query);
    const status = readWord(request.query, 'status', ['queued', 'running', 'stopping', 'completed']);
    const source = await listSource(services, principal, planId, project);
    const found: Run[] = [];
    let before = after ?? maxId;
    let more = true;
    for (let looked = 0; more && found.length <= limit && looked < maxLooked; ) {
      const size = Math.min(100, limit + 1);
      const ids = await source(before, size);
      const runs = await services.runs.getRuns(ids);
      found.push(
        ...runs.filter(
          (run) =>
            isVisible(run) &&
            maySee(principal, run) &&
            (project === undefined || run.project === project) &&
            (status === undefined || run.status === status),
        ),
      );
      before = ids.at(-1) ?? before;
      looked += ids.length;
      more = ids.length === size;
    }
    const page = found.slice(0, limit);
    const lastShown = found.length > limit ? page.at(-1)?.id : undefined;
    const next = lastShown ?? (more ? before : undefined);
    const places = await readPlaces(services, page);
    return json(200, {
      runs: page.map((run) => toRunObject(run, run.counts ?? null, null, request, places.get(run.id))),
      nextCursor: next === undefined ? null : toCursor('run', next),
    });
  };
}

/** `GET /v1/runs/{runId}`. While it lives, `Retry-After` says when it is worth asking again. */
export function createGetRun(services: Services): Handler {
  const dispatched = new Map<string, readonly AttemptRecord[]>();

  const attemptsOf = async (run: Run): Promise<readonly AttemptRecord[]> => {
    if (run.attempt === 1 && run.dispatch !== 'accepted') return [];
    const key = `${run.id}.${run.attempt}`;
    const known = dispatched.get(key);
    if (known) return known;
    const attempts = await readAttempts(services, run);
    if (attempts.some(({ attempt }) => attempt === run.attempt)) dispatched.set(key, attempts);
    if (dispatched.size > maxCached) dispatched.delete(dispatched.keys().next().value as string);
    return attempts;
  };

  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const etag = etagOf(run.version);
    const headers: Record<string, string> = isLive(run) ? { 'retry-after': pollHint(run, services.now()) } : {};
    // Its place moves on without a new version of it.
    const unchanged = isWaiting(run) ? undefined : notModified(request, etag, headers);
    if (unchanged) return unchanged;
    const [counts, attempts, places] = await Promise.all([
      readCounts(services, run),
      attemptsOf(run),
      readPlaces(services, [run]),
    ]);
    return json(200, toRunObject(run, counts, attempts, request, places.get(run.id)), { ...headers, etag });
  };
}

function isWaiting(run: Run): boolean {
  return run.status === 'queued' && run.waitsFor !== undefined;
}

/** Seconds: a twentieth of the time it has taken, so that waiting adds 5 % at most; 2 to 15. */
function pollHint(run: Run, now: number): string {
  return String(Math.min(15, Math.max(2, Math.round((now - run.createdAt) / 20_000))));
}

/** Where the ids come from: a plan, a project, or all the caller sees, merged. Ids below `before`, newest first. */
async function listSource(
  services: Services,
  principal: Principal,
  planId: number | undefined,
  project: string | undefined,
): Promise<(before: number, limit: number) => Promise<number[]>> {
  const { runs, plans } = services;
  if (planId !== undefined) return (before, limit) => runs.listByPlan(planId, before, limit);
  if (principal.planIds !== null) {
    const planIds = [...principal.planIds];
    return merged(planIds.map((id) => (before: number, limit: number) => runs.listByPlan(id, before, limit)));
  }
  const names = project === undefined ? (await plans.listProjects()).map(({ name }) => name) : [project];
  const visible = names.filter((name) => ownsProject(principal, name));
  return merged(visible.map((name) => (before: number, limit: number) => runs.listByProject(name, before, limit)));
}

function merged(sources: readonly ((before: number, limit: number) => Promise<number[]>)[]) {
  return async (before: number, limit: number): Promise<number[]> => {
    const lists = await Promise.all(sources.map((source) => source(before, limit)));
    return lists
      .flat()
      .sort((a, b) => b - a)
      .slice(0, limit);
  };
}
