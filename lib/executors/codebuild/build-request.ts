import type { StartBuildInput } from '../../adapters/codebuild/client.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Dispatch, Executing } from '../../core/executor.ts';
import type { ExecutorSettings, SettingsOf } from '../../core/executor-settings.ts';
import { settingsOf } from '../../core/settings-of.ts';
import { attemptVariables } from '../command/job-environment.ts';
import { markerOf } from '../marker-of.ts';
import { buildBuildspec } from './buildspec.ts';
import type { BuildDeployment } from './deployment.ts';
import { deploymentVariable, keyVariable, reportGroup } from './names.ts';

type BuildRequest = StartBuildInput & { readonly projectName: string };

/** The settings of a plan as those of a build: a plan of `command` runs in the deployment's project. */
export function buildSettings(settings: ExecutorSettings): SettingsOf<'codebuild'> {
  if (settings.type !== 'command') return settingsOf('codebuild', settings);
  return { ...settings, type: 'codebuild' };
}

/** What to ask of CodeBuild to run the attempt, and what it will really run. `now` is epoch milliseconds. */
export function toBuildRequest(
  dispatch: Dispatch,
  deployment: BuildDeployment,
  now: number,
): { readonly input: BuildRequest; readonly executing: Executing } {
  const settings = buildSettings(dispatch.settings);
  const own = settings.project === undefined ? deployment.project : undefined;
  const projectName = settings.project ?? own?.name;
  if (projectName === undefined) {
    throw new ServiceError(
      'EXECUTOR_REFUSED',
      'the plan names no CodeBuild project, and the deployment has none; set `project` in its executor',
    );
  }
  const { text, executing } = buildBuildspec({
    settings,
    root: own?.root ?? '',
    setup: settings.setup ?? own?.setup,
    runtimes: settings.runtimes ?? own?.runtimes,
    reportGroup: own?.reportGroup ?? reportGroup,
    selection: dispatch.selection,
  });
  const { sourceVersion, image, computeType } = settings;
  const marker = markerOf(dispatch);
  const input = {
    projectName,
    idempotencyToken: `${deployment.name}-${marker}`,
    buildspecOverride: text,
    environmentVariablesOverride: [
      ...toVariables(dispatch),
      plain(keyVariable, marker),
      plain(deploymentVariable, deployment.name),
    ],
    timeoutInMinutesOverride: toMinutes(dispatch.deadlineAt - now),
    ...(sourceVersion === undefined ? {} : { sourceVersion }),
    ...(image === undefined ? {} : { imageOverride: image }),
    ...(computeType === undefined ? {} : { computeTypeOverride: computeType as 'BUILD_GENERAL1_SMALL' }),
  } satisfies BuildRequest;
  return { input, executing };
}

type Variable = NonNullable<StartBuildInput['environmentVariablesOverride']>[number];

/**
 * The attempt's variables. A build shows those in plain text to whoever may read it, so what an environment keeps secret goes
 * by its reference, which CodeBuild reads itself, or not at all.
 */
function toVariables(dispatch: Dispatch): Variable[] {
  const secret = dispatch.secretVariables ?? {};
  const given = Object.entries(dispatch.variables).map(([name, value]): Variable => {
    if (/^CODEBUILD_/i.test(name)) throw refused(name, 'names that begin with CODEBUILD_ are CodeBuild’s own');
    if (!Object.hasOwn(secret, name)) return plain(name, value);
    const reference = secret[name] ?? '';
    const type = referenceTypes[reference.split(':')[0] ?? ''];
    if (type !== undefined) return { name, value: reference.slice(reference.indexOf(':') + 1), type };
    throw refused(
      name,
      'it is secret, and a build shows its variables: give the environment valueFrom: secretsmanager:proctor/tests/<name> or ssm:/proctor/tests/<name>',
    );
  });
  return [...given, ...Object.entries(attemptVariables(dispatch)).map(([name, value]) => plain(name, value))];
}

const referenceTypes: Readonly<Record<string, 'SECRETS_MANAGER' | 'PARAMETER_STORE'>> = {
  secretsmanager: 'SECRETS_MANAGER',
  ssm: 'PARAMETER_STORE',
};

function refused(name: string, why: string): ServiceError {
  return new ServiceError('EXECUTOR_REFUSED', `the variable ${name} cannot be given to a build: ${why}`);
}

function plain(name: string, value: string): Variable {
  return { name, value, type: 'PLAINTEXT' };
}

/** The run's own deadline comes first, so that it is Proctor who ends the run; CodeBuild takes 5 to 2,160 minutes. */
function toMinutes(ms: number): number {
  return Math.min(2160, Math.max(5, Math.ceil(ms / 60_000) + 1));
}
