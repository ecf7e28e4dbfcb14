import { createEgress } from '../../../lib/adapters/egress.ts';
import type { Dispatch } from '../../../lib/core/executor.ts';
import { createTestiniumExecutor } from '../../../lib/executors/testinium.ts';
import { createFakeSecrets } from '../../support/fake-secrets.ts';
import { startFakeTestinium } from '../../support/fake-testinium.ts';
import { makeDispatch } from '../dispatch.ts';

/** An executor in front of a fake tenant, with a clock that is set by hand. */
export async function openTenant(options: Parameters<typeof startFakeTestinium>[0] = {}) {
  const tenant = await startFakeTestinium(options);
  const clock = { now: Date.now() };
  const { secrets, asked } = withSecrets();
  const create = () =>
    createTestiniumExecutor({
      egress: createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' }),
      secrets,
      now: () => clock.now,
      newId: () => 'fresh',
    });
  return {
    tenant,
    clock,
    /** References of the secrets that were read. */
    asked,
    executor: create(),
    /** As another process has it: it remembers nothing. */
    another: create,
    dispatch: (settings: Record<string, unknown> = {}, overrides: Partial<Dispatch> = {}): Dispatch =>
      makeDispatch(
        {
          type: 'testinium',
          url: `${tenant.origin}/`,
          planId: 204,
          username: 'proctor',
          password: 'env:TENANT_PASSWORD',
          ...settings,
        },
        {
          callback: { url: `${tenant.origin}/proctor/callbacks/52/1`, token: 'cbt1.52.1.1800000000.mac' },
          ...overrides,
        },
      ),
  };
}

function withSecrets() {
  const { asked, get } = createFakeSecrets({
    'env:TENANT_PASSWORD': 'prk_example',
    'env:CLIENT_SECRET': 'client-canary',
    'env:WRONG': 'wrong-canary',
  });
  return { secrets: { get }, asked };
}

export type OpenTenant = Awaited<ReturnType<typeof openTenant>>;
