import type { Services } from '../../core/ports.ts';
import { askToStop } from '../../workflow/stop-runs.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';
import { changing } from './behind.ts';
import { findPlan } from './find.ts';
import { listLive } from './live-runs.ts';
import type { TestiniumSettings } from './settings.ts';

/** `GET` and `POST /plans/{id}/stop` (contracts/testinium.md 3.3): asks every live run to stop and waits for none of them. */
export function createStopPlan(services: Services, settings: TestiniumSettings): Handler {
  return changing(settings, async (request, principal) => {
    const plan = await findPlan(services, settings, principal, request);
    const { live } = await listLive(services, plan.id);
    if (live.length === 0) {
      return answerJson(200, { status: 'NOT_AVAILABLE', message: `Plan ${plan.id} is not running` });
    }
    await askToStop(services, live);
    return answerJson(200, { status: 'SUCCESS', message: `Stop requested for plan ${plan.id}` });
  });
}
