import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { embedMetrics } from '../../lib/adapters/metrics.ts';
import { type Resource, resourcesOf, show, synthesize, type Template, withoutHash } from './synthesize.ts';

/** The checks of the template are another test's. */
const unchecked = { '@aws-cdk/core:validateAgainstDefaultRules': false };

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}
interface AlarmProperties extends Partial<Metric> {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly TreatMissingData: string;
  readonly AlarmActions: unknown[];
  readonly OKActions: unknown[];
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: Metric } }[];
}

let template: Template;
let alarms: AlarmProperties[];
beforeAll(() => {
  // With builds, so that everything there can be is there.
  ({ template } = synthesize(undefined, { ...unchecked, codebuildProjects: 'shop-tests', eventSources: 'com.acme' }));
  alarms = all('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties as unknown as AlarmProperties);
});

const all = (type: string): [string, Resource][] => resourcesOf(template, type);
const only = (type: string): Resource => {
  const found = all(type);
  expect(found).toHaveLength(1);
  return found[0]?.[1] as Resource;
};
const operations = readFileSync('docs/operations.md', 'utf8');
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');
const alarmOf = (anchor: string): AlarmProperties => {
  const found = alarms.find(({ AlarmName }) => AlarmName === `Proctor-${anchor}`);
  if (found === undefined) throw new Error(`there is no alarm ${anchor}`);
  return found;
};
const metricsOf = ({ Namespace, MetricName, Dimensions, Metrics = [] }: AlarmProperties): Metric[] =>
  Namespace !== undefined && MetricName !== undefined
    ? [{ Namespace, MetricName, ...(Dimensions && { Dimensions }) }]
    : Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
/** What an alarm watches: the values of that dimension, as short text. */
const watchedBy = (anchor: string, dimension: string): string[] =>
  metricsOf(alarmOf(anchor)).flatMap(({ Dimensions = [] }) =>
    Dimensions.filter(({ Name }) => Name === dimension).map(({ Value }) => show(Value)),
  );

describe('alarms', () => {
  it('each link to their heading in the runbook, and each of its headings has an alarm', () => {
    const section = /\n## Alarms\n([\s\S]*?)\n## /.exec(operations)?.[1] ?? '';
    const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    const anchors = alarms.map(
      ({ AlarmDescription }) => /^See docs\/operations\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1],
    );
    expect(anchors.sort()).toEqual(headings.sort());
    expect(alarms.map(({ AlarmName }) => AlarmName).sort()).toEqual(headings.map((each) => `Proctor-${each}`).sort());
  });

  it('are 12 at most, of 42 metrics at most, and cost what the runbook says without builds', () => {
    expect(alarms.length).toBeLessThanOrEqual(12);
    expect(alarms.flatMap(metricsOf).length).toBeLessThanOrEqual(42);
    const plain = resourcesOf(synthesize(undefined, unchecked).template, 'AWS::CloudWatch::Alarm');
    const count = plain.flatMap(([, { Properties }]) => metricsOf(Properties as unknown as AlarmProperties)).length;
    expect(operations).toContain(`each of the ${count} metrics its ten alarms look at`);
    expect(plain).toHaveLength(10);
  });

  it('tell the topic when they ring and when it is over', () => {
    for (const { AlarmName, AlarmActions, OKActions } of alarms) {
      expect([AlarmName, AlarmActions.map(show), OKActions.map(show)]).toEqual([
        AlarmName,
        ['AlarmsTopic'],
        ['AlarmsTopic'],
      ]);
    }
  });

  it('may be told to the topic by CloudWatch for this account alone, and never by plain HTTP', () => {
    const { Properties } = only('AWS::SNS::TopicPolicy');
    const { Statement } = Properties.PolicyDocument as { Statement: Record<string, unknown>[] };
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  it('watch every dead-letter queue there is, and the runbook says of each what to do', () => {
    const queues = all('AWS::SQS::Queue').map(([id]) => withoutHash(id));
    expect(watchedBy('messages-are-in-a-dead-letter-queue', 'QueueName').sort()).toEqual(queues.sort());
    for (const queue of queues) expect(operations).toContain(`| \`${queue}\``);
  });

  it('watch every function no request waits for, and the API for the others', () => {
    const functions = all('AWS::Lambda::Function').map(([id]) => withoutHash(id));
    const background = functions.filter((id) => !id.startsWith('Http'));
    expect(background.length).toBeGreaterThan(5);
    expect(watchedBy('functions-fail', 'FunctionName').sort()).toEqual(background.sort());
    expect(watchedBy('the-api-fails', 'ApiId')).toEqual(['HttpApi', 'HttpApi']);
  });

  it('watch every rule, by the name and bus its metrics have, and the group of every schedule', () => {
    const rules = all('AWS::Events::Rule');
    const dimensions = metricsOf(alarmOf('events-reach-nobody')).map(({ Dimensions = [] }) =>
      Dimensions.map(({ Name, Value }) => `${Name}=${show(Value)}`).join(),
    );
    const ofRules = rules.map(([id, { Properties }]) => {
      const bus = Properties.EventBusName === undefined ? '' : `EventBusName=${show(Properties.EventBusName)},`;
      const name = [bus === '' ? 1 : 2, { 'Fn::Split': ['/', { 'Fn::GetAtt': [id, 'Arn'] }] }];
      return `${bus}RuleName=${JSON.stringify(name)}`;
    });
    const ofGroup = Array(3).fill('ScheduleGroup=Proctor');
    expect(dimensions.sort()).toEqual([...ofRules, ...ofGroup].sort());
    for (const [, { Properties }] of all('AWS::Scheduler::Schedule')) {
      expect(show(Properties.GroupName)).toBe('SchedulesGroup');
    }
  });

  it('watch metrics of our own that the log really sends, to the same namespace', () => {
    const sent = ['swept', 'delivery failed'].flatMap((event) => {
      const { _aws } = embedMetrics('Proctor', { level: 'info', event }, 0) as {
        _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
      };
      return _aws.CloudWatchMetrics.map(({ Namespace, Dimensions, Metrics }) => [
        Namespace,
        Dimensions.flat(),
        Metrics[0]?.Name,
      ]);
    });
    const own = alarms.flatMap(metricsOf).filter(({ Namespace }) => !Namespace.startsWith('AWS/'));
    expect(own.map(({ Namespace, MetricName, Dimensions = [] }) => [Namespace, Dimensions, MetricName]).sort()).toEqual(
      sent.sort(),
    );
    for (const [id, { Properties }] of all('AWS::Lambda::Function')) {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      expect([id, Variables.METRICS_NAMESPACE]).toEqual([id, 'Proctor']);
    }
  });

  it('take silence of the sweeper for the worst, and silence of all else for rest', () => {
    const missing = alarms.map(({ AlarmName, TreatMissingData }) => [
      AlarmName.slice('Proctor-'.length),
      TreatMissingData,
    ]);
    expect(missing.filter(([, what]) => what !== 'notBreaching')).toEqual([['work-is-overdue', 'breaching']]);
  });
});

describe('the dashboard', () => {
  it('shows ten things and the last errors, with every alarm, queue and function on it', () => {
    const { Properties } = only('AWS::CloudWatch::Dashboard');
    const text = JSON.stringify(Properties.DashboardBody);
    expect(Properties.DashboardName).toBe('Proctor');
    expect(text.match(/\\"type\\":\\"metric\\"/g)).toHaveLength(10);
    expect(text.match(/\\"type\\":\\"(alarm|log)\\"/g)).toHaveLength(2);
    const ids = ['AWS::CloudWatch::Alarm', 'AWS::SQS::Queue', 'AWS::Lambda::Function'].flatMap(all).map(([id]) => id);
    expect(ids.filter((id) => !text.includes(id))).toEqual([]);
  });
});

describe('context', () => {
  const synthesized = (context: Record<string, unknown>) =>
    synthesize(undefined, { ...unchecked, ...context }).template;

  it('turns alarms and their topic off', () => {
    const without = synthesized({ alarms: 'false' });
    expect([...resourcesOf(without, 'AWS::CloudWatch::Alarm'), ...resourcesOf(without, 'AWS::SNS::Topic')]).toEqual([]);
  });

  it('tells another topic, and an address', () => {
    const topicArn = 'arn:aws:sns:eu-central-1:123456789012:oncall';
    const told = synthesized({ alarmTopicArn: topicArn, alarmEmail: 'oncall@example.com' });
    expect(resourcesOf(told, 'AWS::SNS::Topic')).toEqual([]);
    for (const [, { Properties }] of resourcesOf(told, 'AWS::CloudWatch::Alarm')) {
      expect(Properties.AlarmActions).toEqual([topicArn]);
    }
    expect(resourcesOf(told, 'AWS::SNS::Subscription').map(([, { Properties }]) => Properties)).toMatchObject([
      { Protocol: 'email', Endpoint: 'oncall@example.com', TopicArn: topicArn },
    ]);
  });

  it('keeps all logs as long as it says, and refuses a time CloudWatch does not know', () => {
    const groups = resourcesOf(synthesized({ logRetentionDays: '90' }), 'AWS::Logs::LogGroup');
    expect([...new Set(groups.map(([, { Properties }]) => Properties.RetentionInDays))]).toEqual([90]);
    expect(() => synthesized({ logRetentionDays: '31' })).toThrow(/logRetentionDays: 31 is not one of 1, 3, 5/);
  });

  it('begins a trace with every call of a function where it is asked to', () => {
    const functions = resourcesOf(synthesized({ traceAll: 'true' }), 'AWS::Lambda::Function');
    for (const [id, { Properties }] of functions) {
      expect([id, Properties.TracingConfig]).toEqual([id, { Mode: 'Active' }]);
    }
  });

  it('puts the stack on a table that is there already, as a restored one', () => {
    const restored = synthesized({ tableName: 'Proctor-restored' });
    expect(resourcesOf(restored, 'AWS::DynamoDB::Table')).toEqual([]);
    const tables = resourcesOf(restored, 'AWS::Lambda::Function').flatMap(([, { Properties }]) => {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      return Variables.TABLE_NAME ?? [];
    });
    expect(tables.length).toBeGreaterThan(20);
    expect([...new Set(tables)]).toEqual(['Proctor-restored']);
    const policies = JSON.stringify(resourcesOf(restored, 'AWS::IAM::Policy'));
    expect(policies).toContain(':table/Proctor-restored"');
    expect(policies).toContain(':table/Proctor-restored/index/due"');
  });
});
