import type { Executing, PickedCase, SelectionGrain } from '../core/executor.ts';

/** What a runner that selects at the given grain really runs of a selection; null asks for everything. */
export function describeSelection(selection: readonly PickedCase[] | null, grain: SelectionGrain): Executing {
  if (selection === null) return { grain: 'everything', description: 'everything' };
  const cases = count(selection.length, 'case');
  if (grain === 'nothing') {
    return { grain: 'everything', description: `everything (${cases} asked for, but the runner cannot select)` };
  }
  if (grain === 'suites') {
    const suites = count(new Set(selection.map(({ suite }) => suite)).size, 'suite');
    return { grain, description: `${suites}, for ${cases} asked for` };
  }
  const iterations = selection.reduce((sum, picked) => sum + (picked.iterations?.length ?? 0), 0);
  if (iterations === 0) return { grain, description: cases };
  if (grain === 'cases') return { grain, description: `${cases}, with all their iterations` };
  return { grain, description: `${cases}, of some only ${count(iterations, 'iteration')}` };
}

/** For people: "1 case", "2 cases". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
