import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleFunctions } from '../../lib/infra/bundle.ts';
import { createEndpointResolver } from '../../lib/infra/lean-sdk/endpoint.ts';
import { loadConfig } from '../../lib/infra/lean-sdk/load-config.ts';
import { hosts, standIns } from '../../lib/infra/lean-sdk/plugin.ts';

/** One of each partition at least, and one that is not there yet. */
const regions = [
  'eu-central-1',
  'us-east-1',
  'mx-central-1',
  'eu-north-9',
  'us-gov-west-1',
  'us-gov-east-1',
  'cn-north-1',
  'cn-northwest-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'eu-isoe-west-1',
  'us-isof-south-1',
];

const clients = {
  codebuild: CodeBuildClient,
  dynamodb: DynamoDBClient,
  eventbridge: EventBridgeClient,
  lambda: LambdaClient,
  scheduler: SchedulerClient,
  'secrets-manager': SecretsManagerClient,
  sfn: SFNClient,
  ssm: SSMClient,
};

describe('modules that are replaced', () => {
  it.each(Object.keys(standIns))('%s is still where the SDK has it', (path) => {
    // Where it moved to, the original would be bundled again, and nobody told.
    expect(existsSync(join('node_modules', path))).toBe(true);
  });
});

describe('endpoints in a bundle', () => {
  it.each(Object.entries(clients))('of %s are those of the SDK in every partition', (name, Client) => {
    const { endpointProvider } = new Client({ region: 'eu-central-1' }).config;
    const resolve = createEndpointResolver(hosts[name] ?? '');
    for (const Region of regions) {
      const asked = { Region, UseFIPS: false, UseDualStack: false };
      expect([Region, resolve(asked).url.href]).toEqual([Region, endpointProvider(asked).url.href]);
    }
  });

  it('are those that are configured, with their path', () => {
    const resolve = createEndpointResolver('dynamodb');
    const Endpoint = 'http://127.0.0.1:8000/table/';
    expect(resolve({ Region: 'eu-central-1', Endpoint }).url.href).toBe(Endpoint);
  });

  it('refuse what they cannot tell, instead of telling another', () => {
    const resolve = createEndpointResolver('states');
    expect(() => resolve({ Region: 'us-east-1', UseFIPS: true })).toThrow('AWS_ENDPOINT_URL');
    expect(() => resolve({ Region: 'us-east-1', UseDualStack: true })).toThrow('AWS_ENDPOINT_URL');
    expect(() => resolve({})).toThrow('region');
  });
});

describe('settings in a bundle', () => {
  it('are those of the environment, read once, and else the default', async () => {
    process.env.PROCTOR_TEST_SETTING = 'given';
    const load = loadConfig({ environmentVariableSelector: (env) => env.PROCTOR_TEST_SETTING, default: 'default' });
    expect(await load()).toBe('given');
    delete process.env.PROCTOR_TEST_SETTING;
    expect(await load()).toBe('given');
    const none = { environmentVariableSelector: () => undefined };
    expect(await loadConfig({ ...none, default: 'default' })()).toBe('default');
    expect(await loadConfig({ ...none, default: async () => 'found' })()).toBe('found');
  });
});

describe('a client in a bundle', () => {
  let bundle: string;
  beforeAll(async () => {
    const { directory } = await bundleFunctions(mkdtempSync(join(tmpdir(), 'proctor-lean-')), ['complete-run']);
    bundle = join(directory, 'complete-run', 'index.cjs');
  });

  /** What a fresh process of the function asks of the table, whose answers are given one after another. */
  async function callWith(answers: readonly (readonly [status: number, body: object])[]) {
    const asked: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      const [status, body] = answers[Math.min(asked.push(request.headers), answers.length) - 1] ?? [500, {}];
      request.resume();
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const script = `require(${JSON.stringify(bundle)}).handler({ runId: 7 }).then(() => console.log('done'), ({ name }) => console.log(name))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: {
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'AKID',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_SESSION_TOKEN: 'session',
        AWS_LAMBDA_FUNCTION_NAME: 'complete-run',
        _X_AMZN_TRACE_ID: 'Root=1-2-3',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        TABLE_NAME: 'table',
      },
    });
    server.close();
    return { asked, said: stdout.trim().split('\n').at(-1) };
  }

  it('signs with the session of the function, and says who calls and in which trace', async () => {
    const { asked, said } = await callWith([[200, {}]]);
    expect(said).toBe('done');
    expect(asked[0]).toMatchObject({
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/dynamodb\/aws4_request/,
      ),
      'x-amz-security-token': 'session',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'x-amzn-trace-id': 'Root=1-2-3',
      'user-agent': expect.stringMatching(/^aws-sdk-js\/\d+\.\d+\.\d+ /),
      'amz-sdk-request': 'attempt=1; max=9',
    });
  });

  it('asks again after an error that passes, and after a throttle', async () => {
    const throttle = {
      __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
      message: 'slow',
    };
    const { asked, said } = await callWith([
      [503, {}],
      [400, throttle],
      [200, {}],
    ]);
    expect([asked.length, said]).toEqual([3, 'done']);
  });

  it('tells a refusal by its name, though not by its class', async () => {
    const denied = { __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no' };
    const { asked, said } = await callWith([[400, denied]]);
    expect([asked.length, said]).toEqual([1, 'AccessDeniedException']);
  });
});
