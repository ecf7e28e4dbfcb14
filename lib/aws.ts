import { randomBytes } from 'node:crypto';
import type { Builds } from './adapters/codebuild.ts';
import { createDynamoClient, createStores } from './adapters/dynamodb/client.ts';
import type { Egress, EgressOptions } from './adapters/egress.ts';
import { createInvocation, type LambdaContext } from './adapters/invocation.ts';
import { createLog } from './adapters/log.ts';
import { createMasterKeys } from './adapters/master-keys.ts';
import { embedMetrics } from './adapters/metrics.ts';
import type { SchedulerTarget } from './adapters/scheduler.ts';
import { createSecrets, type SecretReader } from './adapters/secrets.ts';
import { ServiceError } from './core/errors.ts';
import type { Executor } from './core/executor.ts';
import type { Bus, Scheduler, Sender, Services, Workflow } from './core/ports.ts';
import { type RemoteType, remoteCapabilities } from './executors/capabilities.ts';
import type { BuildDeployment, DefaultProject } from './executors/codebuild/deployment.ts';
import type { RemoteTools } from './executors/remote-tools.ts';
import { readTestiniumSettings, type TestiniumSettings } from './http/testinium/settings.ts';
import type { Tasks } from './workflow/drive-step.ts';
import { groupCapabilities } from './workflow/group-capabilities.ts';
import { renderNative } from './workflow/render-delivery.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface ClientConfig {
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly maxAttempts: number;
}

/** What only some functions need: what is not given here is not in the function's bundle (performance.md P4). */
export interface AwsParts {
  readonly machine?: (config: ClientConfig, stateMachineArn: string) => { workflow: Workflow; tasks: Tasks };
  readonly bus?: (config: ClientConfig, busName: string) => Bus;
  readonly readSecret?: (config: ClientConfig) => SecretReader;
  /** Secrets of plans may be in Parameter Store too; only functions that call out read them. */
  readonly readParameter?: (config: ClientConfig) => SecretReader;
  readonly egress?: (options: EgressOptions) => Egress;
  /** Builds of AWS CodeBuild. */
  readonly builds?: (config: ClientConfig) => (region: string | undefined) => Builds;
  /** Executors that call out; they need `egress` and `builds`. Without them, only what they can do is known. */
  readonly executors?: (tools: RemoteTools) => Readonly<Record<RemoteType, Executor>>;
  /** Runs the children of parent plans. Likewise. */
  readonly group?: (getServices: () => Services) => Executor;
  /** Has deliveries sent at once, by the function of that name. */
  readonly sender?: (config: ClientConfig, functionName: string) => Sender;
  /** Arms schedules. Without it they are armed by the sweeper, within a minute. */
  readonly scheduler?: (config: ClientConfig, target: SchedulerTarget) => Scheduler;
}

export interface AwsSystem {
  readonly services: Services;
  readonly tasks: Tasks;
  readonly egress: Egress;
  /** Clients reach the API under this, when it is not its own address. */
  readonly publicUrl: string;
  readonly testinium: TestiniumSettings;
  readonly config: ClientConfig;
  /** The handler of a function: every line of its log says which request and run it was about. */
  handle<Event, Answer>(
    work: (event: Event) => Promise<Answer>,
  ): (event: Event, context?: LambdaContext) => Promise<Answer>;
}

/**
 * The system on AWS, wired once per process from the function's variables: TABLE_NAME, STATE_MACHINE_ARN, BUS_NAME,
 * MASTER_KEYS_SECRET, SCHEDULE_TARGET, PUBLIC_URL, DELIVER_FUNCTION, ALLOW_PRIVATE (hosts and networks, comma between them), TESTINIUM
 * (settings of that API as JSON), CODEBUILD (the project that runs plans of `command`, as JSON), METRICS_NAMESPACE. What a
 * function has no variable for fails when it is used, not before; without the last it counts nothing.
 */
export function createAwsSystem(env: Environment, parts: AwsParts = {}): AwsSystem {
  const config = clientConfig(env);
  const now = Date.now;
  const invocation = createInvocation(env.AWS_LAMBDA_FUNCTION_NAME ?? '');
  const namespace = env.METRICS_NAMESPACE;
  const log = createLog(
    (line) => void process.stdout.write(line),
    now,
    (entry, at) => ({ ...invocation.about(), ...(namespace ? embedMetrics(namespace, entry, at) : {}) }),
  );
  const stores = createStores(createDynamoClient(config), env.TABLE_NAME ?? '');
  const { workflow, tasks } = parts.machine?.(config, env.STATE_MACHINE_ARN ?? '') ?? noMachine;
  const read = parts.readSecret?.(config);
  const allowPrivate = (env.ALLOW_PRIVATE ?? '').split(',').filter((entry) => entry !== '');
  const egress = parts.egress?.({ allowHttp: false, allowPrivate, ports: [] }) ?? noEgress;
  const parameters = parts.readParameter?.(config);
  const secrets = createSecrets({
    now,
    readers: { ...(parameters && { ssm: parameters }), ...(read && { secretsmanager: read }) },
  });
  const newId = () => randomBytes(12).toString('hex');
  const deployment = readDeployment(env);
  const builds = parts.builds?.(config) ?? noBuilds;
  const remote = parts.executors?.({ egress, secrets, now, newId, builds, deployment });
  const group = parts.group?.(() => services) ?? noGroup;
  const testinium = readTestiniumSettings(env.TESTINIUM);
  const publicUrl = env.PUBLIC_URL ?? '';
  const services: Services = {
    ...stores,
    workflow,
    sender: parts.sender?.(config, env.DELIVER_FUNCTION ?? '') ?? ruleSends,
    scheduler: parts.scheduler?.(config, JSON.parse(env.SCHEDULE_TARGET ?? '{}') as SchedulerTarget) ?? noScheduler,
    bus: parts.bus?.(config, env.BUS_NAME ?? '') ?? noBus,
    executors(type) {
      if (type === 'group') return group;
      if (type === 'command' && deployment.project === undefined) {
        throw new ServiceError(
          'EXECUTOR_REFUSED',
          'The executor "command" needs a CodeBuild project on AWS: deploy with the context `codebuild`, or give the plan an executor of type "codebuild" or "http"',
        );
      }
      const remoteType = type === 'command' ? 'codebuild' : type;
      return remote?.[remoteType] ?? { ...notWired, capabilities: remoteCapabilities[remoteType] };
    },
    async renderDelivery(kind, run) {
      if (kind === 'native') return renderNative(services, run);
      const { renderCallback } = await import('./http/testinium/render-callback.ts');
      return renderCallback(services, testinium, run);
    },
    now,
    random: randomBytes,
    publicUrl,
    secrets,
    masterKeys: createMasterKeys(async () => (await read?.(env.MASTER_KEYS_SECRET ?? '')) ?? '', now),
    log,
  };
  const handle: AwsSystem['handle'] = (work) => invocation.handle(log, work);
  return { services, tasks, egress, publicUrl, testinium, config, handle };
}

const missing = async (): Promise<never> => {
  throw new Error('this function was wired without the part it needs');
};
const noMachine = { workflow: { start: missing, wake: missing }, tasks: { succeed: missing, fail: missing } };
/** Events stay in their run's outbox, and the sweeper sends them. */
const noBus: Bus = { publish: missing };
/** The rule on a run's event calls the sender, and its own clock finds what is due. */
const ruleSends: Sender = { notice: () => {}, send: missing };
const noBuilds = (): never => {
  throw new Error('this function was wired without the part it needs');
};
/** The schedule stays due, and the sweeper arms it. */
const noScheduler: Scheduler = { arm: missing, disarm: missing };
const noEgress: Egress = { checkUrl: () => {}, send: missing };
const notWired = { start: missing, poll: missing, stop: missing };
const noGroup: Executor = { ...notWired, capabilities: groupCapabilities };

/** The state machine's name is the deployment's own in its account and region. */
function readDeployment({ STATE_MACHINE_ARN = '', CODEBUILD }: Environment): BuildDeployment {
  const name = STATE_MACHINE_ARN.split(':').at(-1) ?? '';
  // Written by the stack, which checked it.
  return CODEBUILD === undefined ? { name } : { name, project: JSON.parse(CODEBUILD) as DefaultProject };
}

/** From the environment alone, so that the SDK's chain of credential sources stays out of the bundle (performance.md). */
function clientConfig(env: Environment): ClientConfig {
  return {
    region: env.AWS_REGION ?? '',
    maxAttempts: 9,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
    },
  };
}
