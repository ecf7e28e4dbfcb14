import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byMachine,
  type Catalog,
  caseOf,
  emptyCatalog,
  idOf,
  indexCatalog,
  machineOf,
  nameOf,
  placeDeclared,
  suiteOf,
} from '../../lib/core/catalog.ts';
import { parsePlan } from '../../lib/core/plan.ts';

const executor = { type: 'command', command: 'true' };

function learn(catalog: Catalog, ...names: Parameters<ReturnType<typeof indexCatalog>['place']>[0][]) {
  const index = indexCatalog(catalog);
  const positions = names.map((name) => index.place(name));
  const entries = [...catalog.entries, ...index.added];
  return { positions, catalog: { entries, ids: entries.map((_, i) => 100 + i) } };
}

function declare(
  suites: unknown,
  machines: unknown = [],
  before = emptyCatalog,
): { catalog: Catalog; cases: number[] } {
  const index = indexCatalog(before);
  const { cases } = placeDeclared(parsePlan({ name: 'p', executor, suites, machines }), index);
  const entries = [...before.entries, ...index.added];
  return { catalog: { entries, ids: entries.map((_, i) => i + 1) }, cases };
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

  test('a case that is reported without a class is not the one of that name in a class', () => {
    const name = { suite: 'S', className: '', name: 'n' };
    const { positions, catalog } = learn({ entries: [], ids: [] }, name, { ...name, className: 'A' });
    expect(positions[0]).not.toBe(positions[1]);
    expect(learn(catalog, name, { ...name, className: 'B' }).positions[1]).not.toBe(positions[0]);
  });

  test('a case without a class stays that of the class that reported it first, in later batches too', () => {
    const name = { suite: 'S', className: '', name: 'n' };
    const declared = declare([{ name: 'S', cases: [{ name: 'n' }] }]);
    const first = learn(declared.catalog, { ...name, className: 'A' });
    expect(first.positions).toEqual(declared.cases);
    const second = learn(first.catalog, { ...name, className: 'B' }, name, { ...name, className: 'A' });
    expect(second.positions[0]).not.toBe(declared.cases[0]);
    expect(second.positions.slice(1)).toEqual([declared.cases[0], declared.cases[0]]);
    const bare = learn(declared.catalog, name);
    expect(learn(bare.catalog, { ...name, className: 'A' }).positions[0]).not.toBe(declared.cases[0]);
  });

  test('of two batches that learn another class for one case at once, the later is to be sent again', () => {
    const name = { suite: 'S', className: '', name: 'n' };
    const { catalog } = declare([{ name: 'S', cases: [{ name: 'n' }] }]);
    const won = learn(catalog, { ...name, className: 'A' }).catalog;
    const lost = learn(catalog, { ...name, className: 'B' }).catalog;
    const adoptAll = (theirs: Catalog) => {
      const fresh = indexCatalog(won);
      theirs.entries.forEach((_, position) => {
        fresh.adopt(theirs.entries, position);
      });
      return fresh.added;
    };
    expect(() => adoptAll(lost)).toThrow(/send the results again/);
    expect(adoptAll(won)).toEqual([]);
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

describe('a case on a machine', () => {
  const suites = [{ name: 'Tax', cases: [{ name: 'charges', iterations: ['Germany'] }, { name: 'refunds' }] }];
  const tax = { suite: 'Tax', className: '' };
  const positionOf = ({ entries }: Catalog, name: string) => entries.findIndex((entry) => entry.name === name);

  test('is a case of its own with the id, suite and name of the case, and the title of its machine', () => {
    const { catalog, cases } = declare(suites, ['linux', 'windows']);
    expect(cases).toHaveLength(4);
    expect(cases.map((position) => nameOf(catalog, position))).toEqual([
      { ...tax, name: 'charges', machine: 'linux' },
      { ...tax, name: 'charges', machine: 'windows' },
      { ...tax, name: 'refunds', machine: 'linux' },
      { ...tax, name: 'refunds', machine: 'windows' },
    ]);
    expect(cases.map((position) => caseOf(catalog, position))).toEqual(cases);
    const idsOf = (name: string) => catalog.ids[positionOf(catalog, name)];
    expect(cases.map((position) => idOf(catalog, position))).toEqual(
      ['charges', 'charges', 'refunds', 'refunds'].map(idsOf),
    );
    expect(cases.map((position) => machineOf(catalog, position))).toEqual(
      ['linux', 'windows', 'linux', 'windows'].map((name) => positionOf(catalog, name)),
    );
    expect(new Set(cases.map((position) => suiteOf(catalog, position)))).toEqual(new Set([positionOf(catalog, 'Tax')]));
    expect(machineOf(catalog, positionOf(catalog, 'charges'))).toBeUndefined();
  });

  test('has its own iterations, found however the reporter names them', () => {
    const { catalog, cases } = declare(suites, ['linux', 'windows']);
    const [onLinux, onWindows] = cases;
    const names = [
      { ...tax, name: 'charges', iteration: 'Germany' },
      { suite: 'Tax › charges', className: 'test', name: 'Germany' },
      { suite: 'Tax', className: 'x', name: 'charges[Germany]' },
      { suite: 'Tax', className: 'x', name: 'charges (Germany)' },
    ];
    const index = indexCatalog(catalog);
    const placed = (machine?: string) => [...new Set(names.map((name) => index.place(name, machine)))];
    const [linux = -1, ...others] = placed('linux');
    expect(others).toEqual([]);
    expect(caseOf(catalog, linux)).toBe(onLinux);
    expect(placed('windows').map((position) => caseOf(catalog, position))).toEqual([onWindows]);
    expect(index.added.filter(({ kind }) => kind !== 'class')).toEqual([]);
    expect(nameOf(catalog, linux)).toEqual({ ...tax, name: 'charges', machine: 'linux' });
    expect(placed()).toHaveLength(1);
    expect(index.added.filter(({ kind }) => kind !== 'class')).toEqual([
      { kind: 'iteration', parent: positionOf(catalog, 'charges'), name: 'Germany' },
    ]);
  });

  test('leaves what was known before the plan named machines where it was', () => {
    const before = declare(suites);
    const after = declare(suites, ['linux'], before.catalog);
    expect(after.catalog.entries.slice(0, before.catalog.entries.length)).toEqual(before.catalog.entries);
    expect(after.cases.map((position) => idOf(after.catalog, position))).toEqual(
      before.cases.map((position) => idOf(before.catalog, position)),
    );
    expect(declare(suites, [], after.catalog).cases).toEqual(before.cases);
  });

  test('is grouped with the others of its machine, those on none first', () => {
    const { catalog, cases } = declare(suites, ['linux', 'windows']);
    const states = [positionOf(catalog, 'refunds'), ...cases].map((position) => ({ position }));
    expect(byMachine(catalog, states).map((group) => [group.machine, group.cases.length])).toEqual([
      [undefined, 1],
      ['linux', 2],
      ['windows', 2],
    ]);
    expect(byMachine(catalog, [])).toEqual([{ machine: undefined, cases: [] }]);
  });
});

describe('whatever is reported, on whatever machines', () => {
  const word = fc.constantFrom('a', 'b', 'a › b', 'a[b]', 'b (a)');
  const name = fc.record(
    { suite: word, className: fc.constantFrom('', 'C', 'D'), name: word, iteration: word },
    { requiredKeys: ['suite', 'className', 'name'], noNullPrototype: true },
  );
  const anyNames = fc.array(fc.tuple(name, fc.constantFrom(undefined, 'linux', 'windows')), { maxLength: 15 });
  const placeAll = (before: Catalog, names: typeof anyNames extends fc.Arbitrary<infer T> ? T : never) => {
    const index = indexCatalog(before);
    const positions = names.map(([own, machine]) => index.place(own, machine));
    const entries = [...before.entries, ...index.added];
    return { positions, catalog: { entries, ids: entries.map((_, i) => 100 + i) } };
  };

  test('the place is a function of the identity: the same name and machine again is the same place', () => {
    fc.assert(
      fc.property(anyNames, (names) => {
        const { positions } = placeAll(emptyCatalog, [...names, ...names]);
        const again = placeAll(emptyCatalog, names).positions;
        expect(positions.slice(0, names.length)).toEqual(again);
        const machines = new Map(names.map(([, machine], i) => [positions[i], machine]));
        for (const [i, [, machine]] of names.entries()) expect(machines.get(positions[i])).toBe(machine);
      }),
    );
  });

  test('positions and ids stay when more is learnt, and every entry knows its case, suite and machine', () => {
    fc.assert(
      fc.property(anyNames, anyNames, (first, second) => {
        const before = placeAll(emptyCatalog, first);
        const { catalog } = placeAll(before.catalog, [...second, ...first]);
        expect(catalog.entries.slice(0, before.catalog.entries.length)).toEqual(before.catalog.entries);
        for (const [i, [, machine]] of first.entries()) {
          const position = before.positions[i] as number;
          const testCase = caseOf(catalog, position);
          expect(caseOf(catalog, testCase)).toBe(testCase);
          expect(nameOf(catalog, position).machine).toBe(machine);
          expect(nameOf(catalog, position)).toEqual(nameOf(catalog, testCase));
          expect(catalog.entries[suiteOf(catalog, position)]?.name).toBe(nameOf(catalog, position).suite);
          expect(catalog.entries[catalog.ids.indexOf(idOf(catalog, testCase))]?.kind).toBe('case');
        }
      }),
    );
  });

  test('adopting it anywhere else keeps every name', () => {
    fc.assert(
      fc.property(anyNames, anyNames, (ours, others) => {
        const { catalog } = placeAll(emptyCatalog, ours);
        const index = indexCatalog(placeAll(emptyCatalog, others).catalog);
        const known = placeAll(emptyCatalog, others).catalog.entries;
        const positions = catalog.entries.map((_, position) => index.adopt(catalog.entries, position));
        const entries = [...known, ...index.added];
        const after = { entries, ids: entries.map((_, i) => i) };
        expect(new Set(positions).size).toBe(catalog.entries.length);
        for (const [position, entry] of catalog.entries.entries()) {
          const adopted = entries[positions[position] as number];
          expect([adopted?.kind, adopted?.name]).toEqual([entry.kind, entry.name]);
          if (entry.kind === 'suite' || entry.kind === 'machine' || entry.kind === 'class') continue;
          expect(nameOf(after, positions[position] as number)).toEqual(nameOf(catalog, position));
        }
      }),
    );
  });
});
