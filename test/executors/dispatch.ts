import type { Dispatch } from '../../lib/core/executor.ts';
import { parsePlan } from '../../lib/core/plan.ts';

/** The first attempt of run 52, with the executor settings as a plan has them. */
export function makeDispatch(executor: Record<string, unknown>, overrides: Partial<Dispatch> = {}): Dispatch {
  const plan = parsePlan({ name: 'Checkout', executor });
  return {
    runId: 52,
    attempt: 1,
    key: 'run-52-a1',
    earlier: [],
    createdAt: 1_790_000_000_000,
    planId: 9,
    planName: plan.name,
    settings: plan.executor,
    selection: null,
    prerequisites: [],
    machines: [],
    variables: {},
    secrets: [],
    uploadVersions: {},
    environment: null,
    buildNo: null,
    executionSettings: plan.settings,
    callback: { url: 'https://proctor.example/callbacks/52', token: 'cbt1.52.1.1800000000.token' },
    deadlineAt: 1_800_000_000_000,
    ...overrides,
  };
}
