import { Duration } from 'aws-cdk-lib';
import { type EventBus, type EventPattern, Match, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { createDeadLetters } from './dead-letters.ts';
import { createServiceFunction, type Workshop } from './service-function.ts';

/** Ends of deployments, as the three services name them. Every other event of theirs, as of each task, is none of a test plan's. */
const deployments = {
  source: ['aws.codepipeline', 'aws.codedeploy', 'aws.ecs'],
  detailType: [
    'CodePipeline Pipeline Execution State Change',
    'CodeDeploy Deployment State-change Notification',
    'ECS Deployment State Change',
  ],
};

/**
 * What comes in by events: the function that starts runs by them hears everything on the service's own bus, and of the
 * account's default bus the deployments, with the sources a deployment of Proctor adds.
 */
export class EventsIn extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { workshop, sources }: { readonly workshop: Workshop; readonly sources: readonly string[] },
  ) {
    super(scope, id);
    const deadLetters = createDeadLetters(this);
    const service = createServiceFunction(this, 'bus-event', workshop, deadLetters);
    const hear = (name: string, description: string, eventPattern: EventPattern, eventBus?: EventBus) =>
      new Rule(this, name, {
        description,
        eventPattern,
        ...(eventBus && { eventBus }),
        // As long as a rule can: starting twice is refused by the event's id.
        targets: [
          new LambdaTarget(service, {
            deadLetterQueue: deadLetters,
            retryAttempts: 185,
            maxEventAge: Duration.hours(24),
          }),
        ],
      });
    const everything = { detailType: Match.anythingBut('Run Refused') };
    hear('Bus', 'Every event on the bus of Proctor that may start a run', everything, workshop.foundation.bus);
    hear('Deployments', 'Deployments that plans of Proctor may wait for', deployments);
    if (sources.length > 0) hear('Sources', 'Sources that plans of Proctor may wait for', { source: [...sources] });
  }
}
