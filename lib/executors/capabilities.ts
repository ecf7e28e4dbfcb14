import type { Capabilities } from '../core/executor.ts';
import type { ExecutorSettings, ExecutorType } from '../core/executor-settings.ts';
import { codebuildCapabilities } from './codebuild/capabilities.ts';
import { githubActionsCapabilities } from './github-actions/capabilities.ts';
import { httpCapabilities } from './http/capabilities.ts';
import { testiniumCapabilities } from './testinium/capabilities.ts';
import { testsigmaCapabilities } from './testsigma/capabilities.ts';

/** Executors that something outside runs the tests of: they work embedded and on AWS. */
export type RemoteType = Exclude<ExecutorType, 'command' | 'group'>;

/** What each can do, by its settings alone: a trigger needs nothing else of an executor. */
export const remoteCapabilities: Readonly<Record<RemoteType, (settings: ExecutorSettings) => Capabilities>> = {
  codebuild: codebuildCapabilities,
  http: httpCapabilities,
  'github-actions': githubActionsCapabilities,
  testsigma: testsigmaCapabilities,
  testinium: testiniumCapabilities,
};
