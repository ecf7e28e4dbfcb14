import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type App, aws_sqs as sqs } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { indexes } from '../../lib/adapters/dynamodb/definition.ts';
import { routes } from '../../lib/http/routes.ts';
import { functionNames } from '../../lib/infra/function-table.ts';
import { toPascalCase } from '../../lib/infra/service-function.ts';
import {
  acknowledgements,
  type Resource,
  resourcesOf,
  show,
  synthesize,
  type Template,
  withoutHash,
} from './synthesize.ts';

let app: App;
let template: Template;
beforeAll(() => {
  ({ app, template } = synthesize());
});

type Statement = { Action: string | string[]; Resource: unknown; Effect: string };
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const all = (type: string): [string, Resource][] => resourcesOf(template, type);
const only = (type: string): Resource => {
  const found = all(type);
  expect(found).toHaveLength(1);
  return found[0]?.[1] as Resource;
};

/** Statements by the role or managed policy they belong to. */
function grants(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [id, { Properties }] of [...all('AWS::IAM::Policy'), ...all('AWS::IAM::ManagedPolicy')]) {
    const { PolicyDocument } = Properties as { PolicyDocument: { Statement: Statement[] } };
    const owner = withoutHash(id).replace(/RoleDefaultPolicy$/, '');
    const lines = PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
      listOf(Action).flatMap((action) => listOf(Resource).map((resource) => `${action} ${show(resource)}`)),
    );
    found.set(owner, lines.sort());
  }
  return found;
}

describe('what each function may do', () => {
  const read = ['GetItem Table', 'Query Table'];
  const write = ['PutItem Table', 'UpdateItem Table'];
  const many = ['BatchGetItem Table'];
  const starts = ['states:StartExecution machine'];
  const wakes = ['states:SendTaskSuccess machine', 'states:SendTaskFailure machine'];
  const publishes = ['events:PutEvents Bus'];
  const masterKey = ['secretsmanager:GetSecretValue MasterKey'];
  const completes = [...read, ...many, ...write, ...starts, ...wakes, ...publishes];

  const account = 'AWS::Region:AWS::AccountId';
  const firing = `arn:AWS::Partition:lambda:${account}:function:Proctor-fire-schedule`;
  const group = `arn:AWS::Partition:scheduler:${account}:schedule/Proctor`;

  it.each([
    ['HttpTrigger', [...read, ...many, ...write, ...starts, ...wakes, ...masterKey, 'Query Table/index/list']],
    [
      'HttpHooks',
      [
        ...[...read, ...many, ...write, 'DeleteItem Table', 'Query Table/index/list'],
        ...[...starts, ...wakes, ...masterKey],
      ],
    ],
    ['HttpEvents', ['GetItem Table', ...publishes]],
    [
      'HttpHooks',
      [...read, ...many, ...write, 'DeleteItem Table', ...starts, ...wakes, ...masterKey, 'Query Table/index/list'],
    ],
    ['EventsInBusEvent', [...completes, 'Query Table/index/feed', 'sqs:SendMessage EventsInDeadLetters']],
    ['HttpReadRuns', [...read, ...many, 'Query Table/index/list', 'Query Table/index/feed']],
    ['HttpPlans', [...read, ...many, ...write, 'Query Table/index/list']],
    ['HttpEditPlans', [...read, ...many, ...write, 'DeleteItem Table', 'Query Table/index/list']],
    ['HttpEnvironments', ['GetItem Table', ...many, ...write, 'DeleteItem Table', 'Query Table/index/list']],
    ['HttpOverrides', [...read, ...write]],
    ['HttpHistory', [...read, ...many, 'Query Table/index/list']],
    ['HttpBadges', ['GetItem Table', ...many, 'Query Table/index/list']],
    ['HttpKeys', ['GetItem Table', ...many, ...write, 'Query Table/index/list']],
    ['HttpResults', [...read, ...write, ...wakes, ...publishes, ...masterKey]],
    ['HttpStopRun', [...completes, 'Query Table/index/list']],
    [
      'HttpDeliveries',
      [
        ...[...read, ...many, ...write, ...masterKey],
        ...['Query Table/index/list', 'Query Table/index/feed', 'lambda:InvokeFunction OutboundDeliver'],
      ],
    ],
    [
      'HttpSchedules',
      [...read, ...many, ...write, 'DeleteItem Table', 'Query Table/index/list', 'Query Table/index/feed'],
    ],
    ['HttpPage', []],
    ['HttpDocuments', []],
    [
      'HttpNotFound',
      [
        'GetItem Table',
        ...[
          'Trigger',
          'ReadRuns',
          'Plans',
          'EditPlans',
          'Environments',
          'Overrides',
          'History',
          'Badges',
          'Keys',
          'Results',
          'StopRun',
          'Deliveries',
          'Events',
          'Hooks',
          'Schedules',
          'Page',
          'Documents',
        ].map((id) => `lambda:InvokeFunction Http${id}`),
      ],
    ],
    ['RunStepRun', [...completes, ...masterKey]],
    ['RunCompleteRun', completes],
    ['SweeperSweep', [...completes, ...masterKey, 'Query Table/index/due', 'sqs:SendMessage SweeperDeadLetters']],
    [
      'FiringFireSchedule',
      [
        ...[...completes, 'DeleteItem Table', 'Query Table/index/due', 'Query Table/index/list'],
        'sqs:SendMessage SchedulesDeadLetters',
      ],
    ],
    ['FiringSchedule', ['lambda:InvokeFunction FiringFireSchedule', 'sqs:SendMessage SchedulesDeadLetters']],
    ['Schedules', [`lambda:InvokeFunction ${firing}`, 'sqs:SendMessage SchedulesDeadLetters']],
    [
      'SchedulesArm',
      [
        ...['Create', 'Update', 'Delete'].map((verb) => `scheduler:${verb}Schedule ${group}/schedule-*`),
        'iam:PassRole SchedulesRole',
      ],
    ],
    ['FailedExecutionsExecutionFailed', [...completes, 'sqs:SendMessage FailedExecutionsDeadLetters']],
    [
      'OutboundDeliver',
      [
        ...[...read, ...many, 'UpdateItem Table', 'Query Table/index/due', 'Query Table/index/list'],
        ...[...publishes, ...masterKey, 'sqs:SendMessage OutboundDeadLetters'],
      ],
    ],
    ['OutboundSchedule', ['lambda:InvokeFunction OutboundDeliver', 'sqs:SendMessage OutboundDeadLetters']],
    ['Run', ['lambda:InvokeFunction RunStepRun', 'lambda:InvokeFunction RunCompleteRun']],
    ['SweeperSchedule', ['lambda:InvokeFunction SweeperSweep', 'sqs:SendMessage SweeperDeadLetters']],
    ['Tracing', []],
    [
      'ExecutorSecrets',
      [
        'secretsmanager:GetSecretValue arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:proctor/*',
        'ssm:GetParameter arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/proctor/*',
      ],
    ],
  ])('%s does exactly what is listed', (owner, expected) => {
    const machine = 'arn:AWS::Partition:states:AWS::Region:AWS::AccountId:stateMachine:Proctor-run';
    const full = expected.map((line) =>
      (/^\w+Item |^Query /.test(line) ? `dynamodb:${line}` : line).replace(/ machine$/, ` ${machine}`),
    );
    const lines = (grants().get(owner) ?? []).filter((line) => !line.endsWith(' *') && !line.startsWith('logs:'));
    expect(lines).toEqual(full.sort());
  });

  it('knows every policy there is', () => {
    expect(grants().size).toBe(33);
  });

  it('writes logs to its own log group only', () => {
    for (const [owner, lines] of grants()) {
      const logs = lines.filter((line) => line.startsWith('logs:') && !line.endsWith(' *'));
      for (const line of logs) expect(line).toMatch(new RegExp(`^logs:(CreateLogStream|PutLogEvents) ${owner}Logs$`));
    }
  });

  it('never gets a whole service, and a wildcard resource only for X-Ray and log delivery', () => {
    const wild = new Set<string>();
    for (const line of [...grants().values()].flat()) {
      const [action, resource] = line.split(' ');
      expect(action).not.toContain('*');
      if (resource === '*') wild.add(action ?? '');
    }
    const tracing = [...wild].filter((action) => action.startsWith('xray:'));
    const delivery = [...wild].filter((action) => action.startsWith('logs:'));
    expect([tracing.length, delivery.length, wild.size]).toEqual([4, 8, 12]);
  });

  it('lets only those who call out read the secrets plans name', () => {
    const holders = all('AWS::IAM::Role').filter(([, { Properties }]) =>
      listOf(Properties.ManagedPolicyArns ?? []).some((arn) => show(arn) === 'ExecutorSecrets'),
    );
    expect(holders.map(([id]) => withoutHash(id)).sort()).toEqual([
      'OutboundDeliverRole',
      'RunStepRunRole',
      'SweeperSweepRole',
    ]);
  });

  it('lets those who write schedules arm them, and tells them what is called', () => {
    const holders = all('AWS::IAM::Role').filter(([, { Properties }]) =>
      listOf(Properties.ManagedPolicyArns ?? []).some((arn) => show(arn) === 'SchedulesArm'),
    );
    const expected = ['FiringFireSchedule', 'HttpEditPlans', 'HttpSchedules'];
    expect(holders.map(([id]) => withoutHash(id)).sort()).toEqual(expected.map((name) => `${name}Role`));
    const told = all('AWS::Lambda::Function').filter(([, { Properties }]) =>
      JSON.stringify(Properties).includes('SCHEDULE_TARGET'),
    );
    expect(told.map(([id]) => withoutHash(id)).sort()).toEqual(expected);
    const [first] = told.map(([, { Properties }]) => Properties as { Environment: { Variables: object } });
    const { SCHEDULE_TARGET } = { SCHEDULE_TARGET: '', ...first?.Environment.Variables };
    expect(JSON.parse(show(SCHEDULE_TARGET))).toEqual({
      group: 'Proctor',
      functionArn: firing,
      roleArn: 'SchedulesRole',
      deadLettersArn: 'SchedulesDeadLetters',
    });
  });

  it('uses no policy managed by AWS, whose contents change without us', () => {
    expect(JSON.stringify(template)).not.toContain(':iam::aws:policy');
  });

  it('tells a function where something is exactly when it may use it', () => {
    const variables = {
      TABLE_NAME: /dynamodb:/,
      STATE_MACHINE_ARN: /states:/,
      BUS_NAME: /events:PutEvents/,
      MASTER_KEYS_SECRET: /GetSecretValue MasterKey/,
    };
    for (const [id, { Properties }] of all('AWS::Lambda::Function')) {
      const { Variables = {} } =
        (Properties as { Environment?: { Variables: Record<string, unknown> } }).Environment ?? {};
      const granted = grants().get(withoutHash(id))?.join() ?? '';
      for (const [name, may] of Object.entries(variables))
        expect([id, name, name in Variables]).toEqual([id, name, may.test(granted)]);
    }
  });
});

describe('the API', () => {
  const target = (route: Resource): string => {
    const [, , , integrationId] = show(route.Properties.Target).match(/^(integrations)(\/)(\w+)$/) ?? [];
    const integration = all('AWS::ApiGatewayV2::Integration').find(([id]) => withoutHash(id) === integrationId);
    return show(integration?.[1].Properties.IntegrationUri);
  };

  it('has every route of the table, each reaching its function, and no other', () => {
    const found = all('AWS::ApiGatewayV2::Route').map(([, route]) => `${route.Properties.RouteKey} ${target(route)}`);
    const expected = routes.map(({ method, path, function: name }) => `${method} ${path} Http${toPascalCase(name)}`);
    expect(found.sort()).toEqual([...expected, '$default HttpNotFound'].sort());
  });

  it('may call each of these functions', () => {
    const permissions = all('AWS::Lambda::Permission').map(
      ([, { Properties }]) => Properties as Record<string, unknown>,
    );
    const called = permissions.filter(({ Principal }) => Principal === 'apigateway.amazonaws.com');
    expect(called.map(({ FunctionName }) => show(FunctionName)).sort()).toEqual(
      [
        'Badges',
        'Deliveries',
        'Documents',
        'EditPlans',
        'Environments',
        'Events',
        'History',
        'Hooks',
        'Keys',
        'NotFound',
        'Overrides',
        'Page',
        'Plans',
        'ReadRuns',
        'Results',
        'Schedules',
        'StopRun',
        'Trigger',
      ].map((id) => `Http${id}`),
    );
    for (const { FunctionName, SourceArn } of called) {
      // Stage, method, path; the default route has `$default` for its method, and no path.
      const arn = show(FunctionName) === 'HttpNotFound' ? /:HttpApi\/\*\/\*$/ : /:HttpApi\/\*\/\*\/\*$/;
      expect(show(SourceArn)).toMatch(arn);
    }
  });

  it('is throttled and logs the route, never the path, which may hold a callback token', () => {
    const { DefaultRouteSettings, AccessLogSettings } = only('AWS::ApiGatewayV2::Stage').Properties as Record<
      string,
      Record<string, unknown>
    >;
    expect(DefaultRouteSettings).toMatchObject({ ThrottlingBurstLimit: 1000, ThrottlingRateLimit: 500 });
    const format = String(AccessLogSettings?.Format);
    expect(format).toContain('$context.routeKey');
    expect(format).not.toMatch(/path|authorizer|header|query|protocol/i);
  });
});

describe('what is kept', () => {
  it('has a table that survives mistakes: recovery, deletion protection, retained with the stack gone', () => {
    const table = only('AWS::DynamoDB::Table');
    expect(table.DeletionPolicy).toBe('Retain');
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  it('has the indexes of the one table definition, keys only', () => {
    const { GlobalSecondaryIndexes } = only('AWS::DynamoDB::Table').Properties as { GlobalSecondaryIndexes: unknown };
    expect(GlobalSecondaryIndexes).toEqual(
      indexes.map(({ name, partition, sort }) => ({
        IndexName: name,
        KeySchema: [
          { AttributeName: partition, KeyType: 'HASH' },
          { AttributeName: sort, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      })),
    );
  });

  it('makes the master key at the deployment, and keeps it as long as tokens made from it may live', () => {
    const secret = only('AWS::SecretsManager::Secret');
    expect(secret.DeletionPolicy).toBe('Retain');
    expect(secret.Properties).toMatchObject({
      GenerateSecretString: { SecretStringTemplate: '{"epoch":1}', GenerateStringKey: 'key', PasswordLength: 64 },
    });
  });

  it('keeps no log for ever', () => {
    for (const [id, { Properties }] of all('AWS::Logs::LogGroup'))
      expect([id, Properties.RetentionInDays]).toEqual([id, 30]);
  });
});

describe('functions', () => {
  it('are the functions of the table, on Node 24 and arm64, each with memory, time and log group stated', () => {
    const functions = all('AWS::Lambda::Function');
    // The function `build-changed` comes with the first CodeBuild project.
    expect(functions).toHaveLength(functionNames.length - 1);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        MemorySize: expect.any(Number),
        Timeout: expect.any(Number),
        LoggingConfig: { LogGroup: expect.anything() },
      });
    }
  });

  it('go on with the trace of who calls them, an execution, and begin none', () => {
    for (const [id, { Properties }] of all('AWS::Lambda::Function'))
      expect([id, Properties.TracingConfig]).toEqual([id, { Mode: 'PassThrough' }]);
  });

  it('of the API answer before API Gateway gives up after 30 s', () => {
    for (const [id, { Properties }] of all('AWS::Lambda::Function')) {
      if (id.startsWith('Http')) expect(Number(Properties.Timeout)).toBeLessThan(30);
    }
  });

  it('never hold a secret in their environment', () => {
    expect(JSON.stringify(all('AWS::Lambda::Function'))).not.toContain('resolve:secretsmanager');
  });
});

describe('nothing is lost silently', () => {
  it('gives every rule and schedule a dead-letter queue, retries and an age', () => {
    const rules = all('AWS::Events::Rule').flatMap(([id, { Properties }]) =>
      (Properties.Targets as { DeadLetterConfig: { Arn: unknown }; RetryPolicy: unknown }[]).map(
        ({ DeadLetterConfig, RetryPolicy }) => [withoutHash(id), show(DeadLetterConfig.Arn), RetryPolicy],
      ),
    );
    const asLongAsPossible = { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 };
    expect(rules.sort()).toEqual([
      ['EventsInBus', 'EventsInDeadLetters', asLongAsPossible],
      ['EventsInDeployments', 'EventsInDeadLetters', asLongAsPossible],
      ['FailedExecutionsRule', 'FailedExecutionsDeadLetters', asLongAsPossible],
      ['OutboundRule', 'OutboundDeadLetters', { MaximumRetryAttempts: 5, MaximumEventAgeInSeconds: 300 }],
    ]);
    const schedules = all('AWS::Scheduler::Schedule').map(([id, { Properties }]) => {
      const { Target } = Properties as { Target: { DeadLetterConfig: { Arn: unknown }; RetryPolicy: unknown } };
      expect(Target.RetryPolicy).toEqual({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 });
      return [withoutHash(id), show(Target.DeadLetterConfig.Arn)];
    });
    expect(schedules.sort()).toEqual([
      ['FiringSchedule', 'SchedulesDeadLetters'],
      ['OutboundSchedule', 'OutboundDeadLetters'],
      ['SweeperSchedule', 'SweeperDeadLetters'],
    ]);
  });

  it('gives functions invoked by events a dead-letter queue', () => {
    const withQueue = all('AWS::Lambda::Function').filter(([, { Properties }]) => Properties.DeadLetterConfig);
    expect(withQueue.map(([id]) => withoutHash(id)).sort()).toEqual([
      'EventsInBusEvent',
      'FailedExecutionsExecutionFailed',
      'FiringFireSchedule',
      'OutboundDeliver',
      'SweeperSweep',
    ]);
  });

  it('has a group for its schedules, deleted with the stack, and only that group may call what fires them', () => {
    const group = only('AWS::Scheduler::ScheduleGroup');
    expect([group.Properties, group.DeletionPolicy]).toEqual([{ Name: 'Proctor' }, undefined]);
    const role = all('AWS::IAM::Role').find(([id]) => withoutHash(id) === 'SchedulesRole')?.[1];
    const { Statement } = (role as Resource).Properties.AssumeRolePolicyDocument as {
      Statement: [{ Condition: { StringEquals: Record<string, unknown> } }];
    };
    const called = Statement[0].Condition.StringEquals;
    expect(show(called['aws:SourceArn'])).toMatch(/:schedule-group\/Proctor$/);
    expect(show(called['aws:SourceAccount'])).toBe('AWS::AccountId');
  });

  it('hears of every execution of this machine that did not end well', () => {
    const patterns = all('AWS::Events::Rule').map(([, { Properties }]) => Properties);
    expect(patterns).toContainEqual(
      expect.objectContaining({
        EventPattern: {
          source: ['aws.states'],
          'detail-type': ['Step Functions Execution Status Change'],
          detail: {
            status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
            stateMachineArn: [{ Ref: expect.stringMatching(/^RunMachine/) }],
          },
        },
      }),
    );
  });

  it('has deliveries sent when a run of this service starts or completes', () => {
    const rules = all('AWS::Events::Rule').map(([, { Properties }]) => Properties);
    const pattern = { source: ['proctor'], 'detail-type': ['Run Started', 'Run Completed'] };
    const rule = rules.find(({ Description }) => Description === 'Events of runs that subscribers may wait for');
    expect([show(rule?.EventBusName), rule?.EventPattern]).toEqual(['Bus', pattern]);
  });

  it('hears of everything on its own bus that may start a run, and of deployments on the default one', () => {
    const heard = all('AWS::Events::Rule').filter(([id]) => id.startsWith('EventsIn'));
    expect(
      heard.map(([, { Properties }]) => [
        Properties.EventBusName && show(Properties.EventBusName),
        Properties.EventPattern,
      ]),
    ).toEqual([
      ['Bus', { 'detail-type': [{ 'anything-but': ['Run Refused'] }] }],
      [
        undefined,
        {
          source: ['aws.codepipeline', 'aws.codedeploy', 'aws.ecs'],
          'detail-type': [
            'CodePipeline Pipeline Execution State Change',
            'CodeDeploy Deployment State-change Notification',
            'ECS Deployment State Change',
          ],
        },
      ],
    ]);
  });

  it('sweeps runs and schedules, and sends what is due, every minute', () => {
    const schedules = all('AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties.ScheduleExpression);
    expect(schedules).toEqual(Array(3).fill('rate(1 minute)'));
  });

  it('encrypts its queues, and refuses plain HTTP to them', () => {
    const queues = all('AWS::SQS::Queue');
    expect(queues.length).toBe(5);
    for (const [, { Properties }] of queues) expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(JSON.stringify(all('AWS::SQS::QueuePolicy')).match(/"aws:SecureTransport":"false"/g)).toHaveLength(5);
  });
});

describe('the schemas of events', () => {
  it('are in a registry, as OpenAPI 3 with the envelope of the bus, one for each there is', async () => {
    const files = (await readdir('docs/events')).filter((name) => name.endsWith('.schema.json'));
    const schemas = all('AWS::EventSchemas::Schema').map(([, { Properties }]) => Properties);
    expect(only('AWS::EventSchemas::Registry').Properties).toMatchObject({ RegistryName: 'proctor' });
    expect(schemas).toHaveLength(files.length);
    for (const { SchemaName, Type, Content, RegistryName, Description } of schemas) {
      expect([Type, show(RegistryName)]).toEqual(['OpenApi3', 'EventSchemasRegistry']);
      const name = String(Description).replaceAll(' ', '');
      expect(SchemaName).toBe(name === 'RunRequested' ? 'any@RunRequested' : `proctor@${name}`);
      const { openapi, components } = JSON.parse(String(Content));
      expect(openapi).toBe('3.0.0');
      expect(components.schemas.AWSEvent).toMatchObject({
        'x-amazon-events-detail-type': Description,
        properties: { detail: { $ref: `#/components/schemas/${name}` } },
      });
      expect(Object.keys(components.schemas[name].properties).length).toBeGreaterThan(5);
      expect(String(Content)).not.toMatch(/"(const|\$schema|\$id)":|"type":\[/);
    }
  });
});

describe('the run machine', () => {
  it('logs everything but data, which would hold task tokens, and is traced', () => {
    expect(only('AWS::StepFunctions::StateMachine').Properties).toMatchObject({
      StateMachineName: 'Proctor-run',
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('findings', () => {
  it('are none, for AwsSolutions and Serverless', () => {
    for (const checks of [new AwsSolutionsChecks(app), new ServerlessChecks(app)]) {
      expect(checks.validateScope(app).violations).toEqual([]);
    }
  });

  it('stop the synthesis when nobody accepted them', () => {
    const bad = () => synthesize((stack) => new sqs.Queue(stack, 'Forgotten', { enforceSSL: false }));
    expect(bad).toThrow(/AwsSolutions-SQS4/);
  });

  it('are accepted 15 times at most and once for each function that begins no trace, each by its id and with a reason, never for a whole stack', () => {
    const accepted = acknowledgements(app);
    const untraced = accepted.filter(({ id }) => id.includes('Serverless-LambdaTracing'));
    expect(untraced).toHaveLength(all('AWS::Lambda::Function').length);
    expect(accepted.length - untraced.length).toBeLessThanOrEqual(15);
    for (const { path, reason, id } of accepted) {
      expect(id).toMatch(/(AwsSolutions|Serverless)-\w+/);
      expect(reason.length).toBeGreaterThanOrEqual(20);
      expect(path.split('/').length).toBeGreaterThan(1);
    }
  });
});

describe('outputs', () => {
  it('say where the service is and how to get the first key', () => {
    expect(Object.keys(template.Outputs).sort()).toEqual([
      'AlarmTopicArn',
      'ApiUrl',
      'BusName',
      'FirstKeyCommand',
      'StateMachineArn',
      'TableName',
    ]);
    expect(show(template.Outputs.FirstKeyCommand?.Value)).toBe(
      `aws lambda invoke --function-name HttpKeys --cli-binary-format raw-in-base64-out --payload '{"proctor":"first-key"}' /dev/stdout`,
    );
  });
});

describe('the policy to deploy with', () => {
  const { Statement } = JSON.parse(readFileSync('docs/deploy-policy.json', 'utf8')) as { Statement: Statement[] };
  /** The service's name in IAM, where it is not that of its types. */
  const services: Readonly<Record<string, string>> = {
    ApiGatewayV2: 'apigateway',
    EventSchemas: 'schemas',
    StepFunctions: 'states',
  };

  it('has every service of the template', () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type.split('::')[1] ?? ''));
    const needed = [...types].filter((type) => type !== 'CDK').map((type) => services[type] ?? type.toLowerCase());
    const granted = new Set(
      Statement.flatMap(({ Action }) => listOf(Action)).map((action) => String(action).split(':')[0]),
    );
    expect(needed.length).toBeGreaterThan(10);
    expect(needed.filter((service) => !granted.has(service))).toEqual([]);
  });

  it('names the stack wherever a service has names, and deletes neither the table nor reads the master key', () => {
    for (const { Action, Resource } of Statement) {
      for (const action of listOf(Action)) {
        expect(action).not.toMatch(/^\*|^(iam|dynamodb|secretsmanager|s3):\*|DeleteTable|DeleteSecret|GetSecretValue/);
        if (String(action).endsWith(':*')) expect(JSON.stringify(Resource)).not.toMatch(/"\*"/);
      }
      for (const resource of listOf(Resource)) {
        if (resource !== '*')
          expect(resource).toMatch(/[Pp]roctor|MasterKey|apigateway:\*::\/(apis|tags)|cdk-(bootstrap\/)?hnb659fds/);
      }
    }
  });
});

describe('context', () => {
  it('adds sources of the default bus', () => {
    const { template } = synthesize(undefined, { eventSources: 'aws.s3, com.acme' });
    const patterns = resourcesOf(template, 'AWS::Events::Rule').map(([, { Properties }]) => Properties.EventPattern);
    expect(patterns).toContainEqual({ source: ['aws.s3', 'com.acme'] });
  });

  it('opens private hosts to those who call out only, under a stack name of choice', () => {
    const { template } = synthesize(undefined, { stackName: 'Blue', allowPrivate: 'ci.internal,10.1.0.0/16' });
    const told = resourcesOf(template, 'AWS::Lambda::Function').filter(([, { Properties }]) =>
      JSON.stringify(Properties).includes('"ALLOW_PRIVATE":"ci.internal,10.1.0.0/16"'),
    );
    expect(told.map(([id]) => withoutHash(id)).sort()).toEqual(['OutboundDeliver', 'RunStepRun', 'SweeperSweep']);
    expect(resourcesOf(template, 'AWS::StepFunctions::StateMachine')[0]?.[1].Properties.StateMachineName).toBe(
      'Blue-run',
    );
  });
});
