import { ServiceError } from '../core/errors.ts';
import type { Dispatch, Executor, Poll, Started } from '../core/executor.ts';
import { reportedCases } from '../core/reported-case.ts';
import type { ReportedCase } from '../core/results.ts';
import { parse } from '../core/schema.ts';
import { settingsOf } from '../core/settings-of.ts';
import type { HttpTools } from './remote-tools.ts';
import { testsigmaCapabilities } from './testsigma/capabilities.ts';
import { openTenant, type Tenant } from './testsigma/client.ts';
import { mapResults, problemOf, stateOf } from './testsigma/map-results.ts';
import { createProgress } from './testsigma/progress.ts';
import { startAttempt } from './testsigma/start.ts';
import { runIdIn, type TenantRun } from './testsigma/wire.ts';

/** Milliseconds a start may take in all, and until its last request: another dispatcher repeats it after 60 s. */
const startMs = 50_000;
const startByMs = 34_000;
/** Milliseconds a completed run of the tenant may leave results open, as counted by the tenant's own end time. */
const graceMs = 30_000;

/**
 * Runs attempts as runs of a plan at a Testsigma tenant (contracts/testsigma.md). A repeated start finds the run by a mark in
 * its build number; selections are reruns of the tenant; results are polled. Errors name statuses, never what was sent or
 * answered. What is remembered between calls only saves requests.
 */
export function createTestsigmaExecutor(tools: HttpTools): Executor {
  const starting = new Map<string, Promise<Started>>();
  const progress = createProgress();

  const start = async (dispatch: Dispatch): Promise<Started> => {
    const settings = settingsOf('testsigma', dispatch.settings);
    const since = tools.now();
    const tenant = await openTenant(tools, settings, since + startMs);
    return startAttempt(tenant, dispatch, settings, () => tools.now() - since < startByMs);
  };

  return {
    capabilities: testsigmaCapabilities,

    start(dispatch) {
      const known = starting.get(dispatch.key);
      if (known !== undefined) return known;
      const started = start(dispatch).finally(() => starting.delete(dispatch.key));
      starting.set(dispatch.key, started);
      return started;
    },

    async poll(ref, dispatch) {
      const runId = runIdIn(ref);
      if (runId === undefined) return lost(ref);
      const tenant = await openTenant(tools, settingsOf('testsigma', dispatch.settings));
      const { value: run, refused } = await tenant.getRun(runId);
      if (refused?.status === 404) return lost(runId);
      if (refused !== undefined) throw refused.error;
      return pollRun(tenant, run, dispatch);
    },

    async stop(ref, dispatch) {
      const runId = runIdIn(ref);
      if (runId === undefined) return 'gone';
      const tenant = await openTenant(tools, settingsOf('testsigma', dispatch.settings));
      const { refused: stopRefused } = await tenant.stop(runId);
      if (stopRefused !== undefined && stopRefused.error.code !== 'EXECUTOR_REFUSED') throw stopRefused.error;
      // Only its own status tells that it is over.
      const { value: run, refused } = await tenant.getRun(runId);
      if (refused?.status === 404) return 'gone';
      if (refused !== undefined) throw refused.error;
      if (stateOf(run)?.ended === true) return 'gone';
      if (stopRefused !== undefined) throw stopRefused.error;
      return 'stopping';
    },
  };

  async function pollRun(tenant: Tenant, run: TenantRun, dispatch: Dispatch): Promise<Poll> {
    const state = stateOf(run);
    if (state === undefined) {
      throw new ServiceError('EXECUTOR_PROTOCOL', `The tenant says neither status nor result of its run ${run.id}.`);
    }
    if (!state.ended && !progress.hasMoved(dispatch.key, run)) return { state: 'running', cases: [] };
    const { value: answer, refused } = await tenant.getCases(run.id);
    if (refused !== undefined) throw refused.error;
    if ('tooLarge' in answer) {
      if (!state.ended) return { state: 'running', cases: [] };
      const message = `The results of the tenant's run ${run.id} are larger than 16 MiB.`;
      return { state: 'ended', cases: [], end: { problem: { reason: 'reportUnreadable', message } } };
    }
    const mapped = mapResults(answer.rows, state, dispatch);
    const cases = readCases(mapped.cases);
    if (!state.ended) return { state: 'running', cases: progress.untold(dispatch.key, run, cases) };
    const problem = problemOf(run.id, state, mapped);
    const short = mapped.open > 0 || answer.rows.length < (run.totalCount ?? 0);
    if (short && problem === undefined && isFresh(run)) {
      return { state: 'running', cases: progress.untold(dispatch.key, run, cases), retryAfterSeconds: 5 };
    }
    progress.forget(dispatch.key);
    return {
      state: 'ended',
      cases,
      end: { ...(problem ? { problem } : {}), ...(mapped.open > 0 ? { expectedCases: mapped.total } : {}) },
    };
  }

  /** It ended just now, as far as the clocks agree; how it stands without an end time nobody waits for. */
  function isFresh({ endTime }: TenantRun): boolean {
    return endTime != null && Math.abs(tools.now() - endTime) < graceMs;
  }
}

/** Through the rim of all results: names too long to keep are nonsense, texts are cut. */
function readCases(cases: readonly ReportedCase[]): readonly ReportedCase[] {
  try {
    return parse(reportedCases, cases);
  } catch {
    throw new ServiceError('EXECUTOR_PROTOCOL', "The tenant's case results hold names or durations that cannot be.");
  }
}

function lost(runId: string): Poll {
  const message = `The tenant does not know its run ${runId}.`;
  return { state: 'ended', cases: [], end: { problem: { reason: 'executorLost', message } } };
}
