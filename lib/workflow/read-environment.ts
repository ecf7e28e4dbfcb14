import { isServiceError, ServiceError } from '../core/errors.ts';
import type { Dispatch } from '../core/executor.ts';
import type { Machine } from '../core/plan.ts';
import type { EnvironmentVariable, Services } from '../core/ports.ts';

/** An environment as one call to an executor needs it. */
export interface EnvironmentValues {
  /** Null where there is none. */
  readonly environment: string | null;
  readonly variables: Readonly<Record<string, string>>;
  /** The values of those that are secret. */
  readonly secrets: readonly string[];
  /** The names of those, each with its reference; null without one. */
  readonly secretVariables: Readonly<Record<string, string | null>>;
  /** Why no attempt may start with these: the environment is gone, or a variable cannot be read. */
  readonly refusal: ServiceError | undefined;
}

/**
 * The variables of the environment, those by reference read now. What the run's own `runtimeData` replaces is not read. A
 * refusal names the variable and the reference, never a value.
 */
export async function readEnvironment(
  services: Pick<Services, 'environments' | 'secrets'>,
  environmentId: number | undefined,
  runtimeData: Readonly<Record<string, string>>,
): Promise<EnvironmentValues> {
  const none = { environment: null, variables: {}, secrets: [], secretVariables: {} };
  if (environmentId === undefined) return { ...none, refusal: undefined };
  const environment = await services.environments.getEnvironment(environmentId);
  if (environment === undefined) {
    return { ...none, refusal: new ServiceError('EXECUTOR_REFUSED', `its environment ${environmentId} was deleted`) };
  }
  const wanted = environment.variables.filter(({ key }) => !Object.hasOwn(runtimeData, key));
  const read = await Promise.all(wanted.map((variable) => readVariable(services, environment.name, variable)));
  return {
    environment: environment.name,
    variables: Object.fromEntries(read.flatMap(({ key, value }) => (typeof value === 'string' ? [[key, value]] : []))),
    secrets: read.flatMap(({ value }, i) => (wanted[i]?.secret && typeof value === 'string' ? [value] : [])),
    secretVariables: Object.fromEntries(
      wanted.flatMap(({ key, secret, valueFrom }) => (secret ? [[key, valueFrom ?? null]] : [])),
    ),
    refusal: read.map(({ value }) => value).find((value) => isServiceError(value)),
  };
}

/** The machines of an attempt with the names of their environments; a refusal if one of these is gone. */
export async function readMachines(
  { environments }: Pick<Services, 'environments'>,
  machines: readonly Machine[],
): Promise<{ readonly named: Dispatch['machines']; readonly refusal: ServiceError | undefined }> {
  const ids = [...new Set(machines.flatMap(({ environment }) => environment ?? []))];
  const found = await Promise.all(ids.map((id) => environments.getEnvironment(id)));
  const names = new Map(found.flatMap((environment) => (environment ? [[environment.id, environment.name]] : [])));
  const gone = machines.find(({ environment }) => environment !== undefined && !names.has(environment));
  return {
    named: machines.map(({ title, environment = 0 }) => ({ title, environment: names.get(environment) ?? null })),
    refusal:
      gone &&
      new ServiceError(
        'EXECUTOR_REFUSED',
        `the environment ${gone.environment} of its machine ${gone.title} was deleted`,
      ),
  };
}

/** The value, or why there is none: a reference nobody can use is final, trouble with the store of secrets may pass. */
async function readVariable(
  { secrets }: Pick<Services, 'secrets'>,
  environment: string,
  { key, value, valueFrom }: EnvironmentVariable,
): Promise<{ key: string; value: string | ServiceError }> {
  if (valueFrom === undefined) return { key, value: value ?? '' };
  try {
    return { key, value: await secrets.get(valueFrom) };
  } catch (error) {
    const what = `its variable ${key} of the environment ${environment} cannot be read`;
    return {
      key,
      value: isServiceError(error)
        ? new ServiceError(error.code, `${what}: ${error.message}`)
        : new ServiceError('EXECUTOR_UNAVAILABLE', `${what} now`, { cause: error }),
    };
  }
}
