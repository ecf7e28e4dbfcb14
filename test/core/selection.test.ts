import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyCatalog, indexCatalog, placeDeclared } from '../../lib/core/catalog.ts';
import type { Condition, SavedConfig } from '../../lib/core/plan.ts';
import { findConfig, fits, type KnownCase, knownCases } from '../../lib/core/selection.ts';
import { aDocument } from '../support/runs.ts';

const values = { suiteId: [65], tags: ['smoke', 'prices'], assignee: [9], priority: ['high'] };
const ask = (key: string, operation: string, ...value: (string | number)[]) => ({ key, operation, value }) as Condition;

describe('a condition', () => {
  test('IN needs one of the values, NOT_IN none of them', () => {
    expect(fits([ask('tags', 'IN', 'smoke', 'slow')], values)).toBe(true);
    expect(fits([ask('tags', 'NOT_IN', 'smoke', 'slow')], values)).toBe(false);
    expect(fits([ask('suiteId', 'IN', 66)], values)).toBe(false);
    expect(fits([ask('suiteId', 'NOT_IN', 66)], values)).toBe(true);
  });

  test('on a key without a value is outside IN and inside NOT_IN', () => {
    expect(fits([ask('reviewedBy', 'IN', 9)], values)).toBe(false);
    expect(fits([ask('reviewedBy', 'NOT_IN', 9)], values)).toBe(true);
  });

  test('IN nothing selects nothing, NOT_IN nothing everything', () => {
    expect(fits([ask('tags', 'IN')], values)).toBe(false);
    expect(fits([ask('tags', 'NOT_IN')], values)).toBe(true);
  });

  test('compares numbers by their digits and text exactly', () => {
    expect(fits([ask('priority', 'IN', 'High')], values)).toBe(false);
    expect(fits([ask('assignee', 'IN', 9)], values)).toBe(true);
    expect(fits([ask('requirementId', 'IN', 12)], { requirementId: ['12'] })).toBe(true);
  });

  test('on a key that is none is refused', () => {
    expect(() => fits([ask('color', 'IN', 'red')], values)).toThrow(/cannot select by "color"/);
  });

  test('all must hold, and NOT_IN is the opposite of IN, whatever the case has', () => {
    const keys = ['suiteId', 'reviewedBy', 'assignee', 'tags', 'type', 'priority', 'requirementId'] as const;
    const numbers = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
    const given = fc.dictionary(fc.constantFrom(...keys), numbers) as fc.Arbitrary<KnownCase['values']>;
    const conditions = fc.array(fc.tuple(fc.constantFrom(...keys), numbers), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(given, conditions, (own, asked) => {
        const each = asked.map(([key, value]) => fits([ask(key, 'IN', ...value)], own));
        asked.forEach(([key, value], i) => {
          expect(fits([ask(key, 'NOT_IN', ...value)], own)).toBe(!each[i]);
        });
        const all = asked.map(([key, value]) => ask(key, 'IN', ...value));
        expect(fits(all, own)).toBe(each.every(Boolean));
      }),
    );
  });
});

describe('the cases a plan knows', () => {
  const document = aDocument({
    suites: [
      {
        name: 'Cart',
        cases: [{ name: 'adds', tags: ['smoke'], assignee: 9, requirement: 'R-1', requirementType: 'story' }],
      },
      { name: 'Tax', cases: [{ name: 'rounds', reviewedBy: 4, type: 'unit', priority: 'low' }] },
    ],
  });

  test('are those it declares, with the number of their suite', () => {
    const index = indexCatalog(emptyCatalog);
    placeDeclared(document, index);
    const catalog = { entries: index.added, ids: index.added.map((_, i) => 100 + i) };
    expect(knownCases({ ...document, createdBy: 3 }, catalog)).toEqual([
      {
        suite: 'Cart',
        className: '',
        name: 'adds',
        values: {
          createdById: [3],
          suiteId: [100],
          tags: ['smoke'],
          assignee: [9],
          requirementId: ['R-1'],
          requirementType: ['story'],
        },
      },
      {
        suite: 'Tax',
        className: '',
        name: 'rounds',
        values: { createdById: [3], suiteId: [102], reviewedBy: [4], type: ['unit'], priority: ['low'] },
      },
    ]);
  });

  test('are those it has learnt if it declares none', () => {
    const index = indexCatalog(emptyCatalog);
    index.place({ suite: 'Cart', className: 'a.Cart', name: 'adds' });
    const catalog = { entries: index.added, ids: [7, 8] };
    const [only, ...others] = knownCases({ suites: [], createdBy: 3 }, catalog);
    expect(others).toEqual([]);
    expect(only).toEqual({
      suite: 'Cart',
      className: 'a.Cart',
      name: 'adds',
      values: { createdById: [3], suiteId: [7] },
    });
  });
});

describe('a saved selection', () => {
  const configs = [
    { id: 1, name: 'smoke' },
    { id: 2, name: 'twice' },
    { id: 3, name: 'twice' },
  ] as SavedConfig[];

  test('is found by name, by id, or by both if they agree', () => {
    expect(findConfig(configs, { field: 'config', name: 'smoke' }).id).toBe(1);
    expect(findConfig(configs, { field: 'config', id: 3 }).id).toBe(3);
    expect(findConfig(configs, { field: 'config', name: 'twice', id: 2 }).id).toBe(2);
  });

  test('that is unknown, or named twice, is refused with what there is', () => {
    expect(() => findConfig(configs, { field: 'config', name: 'Smoke' })).toThrow(
      /it has 1 \(smoke\), 2 \(twice\), 3 \(twice\)/,
    );
    expect(() => findConfig([], { field: 'config', id: 9 })).toThrow(/it has none/);
    expect(() => findConfig(configs, { field: 'config', name: 'twice' })).toThrow(
      /fits the saved configurations 2, 3; use an id/,
    );
    expect(() => findConfig(configs, { field: 'config', name: 'smoke', id: 2 })).toThrow(
      /those of two saved configurations/,
    );
  });
});
