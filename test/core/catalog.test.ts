import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Catalog, caseOf, indexCatalog, nameOf, placeDeclared } from '../../lib/core/catalog.ts';
import { parsePlan } from '../../lib/core/plan.ts';

const executor = { type: 'command', command: 'true' };

function learn(catalog: Catalog, ...names: Parameters<ReturnType<typeof indexCatalog>['place']>[0][]) {
  const index = indexCatalog(catalog);
  const positions = names.map((name) => index.place(name));
  const entries = [...catalog.entries, ...index.added];
  return { positions, catalog: { entries, ids: entries.map((_, i) => 100 + i) } };
}

function declare(suites: unknown): { catalog: Catalog; cases: number[] } {
  const index = indexCatalog({ entries: [], ids: [] });
  const { cases } = placeDeclared(parsePlan({ name: 'p', executor, suites }), index);
  return { catalog: { entries: [...index.added], ids: index.added.map((_, i) => i + 1) }, cases };
}

describe('a case is found by suite, class and name', () => {
  test('the same name gets the same position, another suite or class another one', () => {
    const name = { suite: 'S', className: 'C', name: 'n' };
    const { positions } = learn(
      { entries: [], ids: [] },
      name,
      name,
      { ...name, suite: 'T' },
      { ...name, className: 'D' },
    );
    expect(positions[0]).toBe(positions[1]);
    expect(new Set(positions).size).toBe(3);
  });

  test('a position never changes when more is learnt', () => {
    const names = fc.array(fc.record({ suite: fc.string(), className: fc.string(), name: fc.string() }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(names, names, (first, second) => {
        const before = learn({ entries: [], ids: [] }, ...first);
        const after = learn(before.catalog, ...second, ...first);
        expect(after.positions.slice(second.length)).toEqual(before.positions);
      }),
    );
  });

  test('a case declared without a class takes the first class that reports it, and no second one', () => {
    const { catalog, cases } = declare([{ name: 'S', cases: [{ name: 'n' }] }]);
    const reported = { suite: 'S', name: 'n' };
    const { positions } = learn(
      catalog,
      { ...reported, className: 'A' },
      { ...reported, className: 'B' },
      { ...reported, className: 'A' },
    );
    expect(positions[0]).toBe(cases[0]);
    expect(positions[1]).not.toBe(cases[0]);
    expect(positions[2]).toBe(cases[0]);
  });

  test('names of objects’ own properties are names like any other', () => {
    const { positions } = learn(
      { entries: [], ids: [] },
      ...['__proto__', 'constructor', 'toString'].map((name) => ({ suite: name, className: name, name })),
    );
    expect(new Set(positions).size).toBe(3);
  });
});

describe('a declared iteration is found however the reporter names it', () => {
  const { catalog, cases } = declare([{ name: 'Tax', cases: [{ name: 'charges', iterations: ['Germany', 'Japan'] }] }]);
  const germany = catalog.entries.findIndex((entry) => entry.name === 'Germany');

  test.each([
    ['as an iteration', { suite: 'Tax', className: '', name: 'charges', iteration: 'Germany' }],
    ['as a case of a suite named like its case', { suite: 'Tax › charges', className: 'test', name: 'Germany' }],
    ['in brackets', { suite: 'Tax', className: 'x', name: 'charges[Germany]' }],
    ['in parentheses', { suite: 'Tax', className: 'x', name: 'charges (Germany)' }],
  ])('%s', (_, reported) => {
    const { positions, catalog: after } = learn(catalog, reported);
    expect(positions).toEqual([germany]);
    expect(caseOf(after, germany)).toBe(cases[0]);
    expect(nameOf(after, germany)).toEqual({ suite: 'Tax', className: '', name: 'charges' });
  });

  test('an iteration nobody declared becomes a new one of its case', () => {
    const { positions, catalog: after } = learn(catalog, {
      suite: 'Tax',
      className: '',
      name: 'charges',
      iteration: 'Peru',
    });
    expect(caseOf(after, positions[0] as number)).toBe(cases[0]);
  });
});
