import { isServiceError, ServiceError } from '../core/errors.ts';
import type { Dispatch, Executor, Poll } from '../core/executor.ts';
import type { Services } from '../core/ports.ts';
import type { ReportableResult, ReportedCase } from '../core/results.ts';
import { isLive, type Run } from '../core/run.ts';
import { groupCapabilities } from './group-capabilities.ts';
import { type GroupMember, membersOf } from './group-members.ts';
import { askToStop } from './stop-runs.ts';
import { triggerRun } from './trigger-run.ts';

/**
 * The executor whose tests are other plans of its project: each child becomes a run of its own, and one case of the parent.
 * So a parent ends as any run does, by what its cases say. The reference names the children's runs, in the order of the plan.
 */
export function createGroupExecutor(getServices: () => Services): Executor {
  return {
    capabilities: groupCapabilities,

    async start(dispatch) {
      const services = getServices();
      const parent = await services.runs.getRun(dispatch.runId);
      if (parent === undefined) throw new ServiceError('EXECUTOR_REFUSED', 'the run of the group is gone');
      const members: GroupMember[] = [];
      for (const planId of childrenOf(dispatch)) {
        const runId = await startChild(services, parent, planId, members.length > 0);
        if (runId !== 'disabled') members.push({ planId, runId });
      }
      const executing = { grain: 'everything', description: `${members.length} plans` } as const;
      return { ref: members.map(({ planId, runId }) => `${planId}:${runId}`).join(','), executing };
    },

    async poll(ref): Promise<Poll> {
      const runs = new Map((await readMembers(getServices(), ref)).map((run) => [run.id, run]));
      const cases = membersOf(ref).map(({ planId, runId }) => toCase(planId, runs.get(runId)));
      if (cases.some(({ result }) => result === 'running')) return { state: 'running', cases: [] };
      return { state: 'ended', cases, end: { expectedCases: cases.length } };
    },

    async stop(ref) {
      const services = getServices();
      const live = (await readMembers(services, ref)).filter(isLive);
      return (await askToStop(services, live)).some(isLive) ? 'stopping' : 'gone';
    },
  };
}

function readMembers(services: Services, ref: string): Promise<Run[]> {
  return services.runs.getRuns(membersOf(ref).flatMap(({ runId }) => (runId === 0 ? [] : runId)));
}

function childrenOf({ settings }: Dispatch): readonly number[] {
  if (settings.type !== 'group') throw new Error(`Not settings of the group executor: ${settings.type}`);
  return settings.children;
}

/** Once for each group, however often it is asked; one whose plan runs already waits for it, unless that plan rejects. */
async function startChild(
  services: Services,
  parent: Run,
  planId: number,
  begun: boolean,
): Promise<number | 'disabled'> {
  try {
    const { run } = await triggerRun(services, {
      planId,
      // Whoever edits a plan of one project must not run those of another.
      maySee: ({ project, executor }) => project === parent.project && executor.type !== 'group',
      trigger: { ...parent.trigger, ancestors: [...(parent.trigger.ancestors ?? []), parent.planId] },
      groupId: parent.id,
      ...(parent.limits?.key === undefined ? {} : { parallelLimit: parent.limits.key }),
      idempotency: { key: String(parent.id), route: 'group', fingerprint: String(planId) },
    });
    return run.id;
  } catch (error) {
    if (isServiceError(error, 'PLAN_DISABLED')) return 'disabled';
    // Once others have begun, the group must come to know them: this child then counts as not started.
    if (!begun && (!isServiceError(error) || error.code === 'UNAVAILABLE')) throw error;
    services.log({ level: 'warn', event: 'child not started', runId: parent.id, planId, error });
    return 0;
  }
}

const results: Readonly<Record<NonNullable<Run['result']>, ReportableResult>> = {
  passed: 'passed',
  failed: 'failed',
  errored: 'errored',
  timedOut: 'errored',
  stopped: 'errored',
  noTests: 'errored',
};

function toCase(planId: number, run: Run | undefined): ReportedCase {
  const name = run?.planName ?? `plan ${planId}`;
  const common = { suite: 'Plans', className: String(planId), name, durationMs: 0 };
  if (run === undefined) return { ...common, result: 'errored', message: 'It could not be started.' };
  if (run.status !== 'completed') return { ...common, result: 'running' };
  const message = `Run ${run.id}: ${run.explanation ?? run.result}`;
  const durationMs = (run.endedAt ?? run.createdAt) - run.createdAt;
  return { ...common, durationMs, result: results[run.result ?? 'errored'], message };
}
