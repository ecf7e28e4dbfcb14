import { idOf, indexCatalog, placeDeclared } from '../../core/catalog.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { parseId } from '../../core/schema.ts';
import { environmentIdsOf, readEnvironment, toEnvironmentObject } from './environment.ts';
import type { TestiniumSettings } from './settings.ts';
import { toIso } from './time.ts';

/** Plan parameters that hold the app chosen last (contracts/testinium.md 3.10). */
export const appParameters = { android: 'android_mobile_app_id', ios: 'ios_mobile_app_id' } as const;

/** The plan (contracts/testinium.md 3.5). Lists of its environments and scenarios are read as they are now. */
export async function readPlanObject(services: Services, { company }: TestiniumSettings, plan: Plan) {
  const [environments, scenarios] = await Promise.all([
    Promise.all(environmentIdsOf(plan).map((id) => readEnvironment(services, id))),
    readScenarios(services, plan),
  ]);
  return {
    id: plan.id,
    type: environments.length === 0 ? 'SERVICE' : 'SELENIUM',
    project_id: plan.projectId,
    project_name: plan.project,
    company_id: company.id,
    plan_name: plan.name,
    ...(plan.description ? { description: plan.description } : {}),
    enabled: plan.enabled,
    project_enabled: true,
    group_plan: false,
    is_parent: false,
    childs: [],
    scenarios,
    environments: environments.map(({ id }) => ({ id })),
    plan_parallel_test_limit: 1,
    failed_test_retry_count: plan.rerun.which === 'none' ? 0 : plan.rerun.max,
    environment_resolutions: environments.map((environment) => ({ environment: toEnvironmentObject(environment) })),
    period: { period_type: 'MANUAL', days_of_week: '', repeat_period: 0 },
    alerts: [],
    test_run_type: 'CROSS',
    screen_shot_type: 'NO',
    screenshots_enabled: false,
    video_enabled: false,
    performance_data_enabled: false,
    ...selectedApp('selected_android_mobile_app', plan.variables[appParameters.android]),
    ...selectedApp('selected_ios_mobile_app', plan.variables[appParameters.ios]),
    created_at: toIso(plan.createdAt),
    updated_at: toIso(plan.updatedAt),
  };
}

function selectedApp(key: string, value: string | undefined) {
  const id = value === undefined ? undefined : parseId(value);
  return id === undefined ? {} : { [key]: { id } };
}

/** The cases the plan declares, or all it knows if it declares none. */
async function readScenarios(services: Services, plan: Plan): Promise<number[]> {
  const catalog = await services.plans.readCatalog(plan.id);
  const declared = placeDeclared(plan, indexCatalog(catalog)).cases;
  const all = catalog.entries.flatMap(({ kind }, position) => (kind === 'case' ? position : []));
  const positions = declared.length > 0 ? declared : all;
  // A case on several machines is one scenario.
  return [...new Set(positions.map((position) => idOf(catalog, position)).filter((id) => id > 0))];
}
