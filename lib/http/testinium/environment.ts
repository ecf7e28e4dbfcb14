import { machineOf } from '../../core/catalog.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { environmentsOf } from '../../core/slots.ts';
import type { RunView } from '../../workflow/read-run.ts';

/** An environment as far as this API shows it; a deleted one keeps its id. */
export interface ShownEnvironment {
  readonly id: number;
  readonly name: string;
  readonly enabled: boolean;
}

const unknown = 'UNKNOWN';

/** Ids of the environments a plan runs on, ascending. A run may be given another. */
export function environmentIdsOf(plan: Plan): number[] {
  return environmentsOf(plan, {}).sort((a, b) => a - b);
}

export async function readEnvironment(services: Services, id: number): Promise<ShownEnvironment> {
  const environment = await services.environments.getEnvironment(id);
  if (environment === undefined) return { id, name: unknown, enabled: false };
  return { id, name: environment.name, enabled: environment.enabled !== false };
}

/** The environment of the case at a position; undefined if it is on none. */
export type EnvironmentAt = (position: number) => ShownEnvironment | undefined;

/** The environments of a run's results: of the machine a case is on, or of the run. */
export async function readRunEnvironments(services: Services, view: RunView): Promise<EnvironmentAt> {
  const { run, plan, catalog } = view;
  const byMachine = new Map(plan.machines.map(({ title, environment }) => [title, environment]));
  const idAt = (position: number): number | undefined => {
    const title = catalog.entries[machineOf(catalog, position) ?? -1]?.name;
    return (title === undefined ? undefined : byMachine.get(title)) ?? run.environmentId ?? plan.environment;
  };
  const ids = new Set(view.cases.flatMap(({ position }) => idAt(position) ?? []));
  const shown = new Map(
    await Promise.all([...ids].map(async (id) => [id, await readEnvironment(services, id)] as const)),
  );
  return (position) => shown.get(idAt(position) ?? 0);
}

/** `environment` of a result, and of a plan's `environment_resolutions`: here the operating system is a text (T4). */
export function toEnvironmentObject({ id, name, enabled }: ShownEnvironment) {
  return {
    id,
    name,
    operating_system: unknown,
    browser_type: unknown,
    environment_type: 'SELENIUM',
    environment_version: unknown,
    enabled,
    mobile: false,
  };
}

/**
 * `environment_info` of a result: here the operating system is an object. Proctor knows what an environment is called and not
 * what is installed in it, so its parts are unknown, and never left out (contracts/testinium.md 3.8).
 */
export function toEnvironmentInfo(environment: ShownEnvironment | undefined) {
  if (environment === undefined) {
    return {
      operating_system: { code: 'SERVICE', platform: 'SERVICE', mobile: false },
      browsers: [{ code: 'SERVICE', browser_name: 'SERVICE', versions: [{ version: unknown }] }],
      devices: [],
    };
  }
  const { id } = environment;
  return {
    id,
    operating_system: { code: unknown, platform: unknown, mobile: false },
    browsers: [{ code: unknown, browser_name: unknown, versions: [{ environment_id: id, version: unknown }] }],
    devices: [],
  };
}
