import type { Executor } from '../core/executor.ts';
import type { RemoteType } from './capabilities.ts';
import { createCodebuildExecutor } from './codebuild.ts';
import { createGithubActionsExecutor } from './github-actions/github-actions-executor.ts';
import { createHttpExecutor } from './http.ts';
import type { RemoteTools } from './remote-tools.ts';
import { createTestiniumExecutor } from './testinium.ts';
import { createTestsigmaExecutor } from './testsigma.ts';

/** Every executor that works embedded and on AWS alike. */
export function createRemoteExecutors(tools: RemoteTools): Readonly<Record<RemoteType, Executor>> {
  return {
    codebuild: createCodebuildExecutor(tools),
    http: createHttpExecutor(tools),
    'github-actions': createGithubActionsExecutor(tools),
    testsigma: createTestsigmaExecutor(tools),
    testinium: createTestiniumExecutor(tools),
  };
}
