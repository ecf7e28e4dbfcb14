import type { Case } from '../api.ts';
import { type CaseResult, caseStandings, failures } from './results.ts';

/** Which cases are shown: all, what did not pass, what passed only when it was repeated, or one result. */
export type Show = 'all' | 'failures' | 'flaky' | CaseResult;

export interface CaseFilter {
  readonly show: Show;
  /** Parts of names or messages, each of which must occur. */
  readonly search: string;
  readonly machine: string | null;
}

/** The cases that fit: first what did not pass, then what is flaky, then the others in the order of the plan. */
export function selectCases(cases: readonly Case[], { show, search, machine }: CaseFilter): readonly Case[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = cases.filter(
    (testCase) =>
      isShown(testCase, show) &&
      (machine === null || testCase.machine === machine) &&
      words.every((word) => textOf(testCase).includes(word)),
  );
  // Sorting is stable: cases of one result stay in their order.
  return found.sort((a, b) => rankOf(a) - rankOf(b));
}

export function readShow(word: string | null): Show {
  if (word === 'failures' || word === 'flaky') return word;
  return caseStandings.find(({ result }) => result === word)?.result ?? 'all';
}

/** What tells one row from another, over every reading. */
export function keyOf({ id, machine }: Case): string {
  return machine === null ? String(id) : `${id} ${machine}`;
}

function isShown({ result, flaky }: Case, show: Show): boolean {
  if (show === 'all') return true;
  if (show === 'failures') return failures.has(result);
  return show === 'flaky' ? flaky : result === show;
}

const ranks = new Map(caseStandings.map(({ result }, rank) => [result, rank]));

/** What is open and what passed have one rank: rows of a live run move only when something goes wrong. */
function rankOf({ result, flaky }: Case): number {
  if (failures.has(result)) return ranks.get(result) ?? 0;
  return flaky ? caseStandings.length : caseStandings.length + 1;
}

const texts = new WeakMap<Case, string>();

function textOf(testCase: Case): string {
  let text = texts.get(testCase);
  if (text === undefined) {
    const { suite, className, name, machine, message } = testCase;
    text = [suite, className, name, machine, message].join('\n').toLowerCase();
    texts.set(testCase, text);
  }
  return text;
}
