import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { createDeadLetters } from './dead-letters.ts';
import { invokeEveryMinute } from './every-minute.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/** Every minute, whatever happened before: the net under every effect that may have failed (reliability.md 3.6). */
export class Sweeper extends Construct {
  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id);
    const deadLetters = createDeadLetters(this);
    const sweep = createServiceFunction(this, 'sweep', workshop, deadLetters);
    invokeEveryMinute(this, workshop, sweep, deadLetters, 'Looks after every run of Proctor that is due');
  }
}

/** Hears of every execution that did not end well: its run is continued or completed (reliability.md F12, L2). */
export class FailedExecutions extends Construct {
  constructor(scope: Construct, id: string, { machine, workshop }: { machine: StateMachine; workshop: Workshop }) {
    super(scope, id);
    const deadLetters = createDeadLetters(this);
    const service = createServiceFunction(this, 'execution-failed', workshop, deadLetters);
    new Rule(this, 'Rule', {
      description: 'Executions of the run machine that failed, timed out or were aborted',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [machine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      targets: [
        new LambdaTarget(service, {
          deadLetterQueue: deadLetters,
          // The most a rule can do, stated because the defaults differ between buses (reliability.md 1.3).
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
  }
}
