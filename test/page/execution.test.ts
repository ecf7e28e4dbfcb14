import { describe, expect, test } from 'vitest';
import { executionIn } from '../../web/core/execution.ts';

const none = { passed: 0, failed: 0, errored: 0 };
const green = { ...none, passed: 3 };

describe('what an empty list of failing cases means', () => {
  test.each<readonly [string, readonly (typeof none | null)[], number, ReturnType<typeof executionIn>]>([
    ['a case passed', [green], 1, 'some'],
    ['a case passed before the newest run, which has no counts', [null, green], 2, 'some'],
    ['every case was skipped or blocked', [none], 1, 'none'],
    ['no run has counts', [null, null], 2, 'none'],
    ['what was executed is beyond the runs whose cases were read', [null, green], 1, 'none'],
    ['the cases of no run could be read', [green], 0, 'unknown'],
  ])('%s', (_, counts, casesOf, expected) => {
    expect(executionIn({ runs: counts.map((each) => ({ counts: each })), window: { casesOf } })).toBe(expected);
  });
});
