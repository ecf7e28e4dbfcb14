import { expect } from 'vitest';
import { isServiceError } from '../../../lib/core/errors.ts';
import type { Dispatch } from '../../../lib/core/executor.ts';
import { everythingIn, type Suite, startJob } from './suite.ts';

/** Whatever fails, it is told as a ServiceError, and nothing that is said holds a secret. */
export function promiseSecrecy(suite: Suite): void {
  const { promise, harness, traits } = suite;
  const secretVariables = { variables: { PASSWORD: traits.secret }, secrets: [traits.secret] };
  const expectNoSecret = (text: string, dispatch: Dispatch): void => {
    expect(text).not.toContain(traits.secret);
    expect(text).not.toContain(dispatch.callback.token);
  };

  promise('reference, link and description hold no secret, and the reference is short', async () => {
    const selection = [{ suite: 's', className: 'c', name: 'one' }];
    const dispatch = harness().dispatch({ ...secretVariables, selection });
    const { ref, link, executing } = await harness().executor.start(dispatch);
    expect(ref).toMatch(/^.{1,1000}$/s);
    expectNoSecret(JSON.stringify([ref, link, executing]), dispatch);
    if (link !== undefined) expect(link).toMatch(/^https?:\/\//);
  });

  for (const how of traits.breaks) {
    promise(`while it breaks (${how}), nothing but expected errors come, and no secret`, async () => {
      const job = await startJob(suite, secretVariables);
      const other = harness().dispatch({ ...secretVariables, attempt: 2, key: 'run-52-a2' });
      await harness().jobsStarted(1);
      await harness().breakDown(how);
      const calls = [
        job.poll,
        job.stop,
        () => harness().executor.start(other),
        () => harness().executor.poll('x', other),
      ];
      for (const call of calls) {
        const error = await call().then(
          () => undefined,
          (error: unknown) => error,
        );
        if (error === undefined) continue;
        expectNoSecret(everythingIn(error), other);
        expect(isServiceError(error), everythingIn(error)).toBe(true);
      }
    });
  }
}
