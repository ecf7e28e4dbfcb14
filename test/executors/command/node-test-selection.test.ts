import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFilter } from '../../../lib/executors/command/node-test-selection.mjs';

const names = fc.array(fc.constantFrom('a', 'b', 'a › b', 'c', 'c [d]'), { minLength: 1, maxLength: 4 });
const toCase = (path: readonly string[]) => ({ suite: path.slice(0, -1).join(' › '), name: path.at(-1) ?? '' });

describe('createFilter', () => {
  it('lets a picked test run, with all around and all inside it', () => {
    fc.assert(
      fc.property(names, names, (path, below) => {
        const isPicked = createFilter([toCase(path)]);
        for (let depth = 1; depth <= path.length; depth += 1) expect(isPicked(path.slice(0, depth))).toBe(true);
        expect(isPicked([...path, ...below])).toBe(true);
      }),
    );
  });

  it('lets no test run that is neither around nor inside a picked one', () => {
    const simple = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(simple, simple, (path, other) => {
        const shared = Math.min(path.length, other.length);
        const related = path.slice(0, shared).join() === other.slice(0, shared).join();
        expect(createFilter([toCase(path)])(other)).toBe(related);
      }),
    );
  });

  it('knows names as the report has them: without line breaks', () => {
    expect(createFilter([{ suite: 'S', name: 'a b' }])(['S', 'a\n\tb'])).toBe(true);
  });

  it('of a data-driven case runs the named iterations only', () => {
    const isPicked = createFilter([{ suite: 'S', name: 'C', iterations: ['x'] }]);
    expect([['S'], ['S', 'C'], ['S', 'C', 'x'], ['S', 'C[x]'], ['S', 'C (x)']].map(isPicked)).not.toContain(false);
    expect(
      [
        ['S', 'C', 'y'],
        ['S', 'C[y]'],
        ['S', 'C (y)'],
        ['S', 'D'],
      ].map(isPicked),
    ).not.toContain(true);
  });

  it('tells files apart, and cases from others that look like an iteration', () => {
    const cases = [{ suite: 'S', className: 'a.test.js', name: 'C' }];
    expect(createFilter(cases, 'a.test.js')(['S', 'C'])).toBe(true);
    expect(createFilter(cases, 'b.test.js')(['S', 'C'])).toBe(false);
    expect(createFilter(cases)(['S', 'C'])).toBe(true);
    for (const className of ['', 'test'])
      expect(createFilter([{ suite: 'S', className, name: 'C' }], 'b.test.js')(['S', 'C'])).toBe(true);
    for (const other of ['C (x)', 'C[x]']) expect(createFilter(cases, 'a.test.js')(['S', other])).toBe(false);
    expect(createFilter([{ suite: 'S', name: 'C', iterations: [] }])(['S', 'C (x)'])).toBe(true);
  });
});
