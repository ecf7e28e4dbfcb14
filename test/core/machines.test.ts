import { createReadStream } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readJUnit } from '../../lib/adapters/junit/read-junit.ts';
import { emptyCatalog, indexCatalog, nameOf } from '../../lib/core/catalog.ts';
import type { PickedCase } from '../../lib/core/executor.ts';
import { lanesOf, pickMachines, placeReported } from '../../lib/core/machines.ts';
import type { ReportedCase } from '../../lib/core/results.ts';

const titled = (...titles: string[]) => titles.map((title) => ({ title }));
const adds: PickedCase = { suite: 'Cart', className: '', name: 'adds' };

/** `suite, name, machine` of each case as the plan takes it. */
function placed(machines: readonly { title: string }[], ...reported: ReportedCase[]) {
  const index = indexCatalog(emptyCatalog);
  const positions = reported.map((one) => placeReported(index, machines, one));
  const catalog = { entries: index.added, ids: [] };
  return positions.map((position) => {
    const { suite, name, machine } = nameOf(catalog, position);
    return [suite, name, machine];
  });
}

describe('a result is placed', () => {
  const on = (machine?: string): ReportedCase => {
    return { ...adds, result: 'passed', durationMs: 1, ...(machine === undefined ? {} : { machine }) };
  };
  const machinesOf = (machines: readonly { title: string }[], ...names: (string | undefined)[]) =>
    placed(machines, ...names.map(on)).map(([, , machine]) => machine);

  test('on no machine while the plan names none', () => {
    expect(machinesOf([], 'linux', undefined)).toEqual([undefined, undefined]);
  });

  test('on the only machine, whatever it says', () => {
    expect(machinesOf(titled('linux'), 'linux', 'windows', undefined)).toEqual(['linux', 'linux', 'linux']);
  });

  test('on the machine it names of several, and on none if it names none of them', () => {
    const two = titled('linux', 'windows');
    expect(machinesOf(two, 'windows', 'linux', 'Linux', 'mac', undefined)).toEqual([
      'windows',
      'linux',
      undefined,
      undefined,
      undefined,
    ]);
  });

  describe('from Playwright, whose projects are machines', () => {
    const fixture = new URL('../adapters/junit/fixtures/playwright.xml', import.meta.url);
    const read = async () => {
      const cases: ReportedCase[] = [];
      for await (const some of readJUnit(createReadStream(fixture))) cases.push(...some);
      return cases;
    };
    const spec = 'cart.spec.ts';

    test('under one name on each, if the plan names them', async () => {
      expect(placed(titled('chromium', 'firefox'), ...(await read()))).toEqual([
        [spec, 'Cart › removes an item', 'chromium'],
        [spec, 'Cart › adds an item', 'chromium'],
        [spec, 'Cart › empties', 'chromium'],
        [spec, 'Cart › removes an item', 'firefox'],
      ]);
    });

    test('under a name of its own for a project that is no machine of the plan', async () => {
      const results = placed(titled('chromium', 'webkit'), ...(await read()));
      expect(results[0]).toEqual([spec, 'Cart › removes an item', 'chromium']);
      expect(results[3]).toEqual([`[firefox] › ${spec}`, 'Cart › removes an item', undefined]);
      expect(placed(titled('chromium'), ...(await read()))[3]).toEqual([
        `[firefox] › ${spec}`,
        'Cart › removes an item',
        'chromium',
      ]);
    });
  });
});

describe('a picked case', () => {
  const two = titled('linux', 'windows');

  test('runs where it is asked to, else on every machine of the plan', () => {
    expect(lanesOf([], 'linux')).toEqual([undefined]);
    expect(lanesOf(two, 'windows')).toEqual(['windows']);
    expect(lanesOf(two)).toEqual(['linux', 'windows']);
    // The plan lost the machine since the case failed on it.
    expect(lanesOf(two, 'mac')).toEqual(['linux', 'windows']);
  });

  test('leaves out the machines nobody needs', () => {
    const on = (machine: string) => ({ ...adds, machine });
    expect(pickMachines(two, null)).toEqual({ machines: two, selection: null });
    expect(pickMachines(two, [on('windows')])).toEqual({ machines: titled('windows'), selection: [on('windows')] });
    expect(pickMachines(two, [on('windows'), adds])).toEqual({ machines: two, selection: [on('windows'), adds] });
    expect(pickMachines(two, [on('mac')])).toEqual({ machines: two, selection: [adds] });
    expect(pickMachines(titled('linux'), [on('linux')])).toEqual({ machines: titled('linux'), selection: [adds] });
    expect(pickMachines([], [on('linux')])).toEqual({ machines: [], selection: [adds] });
  });
});
