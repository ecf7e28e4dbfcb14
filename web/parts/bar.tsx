import type { Counts } from '../api.ts';
import { count } from '../core/format.ts';
import { caseStandings } from '../core/results.ts';

/** What is open stands at the end, so that the bar fills from its beginning. */
const isOpen = ({ result }: { readonly result: string }) => result === 'running' || result === 'queued';
const inOrder = [...caseStandings.filter((each) => !isOpen(each)), ...caseStandings.filter(isOpen)];

/** How the cases of a run stand, in parts of a whole. */
export function Bar({ counts, small = false }: { readonly counts: Counts; readonly small?: boolean }) {
  const parts = inOrder.filter(({ result }) => counts[result] > 0);
  const words = parts.map(({ result, word }) => `${counts[result]} ${word.toLowerCase()}`).join(', ');
  return (
    <div
      class={`bar ${small ? 'small' : ''}`}
      role="img"
      aria-label={`${count(counts.total, 'case')}: ${words || 'none yet'}`}
    >
      {parts.map(({ result, tone }) => (
        <span key={result} class={tone} style={{ flexGrow: counts[result] }} />
      ))}
    </div>
  );
}
