import { nameOf } from '../../core/catalog.ts';
import { isFailure } from '../../core/history.ts';
import type { CaseState, EntryState } from '../../core/report.ts';
import { plural } from '../../core/words.ts';
import type { RunView } from '../../workflow/read-run.ts';
import { type Element, element as h } from './element.mjs';
import { mark, placeOf, resultWords, tableCard } from './report-parts.ts';
import { durationWords, lookOf } from './report-words.ts';

/** More than anybody reads. */
const mostRows = 5000;

/** Every case in one table, what did not pass first; its first rows if they are too many. */
export function allCases({ cases, catalog }: RunView): Element {
  const sorted = [...cases].sort((a, b) => rankOf(a) - rankOf(b) || a.position - b.position);
  let rows = 0;
  const shown = sorted.filter(({ iterations }) => {
    rows += 1 + iterations.length;
    return rows <= mostRows;
  });
  const hasMachines = shown.some(({ position }) => nameOf(catalog, position).machine !== undefined);
  const left = sorted.length - shown.length;
  return h(
    'section',
    null,
    h('h2', null, plural(sorted.length, 'case')),
    left === 0
      ? null
      : h(
          'p',
          { class: 'note' },
          `The first ${shown.length} of ${plural(sorted.length, 'case')}, what did not pass first; report.csv has all of them.`,
        ),
    shown.length === 0
      ? h('p', { class: 'note' }, 'No case was reported.')
      : tableCard(
          [
            h('th', { scope: 'col' }, 'Result'),
            h('th', { scope: 'col' }, 'Case'),
            ...(hasMachines ? [h('th', { scope: 'col' }, 'Machine')] : []),
            h('th', { scope: 'col', class: 'number' }, 'Attempt'),
            h('th', { scope: 'col', class: 'number' }, 'Duration'),
          ],
          shown.map((testCase) => caseRows(catalog, testCase, hasMachines)),
        ),
  );
}

function caseRows(catalog: RunView['catalog'], testCase: CaseState, hasMachines: boolean): Element[] {
  const { suite, className, name, machine = '' } = nameOf(catalog, testCase.position);
  const rowOf = (state: EntryState, title: Element[], inner: boolean): Element =>
    h(
      'tr',
      { class: inner ? 'inner' : undefined },
      h('td', { class: `fixed ${lookOf(state).tone}` }, resultWords(state)),
      h('th', { scope: 'row' }, title, mark(state)),
      hasMachines ? h('td', null, inner ? '' : machine) : null,
      h('td', { class: 'number' }, state.attempt === 0 ? '' : String(state.attempt)),
      h('td', { class: 'fixed number' }, state.attempt === 0 ? '' : durationWords(state.durationMs)),
    );
  const title = [h('span', null, name), h('div', { class: 'where' }, placeOf(suite, className))];
  return [
    rowOf(testCase, title, false),
    ...testCase.iterations.map((iteration) =>
      rowOf(iteration, [h('span', null, catalog.entries[iteration.position]?.name ?? '')], true),
    ),
  ];
}

/** What needs a look comes first. */
function rankOf({ result, flaky }: CaseState): number {
  if (isFailure(result)) return 0;
  if (result === 'passed') return flaky ? 2 : 3;
  return result === 'skipped' ? 4 : 1;
}
