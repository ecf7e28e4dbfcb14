import { join } from 'node:path';
import { toExecutionDetails } from '../../core/execution-details.ts';
import type { Dispatch } from '../../core/executor.ts';
import { attemptFiles } from './attempt-files.ts';

/**
 * What the command finds in its environment: that of this process without its secrets, then the attempt's variables,
 * then what Proctor says of the attempt.
 */
export function jobEnvironment(inherited: NodeJS.ProcessEnv, directory: string, dispatch: Dispatch): NodeJS.ProcessEnv {
  const kept = Object.entries(inherited).filter(([name]) => !/^(?:PROCTOR_|AWS_)/i.test(name) && !unwanted.has(name));
  return {
    ...Object.fromEntries(kept),
    ...dispatch.variables,
    ...attemptVariables(dispatch),
    PROCTOR_REPORT: join(directory, attemptFiles.report),
    PROCTOR_PROGRESS: join(directory, attemptFiles.progress),
    ...(dispatch.selection !== null && { PROCTOR_SELECTION: join(directory, attemptFiles.selection) }),
    PROCTOR_CALLBACK_URL: dispatch.callback.url,
    PROCTOR_CALLBACK_TOKEN: dispatch.callback.token,
  };
}

/** What Proctor says of the attempt, wherever its command runs. No secret. */
export function attemptVariables(dispatch: Dispatch): Record<string, string> {
  return {
    PROCTOR_RUN_ID: String(dispatch.runId),
    PROCTOR_ATTEMPT: String(dispatch.attempt),
    PROCTOR_BUILD_NO: dispatch.buildNo ?? '',
    PROCTOR_ENVIRONMENT: dispatch.environment ?? '',
    PROCTOR_MACHINES: JSON.stringify(dispatch.machines.map(({ title }) => title)),
    PROCTOR_UPLOAD_VERSIONS: JSON.stringify(dispatch.uploadVersions),
    PROCTOR_EXECUTION_DETAILS: JSON.stringify(toExecutionDetails(dispatch.executionSettings)),
  };
}

// A runner that believes to be a child of another `node --test` writes for that one's eyes.
const unwanted = new Set(['NODE_TEST_CONTEXT']);
