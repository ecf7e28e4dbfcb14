import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { TestiniumSettings } from '../http/testinium/settings.ts';
import { type AlarmSettings, Alarms } from './alarms.ts';
import type { BuildSettings } from './build-settings.ts';
import { createBuildPolicy, EndedBuilds } from './builds.ts';
import { createDashboard } from './dashboard.ts';
import { EventSchemas } from './event-schemas.ts';
import { EventsIn } from './events-in.ts';
import { createFoundation } from './foundation.ts';
import { createHttpApi, HttpRoutes } from './http-api.ts';
import { keepLogs } from './keep-logs.ts';
import { Outbound } from './outbound.ts';
import { RunMachine } from './run-machine.ts';
import { FailedExecutions, Sweeper } from './safety-nets.ts';
import { Firing } from './schedules.ts';
import { TestProject } from './test-project.ts';

/** Invokes the keys function past the API; it answers with a key only while there is none. */
const firstKeyPayload = { proctor: 'first-key' };

export interface ProctorStackProps extends StackProps {
  /** The directory `bundleFunctions` filled. */
  readonly bundles: string;
  /** Private hosts and networks (`ci.internal,10.1.0.0/16`) executors and subscribers may be in; none by default. */
  readonly allowPrivate?: string;
  /** Settings of the Testinium API (`{ "variant": "enterprise" }`); its defaults without. */
  readonly testinium?: TestiniumSettings;
  /** Makes a CodeBuild project that runs plans of `command`; without it they are refused. */
  readonly codebuild?: BuildSettings;
  /** Names of other CodeBuild projects that plans may run in. */
  readonly codebuildProjects?: readonly string[];
  /** Sources of the account's default bus that plans may wait for, besides CodePipeline, CodeDeploy and ECS deployments. */
  readonly eventSources?: readonly string[];
  /** Who is told of alarms; a topic of the stack's own unless there is one. False makes none. */
  readonly alarms?: AlarmSettings | false;
  /** A month unless given. */
  readonly logRetentionDays?: number;
  /** Begins an X-Ray trace with every call of every function, instead of one with each execution alone. */
  readonly traceAll?: boolean;
  /** A table that is there already, as a restored one is, in place of the stack's own. */
  readonly tableName?: string;
}

/** All of Proctor in one account and region. */
export class ProctorStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    {
      bundles,
      allowPrivate,
      testinium,
      codebuild,
      codebuildProjects = [],
      eventSources = [],
      alarms = {},
      logRetentionDays = 30,
      traceAll = false,
      tableName,
      ...props
    }: ProctorStackProps,
  ) {
    super(scope, id, { description: 'Proctor: test plan runs as a service', ...props });
    const api = createHttpApi(this);
    const tests = codebuild && new TestProject(this, 'Tests', codebuild);
    const projects = [...(tests ? [tests.project.name] : []), ...codebuildProjects];
    const foundation = createFoundation(this, {
      publicUrl: api.apiEndpoint,
      allowPrivate,
      testinium,
      builds: projects.length === 0 ? undefined : createBuildPolicy(this, projects),
      codebuild: tests?.project,
      traceAll,
      tableName,
    });
    const workshop = { bundles, foundation };
    const { deliver } = new Outbound(this, 'Outbound', workshop);
    const { functions } = new HttpRoutes(this, 'Http', { api, workshop, deliver });
    const { stateMachine } = new RunMachine(this, 'Run', workshop);
    new EventsIn(this, 'EventsIn', { workshop, sources: eventSources });
    new EventSchemas(this, 'EventSchemas', this.stackName.toLowerCase());
    new Sweeper(this, 'Sweeper', workshop);
    if (foundation.builds) new EndedBuilds(this, 'EndedBuilds', workshop);
    new Firing(this, 'Firing', workshop);
    new FailedExecutions(this, 'FailedExecutions', { machine: stateMachine, workshop });
    const watched = { stack: this, api, machine: stateMachine, table: foundation.table };
    const alarmed = alarms === false ? undefined : new Alarms(this, 'Alarms', watched, alarms);
    createDashboard(watched, alarmed?.alarms ?? []);
    keepLogs(this, logRetentionDays);

    const payload = `--cli-binary-format raw-in-base64-out --payload '${JSON.stringify(firstKeyPayload)}'`;
    const firstKeyCommand = `aws lambda invoke --function-name ${functions.keys.functionName} ${payload} /dev/stdout`;
    const outputs = {
      ApiUrl: ['Base URL of the API', api.apiEndpoint],
      FirstKeyCommand: ['Prints the first API key; works only while there is none', firstKeyCommand],
      BusName: ['Bus of the completion events', foundation.bus.eventBusName],
      TableName: ['Where everything is stored', foundation.table.tableName],
      StateMachineArn: ['Executions are named run-<id>-<n>', stateMachine.stateMachineArn],
      ...(alarmed && { AlarmTopicArn: ['Alarms are told here', alarmed.topic.topicArn] as const }),
      ...(tests && { TestProject: ['CodeBuild project that runs plans of command', tests.project.name] as const }),
    } as const;
    for (const [name, [description, value]] of Object.entries(outputs))
      new CfnOutput(this, name, { description, value });
  }
}
