import type { Services } from '../../core/ports.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';
import { reading } from './behind.ts';
import { findPlan } from './find.ts';
import { listLive } from './live-runs.ts';
import type { TestiniumSettings } from './settings.ts';

/** `GET /plans/{id}/checkIsRunning` (contracts/testinium.md 3.2): true from before a start is answered to the end of its run. */
export function createIsRunning(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async (request, principal) => {
    const plan = await findPlan(services, settings, principal, request);
    const { live } = await listLive(services, plan.id);
    return answerJson(200, { status: 'SUCCESS', running: live.length > 0 });
  });
}
