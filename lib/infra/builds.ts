import { Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { deploymentVariable } from '../executors/codebuild/variables.ts';
import { acknowledge } from './acknowledge.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/** Hears of every build of this deployment that is over, so that its run looks at once instead of by the minute. */
export class EndedBuilds extends Construct {
  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id);
    const deadLetters = createDeadLetters(this, 'ended-builds-are-not-noticed');
    const service = createServiceFunction(this, 'build-changed', workshop, deadLetters);
    new Rule(this, 'Rule', {
      description: 'Builds of CodeBuild that Proctor started and that are over',
      eventPattern: {
        source: ['aws.codebuild'],
        detailType: ['CodeBuild Build State Change'],
        detail: {
          'build-status': ['SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED'],
          'additional-information': {
            environment: {
              // One variable with this name and this value: the pattern's fields must match in the same element.
              'environment-variables': { name: [deploymentVariable], value: [workshop.foundation.machine.name] },
            },
          },
        },
      },
      // The minute polls what an event did not wake, so the event need not be retried for a day.
      targets: [
        new LambdaTarget(service, {
          deadLetterQueue: deadLetters,
          retryAttempts: 5,
          maxEventAge: Duration.minutes(5),
        }),
      ],
    });
  }
}

/** Projects that plans may name although the deployment does not know them, and their report groups. */
const prefix = 'proctor-';

/** Lets a function run builds of the projects set apart for Proctor, and read their reports. */
export function createBuildPolicy(scope: Construct): ManagedPolicy {
  const stack = Stack.of(scope);
  const arn = (resource: string) => `arn:${stack.partition}:codebuild:${stack.region}:${stack.account}:${resource}`;
  // The deployment's own project may be called otherwise, after its stack.
  const own = `${stack.stackName.toLowerCase()}-tests`;
  const named = (kind: string, name: string) => (own.startsWith(prefix) ? [] : [arn(`${kind}/${name}`)]);
  const policy = new ManagedPolicy(scope, 'Builds', {
    description: 'Start, stop and read builds of the projects set apart for Proctor',
    statements: [
      new PolicyStatement({
        actions: [
          'codebuild:StartBuild',
          'codebuild:StopBuild',
          'codebuild:BatchGetBuilds',
          'codebuild:ListBuildsForProject',
        ],
        resources: [arn(`project/${prefix}*`), ...named('project', own)],
      }),
      new PolicyStatement({
        actions: ['codebuild:BatchGetReports', 'codebuild:DescribeTestCases'],
        resources: [arn(`report-group/${prefix}*`), ...named('report-group', `${own}-proctor`)],
      }),
    ],
  });
  for (const kind of ['project', 'report-group']) {
    acknowledge(
      policy,
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:codebuild:<AWS::Region>:<AWS::AccountId>:${kind}/${prefix}*]`,
      'Plans name projects after the deployment; they are set apart by the prefix proctor- and reached by two functions only.',
    );
  }
  return policy;
}
