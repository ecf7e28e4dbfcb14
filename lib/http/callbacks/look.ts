import { verifyLookToken } from '../../core/callback-token.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { isLive } from '../../core/run.ts';
import { withMasterKeys } from '../../workflow/with-master-keys.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';

/**
 * `GET` and `POST /callbacks/t/{token}/look`: a vendor's own callback, in whatever form. It only makes the run ask its
 * executor at once; what it says is not read, because the token is good for nothing more. 202, or 200 if the attempt is over:
 * whoever calls has nothing to repeat.
 */
export function createLook(services: Services): Handler {
  return async ({ params }) => {
    const target = await withMasterKeys(services, (masterKeys) =>
      verifyLookToken({ masterKeys, token: params.token ?? '', now: services.now() }),
    );
    if (target === undefined) throw new ServiceError('UNAUTHORIZED', 'The callback token is missing, wrong or expired');
    const run = await services.runs.getRun(target.runId);
    if (run === undefined || !isLive(run) || run.attempt !== target.attempt) return json(200, target);
    // Counted like a final batch, so that an execution that is just about to wait looks again first (E18).
    const current = await services.runs.acknowledge(run.id, { at: services.now(), final: true, bytes: 0 });
    if (current !== undefined) await services.workflow.wake(current, 'look');
    return json(202, target);
  };
}
