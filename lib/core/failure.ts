import type { AttemptProblem } from './executor.ts';

/**
 * Whose matter it is that an attempt ended without a readable report. `infrastructure`: what was to run the tests failed, and
 * another try may well work. `plan`: it will be refused again until somebody changes something. `tests`: they ran, and what
 * they left cannot be read.
 */
export type FailureClass = 'infrastructure' | 'plan' | 'tests';

const classes: Readonly<Record<AttemptProblem['reason'], FailureClass>> = {
  dispatchFailed: 'infrastructure',
  executorLost: 'infrastructure',
  executorProtocol: 'infrastructure',
  inactivity: 'infrastructure',
  executorRefused: 'plan',
  reportUnreadable: 'tests',
};

export function failureClassOf({ reason }: Pick<AttemptProblem, 'reason'>): FailureClass {
  return classes[reason];
}
