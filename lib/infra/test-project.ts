import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnProject, CfnReportGroup } from 'aws-cdk-lib/aws-codebuild';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { buildBuildspec } from '../executors/codebuild/buildspec.ts';
import type { DefaultProject } from '../executors/codebuild/deployment.ts';
import { reportGroupOf } from '../executors/codebuild/names.ts';
import { acknowledge } from './acknowledge.ts';
import type { BuildSettings } from './build-settings.ts';

/**
 * A CodeBuild project that runs a plan's command by itself, and attempts of plans by the specification they bring. Its role
 * may write its log and its reports, and read its source and the secrets below `proctor/tests/`: whoever may edit plans decides
 * what runs with it.
 */
export class TestProject extends Construct {
  readonly project: DefaultProject;

  constructor(scope: Construct, id: string, settings: BuildSettings) {
    super(scope, id);
    const name = `${Stack.of(this).stackName.toLowerCase()}-tests`;
    const reports = new CfnReportGroup(this, 'Reports', {
      name: reportGroupOf(name),
      type: 'TEST',
      exportConfig: { exportConfigType: 'NO_EXPORT' },
      deleteReports: true,
    });
    const logs = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = createRole(this, settings, reports.attrArn);
    logs.grantWrite(role);
    this.project = {
      name,
      root: settings.root,
      reportGroup: reports.attrArn,
      ...(settings.setup === undefined ? {} : { setup: settings.setup }),
      ...(settings.runtimes === undefined ? {} : { runtimes: settings.runtimes }),
    };
    const { text } = buildBuildspec({
      settings: settings.plan.settings,
      root: settings.root,
      setup: settings.setup,
      runtimes: settings.runtimes,
      reportGroup: reports.attrArn,
      selection: null,
    });
    const project = new CfnProject(this, 'Project', {
      name,
      description: `Runs tests for Proctor, by itself those of ${settings.plan.name}`.slice(0, 255),
      serviceRole: role.roleArn,
      ...toSource(settings.source, text),
      artifacts: { type: 'NO_ARTIFACTS' },
      environment: {
        type: /aarch64/.test(settings.image) ? 'ARM_CONTAINER' : 'LINUX_CONTAINER',
        image: settings.image,
        computeType: settings.computeType,
      },
      // For builds started by hand; an attempt has the deadline of its run.
      timeoutInMinutes: 60,
      logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: logs.logGroupName } },
    });
    acknowledge(
      project,
      'AwsSolutions-CB4',
      'Its builds leave no artifacts, so there is nothing for a key to encrypt.',
    );
  }
}

function toSource(
  source: BuildSettings['source'],
  buildSpec: string,
): Pick<CfnProject, 'source'> & { sourceVersion?: string } {
  if ('bucket' in source) return { source: { type: 'S3', location: `${source.bucket}/${source.key}`, buildSpec } };
  const { github, branch, connection } = source;
  return {
    source: {
      type: 'GITHUB',
      location: `https://github.com/${github}.git`,
      gitCloneDepth: 1,
      buildSpec,
      ...(connection === undefined ? {} : { auth: { type: 'CODECONNECTIONS', resource: connection } }),
    },
    ...(branch === undefined ? {} : { sourceVersion: branch }),
  };
}

function createRole(scope: Construct, { source }: BuildSettings, reportGroup: string): Role {
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
  const allow = (actions: string[], resource: string) =>
    role.addToPolicy(new PolicyStatement({ actions, resources: [resource] }));
  allow(['codebuild:CreateReport', 'codebuild:UpdateReport', 'codebuild:BatchPutTestCases'], reportGroup);
  const stack = Stack.of(scope);
  allow(
    ['secretsmanager:GetSecretValue'],
    `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:proctor/tests/*`,
  );
  allow(['ssm:GetParameters'], `arn:${stack.partition}:ssm:${stack.region}:${stack.account}:parameter/proctor/tests/*`);
  if ('bucket' in source) {
    const object = `arn:${stack.partition}:s3:::${source.bucket}/${source.key}`;
    allow(['s3:GetObject', 's3:GetObjectVersion'], object);
  } else if (source.connection !== undefined) {
    allow(['codeconnections:GetConnectionToken', 'codeconnections:GetConnection'], source.connection);
  }
  for (const kept of [
    'secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:',
    'ssm:<AWS::Region>:<AWS::AccountId>:parameter/',
  ]) {
    acknowledge(
      role,
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${kept}proctor/tests/*]`,
      'Environments name the secrets of tests after the deployment; they are set apart by the prefix proctor/tests/.',
    );
  }
  return role;
}
