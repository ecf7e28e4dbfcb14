import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type CfnFunction, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Foundation } from './foundation.ts';
import { type AnyFunction, functionTable } from './function-table.ts';

/** For the one who makes functions: where the bundles are, and what the functions may use. */
export interface Workshop {
  readonly bundles: string;
  readonly foundation: Foundation;
}

/**
 * A function of the table, with its own role and log group. Whatever it may use comes with the environment variable that
 * names it, so that neither exists without the other. `deadLetters` is for those invoked by events, `functionName` for one that
 * is known before it is there.
 */
export function createServiceFunction(
  scope: Construct,
  name: AnyFunction,
  { bundles, foundation }: Workshop,
  deadLetters?: IQueue,
  functionName?: string,
): LambdaFunction {
  const spec = functionTable[name];
  if (spec === undefined) throw new Error(`there is no function ${name}`);
  const id = toPascalCase(name);
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    managedPolicies: [
      foundation.tracing,
      ...(spec.callsOut ? [foundation.executorSecrets] : []),
      ...(spec.builds && foundation.builds ? [foundation.builds] : []),
      ...(spec.arms ? [foundation.arming.policy] : []),
    ],
  });
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  logGroup.grantWrite(role);
  const service = new LambdaFunction(scope, id, {
    description: spec.description,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(join(bundles, name)),
    handler: 'index.handler',
    memorySize: spec.memoryMb,
    timeout: Duration.seconds(spec.timeoutSeconds),
    role,
    logGroup,
    ...(deadLetters && { deadLetterQueue: deadLetters }),
    ...(functionName && { functionName }),
  });
  service.addEnvironment('METRICS_NAMESPACE', Stack.of(scope).stackName);
  // The property `tracing` would give each role a wildcard of its own.
  const mode = foundation.traceAll ? 'Active' : 'PassThrough';
  (service.node.defaultChild as CfnFunction).tracingConfig = { mode };
  if (mode === 'PassThrough') {
    acknowledge(
      service,
      'Serverless-LambdaTracing',
      'It is traced where its caller is; the context traceAll traces it always.',
    );
  }
  // Not the HTTP functions alone: whoever ends a run writes its callback.
  if (foundation.testinium) service.addEnvironment('TESTINIUM', JSON.stringify(foundation.testinium));
  // Likewise: whoever starts runs must know that a plan of `command` can run.
  if (foundation.codebuild) service.addEnvironment('CODEBUILD', JSON.stringify(foundation.codebuild));
  allowTable(service, foundation, spec.table, spec.indexes ?? []);
  const machineActions = [
    ...(spec.starts ? ['states:StartExecution'] : []),
    ...(spec.wakes ? ['states:SendTaskSuccess', 'states:SendTaskFailure'] : []),
  ];
  if (machineActions.length > 0) allow(service, 'STATE_MACHINE_ARN', foundation.machine.arn, machineActions);
  if (spec.publishes) {
    allow(service, 'BUS_NAME', foundation.bus.eventBusName, ['events:PutEvents'], [foundation.bus.eventBusArn]);
    service.addEnvironment('PUBLIC_URL', foundation.publicUrl);
  }
  if (spec.arms) service.addEnvironment('SCHEDULE_TARGET', Stack.of(scope).toJsonString(foundation.arming.target));
  if (spec.masterKey) {
    allow(service, 'MASTER_KEYS_SECRET', foundation.masterKey.secretArn, ['secretsmanager:GetSecretValue']);
  }
  if (spec.callsOut && foundation.allowPrivate !== undefined) {
    service.addEnvironment('ALLOW_PRIVATE', foundation.allowPrivate);
  }
  return service;
}

/** Lets the function do the actions, and tells it on what. The value is the resource, unless there are `resources`. */
function allow(
  service: LambdaFunction,
  variable: string,
  value: string,
  actions: string[],
  resources: string[] = [value],
): void {
  service.addEnvironment(variable, value);
  service.addToRolePolicy(new PolicyStatement({ actions, resources }));
}

export function toPascalCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

/** An index only answers queries, and each is named: the item actions stay on the table itself. */
function allowTable(
  service: LambdaFunction,
  { table }: Foundation,
  actions: readonly string[],
  indexes: readonly string[],
): void {
  if (actions.length === 0) return;
  allow(
    service,
    'TABLE_NAME',
    table.tableName,
    actions.map((action) => `dynamodb:${action}`),
    [table.tableArn],
  );
  if (indexes.length === 0) return;
  const resources = indexes.map((index) => `${table.tableArn}/index/${index}`);
  service.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources }));
}
