import { Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { deploymentVariable, reportGroupOf } from '../executors/codebuild/names.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/** Hears of every build of this deployment that is over, so that its run looks at once instead of by the minute. */
export class EndedBuilds extends Construct {
  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id);
    const deadLetters = createDeadLetters(this);
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

/** Lets a function run builds of just these projects, and read the reports that Proctor's build specifications make there. */
export function createBuildPolicy(scope: Construct, projects: readonly string[]): ManagedPolicy {
  const stack = Stack.of(scope);
  const arn = (resource: string) => `arn:${stack.partition}:codebuild:${stack.region}:${stack.account}:${resource}`;
  return new ManagedPolicy(scope, 'Builds', {
    description: 'Start, stop and read builds of the projects named, and read their reports',
    statements: [
      new PolicyStatement({
        actions: [
          'codebuild:StartBuild',
          'codebuild:StopBuild',
          'codebuild:BatchGetBuilds',
          'codebuild:ListBuildsForProject',
        ],
        resources: projects.map((name) => arn(`project/${name}`)),
      }),
      new PolicyStatement({
        actions: ['codebuild:BatchGetReports', 'codebuild:DescribeTestCases'],
        resources: projects.map((name) => arn(`report-group/${reportGroupOf(name)}`)),
      }),
    ],
  });
}
