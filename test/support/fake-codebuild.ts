import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReportedCase } from '../../lib/core/results.ts';
import { type PhaseOutcome, runBuildspec } from './codebuild/run-buildspec.ts';

type Json = Record<string, unknown>;
interface Variable {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
}
interface Answer {
  readonly status: number;
  readonly body: string | Json;
}

/** What a build is told to become. */
export interface BuildEnding {
  readonly status?: 'SUCCEEDED' | 'FAILED' | 'FAULT' | 'TIMED_OUT' | 'STOPPED';
  readonly phases?: readonly (Omit<PhaseOutcome, 'status'> & { readonly status: string })[];
  /** By report group; none leaves no report. */
  readonly reports?: Readonly<Record<string, readonly ReportedCase[]>>;
  readonly reportStatus?: string;
}

export interface FakeBuild {
  readonly id: string;
  readonly arn: string;
  readonly project: string;
  readonly input: Json;
  status: string;
  phases: BuildEnding['phases'] & {};
  reportArns: string[];
  endedAt?: number;
  readonly stop: AbortController;
}

/** AWS CodeBuild on loopback, as far as its API reference describes what Proctor calls (AWS JSON 1.1, 2016-10-06). */
export interface FakeCodebuild {
  readonly url: string;
  /** Every build that was really started, oldest first. */
  readonly builds: FakeBuild[];
  /** How often each operation was called. */
  readonly calls: Record<string, number>;
  /** Reports by ARN. */
  readonly reports: Map<string, { status: string; cases: readonly ReportedCase[] }>;
  /** Answers instead of the fake, if it answers. */
  answer: ((operation: string, body: string) => Answer | undefined) | undefined;
  /** Everything is done, and no answer arrives. */
  losesAnswers: boolean;
  /** Builds that are told to stop go on. */
  stopsLate: boolean;
  /** Called for each build before its start is answered. */
  onStart: ((key: string) => void) | undefined;
  /** Gets the "CodeBuild Build State Change" events. */
  onEvent: ((event: Json) => void) | undefined;
  find(key: string): FakeBuild;
  end(key: string, ending: BuildEnding): void;
  /** Tokens given so far are forgotten, as after 5 minutes. */
  forgetTokens(): void;
  close(): Promise<void>;
}

/** With a `source`, builds really run their specification on a copy of it; without, they go on until they are ended. */
export async function startFakeCodebuild(
  options: { readonly source?: string; readonly projects?: readonly string[] } = {},
): Promise<FakeCodebuild> {
  const projects = new Set(options.projects ?? ['proctor-shop']);
  const tokens = new Map<string, { readonly digest: string; readonly build: FakeBuild }>();
  const running = new Set<Promise<void>>();
  const fake: FakeCodebuild = {
    url: '',
    builds: [],
    calls: {},
    reports: new Map(),
    answer: undefined,
    losesAnswers: false,
    stopsLate: false,
    onStart: undefined,
    onEvent: undefined,
    find(key) {
      const found = fake.builds.findLast(({ input }) => keyOf(input) === key);
      if (found === undefined) throw new Error(`no build of ${key}`);
      return found;
    },
    end: (key, ending) => end(fake.find(key), ending),
    forgetTokens: () => tokens.clear(),
    async close() {
      for (const { stop } of fake.builds) stop.abort();
      await Promise.all(running);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const end = (build: FakeBuild, ending: BuildEnding): void => {
    if (build.status !== 'IN_PROGRESS') return;
    build.status = ending.status ?? 'SUCCEEDED';
    const built = { type: 'BUILD', status: build.status } as const;
    build.phases = [...build.phases, ...(ending.phases ?? [built])];
    build.endedAt = Date.now();
    for (const [group, cases] of Object.entries(ending.reports ?? {})) {
      const arn = group.startsWith('arn:')
        ? `${group.replace(':report-group/', ':report/')}:${randomUUID()}`
        : `${arnPrefix}report/${build.project}-${group}:${randomUUID()}`;
      const failed = cases.some(({ result }) => result === 'failed' || result === 'errored');
      fake.reports.set(arn, { status: ending.reportStatus ?? (failed ? 'FAILED' : 'SUCCEEDED'), cases });
      build.reportArns = [...build.reportArns, arn];
    }
    fake.onEvent?.(toEvent(build));
  };

  const run = async (build: FakeBuild, source: string): Promise<void> => {
    const text = String(build.input.buildspecOverride);
    const variables = Object.fromEntries(variablesOf(build.input).map(({ name, value }) => [name, value]));
    const outcome = await runBuildspec({ text, source, variables, signal: build.stop.signal });
    const status = outcome.phases.some((phase) => phase.status === 'FAILED') ? 'FAILED' : 'SUCCEEDED';
    end(build, { status, ...outcome });
  };

  const operations: Record<string, (input: Json) => Answer> = {
    StartBuild(input) {
      const project = String(input.projectName);
      if (!projects.has(project)) return failure('ResourceNotFoundException', `Project cannot be found: ${project}`);
      const token = String(input.idempotencyToken);
      const digest = createHash('sha256').update(JSON.stringify(input)).digest('hex');
      const known = tokens.get(token);
      if (known && known.digest !== digest) {
        return failure('InvalidInputException', 'The idempotency token was used before with other parameters');
      }
      if (known) return { status: 200, body: { build: toWire(known.build) } };
      const id = `${project}:${randomUUID()}`;
      const build: FakeBuild = {
        id,
        arn: `${arnPrefix}build/${id}`,
        project,
        input,
        status: 'IN_PROGRESS',
        phases: ['SUBMITTED', 'QUEUED', 'PROVISIONING', 'DOWNLOAD_SOURCE'].map((type) => ({
          type,
          status: 'SUCCEEDED',
        })),
        reportArns: [],
        stop: new AbortController(),
      };
      tokens.set(token, { digest, build });
      fake.builds.push(build);
      fake.onStart?.(keyOf(input));
      if (options.source !== undefined) {
        const passage = run(build, options.source).finally(() => running.delete(passage));
        running.add(passage);
      }
      return { status: 200, body: { build: toWire(build) } };
    },
    StopBuild({ id }) {
      const build = fake.builds.find((one) => one.id === id);
      if (build === undefined) return failure('ResourceNotFoundException', `Build not found: ${id}`);
      if (!fake.stopsLate) {
        end(build, { status: 'STOPPED' });
        build.stop.abort();
      }
      return { status: 200, body: { build: toWire(build) } };
    },
    BatchGetBuilds({ ids }) {
      const found = fake.builds.filter(({ id }) => (ids as string[]).includes(id));
      const missing = (ids as string[]).filter((id) => !found.some((build) => build.id === id));
      return { status: 200, body: { builds: found.map(toWire), buildsNotFound: missing } };
    },
    ListBuildsForProject({ projectName }) {
      if (!projects.has(String(projectName))) {
        return failure('ResourceNotFoundException', `The provided project arn:…:project/${projectName} does not exist`);
      }
      const own = fake.builds.filter(({ project }) => project === projectName);
      const ids = own.map(({ id }) => id).reverse();
      return { status: 200, body: { ids: ids.slice(0, 100), ...(ids.length > 100 ? { nextToken: 'more' } : {}) } };
    },
    BatchGetReports({ reportArns }) {
      const reports = (reportArns as string[]).flatMap((arn) => {
        const report = fake.reports.get(arn);
        const total = report?.cases.length ?? 0;
        return report
          ? [{ arn, type: 'TEST', status: report.status, truncated: total > 500, testSummary: { total } }]
          : [];
      });
      return { status: 200, body: { reports } };
    },
    DescribeTestCases({ reportArn, maxResults = 100, nextToken = '0' }) {
      const report = fake.reports.get(String(reportArn));
      if (report === undefined) return failure('ResourceNotFoundException', 'Report not found');
      // Failed test cases are kept first.
      const kept = [...report.cases]
        .map((one, i) => ({ one, i }))
        .sort((a, b) => Number(b.one.result === 'failed') - Number(a.one.result === 'failed') || a.i - b.i)
        .slice(0, 500)
        .sort((a, b) => a.i - b.i)
        .map(({ one }) => toTestCase(String(reportArn), one));
      const from = Number(nextToken);
      const to = from + Number(maxResults);
      const more = to < kept.length ? { nextToken: String(to) } : {};
      return { status: 200, body: { testCases: kept.slice(from, to), ...more } };
    },
  };

  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).replace('CodeBuild_20161006.', '');
    fake.calls[operation] = (fake.calls[operation] ?? 0) + 1;
    const body = await read(request);
    const answer = fake.answer?.(operation, body) ?? operations[operation]?.(JSON.parse(body));
    const { status, body: said } = answer ?? failure('UnknownOperationException', operation);
    if (fake.losesAnswers) {
      response.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** An error as AWS JSON 1.1 has it. */
export function failure(type: string, message: string, status = 400): Answer {
  return { status, body: { __type: type, message } };
}

const arnPrefix = 'arn:aws:codebuild:eu-central-1:123456789012:';

function variablesOf(input: Json): readonly Variable[] {
  return (input.environmentVariablesOverride ?? []) as Variable[];
}

/** The attempt's key: what marks a build holds the time of the trigger, too. */
function keyOf(input: Parameters<typeof variableOf>[0]): string {
  return (variableOf(input, 'PROCTOR_RUN_KEY') ?? '').replace(/-[0-9a-z]+$/, '');
}

function variableOf(input: Json, name: string): string | undefined {
  return variablesOf(input).find((variable) => variable.name === name)?.value;
}

function toWire(build: FakeBuild): Json {
  const { id, arn, project, status, phases, reportArns, input, endedAt } = build;
  return {
    id,
    arn,
    projectName: project,
    buildStatus: status,
    buildComplete: status !== 'IN_PROGRESS',
    phases: phases.map(({ type, status: phaseStatus, message }) => ({
      phaseType: type,
      phaseStatus,
      ...(message === undefined ? {} : { contexts: [{ statusCode: '', message }] }),
    })),
    reportArns,
    timeoutInMinutes: input.timeoutInMinutesOverride,
    environment: { environmentVariables: variablesOf(input) },
    ...(endedAt === undefined ? {} : { endTime: endedAt / 1000 }),
  };
}

/** A JUnit test case as its report tells it: no file, no details, the class as prefix. */
function toTestCase(
  reportArn: string,
  { suite, className, name, iteration, result, durationMs, message }: ReportedCase,
) {
  const status = { passed: 'SUCCEEDED', failed: 'FAILED', errored: 'ERROR', skipped: 'SKIPPED' }[result as 'passed'];
  return {
    reportArn,
    testSuiteName: suite,
    prefix: className,
    name: iteration === undefined ? name : `${name}[${iteration}]`,
    status: status ?? 'UNKNOWN',
    durationInNanoSeconds: durationMs * 1_000_000,
    ...(message === undefined ? {} : { message }),
  };
}

/** As the user guide shows it ("Build notifications input format reference"). */
function toEvent(build: FakeBuild): Json {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'CodeBuild Build State Change',
    source: 'aws.codebuild',
    account: '123456789012',
    time: new Date().toISOString(),
    region: 'eu-central-1',
    resources: [build.arn],
    detail: {
      'build-status': build.status,
      'project-name': build.project,
      'build-id': build.arn,
      'current-phase': 'COMPLETED',
      'additional-information': {
        'build-complete': true,
        environment: {
          type: 'LINUX_CONTAINER',
          'environment-variables': variablesOf(build.input).map(({ name, value, type }) => ({ name, type, value })),
        },
      },
      version: '1',
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
