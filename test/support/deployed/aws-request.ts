import { accountId, region } from './account.ts';
import type { Call } from './iam.ts';

/** A request of an SDK client, and what IAM is asked about it. */
export interface AwsRequest {
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly calls: readonly Call[];
}

type Input = Record<string, unknown>;

/** By target header, for the services that speak JSON; by path for the two that speak REST. */
export function readAwsRequest(method: string, url: URL, target: string | undefined, body: Buffer): AwsRequest {
  const [, invoked] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url.pathname) ?? [];
  if (invoked !== undefined) {
    const name = decodeURIComponent(invoked);
    const calls = [{ action: 'lambda:InvokeFunction', resource: arn('lambda', `function:${name}`) }];
    return { service: 'lambda', operation: 'Invoke', input: { name, payload: body.toString() }, calls };
  }
  const input = body.length === 0 ? {} : (JSON.parse(body.toString()) as Input);
  const [, schedule] = /^\/schedules\/([^/]+)$/.exec(url.pathname) ?? [];
  if (schedule !== undefined) return readScheduler(method, url, decodeURIComponent(schedule), input);
  const [prefix = '', operation = ''] = (target ?? '').split('.');
  const service = services[prefix];
  if (service === undefined) throw new Error(`${method} ${url.pathname} ${target} is a call nobody knows here`);
  const action = `${service.name}:${operation}`;
  const calls = service.resources(operation, input).map((resource) => ({ action, resource }));
  return { service: service.name, operation, input, calls };
}

/** What each service takes for the resource of a call (Service Authorization Reference). */
const services: Record<string, { name: string; resources: (operation: string, input: Input) => string[] }> = {
  DynamoDB_20120810: {
    name: 'dynamodb',
    resources: (_, { TableName, IndexName, RequestItems }) => {
      const tables = TableName === undefined ? Object.keys(RequestItems as object) : [String(TableName)];
      const index = IndexName === undefined ? '' : `/index/${IndexName}`;
      return tables.map((table) => arn('dynamodb', `table/${table}${index}`));
    },
  },
  AWSStepFunctions: {
    name: 'states',
    // A token belongs to the machine that gave it.
    resources: (_, { stateMachineArn, taskToken }) => [String(stateMachineArn ?? machineOf(String(taskToken)))],
  },
  AWSEvents: {
    name: 'events',
    resources: (_, { Entries }) => [
      ...new Set((Entries as Input[]).map(({ EventBusName }) => arn('events', `event-bus/${EventBusName}`))),
    ],
  },
  secretsmanager: {
    name: 'secretsmanager',
    resources: (_, { SecretId }) => [
      String(SecretId).startsWith('arn:') ? String(SecretId) : arn('secretsmanager', `secret:${SecretId}-AbCdEf`),
    ],
  },
  AmazonSSM: {
    name: 'ssm',
    resources: (_, { Name }) => [arn('ssm', `parameter/${String(Name).replace(/^\//, '')}`)],
  },
  CodeBuild_20161006: { name: 'codebuild', resources: resourcesOfBuilds },
};

function resourcesOfBuilds(operation: string, input: Input): string[] {
  const project = (id: unknown) => arn('codebuild', `project/${String(id).split(':')[0]}`);
  const group = (report: unknown) =>
    String(report).replace(':report/', ':report-group/').split(':').slice(0, 6).join(':');
  if (input.projectName !== undefined) return [project(input.projectName)];
  if (input.id !== undefined) return [project(input.id)];
  if (input.ids !== undefined) return (input.ids as string[]).map(project);
  if (input.reportArn !== undefined) return [group(input.reportArn)];
  if (input.reportArns !== undefined) return (input.reportArns as string[]).map(group);
  throw new Error(`the resource of ${operation} is not known here`);
}

function readScheduler(method: string, url: URL, name: string, input: Input): AwsRequest {
  const operation = { POST: 'CreateSchedule', PUT: 'UpdateSchedule', DELETE: 'DeleteSchedule' }[method] ?? method;
  const group = input.GroupName ?? url.searchParams.get('groupName');
  const resource = arn('scheduler', `schedule/${group}/${name}`);
  const { RoleArn } = (input.Target ?? {}) as { RoleArn?: string };
  const context = { 'iam:PassedToService': 'scheduler.amazonaws.com' };
  const passes = RoleArn === undefined ? [] : [{ action: 'iam:PassRole', resource: RoleArn, context }];
  return { service: 'scheduler', operation, input, calls: [{ action: `scheduler:${operation}`, resource }, ...passes] };
}

/** Tokens of the interpreter begin with the execution's name; there is one machine. */
function machineOf(token: string): string {
  if (!/^run-\d+-\d+\//.test(token)) throw new Error('a task token nobody gave');
  return arn('states', 'stateMachine:Proctor-run');
}

function arn(service: string, rest: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${rest}`;
}
