import { createHash } from 'node:crypto';
import { ServiceError } from '../../core/errors.ts';
import type { Dispatch } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import type { ResultRequest } from './select-results.ts';
import type { TenantRun } from './wire.ts';

const maxBuildNo = 255;
const markOfAny = /(?:^| )proctor-run-[0-9]+-a[0-9]+-[0-9a-f]{12}$/;

/**
 * What the tenant's run of this attempt carries in its build number, the one thing of a request the tenant tells again. Run
 * ids alone would be those of another deployment, or of this one before its data was removed.
 */
export function markOf({
  key,
  createdAt,
  planId,
  planName,
}: Pick<Dispatch, 'key' | 'createdAt' | 'planId' | 'planName'>): string {
  const run = createHash('sha256').update(`${createdAt} ${planId} ${planName}`).digest('hex').slice(0, 12);
  return `proctor-${key}-${run}`;
}

export function carries({ buildNo }: TenantRun, mark: string): boolean {
  const text = String(buildNo ?? '');
  return text === mark || text.endsWith(` ${mark}`);
}

/** True if it is an attempt of some Proctor. */
export function isMarked({ buildNo }: TenantRun): boolean {
  return markOfAny.test(String(buildNo ?? ''));
}

/** What starts the plan at the tenant (contracts/testsigma.md 3.2). EXECUTOR_REFUSED if its environment has no id there. */
export function toTriggerBody(dispatch: Dispatch, settings: SettingsOf<'testsigma'>): Record<string, unknown> {
  const { config } = settings;
  return {
    executionId: settings.testPlanId,
    ...toCommon(dispatch, settings),
    ...(config === undefined
      ? {}
      : { executionConfig: typeof config === 'string' ? { name: config } : { id: config } }),
  };
}

/**
 * What runs picked results of an earlier run again (contracts/testsigma.md 3.3). All of its input is there, if empty: what is
 * left out the tenant takes over from that run.
 */
export function toRerunBody(
  dispatch: Dispatch,
  settings: SettingsOf<'testsigma'>,
  runId: string,
  picks: readonly ResultRequest[],
): Record<string, unknown> {
  return {
    executionId: settings.testPlanId,
    executionResultId: Number(runId),
    isReRun: true,
    reRunType: 'USER_PICKED',
    testCaseResultRequests: picks,
    runtimeData: {},
    uploadVersions: {},
    ...toCommon(dispatch, settings),
  };
}

/** The tenant's id of the environment the attempt runs in; undefined leaves it to the tenant's plan. */
export function environmentIdOf(
  { environment }: Pick<Dispatch, 'environment'>,
  { environments, environmentId }: SettingsOf<'testsigma'>,
): number | undefined {
  if (environment === null || environments === undefined) return environmentId;
  const mapped = Object.hasOwn(environments, environment) ? environments[environment] : undefined;
  if (mapped !== undefined) return mapped;
  throw new ServiceError(
    'EXECUTOR_REFUSED',
    `its environment ${environment} is not among the plan's executor.environments, which name the tenant's ids`,
  );
}

function toCommon(dispatch: Dispatch, settings: SettingsOf<'testsigma'>): Record<string, unknown> {
  const { variables, uploadVersions } = dispatch;
  const environmentId = environmentIdOf(dispatch, settings);
  const mark = markOf(dispatch);
  const own = dispatch.buildNo?.slice(0, maxBuildNo - mark.length - 1).trim();
  return {
    ...(environmentId === undefined ? {} : { environmentId }),
    ...(Object.keys(variables).length === 0 ? {} : { runtimeData: variables }),
    ...(Object.keys(uploadVersions).length === 0 ? {} : { uploadVersions }),
    buildNo: own ? `${own} ${mark}` : mark,
  };
}
