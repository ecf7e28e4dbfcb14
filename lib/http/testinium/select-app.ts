import { invalidField, isServiceError } from '../../core/errors.ts';
import { documentOf } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { parseId } from '../../core/schema.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';
import { changing } from './behind.ts';
import { findPlan } from './find.ts';
import { appParameters, readPlanObject } from './plan-object.ts';
import type { TestiniumSettings } from './settings.ts';

/** Tries against others who change the same plan at the same moment. */
const rounds = 5;

/**
 * `PUT /plans/{id}/setAndroidMobileApp/{appId}` and its like for iOS (contracts/testinium.md 3.10): the id becomes a variable
 * of the plan, for the executor of later runs; a live run keeps the version it pinned.
 */
export function createSelectApp(
  services: Services,
  settings: TestiniumSettings,
  system: keyof typeof appParameters,
): Handler {
  return changing(settings, async (request, principal) => {
    const { appId = '' } = request.params;
    const id = parseId(appId);
    if (id === undefined) throw invalidField('appId', 'must be a positive integer below 2^31', appId.slice(0, 100));
    for (let round = 1; ; round++) {
      const plan = await findPlan(services, settings, principal, request);
      const document = documentOf(plan);
      const variables = { ...document.variables, [appParameters[system]]: String(id) };
      try {
        const next = { ...document, variables };
        const changed = await services.plans.updatePlan(plan, next, principal.ownerId, services.now());
        return answerJson(200, await readPlanObject(services, settings, changed));
      } catch (error) {
        if (!isServiceError(error, 'VERSION_CONFLICT') || round === rounds) throw error;
      }
    }
  });
}
