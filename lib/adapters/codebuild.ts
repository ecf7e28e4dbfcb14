import { type Calls, createCalls, type StartBuildInput } from './codebuild/client.ts';
import { toServiceError } from './codebuild/to-service-error.ts';

export type BuildStatus = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'FAULT' | 'TIMED_OUT' | 'STOPPED';

/** A phase of a build that is over or under way. */
export interface BuildPhase {
  readonly type: string;
  readonly status: string | undefined;
  /** What CodeBuild says of it; empty if nothing. */
  readonly message: string;
}

export interface Build {
  /** `<project>:<uuid>`. */
  readonly id: string;
  readonly arn: string | undefined;
  readonly status: BuildStatus;
  readonly phases: readonly BuildPhase[];
  readonly reportArns: readonly string[];
  /** Those in plain text. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMinutes: number | undefined;
  /** Epoch milliseconds; undefined while it goes on. */
  readonly endedAt: number | undefined;
}

export interface TestReport {
  readonly arn: string;
  readonly status: 'GENERATING' | 'SUCCEEDED' | 'FAILED' | 'INCOMPLETE' | 'DELETING';
  /** CodeBuild keeps 500 test cases of a report: this says that there were more. */
  readonly truncated: boolean;
  readonly total: number | undefined;
}

/** A test case as a report has it. */
export interface TestCase {
  readonly suite: string | undefined;
  readonly prefix: string | undefined;
  readonly name: string;
  readonly status: string | undefined;
  readonly durationNanoseconds: number;
  readonly message: string | undefined;
}

/**
 * Builds of CodeBuild in one region. Every failure is a ServiceError: EXECUTOR_UNAVAILABLE for throttling, limits and networks,
 * EXECUTOR_REFUSED for what no repeat mends, EXECUTOR_PROTOCOL for an answer that makes no sense.
 */
export interface Builds {
  start(input: StartBuildInput): Promise<Build>;
  /** Undefined if there is no such build. */
  stop(id: string): Promise<Build | undefined>;
  get(id: string): Promise<Build | undefined>;
  /** At most 100 of the project, newest first, in pieces that are only read when asked for. */
  listNewest(project: string): AsyncIterable<readonly Build[]>;
  getReports(arns: readonly string[]): Promise<TestReport[]>;
  /** All test cases CodeBuild kept of the report. */
  listTestCases(reportArn: string): Promise<TestCase[]>;
}

export interface BuildsConfig {
  /** The SDK's own unless given. */
  readonly region?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** What is read of a build at once: each answer holds its whole build specification. */
const buildsAtOnce = 25;
/** Pages of 100 test cases; CodeBuild keeps 500 of a report. */
const maxPages = 50;

/** The builds of any region, each with a client of its own that is made when it is first used. */
export function createBuilds(config: BuildsConfig = {}): (region?: string) => Builds {
  const regions = new Map<string | undefined, Builds>();
  return (region = config.region) => {
    const known = regions.get(region) ?? createRegionBuilds({ ...config, ...(region === undefined ? {} : { region }) });
    regions.set(region, known);
    return known;
  };
}

function createRegionBuilds(config: BuildsConfig): Builds {
  let calls: Calls | undefined;
  const call = async <T>(what: string, make: (calls: Calls) => Promise<T>): Promise<T> => {
    try {
      // Three tries: the run has retries of its own, and a step has 55 s for all of its calls.
      const requestHandler = { connectionTimeout: 3000, requestTimeout: 10_000 };
      calls ??= createCalls({ ...config, maxAttempts: 3, requestHandler });
      return await make(calls);
    } catch (error) {
      throw toServiceError(error, what);
    }
  };
  const getAll = async (ids: string[]): Promise<Build[]> => {
    if (ids.length === 0) return [];
    const { builds } = await call('CodeBuild cannot tell its builds', (calls) => calls.builds(ids));
    return (builds ?? []).map(toBuild);
  };

  return {
    async start(input) {
      const { build } = await call('CodeBuild cannot start the build', (calls) => calls.start(input));
      return toBuild(build ?? {});
    },
    async stop(id) {
      // Stopping a build that is over is no error; one that was never there is.
      if ((await getAll([id])).length === 0) return undefined;
      const { build } = await call('CodeBuild cannot stop the build', (calls) => calls.stop(id));
      return toBuild(build ?? {});
    },
    async get(id) {
      return (await getAll([id]))[0];
    },
    async *listNewest(project) {
      const { ids = [] } = await call('CodeBuild cannot list its builds', (calls) => calls.list(project));
      for (let from = 0; from < ids.length; from += buildsAtOnce) yield getAll(ids.slice(from, from + buildsAtOnce));
    },
    async getReports(arns) {
      if (arns.length === 0) return [];
      const { reports } = await call('CodeBuild cannot tell its reports', (calls) => calls.reports([...arns]));
      return (reports ?? []).map(({ arn = '', status = 'INCOMPLETE', truncated = false, testSummary }) => {
        return { arn, status, truncated, total: testSummary?.total };
      });
    },
    async listTestCases(reportArn) {
      const found: TestCase[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < maxPages; page++) {
        const answer = await call('CodeBuild cannot tell its test cases', (calls) =>
          calls.testCases(reportArn, nextToken),
        );
        for (const {
          testSuiteName,
          prefix,
          name = '',
          status,
          durationInNanoSeconds = 0,
          message,
        } of answer.testCases ?? []) {
          const durationNanoseconds = durationInNanoSeconds;
          found.push({ suite: testSuiteName, prefix, name, status, durationNanoseconds, message });
        }
        nextToken = answer.nextToken;
        if (!nextToken) break;
      }
      return found;
    },
  };
}

type WireBuild = NonNullable<Awaited<ReturnType<Calls['start']>>['build']>;

function toBuild(build: WireBuild): Build {
  const { id, arn, buildStatus, phases = [], reportArns = [], environment, timeoutInMinutes, endTime } = build;
  if (id === undefined || buildStatus === undefined) {
    throw toServiceError(new SyntaxError('a build without id or status'), 'CodeBuild told a build');
  }
  const plain = (environment?.environmentVariables ?? []).filter(({ type = 'PLAINTEXT' }) => type === 'PLAINTEXT');
  return {
    id,
    arn,
    status: buildStatus,
    phases: phases.map(({ phaseType = '', phaseStatus, contexts = [] }) => ({
      type: phaseType,
      status: phaseStatus,
      message: contexts
        .map(({ statusCode, message }) => [statusCode, message].filter(Boolean).join(': '))
        .filter((text) => text !== '')
        .join('; '),
    })),
    reportArns,
    variables: Object.fromEntries(plain.flatMap(({ name, value }) => (name ? [[name, value ?? '']] : []))),
    timeoutMinutes: timeoutInMinutes,
    endedAt: endTime?.getTime(),
  };
}
