import type { Build, Builds } from '../adapters/codebuild.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import type { Dispatch, Executor } from '../core/executor.ts';
import { redact, secretsOf } from '../core/redact.ts';
import { toAttemptEnd } from './codebuild/build-end.ts';
import { buildSettings, toBuildRequest } from './codebuild/build-request.ts';
import { codebuildCapabilities } from './codebuild/capabilities.ts';
import type { BuildDeployment } from './codebuild/deployment.ts';
import { deploymentVariable, keyVariable } from './codebuild/names.ts';
import { readReports } from './codebuild/read-reports.ts';
import { markerOf } from './marker-of.ts';
import type { RemoteTools } from './remote-tools.ts';

/** How long after a build's end its report may still be read by CodeBuild. */
const reportGraceMs = 60_000;

/**
 * Runs the command of a plan in a build of AWS CodeBuild; results come from its report group. CodeBuild knows an idempotency
 * token for 5 minutes, so a build of the attempt is looked for before one is started (reliability.md F13).
 */
export function createCodebuildExecutor({
  builds: buildsOf,
  deployment,
  now,
}: Pick<RemoteTools, 'builds' | 'deployment' | 'now'>): Executor {
  const regional = ({ settings }: Dispatch): Builds => buildsOf(buildSettings(settings).region);

  const start = async (dispatch: Dispatch) => {
    const builds = regional(dispatch);
    const { input, executing } = toBuildRequest(dispatch, deployment, now());
    const find = () => findBuild(builds, input.projectName, dispatch, deployment);
    const build =
      (await find()) ??
      (await builds.start(input).catch(async (error: unknown) => {
        // A repeat within the 5 minutes whose deadline or secrets are others than the first one's is refused as another call.
        const known = isServiceError(error, 'EXECUTOR_REFUSED') ? await find() : undefined;
        if (known === undefined) throw error;
        return known;
      }));
    return { ref: build.id, executing, ...linkOf(build) };
  };

  return {
    capabilities: codebuildCapabilities,

    start: (dispatch) => withoutSecrets(dispatch, () => start(dispatch)),

    poll: (ref, dispatch) =>
      withoutSecrets(dispatch, async () => {
        const builds = regional(dispatch);
        const build = await builds.get(ref);
        if (build === undefined) {
          const problem = { reason: 'executorLost', message: 'CodeBuild does not know the build' } as const;
          return { state: 'ended', cases: [], end: { problem } };
        }
        if (build.status === 'IN_PROGRESS') return { state: 'running', cases: [] };
        const reports = await readReports(builds, build, buildSettings(dispatch.settings));
        const isFresh = build.endedAt !== undefined && now() - build.endedAt < reportGraceMs;
        if (reports.pending && isFresh) return { state: 'running', cases: [], retryAfterSeconds: 5 };
        return { state: 'ended', cases: reports.cases, end: toAttemptEnd(build, reports) };
      }),

    stop: (ref, dispatch) =>
      withoutSecrets(dispatch, async () => {
        const builds = regional(dispatch);
        const build = await builds.get(ref);
        if (build === undefined || build.status !== 'IN_PROGRESS') return 'gone';
        await builds.stop(ref);
        return (await builds.get(ref))?.status === 'IN_PROGRESS' ? 'stopping' : 'gone';
      }),
  };
}

/** The newest build of the attempt, if there is one among the newest 100 of its project. */
async function findBuild(
  builds: Builds,
  project: string,
  dispatch: Dispatch,
  { name }: BuildDeployment,
): Promise<Build | undefined> {
  const marker = markerOf(dispatch);
  for await (const some of builds.listNewest(project)) {
    const own = some.find(
      ({ variables }) => variables[keyVariable] === marker && variables[deploymentVariable] === name,
    );
    if (own !== undefined) return own;
  }
  return undefined;
}

/** CodeBuild's words may repeat what it was sent. */
async function withoutSecrets<T>(dispatch: Dispatch, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    throw new ServiceError(
      error.code,
      redact(error.message, [...secretsOf(dispatch), ...Object.values(dispatch.variables)]),
    );
  }
}

/** The build in the console, which only the public partition has at this address. */
function linkOf({ arn = '' }: Build): { readonly link?: string } {
  const [, region, account, id = ''] = /^arn:aws:codebuild:([^:]+):(\d+):build\/(.+)$/.exec(arn) ?? [];
  if (region === undefined) return {};
  const [project = ''] = id.split(':');
  const path = `${account}/projects/${project}/build/${encodeURIComponent(id)}`;
  return { link: `https://${region}.console.aws.amazon.com/codesuite/codebuild/${path}` };
}
