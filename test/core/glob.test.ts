import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob } from '../../lib/core/glob.ts';

test('a star is any characters, as the regular expression says', () => {
  const letters = (characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 8 });
  fc.assert(
    fc.property(letters(['a', 'b']), letters(['a', 'b', '*']), (name, pattern) => {
      expect([name, pattern, matchesGlob(name, pattern)]).toEqual([
        name,
        pattern,
        new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name),
      ]);
    }),
    { numRuns: 2000 },
  );
});

test('no pattern takes long', () => {
  const startedAt = performance.now();
  expect(matchesGlob(`${'a'.repeat(1000)}b`, `${'*a'.repeat(500)}c`)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
