import { createHash } from 'node:crypto';
import { ServiceError } from '../core/errors.ts';
import type { Executor, Poll } from '../core/executor.ts';
import { parseId } from '../core/schema.ts';
import { settingsOf } from '../core/settings-of.ts';
import type { HttpTools } from './remote-tools.ts';
import { testiniumCapabilities } from './testinium/capabilities.ts';
import { judgeExecution } from './testinium/judge-execution.ts';
import { scenarioOf } from './testinium/name-results.ts';
import { givenNames } from './testinium/pick-scenarios.ts';
import { createScenarioNames, getExecution, listExecutions, readResults } from './testinium/read-results.ts';
import { createStarts } from './testinium/starts.ts';
import { createTenant, nameStatus } from './testinium/tenant.ts';
import { isEnded } from './testinium/wire.ts';

/** Milliseconds one start, poll or stop may take with all its calls: a step of a run has 55 s. */
const patienceMs = 45_000;
/** Results read at each look at a running execution; all of them at its end. */
const shownWhileRunning = 300;
const maxTold = 1000;

/**
 * Runs attempts as executions of a plan in a Testinium tenant, or in another Proctor's (contracts/testinium.md). The
 * reference is the execution's id. Errors name statuses, codes and ids, never anything else that was sent or answered.
 */
export function createTestiniumExecutor(tools: HttpTools): Executor {
  const { now } = tools;
  const tenant = createTenant(tools);
  const namesOf = createScenarioNames(tenant, now);
  const start = createStarts(tenant, namesOf, now);
  /** Digests of what was last told of running executions: the same once more is no news, and would be stored. */
  const told = new Map<string, string>();

  const isNews = (key: string, { cases }: Poll): boolean => {
    const digest = createHash('sha256').update(JSON.stringify(cases)).digest('base64');
    if (told.get(key) === digest) return false;
    told.delete(key);
    told.set(key, digest);
    if (told.size > maxTold) told.delete(told.keys().next().value as string);
    return true;
  };

  return {
    capabilities: testiniumCapabilities,

    start: (dispatch) => start(dispatch, now() + patienceMs),

    async poll(ref, dispatch) {
      const settings = settingsOf('testinium', dispatch.settings);
      const until = now() + patienceMs;
      const id = parseId(ref);
      const shown = id && (await getExecution(tenant, settings, id, until));
      if (!shown) return lost(ref);
      const most = isEnded(shown.execution) ? Number.POSITIVE_INFINITY : shownWhileRunning;
      const read = await readResults(tenant, settings, shown.execution, most, until);
      const nameOf = await namesOf(settings, read.results.map(scenarioOf), givenNames(read.results), until);
      const poll = judgeExecution(shown, read, nameOf, dispatch);
      return poll.state === 'ended' || isNews(dispatch.key, poll) ? poll : { ...poll, cases: [] };
    },

    /** The tenant stops a plan, not an execution: it is asked only while ours is the only one that goes on. */
    async stop(ref, dispatch) {
      const settings = settingsOf('testinium', dispatch.settings);
      const until = now() + patienceMs;
      const id = parseId(ref);
      const isGone = async (): Promise<boolean> => {
        const shown = id && (await getExecution(tenant, settings, id, until));
        return !shown || isEnded(shown.execution);
      };
      if (await isGone()) return 'gone';
      const listed = await listExecutions(tenant, settings, until);
      const other = listed?.executions.find((execution) => execution.id !== id && !isEnded(execution));
      if (other !== undefined) {
        const message = `The tenant can stop only the plan as a whole, and execution ${other.id} of it goes on too.`;
        throw new ServiceError('EXECUTOR_REFUSED', message);
      }
      const verb = 'stop the plan';
      const path = `/plans/${encodeURIComponent(settings.planId)}/stop`;
      const { status, code } = await tenant.call(settings, { verb, path }, until);
      if (status !== 200) {
        throw new ServiceError('EXECUTOR_REFUSED', `The tenant refused to ${verb}: ${nameStatus(status, code)}.`);
      }
      return (await isGone()) ? 'gone' : 'stopping';
    },
  };
}

function lost(ref: string): Poll {
  const message = `The tenant knows no execution ${ref.slice(0, 50)}.`;
  return { state: 'ended', cases: [], end: { problem: { reason: 'executorLost', message } } };
}
