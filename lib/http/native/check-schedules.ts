import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { PlanDocument } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { checkTimes } from '../../core/schedule/check-times.ts';
import { checkReferences } from '../schedules.ts';

/**
 * Refuses schedules of a document that could never fire, or name what its plan does not have. A time that is over is none of
 * that: documents are applied again and again. A document without selections keeps those of its plan, whatever they are then.
 */
export async function checkSchedules(
  services: Services,
  { schedules = [], configs, executor, project }: PlanDocument,
): Promise<void> {
  for (const [i, schedule] of schedules.entries()) {
    await named(`schedules[${i}]`, async () => {
      checkTimes(schedule);
      const { config, environment, variables } = schedule;
      const numbered = (configs ?? []).map((one, at) => ({ ...one, id: one.id ?? -at }));
      const known = { configs: numbered, executor, project };
      const references = {
        variables,
        ...(config === undefined || configs === undefined ? {} : { config }),
        ...(environment === undefined ? {} : { environmentId: environment }),
      };
      await checkReferences(services, known, references, {
        config: 'config',
        environment: 'environment',
        variables: 'variables',
      });
    });
  }
}

/** What is refused, under the place it has in the document. */
async function named(place: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isServiceError(error) || error.fields.length === 0) throw error;
    const fields = error.fields.map((field) => ({ ...field, field: `${place}.${field.field}` }));
    throw new ServiceError(error.code, `${place}.${error.message}`, { fields });
  }
}
