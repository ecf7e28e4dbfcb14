import { type IEventBus, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { RunResult } from '../core/run.ts';

export interface RunCompletedProps {
  /** The bus of Proctor: `EventBus.fromEventBusName(this, 'ProctorBus', 'proctor')`. */
  readonly bus: IEventBus;
  /** Runs of this plan only, by its id or name. */
  readonly plan?: number | string;
  /** Runs of this project only. */
  readonly project?: string;
  /** Runs that end like this only. */
  readonly result?: RunResult | readonly RunResult[];
  readonly target: IRuleTarget;
}

/**
 * For other stacks: has the target called when a run completes. It is called at least once; the same end has the same
 * `detail.id`. Give the target a dead-letter queue: what it cannot take in 24 hours is lost otherwise.
 */
export function onRunCompleted(scope: Construct, id: string, props: RunCompletedProps): Rule {
  const { bus, plan, project, result, target } = props;
  const detail = {
    ...(plan === undefined ? {} : typeof plan === 'number' ? { planId: [plan] } : { planName: [plan] }),
    ...(project === undefined ? {} : { project: [project] }),
    ...(result === undefined ? {} : { result: typeof result === 'string' ? [result] : [...result] }),
  };
  return new Rule(scope, id, {
    description: 'Runs of Proctor that completed',
    eventBus: bus,
    eventPattern: {
      source: ['proctor'],
      detailType: ['Run Completed'],
      ...(Object.keys(detail).length === 0 ? {} : { detail }),
    },
    targets: [target],
  });
}
