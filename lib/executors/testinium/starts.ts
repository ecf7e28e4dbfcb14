import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { Dispatch, Started } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { settingsOf } from '../../core/settings-of.ts';
import { type Doubt, findStarted } from './find-started.ts';
import { describePicked, pickScenarios } from './pick-scenarios.ts';
import { getExecution, listExecutions, type ScenarioNames } from './read-results.ts';
import { type StartAnswer, startExecution } from './start-execution.ts';
import type { Tenant } from './tenant.ts';

type Settings = SettingsOf<'testinium'>;
type Listed = Awaited<ReturnType<typeof listExecutions>>;

/** What this process remembers of an attempt's start. */
type Remembered = { readonly started: Started } | { readonly doubt: Doubt };

const maxRemembered = 1000;

/**
 * Starts attempts, each once. The vendor's start is not idempotent and its executions bear no name of ours, so three things
 * keep a repeat from being a second job: what this process remembers, `Idempotency-Key` where the tenant knows it, and a
 * look at the plan's executions before any try after the first.
 */
export function createStarts(tenant: Tenant, namesOf: ScenarioNames, now: () => number) {
  const remembered = new Map<string, Remembered>();
  const underWay = new Map<string, Promise<Started>>();

  const remember = (key: string, what: Remembered): void => {
    remembered.delete(key);
    remembered.set(key, what);
    if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value as string);
  };

  const find = (listed: Listed, doubt: Doubt, settings: Settings, dispatch: Dispatch): number | undefined => {
    const taken = [...remembered].flatMap(([key, one]) =>
      'started' in one && key !== dispatch.key ? [one.started.ref] : [],
    );
    return listed && findStarted(listed.executions, doubt, settings, dispatch, new Set(taken));
  };

  const begin = async (dispatch: Dispatch, until: number): Promise<Started> => {
    const settings = settingsOf('testinium', dispatch.settings);
    const known = remembered.get(dispatch.key);
    if (known && 'started' in known) {
      // The tenant is asked all the same: whoever starts again wants to know whether it can be reached.
      await getExecution(tenant, settings, Number(known.started.ref), until);
      return known.started;
    }
    const isFirst = known === undefined && dispatch.triedAt === undefined;
    const listed = await listExecutions(tenant, settings, until).catch(isFirst ? rethrowHarmless : rethrow);
    const doubt = known?.doubt ?? doubtOf(dispatch, listed, now());
    const done = (id: number, isPicked: boolean): Started => {
      const started = { ref: String(id), executing: describePicked(dispatch, isPicked) };
      remember(dispatch.key, { started });
      return started;
    };
    const before = doubt && find(listed, doubt, settings, dispatch);
    const scenarios = await pickScenarios(tenant, namesOf, settings, dispatch, listed, until);
    if (before !== undefined) return done(before, scenarios !== undefined);
    if (doubt !== undefined && listed === undefined) {
      throw refused('The tenant does not show whether an earlier try started the plan, so it is not started again.');
    }
    const after: Doubt = listed === undefined ? { sinceMs: now() } : { after: listed.executions[0]?.id ?? 0 };
    remember(dispatch.key, { doubt: doubt ?? after });
    let picked = scenarios;
    let answer = await startExecution(tenant, settings, dispatch, picked, until);
    if (answer.outcome === 'unknownScenarios') {
      picked = undefined;
      answer = await startExecution(tenant, settings, dispatch, undefined, until);
    }
    if (answer.outcome === 'started' && answer.id !== undefined) return done(answer.id, picked !== undefined);
    // It started and does not say what, or an earlier try may be what it is busy with.
    if (answer.outcome === 'started' || doubt !== undefined) {
      const again = await listExecutions(tenant, settings, until);
      const id = find(again, answer.outcome === 'started' ? after : (doubt ?? after), settings, dispatch);
      if (id !== undefined) return done(id, picked !== undefined);
    }
    if (doubt === undefined) remembered.delete(dispatch.key);
    throw notStarted(answer, settings, doubt === undefined);
  };

  return (dispatch: Dispatch, until: number): Promise<Started> => {
    const known = underWay.get(dispatch.key);
    if (known !== undefined) return known;
    const started = begin(dispatch, until).finally(() => underWay.delete(dispatch.key));
    underWay.set(dispatch.key, started);
    return started;
  };
}

/** Of another process's try only the time is known; it is put into the tenant's clock. */
function doubtOf({ triedAt }: Dispatch, listed: Listed, now: number): Doubt | undefined {
  return triedAt === undefined ? undefined : { sinceMs: triedAt + (listed === undefined ? 0 : listed.at - now) };
}

/** `nothingStarted` if no earlier try is in doubt. */
function notStarted(answer: StartAnswer, { whenBusy, retrySeconds }: Settings, nothingStarted: boolean): ServiceError {
  if (answer.outcome !== 'busy') return refused('The tenant started the plan and shows no execution of it.');
  if (whenBusy === 'refuse') return refused(`${answer.why}.`);
  return new ServiceError('EXECUTOR_UNAVAILABLE', `${answer.why}.`, {
    retryAfterSeconds: retrySeconds,
    ...(nothingStarted ? { nothingStarted } : {}),
  });
}

/** Before anything was started: the next try is a first one again. */
function rethrowHarmless(error: unknown): never {
  if (!isServiceError(error)) throw error;
  const { code, message, retryAfterSeconds } = error;
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  throw new ServiceError(code, message, { ...wait, nothingStarted: true });
}

function rethrow(error: unknown): never {
  throw error;
}

function refused(message: string): ServiceError {
  return new ServiceError('EXECUTOR_REFUSED', message);
}
