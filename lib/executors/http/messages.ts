import { toExecutionDetails } from '../../core/execution-details.ts';
import type { Dispatch } from '../../core/executor.ts';

/** What the runner gets to run one attempt, as `POST` to the plan's `url`. */
export function toDispatchMessage(dispatch: Dispatch): Record<string, unknown> {
  return {
    type: 'run.dispatched',
    runId: dispatch.runId,
    attempt: dispatch.attempt,
    key: dispatch.key,
    planId: dispatch.planId,
    planName: dispatch.planName,
    selection: dispatch.selection,
    prerequisites: dispatch.prerequisites,
    machines: dispatch.machines,
    variables: dispatch.variables,
    uploadVersions: dispatch.uploadVersions,
    environment: dispatch.environment,
    buildNo: dispatch.buildNo,
    executionDetails: toExecutionDetails(dispatch.executionSettings),
    callback: dispatch.callback,
    deadlineAt: new Date(dispatch.deadlineAt).toISOString(),
  };
}

/** What the runner gets when the run is stopped, as `POST` to the plan's `stopUrl`. */
export function toStopMessage(ref: string, dispatch: Dispatch): Record<string, unknown> {
  return { type: 'run.stop', runId: dispatch.runId, attempt: dispatch.attempt, key: dispatch.key, ref };
}
