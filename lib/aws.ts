import { randomBytes } from 'node:crypto';
import { createDynamoClient, createStores } from './adapters/dynamodb/client.ts';
import { createEgress, type Egress } from './adapters/egress.ts';
import { createLog } from './adapters/log.ts';
import { createSecrets, parseMasterKeys } from './adapters/secrets.ts';
import { createStepFunctionsClient, createStepFunctionsWorkflow, createTasks } from './adapters/step-functions.ts';
import { ServiceError } from './core/errors.ts';
import type { Bus, MasterKey, Services } from './core/ports.ts';
import { createHttpExecutor } from './executors/http.ts';
import type { Tasks } from './workflow/drive-step.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ClientConfig {
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly maxAttempts: number;
}

/** What only some functions need: a client that is not there is not in the function's bundle (performance.md P4). */
export interface AwsParts {
  readonly bus?: (config: ClientConfig, busName: string) => Bus;
  readonly readSecret?: (config: ClientConfig) => (id: string) => Promise<string | undefined>;
}

export interface AwsSystem {
  readonly services: Services;
  readonly tasks: Tasks;
  readonly egress: Egress;
  /** Clients reach the API under this, when it is not its own address. */
  readonly publicUrl: string;
  readonly config: ClientConfig;
}

/** How long the master keys are kept; a rotation is known everywhere within this time. */
const masterKeysMs = 5 * 60_000;

/**
 * The system on AWS, wired once per process from the function's variables: TABLE_NAME, STATE_MACHINE_ARN, BUS_NAME,
 * MASTER_KEYS_SECRET, PUBLIC_URL, ALLOW_PRIVATE (hosts and networks, comma between them). What a function has no variable
 * for fails when it is used, not before.
 */
export function createAwsSystem(env: Environment, parts: AwsParts = {}): AwsSystem {
  const config = clientConfig(env);
  const now = Date.now;
  const log = createLog((line) => void process.stdout.write(line), now);
  const stores = createStores(createDynamoClient(config), env.TABLE_NAME ?? '');
  const stepFunctions = createStepFunctionsClient(config);
  const read = parts.readSecret?.(config);
  const allowPrivate = (env.ALLOW_PRIVATE ?? '').split(',').filter((entry) => entry !== '');
  const egress = createEgress({ allowHttp: false, allowPrivate, ports: [] });
  const secrets = createSecrets({ env, now, ...(read === undefined ? {} : { read }) });
  const http = createHttpExecutor({ egress, secrets, now, newId: () => randomBytes(12).toString('hex') });
  const publicUrl = env.PUBLIC_URL ?? '';
  const services: Services = {
    ...stores,
    workflow: createStepFunctionsWorkflow(stepFunctions, env.STATE_MACHINE_ARN ?? ''),
    bus: parts.bus?.(config, env.BUS_NAME ?? '') ?? noBus,
    executors(type) {
      if (type === 'http') return http;
      throw new ServiceError(
        'EXECUTOR_REFUSED',
        'The executor "command" runs only in embedded mode; give the plan an executor of type "http"',
      );
    },
    now,
    random: randomBytes,
    publicUrl,
    masterKeys: createMasterKeys(() => secrets.get(`secretsmanager:${env.MASTER_KEYS_SECRET}`), now),
    log,
  };
  return { services, tasks: createTasks(stepFunctions), egress, publicUrl, config };
}

/** Events stay in their run's outbox, and the sweeper sends them. */
const noBus: Bus = {
  async publish() {
    throw new Error('this function has no bus');
  },
};

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

function createMasterKeys(read: () => Promise<string>, now: () => number): () => Promise<readonly MasterKey[]> {
  let known: { readonly keys: Promise<readonly MasterKey[]>; readonly readAt: number } | undefined;
  return () => {
    if (known && now() - known.readAt < masterKeysMs) return known.keys;
    const keys = read().then(parseMasterKeys);
    const current = { keys, readAt: now() };
    known = current;
    keys.catch(() => {
      if (known === current) known = undefined;
    });
    return keys;
  };
}
