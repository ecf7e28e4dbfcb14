import { Duration, Fn, type Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { type IMetric, MathExpression, Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type CfnRule, Rule } from 'aws-cdk-lib/aws-events';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

/** What alarms and the dashboard look at. Queues, functions and rules are those there are in the stack. */
export interface Watched {
  readonly stack: Stack;
  readonly api: HttpApi;
  readonly machine: StateMachine;
  readonly table: Pick<ITable, 'tableName'>;
}

/** CloudWatch takes ten metrics in one alarm. */
const mostMetrics = 10;

export const queuesOf = ({ stack }: Watched): Queue[] => find(stack, (each) => each instanceof Queue) as Queue[];
export const rulesOf = ({ stack }: Watched): Rule[] => find(stack, (each) => each instanceof Rule) as Rule[];
export const functionsOf = ({ stack }: Watched): LambdaFunction[] =>
  find(stack, (each) => each instanceof LambdaFunction) as LambdaFunction[];
/** Those no request waits for: errors of the others are the API's. */
export const backgroundOf = (watched: Watched): LambdaFunction[] =>
  functionsOf(watched).filter(({ node }) => node.scope?.node.id !== 'Http');

/** A metric that functions put into their log (adapters/metrics.ts). */
export function ownMetric({ stack }: Watched, metricName: string, options: MetricOptions = {}): Metric {
  return new Metric({ namespace: stack.stackName, metricName, ...options });
}

/** A rule of another bus than the account's own is told by both names. */
export function ruleMetric(rule: Rule, metricName: string): Metric {
  const { eventBusName } = rule.node.defaultChild as CfnRule;
  // The end of the ARN, because a reference to a rule of such a bus reads `bus|name`.
  const RuleName = Fn.select(eventBusName ? 2 : 1, Fn.split('/', rule.ruleArn));
  const dimensionsMap = { RuleName, ...(eventBusName && { EventBusName: eventBusName }) };
  return new Metric({ namespace: 'AWS/Events', metricName, dimensionsMap, statistic: 'Sum' });
}

/** A metric of the stack's group of schedules. */
export function scheduleMetric({ stack }: Watched, metricName: string): Metric {
  return new Metric({
    namespace: 'AWS/Scheduler',
    metricName,
    dimensionsMap: { ScheduleGroup: stack.stackName },
    statistic: 'Sum',
  });
}

/** All of them as one number. */
export function sumOf(label: string, metrics: readonly IMetric[], period: Duration): MathExpression {
  if (metrics.length > mostMetrics) throw new Error(`${label}: ${metrics.length} metrics, ${mostMetrics} fit an alarm`);
  const usingMetrics = Object.fromEntries(metrics.map((metric, i) => [`m${i}`, metric]));
  return new MathExpression({ expression: `SUM([${Object.keys(usingMetrics)}])`, usingMetrics, period, label });
}

export const minutes = Duration.minutes;

function find(stack: Stack, is: (construct: Construct) => boolean): Construct[] {
  return stack.node.findAll().filter((each): each is Construct => each instanceof Construct && is(each));
}
