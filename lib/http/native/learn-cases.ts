import { indexCatalog, placeDeclared } from '../../core/catalog.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';

/** Puts the cases a plan declares into its catalog. Doing it again does nothing; others may add names at the same time. */
export async function learnDeclared(services: Services, plan: Plan): Promise<void> {
  if (plan.suites.length === 0) return;
  for (let round = 0; round < 20; round++) {
    const catalog = await services.plans.readCatalog(plan.id);
    const index = indexCatalog(catalog);
    placeDeclared(plan, index);
    if (index.added.length === 0) return;
    if (await services.plans.appendCatalog(plan.id, catalog.entries.length, index.added)) return;
  }
  throw new ServiceError('UNAVAILABLE', 'the names of the plan are changing too fast; apply it again', {
    retryAfterSeconds: 2,
  });
}
