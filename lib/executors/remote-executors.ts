import type { Executor } from '../core/executor.ts';
import { type RemoteType, remoteCapabilities } from './capabilities.ts';
import { createLateExecutor } from './late-executor.ts';
import type { RemoteTools } from './remote-tools.ts';

/** Every executor that works embedded and on AWS alike; each is loaded when the first run needs it. */
export function createRemoteExecutors(tools: RemoteTools): Readonly<Record<RemoteType, Executor>> {
  const late = (type: RemoteType, load: () => Promise<Executor>) => createLateExecutor(remoteCapabilities[type], load);
  return {
    codebuild: late('codebuild', async () => (await import('./codebuild.ts')).createCodebuildExecutor(tools)),
    http: late('http', async () => (await import('./http.ts')).createHttpExecutor(tools)),
    'github-actions': late('github-actions', async () => {
      const { createGithubActionsExecutor } = await import('./github-actions/github-actions-executor.ts');
      return createGithubActionsExecutor(tools);
    }),
    testsigma: late('testsigma', async () => (await import('./testsigma.ts')).createTestsigmaExecutor(tools)),
    testinium: late('testinium', async () => (await import('./testinium.ts')).createTestiniumExecutor(tools)),
  };
}
