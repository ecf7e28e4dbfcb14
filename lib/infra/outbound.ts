import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { createDeadLetters } from './dead-letters.ts';
import { invokeEveryMinute } from './every-minute.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/**
 * What goes out to URLs of users, by a function of its own (reliability.md 5.6): called by the events of runs, whose
 * deliveries are put before them, and every minute for the tries that come later.
 */
export class Outbound extends Construct {
  readonly deliver: LambdaFunction;

  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id);
    const deadLetters = createDeadLetters(this);
    this.deliver = createServiceFunction(this, 'deliver', workshop, deadLetters);
    new Rule(this, 'Rule', {
      description: 'Events of runs that subscribers may wait for',
      eventBus: workshop.foundation.bus,
      eventPattern: { source: ['proctor'], detailType: ['Run Started', 'Run Completed'] },
      // Sooner or later the minute finds what an event did not start, so the event need not be retried for a day.
      targets: [
        new LambdaTarget(this.deliver, {
          deadLetterQueue: deadLetters,
          retryAttempts: 5,
          maxEventAge: Duration.minutes(5),
        }),
      ],
    });
    invokeEveryMinute(this, workshop, this.deliver, deadLetters, 'Sends every delivery of Proctor that is due');
  }
}
