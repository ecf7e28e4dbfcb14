import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';

/** An environment as far as this API shows it; a deleted one keeps its id. */
export interface ShownEnvironment {
  readonly id: number;
  readonly name: string;
}

const unknown = 'UNKNOWN';

/** Ids of the environments a plan runs on; its runs may be given another. */
export function environmentIdsOf(plan: Pick<Plan, 'environment'>): readonly number[] {
  return plan.environment === undefined ? [] : [plan.environment];
}

export async function readEnvironment(services: Services, id: number): Promise<ShownEnvironment> {
  return { id, name: (await services.environments.getEnvironment(id))?.name ?? unknown };
}

/** `environment` of a result, and of a plan's `environment_resolutions`: here the operating system is a text (T4). */
export function toEnvironmentObject({ id, name }: ShownEnvironment) {
  return {
    id,
    name,
    operating_system: unknown,
    browser_type: unknown,
    environment_type: 'SELENIUM',
    environment_version: unknown,
    enabled: true,
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
