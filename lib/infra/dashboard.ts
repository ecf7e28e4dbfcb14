import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  MathExpression,
  Metric,
  Row,
} from 'aws-cdk-lib/aws-cloudwatch';
import { functionsOf, minutes, ownMetric, queuesOf, type Watched } from './watched.ts';

/** CloudWatch queries so many log groups at once. */
const mostLogGroups = 50;

/** What an operator looks at first, in the order of the questions: is anything wrong, do runs end, who is to blame. */
export function createDashboard(watched: Watched, alarms: readonly Alarm[]): Dashboard {
  const { stack } = watched;
  const dashboard = new Dashboard(stack, 'Dashboard', { dashboardName: stack.stackName });
  const lines = [...(alarms.length === 0 ? [] : [alarmLine(alarms)]), ...linesOf(watched), lastErrors(watched)];
  dashboard.addWidgets(...lines.map((line) => new Row(...line)));
  return dashboard;
}

function linesOf(watched: Watched): IWidget[][] {
  const { api, machine, table } = watched;
  const sum = { statistic: 'Sum', period: minutes(5) } as const;
  const own = (name: string, statistic = 'Sum') =>
    ownMetric(watched, name, { statistic, period: minutes(5), label: name });
  const ofTable = (metricName: string) =>
    new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap: { TableName: table.tableName }, ...sum });
  const services = functionsOf(watched);
  return [
    [
      graph('Runs completed, by result', [
        search(`{"${watched.stack.stackName}",Result} MetricName="RunsCompleted"`, 'Sum'),
      ]),
      graph('Overdue: seconds the oldest action is late, and stuck runs', [
        own('OldestDueAge', 'Maximum'),
        own('StuckRuns', 'Maximum'),
      ]),
    ],
    [
      graph('Executions of runs', [
        machine.metricStarted(sum),
        machine.metricSucceeded(sum),
        machine.metricFailed(sum),
        machine.metricTimedOut(sum),
        machine.metricThrottled(sum),
      ]),
      graph('Outside trouble', [
        own('DispatchesFailed'),
        own('CircuitsOpened'),
        own('DeliveriesFailed'),
        own('HooksRefused'),
        own('KeysRefused'),
        own('LateResults'),
      ]),
    ],
    [
      graph('Requests', [api.metricCount(sum), api.metricClientError(sum), api.metricServerError(sum)]),
      graph('Milliseconds to answer them', [
        api.metricLatency({ statistic: 'p50', period: minutes(5), label: 'p50' }),
        api.metricLatency({ statistic: 'p99', period: minutes(5), label: 'p99' }),
      ]),
    ],
    [
      graph(
        'Messages in dead-letter queues',
        queuesOf(watched).map((queue) =>
          queue.metricApproximateNumberOfMessagesVisible({
            statistic: 'Maximum',
            period: minutes(5),
            label: queue.node.path,
          }),
        ),
      ),
      graph('Table: units used, calls throttled', [
        ofTable('ConsumedReadCapacityUnits'),
        ofTable('ConsumedWriteCapacityUnits'),
        ofTable('ReadThrottleEvents'),
        ofTable('WriteThrottleEvents'),
      ]),
    ],
    [
      graph(
        'Errors of functions',
        services.map((service) => service.metricErrors({ ...sum, label: service.node.id })),
      ),
      graph('Functions of the account: at once, throttled', [
        new Metric({
          namespace: 'AWS/Lambda',
          metricName: 'ConcurrentExecutions',
          statistic: 'Maximum',
          period: minutes(5),
        }),
        new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...sum }),
      ]),
    ],
  ];
}

function alarmLine(alarms: readonly Alarm[]): IWidget[] {
  return [new AlarmStatusWidget({ title: 'Alarms (docs/operations.md)', alarms: [...alarms], width: 24, height: 4 })];
}

function lastErrors(watched: Watched): IWidget[] {
  const logGroupNames = functionsOf(watched).map(({ logGroup }) => logGroup.logGroupName);
  return [
    new LogQueryWidget({
      title: 'Last errors',
      logGroupNames: logGroupNames.slice(0, mostLogGroups),
      queryLines: [
        'fields @timestamp, function, event, runId, deliveryId, requestId, errorName, errorText',
        'filter level = "error" or @message like /Task timed out|Runtime\\./',
        'sort @timestamp desc',
        'limit 20',
      ],
      width: 24,
      height: 8,
    }),
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 12, height: 6 });
}

/** A line for each value of the dimensions there is. */
function search(what: string, statistic: string): MathExpression {
  return new MathExpression({
    expression: `SEARCH('${what}', '${statistic}', 300)`,
    usingMetrics: {},
    label: '',
    period: minutes(5),
  });
}
