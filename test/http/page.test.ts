import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPage, toPage } from '../../lib/http/page.ts';

test('reads limit and cursor, and names what is wrong', () => {
  expect(readPage(new URLSearchParams())).toEqual({ limit: 50, cursor: undefined });
  expect(readPage(new URLSearchParams('limit=100&cursor=7'))).toEqual({ limit: 100, cursor: 7 });
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=',
    'limit=x',
    'cursor=',
    'cursor=0',
    'cursor=99999999999',
    'cursor=-1',
  ]) {
    const [field] = query.split('=');
    expect(() => readPage(new URLSearchParams(query))).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', fields: [expect.objectContaining({ field })] }),
    );
  }
});

test('following the cursors visits every row once, in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 250 }), fc.integer({ min: 1, max: 100 }), (count, limit) => {
      const all = Array.from({ length: count }, (_, i) => i + 1);
      const visited: number[] = [];
      let query = new URLSearchParams({ limit: String(limit) });
      for (;;) {
        const { cursor = 0 } = readPage(query);
        const rows = all.filter((id) => id > cursor).slice(0, limit + 1);
        const page = toPage(rows, limit, Number, (id) => id);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        visited.push(...page.items);
        if (page.nextCursor === null) break;
        query = new URLSearchParams({ limit: String(limit), cursor: page.nextCursor });
      }
      expect(visited).toEqual(all);
    }),
  );
});
