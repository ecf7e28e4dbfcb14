import type { Executing, PickedCase, SelectionGrain } from '../core/executor.ts';
import { plural } from '../core/words.ts';

/** What a runner that selects at the given grain really runs of a selection; null asks for everything. */
export function describeSelection(selection: readonly PickedCase[] | null, grain: SelectionGrain): Executing {
  if (selection === null) return { grain: 'everything', description: 'everything' };
  const cases = plural(selection.length, 'case');
  if (grain === 'nothing') {
    return { grain: 'everything', description: `everything (${cases} asked for, but the runner cannot select)` };
  }
  if (grain === 'suites') {
    const suites = plural(new Set(selection.map(({ suite }) => suite)).size, 'suite');
    return { grain, description: `${suites}, for ${cases} asked for` };
  }
  const iterations = selection.reduce((sum, picked) => sum + (picked.iterations?.length ?? 0), 0);
  if (iterations === 0) return { grain, description: cases };
  if (grain === 'cases') return { grain, description: `${cases}, with all their iterations` };
  return { grain, description: `${cases}, of some only ${plural(iterations, 'iteration')}` };
}
