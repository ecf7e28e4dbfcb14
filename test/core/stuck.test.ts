import { expect, it } from 'vitest';
import { isStuck } from '../../lib/core/stuck.ts';
import { aRun } from '../support/runs.ts';

const minute = 60_000;

it.each<[string, boolean, Parameters<typeof aRun>[1], number]>([
  [
    'a run two minutes after its deadline is not yet stuck',
    false,
    { status: 'running', deadlineAt: 10 * minute },
    12 * minute,
  ],
  ['a run later than that is', true, { status: 'running', deadlineAt: 10 * minute }, 12 * minute + 1],
  [
    'the deadline of its stop counts when it comes first',
    true,
    { status: 'stopping', deadlineAt: 60 * minute, stopBy: 10 * minute },
    13 * minute,
  ],
  [
    'a run that is over and told is never stuck',
    false,
    { status: 'completed', deadlineAt: 0, endedAt: 0 },
    99 * minute,
  ],
  [
    'one whose end nobody heard of for two minutes is',
    true,
    { status: 'completed', endedAt: 0, outbox: new Set(['completed'] as const) },
    3 * minute,
  ],
])('%s', (_, expected, change, now) => {
  expect(isStuck(aRun(1, change), now)).toBe(expected);
});
