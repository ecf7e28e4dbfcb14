import { useMemo } from 'preact/hooks';
import type { Case } from '../api.ts';
import { duration } from '../core/format.ts';
import { caseStandings } from '../core/results.ts';
import { ToneIcon } from './icon.tsx';

interface CaseRowProps {
  readonly testCase: Case;
  /** The one row the tab key reaches. */
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly isPicked: boolean;
  readonly canPick: boolean;
  readonly onToggle: () => void;
  readonly onPick: () => void;
}

/**
 * A case in a line: how it stands, its name, and the first line of what went wrong. Rows come and go while somebody scrolls:
 * one that shows the same is not built again; its actions only name the case.
 */
export function CaseRow(props: CaseRowProps) {
  const { testCase, isActive, isOpen, isPicked, canPick } = props;
  return useMemo(() => <Row {...props} />, [testCase, isActive, isOpen, isPicked, canPick]);
}

function Row({ testCase, isActive, isOpen, isPicked, canPick, onToggle, onPick }: CaseRowProps) {
  const { suite, className, name, machine, result, message, flaky, overridden, iterations, durationMs } = testCase;
  const standing = caseStandings.find((each) => each.result === result);
  const tabIndex = isActive ? 0 : -1;
  const where = [suite, className !== '' && className !== suite ? className : '', machine].filter(Boolean).join(' · ');
  return (
    <div class={`case ${isOpen ? 'open' : ''}`}>
      {canPick ? (
        <input type="checkbox" aria-label={`Pick ${name}`} checked={isPicked} tabIndex={tabIndex} onChange={onPick} />
      ) : null}
      <button type="button" data-focus tabIndex={tabIndex} aria-expanded={isOpen} onClick={onToggle}>
        <ToneIcon tone={standing?.tone ?? 'quiet'} label={standing?.word ?? result} />
        <span class="title">
          <span class="name">{name}</span>
          {flaky ? <span class="mark">flaky</span> : null}
          {overridden ? <span class="mark">overridden</span> : null}
          {iterations.length > 0 ? <span class="mark plain">{iterations.length} iterations</span> : null}
        </span>
        <span class="where">{where}</span>
        <span class="message">{firstLine(message)}</span>
        <span class="took">{durationMs === 0 ? '' : duration(durationMs)}</span>
      </button>
    </div>
  );
}

function firstLine(message: string | null): string {
  return message === null ? '' : (message.trimStart().split('\n', 1)[0] ?? '').slice(0, 200);
}
