import type { EntryState } from '../../core/report.ts';
import { type Element, element as h } from './element.mjs';
import { lookOf } from './report-words.ts';

/** What a person says beside what was reported. */
export function mark({ overridden }: EntryState): Element | null {
  if (overridden === undefined) return null;
  const comment = overridden.comment === undefined ? '' : `: ${overridden.comment}`;
  return h(
    'div',
    { class: 'where odd' },
    `overridden by hand, reported ${lookOf({ result: overridden.original, flaky: false }).word}${comment}`,
  );
}

export function resultWords(state: EntryState): string {
  const { sign, word } = lookOf(state);
  return `${sign} ${word}`;
}

/** A card with a table. */
export function tableCard(heads: readonly Element[], rows: readonly Element[] | readonly Element[][]): Element {
  return h(
    'div',
    { class: 'card wide' },
    h('table', null, h('thead', null, h('tr', null, heads)), h('tbody', null, rows)),
  );
}

export function placeOf(suite: string, className: string): string {
  return className === '' || className === suite ? suite : `${suite} › ${className}`;
}
