import { createHmac, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createCallbackToken } from '../../../lib/core/callback-token.ts';
import { serveTable } from '../../support/table.ts';
import { masterKey, startLoopbackAws, webhookSecret } from './loopback-aws.ts';
import { type Call, startCold } from './start-cold.ts';

/** First calls of functions, each in the state in which it does its work. */
export interface Scenes {
  /** Starts a run. */
  trigger(): Promise<Call>;
  /** Dispatches it, to CodeBuild. */
  stepRun(): Promise<Call>;
  /** Takes its results, JUnit XML as its job sends them. */
  results(): Promise<Call>;
  /** Reads it. */
  readRun(): Promise<Call>;
  /** An SDK client alone reads an item. */
  client(bundle: string): Call;
  /** cdk-github-runners starts a runner by a webhook. */
  webhook(bundle: string): Call;
  close(): void;
}

/** The shipped bundles, with a table of their own and AWS on loopback. */
export async function openScenes(bundles: string): Promise<Scenes> {
  const [table, aws] = await Promise.all([serveTable(), startLoopbackAws()]);
  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
    AWS_LAMBDA_FUNCTION_NAME: 'function',
    AWS_ENDPOINT_URL: aws.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
    TABLE_NAME: table.tableName,
    STATE_MACHINE_ARN: `${arn('states')}:stateMachine:Proctor-run`,
    MASTER_KEYS_SECRET: `${arn('secretsmanager')}:secret:master-AbCdEf`,
    BUS_NAME: 'proctor',
    METRICS_NAMESPACE: 'Proctor',
    PUBLIC_URL: 'https://api.example',
  };
  const call = (name: string, event: unknown): Call => ({ bundle: join(bundles, name, 'index.cjs'), event, env });
  const { token } = (await startCold(call('keys', { proctor: 'first-key' }))).answer as { token: string };
  const request = (method: string, path: string, body: string, headers: Record<string, string> = {}) => ({
    rawPath: path,
    rawQueryString: '',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
    isBase64Encoded: false,
    requestContext: {
      domainName: 'api.example',
      requestId: randomUUID(),
      stage: '$default',
      http: { method, sourceIp: '192.0.2.1' },
    },
  });
  const planId = await readId(call('edit-plans', request('POST', '/v1/plans', JSON.stringify(plan))));
  const trigger = () => call('trigger', request('POST', `/v1/plans/${planId}/runs`, '{}'));
  const step = (runId: number) => call('step-run', { runId, taskToken: `run-${runId}-1/token` });
  /** A run whose job is there. */
  const dispatched = async (): Promise<number> => {
    const runId = await readId(trigger());
    await startCold(step(runId));
    return runId;
  };

  return {
    trigger: async () => trigger(),
    stepRun: async () => step(await readId(trigger())),
    async results() {
      const runId = await dispatched();
      const authorization = `Bearer ${callbackToken(runId)}`;
      const headers = { authorization, 'content-type': 'application/xml' };
      return call('results', request('POST', `/callbacks/${runId}/1/results`, report, headers));
    },
    async readRun() {
      return call('read-runs', request('GET', `/v1/runs/${await dispatched()}`, ''));
    },
    client: (bundle) => ({ bundle, event: {}, env }),
    webhook: (bundle) => ({ bundle, event: webhookEvent(), env: { ...env, ...webhookEnv } }),
    close() {
      aws.close();
      void table.close();
    },
  };
}

const plan = {
  name: 'smoke',
  project: 'shop',
  overlap: 'allow',
  executor: { type: 'codebuild', project: 'shop-tests', command: 'npx vitest run', directory: '.' },
};
const report = '<testsuite name="Cart"><testcase name="pays"/><testcase name="applies a coupon"/></testsuite>';

/** Of what a call made. */
async function readId(call: Call): Promise<number> {
  const { statusCode, body } = (await startCold(call)).answer as { statusCode: number; body: string };
  if (statusCode >= 300) throw new Error(`${statusCode}: ${body}`);
  return (JSON.parse(body) as { id: number }).id;
}

function callbackToken(runId: number): string {
  const masterKeys = [{ epoch: masterKey.epoch, key: new TextEncoder().encode(masterKey.key) }];
  return createCallbackToken({ masterKeys, runId, attempt: 1, expiresAt: Date.now() + 3_600_000 });
}

const webhookEnv = {
  WEBHOOK_SECRET_ARN: `${arn('secretsmanager')}:secret:webhook-AbCdEf`,
  STEP_FUNCTION_ARN: `${arn('states')}:stateMachine:runners`,
  SUPPORTED_LABELS: JSON.stringify([{ provider: 'codebuild', labels: ['codebuild'] }]),
  REQUIRE_SELF_HOSTED_LABEL: '1',
};

/** A job that waits for a runner, as GitHub tells it. */
function webhookEvent(): object {
  const body = JSON.stringify({
    action: 'queued',
    workflow_job: { id: 1, html_url: 'https://github.com/acme/shop/runs/1', labels: ['self-hosted', 'codebuild'] },
    repository: { name: 'shop', owner: { login: 'acme' } },
    installation: { id: 1 },
  });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'workflow_job',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
  };
  return { headers, body, isBase64Encoded: false };
}

function arn(service: string): string {
  return `arn:aws:${service}:eu-central-1:123456789012`;
}
