import { App, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { onRunCompleted, type RunCompletedProps } from '../../lib/infra/on-run-completed.ts';
import { resourcesOf, type Template } from './synthesize.ts';

/** The rule in the template of another stack that knows the bus by its name. */
const ruleOf = (wanted: Omit<RunCompletedProps, 'bus' | 'target'>) => {
  const app = new App();
  const stack = new Stack(app, 'Consumer');
  const bus = EventBus.fromEventBusName(stack, 'ProctorBus', 'proctor');
  onRunCompleted(stack, 'Ended', { bus, target: new SqsQueue(new Queue(stack, 'Inbox')), ...wanted });
  const template = app.synth().getStackByName('Consumer').template as Template;
  return resourcesOf(template, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
};
const completed = { source: ['proctor'], 'detail-type': ['Run Completed'] };

test('another stack hears of the runs it asks for, on the bus of Proctor', () => {
  const [rule, ...others] = ruleOf({ plan: 'smoke', project: 'shop', result: ['failed', 'errored'] });
  expect(others).toEqual([]);
  expect(rule).toMatchObject({ EventBusName: 'proctor', State: 'ENABLED', Targets: [{ Arn: expect.anything() }] });
  expect(rule?.EventPattern).toEqual({
    ...completed,
    detail: { planName: ['smoke'], project: ['shop'], result: ['failed', 'errored'] },
  });
});

test.each([
  ['all runs', {}, completed],
  ['a plan by its id', { plan: 7 }, { ...completed, detail: { planId: [7] } }],
  ['one result', { result: 'passed' }, { ...completed, detail: { result: ['passed'] } }],
] as const)('of %s', (_what, wanted, pattern) => {
  expect(ruleOf(wanted)[0]?.EventPattern).toEqual(pattern);
});
