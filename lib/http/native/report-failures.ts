import { nameOf } from '../../core/catalog.ts';
import { isFailure } from '../../core/history.ts';
import type { CaseState, EntryState } from '../../core/report.ts';
import { plural } from '../../core/words.ts';
import type { RunView } from '../../workflow/read-run.ts';
import { type Element, element as h } from './element.mjs';
import { mark, placeOf, resultWords } from './report-parts.ts';
import { durationWords, lookOf } from './report-words.ts';

/** More than anybody reads, and less than one answer may be. */
const mostFailures = 200;
const mostText = 1_000_000;
/** The others show their message, and open when they are asked to. */
const mostOpen = 20;
const mostGist = 200;

/** What failed, with its text: as many as the report has room for, and how many there are. */
export function failures(view: RunView): Element | null {
  const failed = view.cases.filter(({ result }) => isFailure(result));
  const flaky = view.cases.filter(({ flaky }) => flaky);
  if (failed.length + flaky.length === 0) return null;
  let room = mostText;
  const withText = (cases: readonly CaseState[]) =>
    cases.slice(0, mostFailures).filter((testCase) => {
      room -= lengthOf(testCase);
      return room >= 0;
    });
  return h(
    'section',
    null,
    group(view, failed, withText(failed), plural(failed.length, 'failure')),
    group(view, flaky, withText(flaky), `${flaky.length} flaky: failed, then passed`),
  );
}

function group(view: RunView, all: readonly CaseState[], shown: readonly CaseState[], title: string): Element[] {
  if (all.length === 0) return [];
  const left = all.length - shown.length;
  return [
    h('h2', null, title),
    ...shown.map((testCase, i) => failure(view, testCase, i < mostOpen)),
    ...(left === 0
      ? []
      : [
          h(
            'p',
            { class: 'note' },
            `${left} more without their text here; all of it is in the cases of the run, /v1/runs/${view.run.id}/cases.`,
          ),
        ]),
  ];
}

function failure({ catalog }: RunView, testCase: CaseState, open: boolean): Element {
  const { suite, className, name, machine } = nameOf(catalog, testCase.position);
  const look = lookOf(testCase);
  const where = [placeOf(suite, className), machine ?? '', durationWords(testCase.durationMs)].filter(
    (text) => text !== '',
  );
  const bad = testCase.iterations.filter(({ result, flaky }) => isFailure(result) || flaky);
  const texts =
    bad.length === 0 ? [textOf(testCase)] : bad.map((one) => textOf(one, catalog.entries[one.position]?.name));
  return h(
    'details',
    { class: `card failure ${look.tone}`, open },
    h(
      'summary',
      null,
      h('span', { class: look.tone }, resultWords(testCase)),
      ' ',
      h('span', { class: 'name' }, name),
      h('div', { class: 'where' }, where.join(' · '), mark(testCase)),
      h('div', { class: 'gist' }, (testCase.message ?? '').slice(0, mostGist)),
    ),
    texts,
  );
}

function textOf({ message = '', details = '' }: EntryState, iteration?: string): Element {
  // Most reporters begin the details with the message.
  const text = details.includes(message) ? details : [message, details].filter((part) => part !== '').join('\n\n');
  return h(
    'div',
    null,
    iteration === undefined ? null : h('p', { class: 'name' }, iteration),
    h('pre', null, text === '' ? 'The report gives no reason.' : text),
  );
}

function lengthOf({ message = '', details = '', iterations }: CaseState): number {
  return iterations.reduce(
    (sum, one) => sum + (one.message?.length ?? 0) + (one.details?.length ?? 0),
    message.length + details.length,
  );
}
