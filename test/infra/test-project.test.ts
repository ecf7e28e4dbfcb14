import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readBuildSettings } from '../../lib/infra/build-settings.ts';
import { TestProject } from '../../lib/infra/test-project.ts';
import { acknowledgements, resourcesOf, show, synthesize, type Template, withoutHash } from './synthesize.ts';

const sample = { plan: 'examples/plan.yaml', source: { github: 'acme/shop', branch: 'main' } };
const partition = 'arn:AWS::Partition';

let app: ReturnType<typeof synthesize>['app'];
let template: Template;
beforeAll(() => {
  ({ app, template } = synthesize(undefined, {
    codebuild: { ...sample, setup: 'npm ci', runtimes: { nodejs: '22' } },
    codebuildProjects: 'api-e2e',
  }));
});

function projectOf(of: Template): Record<string, Record<string, unknown>> {
  const [[, { Properties }] = ['', { Properties: {} }]] = resourcesOf(of, 'AWS::CodeBuild::Project');
  return Properties as Record<string, Record<string, unknown>>;
}

/** The text, with the ARN that is only known at the deployment named. */
function buildspecOf(of: Template): string {
  const { BuildSpec } = projectOf(of).Source as { BuildSpec: unknown };
  return show(BuildSpec);
}

/** What the role may do. */
function grantsOf(of: Template, role = 'TestsRole'): string[] {
  const found = resourcesOf(of, 'AWS::IAM::Policy').find(([id]) => id.startsWith(role));
  const { PolicyDocument } = (found?.[1].Properties ?? {}) as unknown as {
    PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
  };
  return PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
    [Action].flat().map((action) => `${action} ${show(Resource)}`),
  ).sort();
}

describe('a deployment with a CodeBuild project', () => {
  it('runs the same command as the sample plan has for this machine', () => {
    const { executor } = parse(readFileSync('examples/plan.yaml', 'utf8'));
    expect(executor.type).toBe('command');
    const spec = parse(buildspecOf(template));
    const [command] = spec.phases.build.commands as [string];
    expect(spec.phases.build.commands).toHaveLength(1);
    // Only the place of the selection differs: here it holds the reporters, as it does on this machine.
    const [before, after] = executor.command.split('{selection}');
    expect(command).toMatch(/^cd "\$CODEBUILD_SRC_DIR"\/examples\/shop && sh -c '/);
    expect(command).toContain(`sh -c '${before}`);
    expect(command).toMatch(new RegExp(`${after.replaceAll(/[.*]/g, '\\$&')}' </dev/null$`));
    expect(command).toContain('--test-reporter-destination=/tmp/proctor/reports/report.xml');
    expect(spec.phases.install).toEqual({ 'runtime-versions': { nodejs: '22' } });
    expect(spec.phases.pre_build.commands).toContain(
      'cd "$CODEBUILD_SRC_DIR"/examples/shop && sh -c \'npm ci\' </dev/null',
    );
  });

  it('reads its JUnit report into a report group of its own', () => {
    const [[group, { Properties }] = ['', { Properties: {} }]] = resourcesOf(template, 'AWS::CodeBuild::ReportGroup');
    expect(Properties).toMatchObject({ Name: 'proctor-tests-proctor', Type: 'TEST' });
    expect(parse(buildspecOf(template)).reports).toEqual({
      [withoutHash(group)]: {
        files: ['report.xml'],
        'base-directory': '/tmp/proctor/reports',
        'file-format': 'JUNITXML',
      },
    });
  });

  it('has the source, image and log the context says', () => {
    const project = projectOf(template);
    expect(project.Source).toMatchObject({ Type: 'GITHUB', Location: 'https://github.com/acme/shop.git' });
    expect(project).toMatchObject({
      Name: 'proctor-tests',
      SourceVersion: 'main',
      Artifacts: { Type: 'NO_ARTIFACTS' },
      Environment: {
        Type: 'LINUX_CONTAINER',
        Image: 'aws/codebuild/standard:7.0',
        ComputeType: 'BUILD_GENERAL1_SMALL',
      },
    });
    const logs = resourcesOf(template, 'AWS::Logs::LogGroup').find(([id]) => withoutHash(id) === 'TestsLogs');
    expect(logs?.[1].Properties.RetentionInDays).toBe(30);
  });

  it('gives its role its log, its reports and the secrets of tests, and nothing else', () => {
    expect(grantsOf(template)).toEqual([
      'codebuild:BatchPutTestCases TestsReports',
      'codebuild:CreateReport TestsReports',
      'codebuild:UpdateReport TestsReports',
      'logs:CreateLogStream TestsLogs',
      'logs:PutLogEvents TestsLogs',
      `secretsmanager:GetSecretValue ${partition}:secretsmanager:AWS::Region:AWS::AccountId:secret:proctor/tests/*`,
      `ssm:GetParameters ${partition}:ssm:AWS::Region:AWS::AccountId:parameter/proctor/tests/*`,
    ]);
  });

  it('tells every function of the project, so that plans of `command` are taken', () => {
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      const { CODEBUILD } = (Properties as { Environment: { Variables: Record<string, unknown> } }).Environment
        .Variables;
      expect([id, JSON.parse(show(CODEBUILD))]).toEqual([
        id,
        {
          name: 'proctor-tests',
          root: 'examples',
          reportGroup: 'TestsReports',
          setup: 'npm ci',
          runtimes: { nodejs: '22' },
        },
      ]);
    }
    expect(template.Outputs.TestProject?.Value).toBe('proctor-tests');
  });

  it('has no findings but those accepted with a reason', () => {
    for (const checks of [new AwsSolutionsChecks(app), new ServerlessChecks(app)]) {
      expect(checks.validateScope(app).violations).toEqual([]);
    }
    const own = acknowledgements(app).filter(({ path }) => path.includes('/Tests/'));
    expect(own.map(({ id }) => id.replace(/^.*::(AwsSolutions-\w+).*$/, '$1')).sort()).toEqual([
      'AwsSolutions-CB4',
      'AwsSolutions-IAM5',
      'AwsSolutions-IAM5',
    ]);
  });

  it('reads a ZIP file from S3, and may read just that one', () => {
    const { other } = aloneIn('Blue', { ...sample, source: { bucket: 'acme-sources', key: 'shop.zip' }, root: '' });
    const { Source, Name } = projectOf(other);
    expect(Name).toBe('blue-tests');
    expect(Source).toMatchObject({ Type: 'S3', Location: 'acme-sources/shop.zip' });
    expect(buildspecOf(other)).toContain('cd \\"$CODEBUILD_SRC_DIR\\"/shop &&');
    expect(grantsOf(other).filter((line) => line.startsWith('s3:'))).toEqual([
      `s3:GetObject ${partition}:s3:::acme-sources/shop.zip`,
      `s3:GetObjectVersion ${partition}:s3:::acme-sources/shop.zip`,
    ]);
  });

  it('lets those who start and poll attempts run builds of its own project and those it is told, and of no other', () => {
    const holders = resourcesOf(template, 'AWS::IAM::Role').filter(([, { Properties }]) =>
      JSON.stringify(Properties.ManagedPolicyArns ?? []).includes('"Builds'),
    );
    expect(holders.map(([id]) => withoutHash(id)).sort()).toEqual(['RunStepRunRole', 'SweeperSweepRole']);
    const found = resourcesOf(template, 'AWS::IAM::ManagedPolicy').find(([id]) => withoutHash(id) === 'Builds');
    const { PolicyDocument } = (found?.[1].Properties ?? {}) as unknown as {
      PolicyDocument: { Statement: { Action: string[]; Resource: unknown[] }[] };
    };
    const prefix = `${partition}:codebuild:AWS::Region:AWS::AccountId:`;
    expect(PolicyDocument.Statement.map(({ Action, Resource }) => [Action, Resource.map(show)])).toEqual([
      [
        ['BatchGetBuilds', 'ListBuildsForProject', 'StartBuild', 'StopBuild'].map((action) => `codebuild:${action}`),
        [`${prefix}project/api-e2e`, `${prefix}project/proctor-tests`],
      ],
      [
        ['codebuild:BatchGetReports', 'codebuild:DescribeTestCases'],
        [`${prefix}report-group/api-e2e-proctor`, `${prefix}report-group/proctor-tests-proctor`],
      ],
    ]);
  });

  it('hears of every build it started that is over, and of no other, with retries and dead letters', () => {
    const [, rule] =
      resourcesOf(template, 'AWS::Events::Rule').find(([id]) => withoutHash(id) === 'EndedBuildsRule') ?? [];
    const { EventBusName, EventPattern, Targets } = (rule?.Properties ?? {}) as Record<string, unknown>;
    expect(EventBusName).toBeUndefined();
    expect(EventPattern).toEqual({
      source: ['aws.codebuild'],
      'detail-type': ['CodeBuild Build State Change'],
      detail: {
        'build-status': ['SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED'],
        'additional-information': {
          environment: { 'environment-variables': { name: ['PROCTOR_DEPLOYMENT'], value: ['Proctor-run'] } },
        },
      },
    });
    const [{ DeadLetterConfig, RetryPolicy }] = Targets as [
      { DeadLetterConfig: { Arn: unknown }; RetryPolicy: unknown },
    ];
    expect(show(DeadLetterConfig.Arn)).toBe('EndedBuildsDeadLetters');
    expect(RetryPolicy).toEqual({ MaximumRetryAttempts: 5, MaximumEventAgeInSeconds: 300 });
  });

  it('lets the function that hears of them read runs and end their wait, and nothing else', () => {
    expect(grantsOf(template, 'EndedBuildsBuildChangedRole').filter((line) => !/^logs:|^xray:/.test(line))).toEqual([
      'dynamodb:GetItem Table',
      'dynamodb:Query Table',
      'dynamodb:UpdateItem Table',
      'sqs:SendMessage EndedBuildsDeadLetters',
      ...['states:SendTaskFailure', 'states:SendTaskSuccess'].map(
        (action) => `${action} ${partition}:states:AWS::Region:AWS::AccountId:stateMachine:Proctor-run`,
      ),
    ]);
  });

  it('is refused for a plan that has no command, and for a context that is not understood', () => {
    const group = join(mkdtempSync(join(tmpdir(), 'proctor-plan-')), 'group.yaml');
    writeFileSync(group, 'name: all\nexecutor: { type: group, children: [1] }\n');
    expect(() => readBuildSettings({ ...sample, plan: group })).toThrow(/is group, not command or codebuild/);
    expect(() => readBuildSettings({ ...sample, source: {} })).toThrow(/source/);
    expect(() => readBuildSettings({ ...sample, plan: 'examples/none.yaml' })).toThrow(/none\.yaml/);
  });
});

/** The project in a stack of nothing else. */
function aloneIn(stackName: string, codebuild: unknown): { readonly other: Template } {
  const alone = new App();
  const stack = new Stack(alone, stackName);
  new TestProject(stack, 'Tests', readBuildSettings(JSON.stringify(codebuild)));
  return { other: alone.synth().getStackByName(stackName).template as Template };
}
