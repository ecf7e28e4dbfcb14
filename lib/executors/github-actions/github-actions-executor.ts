import { isServiceError } from '../../core/errors.ts';
import type { Dispatch, Executor, Poll, Started } from '../../core/executor.ts';
import { settingsOf } from '../../core/settings-of.ts';
import { markerOf } from '../marker-of.ts';
import type { HttpTools } from '../remote-tools.ts';
import { readArtifacts } from './artifacts.ts';
import { githubActionsCapabilities } from './capabilities.ts';
import { conclude } from './conclude.ts';
import { dispatchWorkflow } from './dispatch-workflow.ts';
import { createGithubApi, type Settings } from './github-api.ts';
import { toInputs } from './inputs.ts';
import { findRun, getRun, linkOf, type WorkflowRun } from './workflow-runs.ts';

/** How long a run that was dispatched may stay out of GitHub's lists, in milliseconds. */
const listedMs = 5 * 60_000;
/** A limit that lasts longer is a reason to say that the run goes on. */
const longWaitSeconds = 60;
/** A run that was not over so long after its cancellation is cancelled by force, in milliseconds. */
const forceAfterMs = 30_000;

/**
 * Runs attempts as runs of a workflow in GitHub Actions. A run is known by its id, or, from servers that do not tell it, by
 * the marker in its name; so is the one of an earlier try whose answer was lost. Results are JUnit artifacts, or come by
 * callback. Neither token nor anything GitHub says is in an error.
 */
export function createGithubActionsExecutor(tools: HttpTools): Executor {
  const { egress, now } = tools;
  const api = createGithubApi(tools);
  /** Two starts at once in this process are one; of two processes the claim of the dispatch lets one through. */
  const starting = new Map<string, Promise<Started>>();
  /** Since when each run is being cancelled. A process that does not remember cancels once more. */
  const cancelled = new Map<number, number>();

  const start = async (dispatch: Dispatch): Promise<Started> => {
    const settings = settingsOf('github-actions', dispatch.settings);
    const { inputs, executing } = toInputs(dispatch);
    const marker = markerOf(dispatch);
    const find = () => findRun(api, settings, marker, dispatch.createdAt);
    const earlier = await find();
    if (earlier) return { ref: String(earlier.id), executing, ...watchedAt(earlier.html_url) };
    const told = await dispatchWorkflow(api, settings, inputs);
    if (told) return { ref: String(told.id), executing, ...watchedAt(told.link) };
    // It was started: whatever goes wrong from here on must not start another.
    const listed = await find().catch(() => undefined);
    if (listed) return { ref: String(listed.id), executing, ...watchedAt(listed.html_url) };
    return { ref: `${marker}@${now()}`, executing };
  };

  /** The run of the reference; `unlisted` while it may not be in the lists yet, `lost` if there is none. */
  const resolve = async (
    settings: Settings,
    ref: string,
    { createdAt }: Dispatch,
  ): Promise<WorkflowRun | 'unlisted' | 'lost'> => {
    if (/^[1-9][0-9]{0,15}$/.test(ref)) return (await getRun(api, settings, Number(ref))) ?? 'lost';
    const [, marker, dispatchedAt] = /^(.+)@([0-9]+)$/.exec(ref) ?? [];
    if (marker === undefined) return 'lost';
    const found = await findRun(api, settings, marker, createdAt);
    return found ?? (now() < Number(dispatchedAt) + listedMs ? 'unlisted' : 'lost');
  };

  return {
    capabilities: githubActionsCapabilities,

    start(dispatch) {
      const marker = markerOf(dispatch);
      const work = starting.get(marker) ?? start(dispatch).finally(() => starting.delete(marker));
      starting.set(marker, work);
      return work;
    },

    async poll(ref, dispatch): Promise<Poll> {
      const settings = settingsOf('github-actions', dispatch.settings);
      try {
        const run = await resolve(settings, ref, dispatch);
        if (run === 'unlisted') return { state: 'running', cases: [] };
        if (run === 'lost') return lost(settings, ref);
        if (run.status !== 'completed') return { state: 'running', cases: [] };
        const results = await readArtifacts(api, egress, dispatch, run.id);
        return { state: 'ended', cases: results.cases, end: conclude(settings, run, results) };
      } catch (error) {
        // The limit is ours and says nothing against the run, which must not be given up for being silent meanwhile.
        const wait = isServiceError(error, 'EXECUTOR_UNAVAILABLE') ? api.limitedFor(settings) : undefined;
        if (wait === undefined || wait <= longWaitSeconds) throw error;
        return { state: 'running', cases: [], retryAfterSeconds: wait };
      }
    },

    async stop(ref, dispatch) {
      const settings = settingsOf('github-actions', dispatch.settings);
      const run = await resolve(settings, ref, dispatch);
      if (run === 'unlisted') return 'stopping';
      if (run === 'lost' || run.status === 'completed') {
        if (run !== 'lost') cancelled.delete(run.id);
        return 'gone';
      }
      const since = cancelled.get(run.id);
      if (since !== undefined && now() - since < forceAfterMs) return 'stopping';
      // 202, or 409 for one that is just ending: the next look tells.
      await api.call(settings, 'POST', `/actions/runs/${run.id}/${since === undefined ? 'cancel' : 'force-cancel'}`);
      cancelled.set(run.id, now());
      return 'stopping';
    },
  };
}

function watchedAt(url: string): Pick<Started, 'link'> {
  const link = linkOf(url);
  return link === undefined ? {} : { link };
}

function lost({ repository }: Settings, ref: string): Poll {
  const hint = ref.includes('@') ? '; its run-name must show inputs.proctor_key' : '';
  const message = `GitHub knows no such run of the workflow in ${repository}${hint}.`;
  return { state: 'ended', cases: [], end: { problem: { reason: 'executorLost', message } } };
}
