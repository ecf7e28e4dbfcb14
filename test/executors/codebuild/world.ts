import { vi } from 'vitest';
import { createBuilds } from '../../../lib/adapters/codebuild.ts';
import type { Dispatch, Executor } from '../../../lib/core/executor.ts';
import type { BuildDeployment } from '../../../lib/executors/codebuild/deployment.ts';
import { createCodebuildExecutor } from '../../../lib/executors/codebuild.ts';
import { type FakeCodebuild, startFakeCodebuild } from '../../support/fake-codebuild.ts';
import { makeDispatch } from '../dispatch.ts';

export interface BuildWorld {
  readonly fake: FakeCodebuild;
  readonly executor: Executor;
  /** Milliseconds the executor's clock is ahead. */
  aheadMs: number;
  executorOf(deployment: BuildDeployment): Executor;
  dispatch(overrides?: Partial<Dispatch>, settings?: Record<string, unknown>): Dispatch;
  close(): Promise<void>;
}

/** The executor against the fake, through the SDK's own client and the variable that moves its endpoint. */
export async function createBuildWorld(options: Parameters<typeof startFakeCodebuild>[0] = {}): Promise<BuildWorld> {
  const fake = await startFakeCodebuild(options);
  vi.stubEnv('AWS_ENDPOINT_URL_CODEBUILD', fake.url);
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
  const builds = createBuilds({ region: 'eu-central-1', credentials });
  const executorOf = (deployment: BuildDeployment): Executor =>
    createCodebuildExecutor({ builds, deployment, now: () => Date.now() + world.aheadMs });
  const world: BuildWorld = {
    fake,
    executor: executorOf({ name: 'Proctor-run' }),
    aheadMs: 0,
    executorOf,
    dispatch: (overrides, settings) =>
      makeDispatch(
        { type: 'codebuild', project: 'proctor-shop', command: 'npx jest {selection}', selector: 'jest', ...settings },
        { deadlineAt: Date.now() + 3_600_000, ...overrides },
      ),
    async close() {
      vi.unstubAllEnvs();
      await fake.close();
    },
  };
  return world;
}
