import type { RefObject } from 'preact';
import type { Counts } from '../api.ts';
import { caseStandings, failures, failuresOf, type Tone } from '../core/results.ts';
import type { CaseFilter, Show } from '../core/select-cases.ts';
import { ToneIcon } from './icon.tsx';

/** The counts, each of which shows its cases; and a search in names and messages. */
export function CaseFilterBar({
  counts,
  filter,
  machines,
  search,
  onChange,
}: {
  readonly counts: Counts;
  readonly filter: CaseFilter;
  readonly machines: readonly string[];
  readonly search: RefObject<HTMLInputElement | null>;
  readonly onChange: (change: Partial<CaseFilter>) => void;
}) {
  const kinds = caseStandings.filter(({ result }) => counts[result] > 0);
  const failing = kinds.filter(({ result }) => failures.has(result)).length;
  const toggle = (show: Show) => onChange({ show: filter.show === show ? 'all' : show });
  const chip = (show: Show, word: string, n: number, tone?: Tone) => (
    <button type="button" key={show} class="chip" aria-pressed={filter.show === show} onClick={() => toggle(show)}>
      {tone ? <ToneIcon tone={tone} /> : null}
      {word} <b>{n.toLocaleString('en')}</b>
    </button>
  );
  return (
    <search class="case-filter">
      <fieldset class="chips">
        <legend class="visually-hidden">Which cases</legend>
        {chip('all', 'All', counts.total)}
        {failing > 1 ? chip('failures', 'Not passed', failuresOf(counts), 'bad') : null}
        {kinds.map(({ result, word, tone }) => chip(result, word, counts[result], tone))}
        {counts.flaky > 0 ? chip('flaky', 'Flaky', counts.flaky) : null}
      </fieldset>
      {machines.length > 0 ? (
        <select
          aria-label="Machine"
          value={filter.machine ?? ''}
          onChange={({ currentTarget }) =>
            onChange({ machine: currentTarget.value === '' ? null : currentTarget.value })
          }
        >
          <option value="">All machines</option>
          {machines.map((machine) => (
            <option key={machine} value={machine}>
              {machine}
            </option>
          ))}
        </select>
      ) : null}
      <input
        ref={search}
        type="search"
        aria-label="Search in names and messages"
        placeholder="Search  /"
        autocomplete="off"
        spellcheck={false}
        value={filter.search}
        onInput={({ currentTarget }) => onChange({ search: currentTarget.value })}
      />
    </search>
  );
}
