import { expect, test } from 'vitest';
import { redactCases } from '../../../lib/executors/command/redact.ts';

const aCase = { suite: 'S', className: '', name: 'logs in', result: 'failed', durationMs: 1 } as const;

test('what a test printed of the variables it was given is blotted out, whole secrets before their parts', () => {
  const [first, second] = redactCases(
    [
      { ...aCase, message: 'login failed with geheim-88 rt geheim-8', details: 'at geheim-88:1' },
      { ...aCase, message: 'expected true to be 1' },
    ],
    ['geheim-8', 'geheim-88', 'true'.slice(0, 3), '1'],
  );
  expect(first).toEqual({ ...aCase, message: 'login failed with *** rt ***', details: 'at ***:1' });
  expect(second?.message).toBe('expected true to be 1');
});
