import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiGatewayResult } from '../../../lib/adapters/api-gateway.ts';
import { type EventPattern, matchesPattern } from '../../../lib/core/event-pattern.ts';
import { createApp } from '../../../lib/infra/app.ts';
import { bundleFunctions } from '../../../lib/infra/bundle.ts';
import { certificate } from '../../adapters/egress/certificate.ts';
import type { Template } from '../../infra/synthesize.ts';
import { serveApiGateway } from '../api-gateway-loopback.ts';
import { createExecution, type Execution } from '../asl.ts';
import { type FakeCodebuild, startFakeCodebuild } from '../fake-codebuild.ts';
import { startFakeScheduler } from '../fake-scheduler.ts';
import { listen } from '../listen.ts';
import { type ServedTable, serveTable } from '../table.ts';
import { accountId, createAccount, region } from './account.ts';
import { type AwsRequest, readAwsRequest } from './aws-request.ts';
import { createFunction, type DeployedFunction, type Used } from './function-process.ts';
import { allows, type Call, type Grant, readGrants } from './iam.ts';
import { createRouting, mayCall } from './routing.ts';

/** The one host of the internet there is; its certificate is trusted by the functions alone. */
const host = 'runner.example';
const codebuildProject = 'shop-tests';

/** What a measurement wants of a deployment; a test wants none of it. */
export interface DeployOptions {
  /** Closed with the deployment. */
  readonly table?: ServedTable;
  /** Of the functions and of what waits; the real one unless given. */
  readonly clock?: Clock;
  /** Around each call of a function to AWS; `pass` answers the bytes that AWS answers. */
  readonly watchCall?: (functionId: string, call: AwsRequest, pass: () => Promise<Buffer>) => Promise<unknown>;
  /** After each invocation. */
  readonly watchInvocation?: (functionId: string, by: string, used: Used) => void;
}

interface Clock {
  now(): number;
  after(ms: number, fn: () => void | Promise<void>): () => void;
  /** Work that no timer waits for. */
  track(work: Promise<unknown>): void;
}

export interface Deployed {
  /** Of the API, on loopback. */
  readonly url: string;
  readonly host: string;
  readonly table: ServedTable;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  /** What each function has, by its id. */
  readonly memoryMb: ReadonlyMap<string, number>;
  /** Ids of the functions, and of the state machine, that begin traces. */
  readonly traced: ReadonlySet<string>;
  /** `GET /v1/runs`, and `$default`. */
  readonly routeKeys: readonly string[];
  readonly builds: FakeCodebuild;
  readonly scheduler: Awaited<ReturnType<typeof startFakeScheduler>>;
  /** By name (`proctor/…`) or parameter (`/proctor/…`). */
  readonly secrets: Map<string, string>;
  /** Events that were on either bus. */
  readonly events: Record<string, unknown>[];
  /** Executions by their names. */
  readonly executions: ReadonlyMap<string, Execution>;
  /** Ids of the functions that were invoked, and by what. */
  readonly invoked: Map<string, Set<string>>;
  readonly failures: { readonly id: string; readonly error: unknown }[];
  /** Calls no grant allows: `<function> <action> <resource>`. */
  readonly denied: string[];
  readonly grants: readonly Grant[];
  readonly usedGrants: ReadonlySet<Grant>;
  /** `aws lambda invoke`, by whoever administers the account. */
  invoke(id: string, event: unknown): Promise<unknown>;
  /** An event of an AWS service, on the account's own bus. */
  emit(event: Record<string, unknown>): void;
  /** What Scheduler does when the minute comes, and when the armed schedule of that name does. */
  tick(): Promise<void>;
  fire(name: string): Promise<void>;
  /** Resolves when no invocation is going on that nobody waits for. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The template and the bundles `cdk deploy` would upload. The checks of the template are another test's. */
async function synthesizeAssembly(): Promise<{ readonly directory: string; readonly template: Template }> {
  const directory = mkdtempSync(join(tmpdir(), 'proctor-assembly-'));
  const { directory: bundles } = await bundleFunctions(join(directory, 'bundles'));
  const { app, stack } = createApp(bundles, {
    outdir: join(directory, 'cdk.out'),
    context: { codebuildProjects: codebuildProject },
    builtinCloudFormationValidation: false,
  });
  const assembly = app.synth();
  return { directory: assembly.directory, template: assembly.getStackByName(stack.stackName).template as Template };
}

/**
 * The synthesized template as if it were deployed: every function is its shipped bundle in a process of its own, with the
 * variables of the template, and reaches AWS on loopback, where its role decides what it may. `serve` is the internet.
 */
export async function deploy(serve: RequestListener, options: DeployOptions = {}): Promise<Deployed> {
  const { clock = realTime } = options;
  const { directory, template } = await synthesizeAssembly();

  const table = options.table ?? (await serveTable());
  const account = createAccount(template, { Table: table.tableName });
  const grants = readGrants(account);
  const builds = await startFakeCodebuild({ projects: [codebuildProject] });
  const scheduler = await startFakeScheduler('Proctor', clock.now);
  const internet = createTlsServer(certificate, serve);
  await listen(internet);
  const authority = join(directory, 'authority.pem');
  writeFileSync(authority, certificate.cert);

  const usedGrants = new Set<Grant>();
  const denied: string[] = [];
  const events: Record<string, unknown>[] = [];
  const failures: { id: string; error: unknown }[] = [];
  const invoked = new Map<string, Set<string>>();
  const executions = new Map<string, Execution>();
  const masterKey = JSON.stringify({ epoch: 1, key: 'k'.repeat(64) });
  const secrets = new Map(account.all('AWS::SecretsManager::Secret').map(({ id }) => [account.arnOf(id), masterKey]));
  const pending = new Set<Promise<unknown>>();

  /** The grant is noted; without one the call is. */
  const permit = (who: string, role: string, call: Call): boolean => {
    const grant = allows(grants, role, call);
    if (grant === undefined) denied.push(`${who} ${call.action} ${call.resource}`);
    else usedGrants.add(grant);
    return grant !== undefined;
  };

  const aws = createServer((request, response) => {
    // Where somebody went away, so does the answer; the SDK asks again.
    answerCall(request, response).catch(() => response.destroy());
  });
  const answerCall = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    // The SDK repeats what was refused while its clock and AWS's are apart.
    response.setHeader('date', new Date(clock.now()).toUTCString());
    const id = /Credential=(\w+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const read = readAwsRequest(request.method ?? '', new URL(request.url ?? '', awsUrl), targetOf(request), body);
    const may = read.calls.map((call) => permit(id, roles.get(id) ?? '', call));
    if (may.includes(false)) return answer(response, 400, { __type: 'AccessDeniedException', message: 'not granted' });
    const { href } = new URL(request.url ?? '', awsUrl);
    const elsewhere = { dynamodb: table.url, codebuild: builds.url, scheduler: scheduler.url }[read.service];
    const pass = async (): Promise<Buffer> => {
      if (elsewhere !== undefined) return forward(request, body, href.replace(awsUrl, elsewhere), response);
      await serveAws(read, response);
      return Buffer.alloc(0);
    };
    await (options.watchCall?.(id, read, pass) ?? pass());
  };
  const awsUrl = await listen(aws);

  const reachable = { [host]: (internet.address() as AddressInfo).port };
  const ownClock = options.clock === undefined ? {} : { now: clock.now };
  const roles = new Map<string, string>();
  const ids = new Map<string, string>();
  const functions = new Map<string, DeployedFunction>();
  const memoryMb = new Map<string, number>();
  const traced = new Set<string>();
  for (const { id, properties } of account.all('AWS::Lambda::Function')) {
    const { Code, Environment, Handler, MemorySize, Role, TracingConfig } = properties as {
      Code: { S3Key: string };
      Environment: { Variables: Record<string, string> };
      Handler: string;
      MemorySize: number;
      Role: string;
      TracingConfig: { Mode: 'Active' | 'PassThrough' };
    };
    memoryMb.set(id, MemorySize);
    if (TracingConfig.Mode === 'Active') traced.add(id);
    const [file = ''] = Handler.split('.');
    const name = String(account.resolve({ Ref: id }));
    roles.set(id, account.all('AWS::IAM::Role').find((role) => account.arnOf(role.id) === Role)?.id ?? '');
    ids.set(name, id).set(account.arnOf(id), id);
    const env = {
      ...Environment.Variables,
      AWS_REGION: region,
      AWS_LAMBDA_FUNCTION_NAME: name,
      // The caller's name, which AWS would find out from the key.
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: awsUrl,
      NODE_EXTRA_CA_CERTS: authority,
    };
    const bundle = join(directory, `asset.${Code.S3Key.replace('.zip', '')}`, `${file}.cjs`);
    functions.set(id, createFunction({ bundle, env, internet: reachable, ...ownClock }));
  }

  const invoke = async (nameOrArn: string, event: unknown, by: string): Promise<unknown> => {
    const id = ids.get(nameOrArn) ?? nameOrArn;
    const service = functions.get(id);
    if (service === undefined) throw new Error(`there is no function ${nameOrArn}`);
    invoked.set(id, (invoked.get(id) ?? new Set()).add(by));
    const { answer, used } = await service.invoke(event);
    options.watchInvocation?.(id, by, used);
    return answer;
  };
  /** Nobody waits for the answer; a failure is remembered. */
  const later = (functionArn: string, event: unknown, by: string): Promise<void> => {
    const work = invoke(functionArn, event, by).then(
      () => {},
      (error: unknown) => void failures.push({ id: ids.get(functionArn) ?? functionArn, error }),
    );
    pending.add(work);
    clock.track(work);
    work.finally(() => pending.delete(work));
    return work;
  };

  /** To every rule of that bus whose pattern the event has, with the permission of its target. */
  const put = (bus: string | undefined, event: Record<string, unknown>): void => {
    events.push(event);
    for (const { id, properties } of account.all('AWS::Events::Rule')) {
      const {
        EventBusName,
        EventPattern: pattern,
        Targets,
      } = properties as {
        EventBusName?: string;
        EventPattern: EventPattern;
        Targets: { Arn: string }[];
      };
      if (EventBusName !== bus || !matchesPattern(pattern, event)) continue;
      for (const { Arn } of Targets) {
        if (mayCall(account, 'events.amazonaws.com', Arn, account.arnOf(id))) void later(Arn, event, 'EventBridge');
        else denied.push(`${id} lambda:InvokeFunction ${Arn}`);
      }
    }
  };
  builds.onEvent = (event) => put(undefined, event);

  const [machine] = account.all('AWS::StepFunctions::StateMachine');
  const machineTracing = machine?.properties.TracingConfiguration as { Enabled: boolean } | undefined;
  if (machine && machineTracing?.Enabled) traced.add(machine.id);
  if (machine === undefined) throw new Error('there is no state machine');
  const machineArn = account.arnOf(machine.id);
  const definition: unknown = JSON.parse(String(machine.properties.DefinitionString));
  const machineRole = roleOfArn(String(machine.properties.RoleArn));

  const startExecution = ({ name, input }: { name: string; input: string }): void => {
    const execution = createExecution(definition, {
      name,
      input: JSON.parse(input),
      clock,
      invoke: async (functionArn, payload) => {
        if (!permit('machine', machineRole, { action: 'lambda:InvokeFunction', resource: functionArn })) {
          throw Object.assign(new Error('not granted'), { name: 'Lambda.AccessDeniedException' });
        }
        return invoke(functionArn, payload, 'Step Functions');
      },
    });
    executions.set(name, execution);
    void execution.done.then(() => {
      const detail = {
        executionArn: `${machineArn}:${name}`,
        stateMachineArn: machineArn,
        name,
        status: execution.status(),
      };
      put(undefined, awsEvent('aws.states', 'Step Functions Execution Status Change', detail));
    });
  };

  const serveAws = async ({ service, operation, input }: AwsRequest, response: ServerResponse): Promise<void> => {
    const refuse = (type: string) => answer(response, 400, { __type: type, message: type });
    switch (`${service}:${operation}`) {
      case 'states:StartExecution': {
        const request = input as { name: string; input: string };
        const known = executions.get(request.name);
        if (known !== undefined && known.status() !== 'RUNNING') return refuse('ExecutionAlreadyExists');
        if (known === undefined) startExecution(request);
        return answer(response, 200, { executionArn: `${machineArn}:${request.name}`, startDate: Date.now() / 1000 });
      }
      case 'states:SendTaskSuccess':
      case 'states:SendTaskFailure': {
        const { taskToken, error = '' } = input as { taskToken: string; error?: string };
        const execution = executions.get(taskToken.split('/')[0] ?? '');
        if (execution === undefined) return refuse('InvalidToken');
        try {
          if (operation === 'SendTaskSuccess') execution.sendTaskSuccess(taskToken);
          else execution.sendTaskFailure(taskToken, error);
        } catch (refusal) {
          return refuse((refusal as Error).name);
        }
        return answer(response, 200, {});
      }
      case 'events:PutEvents': {
        const entries = input.Entries as Record<string, string>[];
        const taken = entries.map(({ EventBusName, Source = '', DetailType = '', Detail = '{}' }) => {
          const event = awsEvent(Source, DetailType, JSON.parse(Detail));
          put(EventBusName, event);
          return { EventId: event.id };
        });
        return answer(response, 200, { FailedEntryCount: 0, Entries: taken });
      }
      case 'secretsmanager:GetSecretValue': {
        const SecretString = secrets.get(String(input.SecretId));
        if (SecretString === undefined) return refuse('ResourceNotFoundException');
        return answer(response, 200, { ARN: input.SecretId, SecretString });
      }
      case 'ssm:GetParameter': {
        const Value = secrets.get(String(input.Name));
        if (Value === undefined) return refuse('ParameterNotFound');
        return answer(response, 200, { Parameter: { Name: input.Name, Value } });
      }
      case 'lambda:Invoke': {
        try {
          const event: unknown = JSON.parse(String(input.payload));
          return answer(response, 200, await invoke(String(input.name), event, 'Lambda'));
        } catch (error) {
          response.setHeader('x-amz-function-error', 'Unhandled');
          return answer(response, 200, { errorMessage: (error as Error).message });
        }
      }
      default:
        throw new Error(`${service}:${operation} is a call nobody serves here`);
    }
  };

  function roleOfArn(arn: string): string {
    return account.all('AWS::IAM::Role').find(({ id }) => account.arnOf(id) === arn)?.id ?? '';
  }
  /** Scheduler takes on the schedule's role. */
  const invokeAs = async (roleArn: string, functionArn: string, event: unknown): Promise<void> => {
    const call = { action: 'lambda:InvokeFunction', resource: functionArn };
    if (permit('Scheduler', roleOfArn(roleArn), call)) await later(functionArn, event, 'Scheduler');
  };

  const route = createRouting(account);
  const gateway = await serveApiGateway(async (received) => {
    const { functionArn, event } = route(received);
    try {
      return (await invoke(functionArn, event, 'API Gateway')) as ApiGatewayResult;
    } catch (error) {
      failures.push({ id: ids.get(functionArn) ?? '', error });
      const headers = { 'content-type': 'application/json' };
      return { statusCode: 500, headers, body: '{"message":"Internal Server Error"}', isBase64Encoded: false };
    }
  });

  return {
    url: gateway.url,
    host,
    table,
    functions,
    memoryMb,
    traced,
    routeKeys: account.all('AWS::ApiGatewayV2::Route').map(({ properties }) => String(properties.RouteKey)),
    builds,
    scheduler,
    secrets,
    events,
    executions,
    invoked,
    failures,
    denied,
    grants,
    usedGrants,
    invoke: (id, event) =>
      invoke([...functions.keys()].find((each) => each.startsWith(id)) ?? id, event, 'the console'),
    emit: (event) => put(undefined, event),
    async tick() {
      const ticks = account.all('AWS::Scheduler::Schedule').map(({ properties }) => {
        const { Arn, RoleArn } = properties.Target as { Arn: string; RoleArn: string };
        // What Scheduler sends when a target has no input of its own: the detail is text.
        return invokeAs(RoleArn, Arn, { ...awsEvent('aws.scheduler', 'Scheduled Event', {}), detail: '{}' });
      });
      await Promise.all(ticks);
    },
    async fire(name) {
      const { Target } = scheduler.kept.get(name) ?? {};
      if (Target === undefined) throw new Error(`${name} is not armed`);
      await invokeAs(Target.RoleArn, Target.Arn, JSON.parse(Target.Input));
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
    async close() {
      for (const service of functions.values()) service.close();
      for (const server of [aws, internet]) {
        server.closeAllConnections();
        server.close();
      }
      await Promise.all([gateway.close(), builds.close(), scheduler.close()]);
      await table.close();
    },
  };
}

const realTime: Clock = {
  now: Date.now,
  after(ms, fn) {
    const timer = setTimeout(fn, ms).unref();
    return () => clearTimeout(timer);
  },
  track() {},
};

function awsEvent(
  source: string,
  detailType: string,
  detail: object,
): Record<string, unknown> & { readonly id: string } {
  const time = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const where = { account: accountId, region, resources: [] };
  return { version: '0', id: randomUUID(), 'detail-type': detailType, source, time, ...where, detail };
}

async function forward(request: IncomingMessage, body: Buffer, url: string, response: ServerResponse): Promise<Buffer> {
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && !/^(host|connection|content-length|expect)$/.test(name) ? [[name, value]] : [],
  );
  const method = request.method ?? '';
  const answered = await fetch(url, { method, headers, ...(body.length === 0 ? {} : { body }) });
  const said = [...answered.headers].filter(([name]) => name !== 'date');
  response.writeHead(answered.status, Object.fromEntries(said));
  const bytes = Buffer.from(await answered.arrayBuffer());
  response.end(bytes);
  return bytes;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}

function targetOf({ headers }: IncomingMessage): string | undefined {
  return headers['x-amz-target'] as string | undefined;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
