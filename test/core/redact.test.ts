import { expect, test } from 'vitest';
import { redactCases } from '../../lib/core/redact.ts';

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

test('a callback token is blotted out by its form, whichever of an attempt it is', () => {
  const token = `cbt1.52.1.1800000000.${'-_aZ'.repeat(11).slice(0, 43)}`;
  const [only] = redactCases([{ ...aCase, message: `sent with Bearer ${token}.` }], ['1800000000']);
  expect(only?.message).toBe('sent with Bearer ***.');
});
