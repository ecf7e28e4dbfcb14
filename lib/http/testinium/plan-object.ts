import { idOf, indexCatalog, placeDeclared } from '../../core/catalog.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { parseId } from '../../core/schema.ts';
import { environmentIdsOf, readEnvironment, toEnvironmentObject } from './environment.ts';
import { findParent } from './find-parent.ts';
import type { TestiniumSettings } from './settings.ts';
import { toIso } from './time.ts';

/** Plan parameters that hold the app chosen last (contracts/testinium.md 3.10). */
export const appParameters = { android: 'android_mobile_app_id', ios: 'ios_mobile_app_id' } as const;

/** A plan as it is shown, with what is nested in it. */
export type PlanObject = Awaited<ReturnType<typeof readOnePlan>> & { readonly childs: readonly PlanObject[] };

/** The plan with its children (contracts/testinium.md 3.5). Environments and scenarios are read as they are now. */
export async function readPlanObject(services: Services, settings: TestiniumSettings, plan: Plan): Promise<PlanObject> {
  const children = await Promise.all(childrenOf(plan).map((id) => services.plans.getPlan(id)));
  const childs = children.flatMap((child) => (child === undefined ? [] : readOnePlan(services, settings, child)));
  const [object, nested] = await Promise.all([readOnePlan(services, settings, plan), Promise.all(childs)]);
  return { ...object, childs: nested.map((child) => ({ ...child, childs: [] })) };
}

/** Ids of the plans a parent runs. */
export function childrenOf({ executor }: Pick<Plan, 'executor'>): readonly number[] {
  return executor.type === 'group' ? executor.children : [];
}

async function readOnePlan(services: Services, { company }: TestiniumSettings, plan: Plan) {
  const isParent = plan.executor.type === 'group';
  const [environments, scenarios, parentId] = await Promise.all([
    Promise.all((isParent ? [] : environmentIdsOf(plan)).map((id) => readEnvironment(services, id))),
    isParent ? [] : readScenarios(services, plan),
    findParent(services, plan.id),
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
    is_parent: isParent,
    ...(parentId === undefined ? {} : { parent_id: parentId }),
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
