import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteShell } from '../../../lib/executors/command/quote-shell.ts';

describe('quoteShell', () => {
  it('leaves plain words as they are', () => {
    expect(quoteShell('tests/a.test.js')).toBe('tests/a.test.js');
    expect(quoteShell('')).toBe("''");
  });

  it('gives the shell back every text as one word, whatever it holds', () => {
    const nasty = fc.constantFrom(
      "'",
      '"',
      '`',
      '$(id)',
      '\\',
      '\n',
      ';',
      '&',
      '*',
      '~',
      '!',
      '#',
      '-n',
      ' ',
      'ü',
      '🛒',
      '{a,b}',
    );
    const text = fc
      .array(fc.oneof(nasty, fc.string({ unit: 'binary' })), { maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(text, { minLength: 200, maxLength: 400 }), (texts) => {
        const words = texts.map((one) => Buffer.from(one.replaceAll('\0', '')).toString());
        const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(quoteShell).join(' ')}`]);
        expect(String(stdout).split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});
