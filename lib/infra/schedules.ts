import { ArnFormat, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { SchedulerTarget } from '../adapters/scheduler.ts';
import { acknowledge } from './acknowledge.ts';
import { createDeadLetters } from './dead-letters.ts';
import { invokeEveryMinute } from './every-minute.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/** What arms schedules and what they call. Known before the functions: the one that is called arms the next occurrence. */
export interface Arming {
  readonly functionName: string;
  readonly group: CfnScheduleGroup;
  readonly target: SchedulerTarget;
  readonly deadLetters: Queue;
  /** Lets a function arm and disarm the schedules of the stack's group. */
  readonly policy: ManagedPolicy;
}

/** The stack's own group of schedules, which is deleted with it, and whatever its schedules need. */
export function createArming(parent: Construct): Arming {
  const scope = new Construct(parent, 'Schedules');
  const stack = Stack.of(scope);
  const name = stack.stackName;
  const functionName = `${stack.stackName}-fire-schedule`;
  const arnOf = (service: string, resource: string, resourceName: string, arnFormat = ArnFormat.SLASH_RESOURCE_NAME) =>
    stack.formatArn({ service, resource, resourceName, arnFormat });
  const functionArn = arnOf('lambda', 'function', functionName, ArnFormat.COLON_RESOURCE_NAME);
  const deadLetters = createDeadLetters(scope);
  const group = new CfnScheduleGroup(scope, 'Group', { name });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: {
          'aws:SourceAccount': stack.account,
          'aws:SourceArn': arnOf('scheduler', 'schedule-group', name),
        },
      },
    }),
  });
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] }));
  role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }));
  const policy = new ManagedPolicy(scope, 'Arm', {
    description: 'Arm and disarm the schedules of Proctor',
    statements: [
      new PolicyStatement({
        actions: ['scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule'],
        resources: [arnOf('scheduler', 'schedule', `${name}/schedule-*`)],
      }),
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      }),
    ],
  });
  acknowledge(
    policy,
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${name}/schedule-*]`,
    'Schedules are made after the deployment; the group is the stack’s own, and no other name in it begins so.',
  );
  const target = { group: name, functionArn, roleArn: role.roleArn, deadLettersArn: deadLetters.queueArn };
  return { functionName, group, target, deadLetters, policy };
}

/** Called at the time an occurrence is armed for, and every minute for what is due: an arm that was lost, a plan's new schedules. */
export class Firing extends Construct {
  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id);
    const { deadLetters, functionName } = workshop.foundation.arming;
    const fire = createServiceFunction(this, 'fire-schedule', workshop, deadLetters, functionName);
    invokeEveryMinute(this, workshop, fire, deadLetters, 'Looks after every schedule of Proctor that is due');
  }
}
