import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { expiryAttribute, indexes } from '../adapters/dynamodb/definition.ts';
import type { DefaultProject } from '../executors/codebuild/deployment.ts';
import type { TestiniumSettings } from '../http/testinium/settings.ts';
import { acknowledge } from './acknowledge.ts';
import { type Arming, createArming } from './schedules.ts';

/** What every function stands on. */
export interface Foundation {
  readonly table: Pick<ITable, 'tableArn' | 'tableName'>;
  readonly bus: EventBus;
  readonly masterKey: Secret;
  /** Known before the machine exists: its functions start its executions, and it calls its functions. */
  readonly machine: { readonly name: string; readonly arn: string };
  readonly tracing: ManagedPolicy;
  /** Every call of every function begins a trace; without it executions do, and go on in the functions they call. */
  readonly traceAll: boolean;
  /** Lets a function read the secrets plans name: those whose name begins with `proctor/`. */
  readonly executorSecrets: ManagedPolicy;
  /** Lets a function run builds of CodeBuild, if there is a project for them. */
  readonly builds: ManagedPolicy | undefined;
  /** The project that runs plans of `command`, if there is one. */
  readonly codebuild: DefaultProject | undefined;
  readonly arming: Arming;
  /** Hosts and networks that executors and subscribers may be in although they are private, comma between them. */
  readonly allowPrivate: string | undefined;
  /** Settings of the Testinium API, if they are not its defaults. */
  readonly testinium: TestiniumSettings | undefined;
  /** Where executors and links reach the service. */
  readonly publicUrl: string;
}

export function createFoundation(
  scope: Construct,
  {
    publicUrl,
    allowPrivate,
    testinium,
    builds,
    codebuild,
    traceAll,
    tableName,
  }: Pick<Foundation, 'publicUrl' | 'allowPrivate' | 'testinium' | 'builds' | 'codebuild' | 'traceAll'> & {
    /** A table that is there already, as a restored one is, in place of the stack's own. */
    readonly tableName: string | undefined;
  },
): Foundation {
  const stack = Stack.of(scope);
  const name = `${stack.stackName}-run`;
  const arn = stack.formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return {
    table: tableName === undefined ? createTable(scope) : Table.fromTableName(scope, 'Table', tableName),
    bus: new EventBus(scope, 'Bus', {
      eventBusName: stack.stackName.toLowerCase(),
      description: 'Events of Proctor, source proctor',
    }),
    masterKey: createMasterKey(scope),
    machine: { name, arn },
    tracing: createTracing(scope),
    traceAll,
    executorSecrets: createExecutorSecrets(scope),
    builds,
    codebuild,
    arming: createArming(scope),
    publicUrl,
    allowPrivate,
    testinium,
  };
}

function createTable(scope: Construct): Table {
  const table = new Table(scope, 'Table', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: expiryAttribute,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  for (const { name, partition, sort } of indexes) {
    table.addGlobalSecondaryIndex({
      indexName: name,
      partitionKey: { name: partition, type: AttributeType.STRING },
      sortKey: { name: sort, type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
  return table;
}

/** `{"epoch":1,"key":"<64 characters>"}`: 380 bits of chance. Retained, because live callback tokens are made from it. */
function createMasterKey(scope: Construct): Secret {
  const masterKey = new Secret(scope, 'MasterKey', {
    description: 'Callback tokens, and keys of callback URLs, are derived from this key',
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ epoch: 1 }),
      generateStringKey: 'key',
      passwordLength: 64,
      excludePunctuation: true,
    },
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledge(
    masterKey,
    'AwsSolutions-SMG4',
    'It rotates by epochs, with the old key valid until the tokens made from it expire; a schedule would cut runs off.',
  );
  return masterKey;
}

/** One policy for all: X-Ray knows no resources, and this way the wildcard is in one place. */
function createTracing(scope: Construct): ManagedPolicy {
  const tracing = new ManagedPolicy(scope, 'Tracing', {
    description: 'Send traces to X-Ray',
    statements: [
      new PolicyStatement({
        actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
        resources: ['*'],
      }),
    ],
  });
  acknowledge(
    tracing,
    'AwsSolutions-IAM5[Resource::*]',
    'X-Ray has no resource to name for the two actions it allows.',
  );
  return tracing;
}

/**
 * Plans name their secrets at any time, so a prefix takes the place of a list; nothing else of the account is in it. The key
 * of a SecureString is `aws/ssm`, which whoever may read the parameter may use; another key needs a grant of its own
 * (docs/executors.md).
 */
function createExecutorSecrets(scope: Construct): ManagedPolicy {
  const stack = Stack.of(scope);
  const resourceName = 'proctor/*';
  const colon = ArnFormat.COLON_RESOURCE_NAME;
  const secrets = stack.formatArn({ service: 'secretsmanager', resource: 'secret', resourceName, arnFormat: colon });
  const parameters = stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName });
  const policy = new ManagedPolicy(scope, 'ExecutorSecrets', {
    description: 'Read the secrets that plans name for executors and subscribers',
    statements: [
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secrets] }),
      new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [parameters] }),
    ],
  });
  const aws = 'arn:<AWS::Partition>';
  for (const resource of ['secretsmanager', 'ssm'] as const) {
    const path = resource === 'ssm' ? 'parameter/proctor/*' : 'secret:proctor/*';
    acknowledge(
      policy,
      `AwsSolutions-IAM5[Resource::${aws}:${resource}:<AWS::Region>:<AWS::AccountId>:${path}]`,
      'Plans name secrets after the deployment; they are set apart by the prefix proctor/ and read by three functions only.',
    );
  }
  return policy;
}
