import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { runDefinition } from './run-definition.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/** The state machine of a run, and the two functions only it calls. */
export class RunMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id);
    const { machine } = workshop.foundation;
    const stepRun = createServiceFunction(this, 'step-run', workshop);
    const completeRun = createServiceFunction(this, 'complete-run', workshop);
    for (const service of [stepRun, completeRun]) {
      acknowledge(
        service,
        'Serverless-LambdaDLQ',
        'The state machine calls it synchronously and handles its failures.',
      );
    }
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [stepRun.functionArn, completeRun.functionArn],
      }),
    );
    const definition = runDefinition({ stepRun: stepRun.functionArn, completeRun: completeRun.functionArn });
    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName: machine.name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      role,
      tracingEnabled: true,
      // Without data: inputs and outputs are ids, but the task token is a bearer secret (reliability.md 3.6).
      logs: {
        level: LogLevel.ALL,
        includeExecutionData: false,
        destination: new LogGroup(this, 'Logs', {
          // This prefix keeps the account's log resource policy below its size limit.
          logGroupName: `/aws/vendedlogs/states/${machine.name}`,
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
    acknowledge(
      role,
      'AwsSolutions-IAM5[Resource::*]',
      'Log delivery and X-Ray know no resources; the functions it may invoke are named one by one.',
    );
  }
}
