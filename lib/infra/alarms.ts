import { Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import {
  backgroundOf,
  minutes,
  ownMetric,
  queuesOf,
  ruleMetric,
  rulesOf,
  scheduleMetric,
  sumOf,
  type Watched,
} from './watched.ts';

export interface AlarmSettings {
  /** A topic that is there already, for a deployment's own way to call people. */
  readonly topicArn?: string;
  /** Is asked once by AWS whether it wants them. */
  readonly email?: string;
}

interface Line {
  /** Its heading in docs/operations.md is this in words. */
  readonly id: string;
  readonly metric: IMetric;
  /** Rings from this on. */
  readonly threshold: number;
  /** Periods looked at, and how many of them must be bad: 1 of 1 unless given. */
  readonly periods?: number;
  readonly bad?: number;
  readonly missingIsBad?: true;
}

/**
 * What calls a person, and whom. CloudWatch bills a metric an alarm looks at, not the alarm (docs/operations.md), so sums over
 * many alike are one line that rings once.
 */
export class Alarms extends Construct {
  readonly topic: ITopic;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, watched: Watched, { topicArn, email }: AlarmSettings) {
    super(scope, id);
    this.topic = topicArn === undefined ? createTopic(this) : Topic.fromTopicArn(this, 'Topic', topicArn);
    if (email !== undefined) {
      this.topic.addSubscription(new EmailSubscription(email));
      acknowledge(
        this,
        'Serverless-SNSRedrivePolicy',
        'A mail that cannot be sent helps nobody later; alarms stay visible.',
      );
    }
    const action = new SnsAction(this.topic);
    this.alarms = linesOf(watched).map(({ id, metric, threshold, periods = 1, bad = periods, missingIsBad }) => {
      const alarm = new Alarm(this, id, {
        alarmName: `${watched.stack.stackName}-${anchorOf(id)}`,
        alarmDescription: `See docs/operations.md#${anchorOf(id)}`,
        metric,
        threshold,
        evaluationPeriods: periods,
        datapointsToAlarm: bad,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: missingIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
  }
}

/** Those who may publish are named, since the policy that refuses plain HTTP takes the place of the one that lets the account. */
function createTopic(scope: Construct): Topic {
  const { account, stackName } = Stack.of(scope);
  const topic = new Topic(scope, 'Topic', { displayName: `Alarms of ${stackName}`, enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
  );
  return topic;
}

/** `WorkIsOverdue` is explained under `#work-is-overdue`. */
function anchorOf(id: string): string {
  return id.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
}

function linesOf(watched: Watched): Line[] {
  const { api, machine, table } = watched;
  const period = minutes(5);
  const sum = { statistic: 'Sum', period } as const;
  const ofTable = (metricName: string, Operation?: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName, ...(Operation && { Operation }) },
      ...sum,
    });
  const ofIndex = (GlobalSecondaryIndexName: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName: 'WriteThrottleEvents',
      dimensionsMap: { TableName: table.tableName, GlobalSecondaryIndexName },
      ...sum,
    });
  return [
    {
      id: 'WorkIsOverdue',
      metric: ownMetric(watched, 'OldestDueAge', { statistic: 'Maximum', period: minutes(1) }),
      threshold: 301,
      periods: 5,
      missingIsBad: true,
    },
    {
      id: 'RunsAreStuck',
      // A run that stays stuck is looked at a little less than every minute: each two minutes have a look of it.
      metric: ownMetric(watched, 'StuckRuns', { statistic: 'Maximum', period: minutes(2) }),
      threshold: 1,
      periods: 5,
      bad: 3,
    },
    {
      id: 'MessagesAreInADeadLetterQueue',
      metric: sumOf(
        'Dead letters',
        queuesOf(watched).map((queue) => queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' })),
        minutes(1),
      ),
      threshold: 1,
    },
    {
      id: 'ExecutionsFail',
      metric: sumOf(
        'Executions that failed, timed out or were throttled',
        [machine.metricFailed(sum), machine.metricTimedOut(sum), machine.metricThrottled(sum)],
        period,
      ),
      threshold: 3,
      periods: 3,
      bad: 2,
    },
    {
      id: 'FunctionsFail',
      metric: sumOf(
        'Errors of functions no request waits for',
        backgroundOf(watched).map((service) => service.metricErrors(sum)),
        period,
      ),
      threshold: 3,
      periods: 3,
      bad: 2,
    },
    {
      // Of all functions of the account in this region, since they share what there is to have.
      id: 'FunctionsAreThrottled',
      metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...sum }),
      threshold: 1,
      periods: 3,
      bad: 2,
    },
    {
      id: 'TheApiFails',
      metric: new MathExpression({
        label: 'Percent of requests answered 5xx, from five of them on',
        expression: 'IF(failed >= 5, 100 * failed / requests, 0)',
        usingMetrics: { failed: api.metricServerError(sum), requests: api.metricCount(sum) },
        period,
      }),
      threshold: 1,
    },
    {
      id: 'TheTableRefuses',
      metric: sumOf(
        'Throttled and failed calls of the table',
        [
          ...['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => ofTable(name)),
          // An index that cannot follow holds up the table's writes, and counts under its own name.
          ...['due', 'list', 'feed'].map((name) => ofIndex(name)),
          ...['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'].map((operation) =>
            ofTable('SystemErrors', operation),
          ),
        ],
        period,
      ),
      threshold: 10,
      periods: 3,
      bad: 2,
    },
    {
      id: 'DeliveriesFail',
      metric: ownMetric(watched, 'DeliveriesFailed', sum),
      threshold: 1,
    },
    {
      id: 'EventsReachNobody',
      metric: sumOf(
        'Events and schedules whose target could not be called',
        [
          ...rulesOf(watched).map((rule) => ruleMetric(rule, 'FailedInvocations')),
          ...['TargetErrorCount', 'TargetErrorThrottledCount', 'InvocationDroppedCount'].map((name) =>
            scheduleMetric(watched, name),
          ),
        ],
        period,
      ),
      threshold: 3,
      periods: 3,
      bad: 2,
    },
  ];
}
