import { describe, expect, it } from 'vitest';
import { reportedCases } from '../../lib/core/reported-case.ts';
import { parse } from '../../lib/core/schema.ts';

const read = (value: unknown) => parse(reportedCases, value);

describe('a reported case in JSON', () => {
  it('needs a name and a result only', () => {
    expect(read([{ name: 'adds', result: 'passed' }])).toEqual([
      { suite: '', className: '', name: 'adds', result: 'passed', durationMs: 0 },
    ]);
  });

  it('keeps what it knows, drops what it does not, takes null for absent', () => {
    const given = {
      suite: 's',
      className: 'c',
      name: 'n',
      iteration: 'i',
      result: 'failed',
      durationMs: 1.6,
      file: 'f',
    };
    const more = { message: 'm', details: null, id: 7, ['__proto__']: { admin: true } };
    expect(read([{ ...given, ...more }])).toEqual([{ ...given, durationMs: 2, message: 'm' }]);
  });

  it('cuts long text, never through a character', () => {
    const [cut] = read([
      { name: 'n', result: 'failed', message: `${'x'.repeat(1998)}😀😀`, details: 'y'.repeat(20_000) },
    ]);
    expect(cut?.message).toBe(`${'x'.repeat(1998)}…`);
    expect(cut?.details).toHaveLength(16_000);
  });

  it.each([
    { name: 'n', result: 'success' },
    { name: 'n', result: 'stopped' },
    { name: 'n', result: 'notExecuted' },
    { name: '', result: 'passed' },
    { result: 'passed' },
    { name: 'n'.repeat(501), result: 'passed' },
    { name: 'a\u001fb', result: 'passed' },
    { name: 'n', result: 'passed', durationMs: -1 },
    { name: 'n', result: 'passed', durationMs: '3' },
    { name: 'n', result: 'passed', suite: 3 },
    null,
    'passed',
    [],
  ])('is refused as %j', (wrong) => {
    expect(() => read([wrong])).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });
});
