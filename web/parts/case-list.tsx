import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../api.ts';
import { count } from '../core/format.ts';
import { failures, failuresOf, isLive } from '../core/results.ts';
import { setQuery, usePlace } from '../core/router.ts';
import { type CaseFilter, keyOf, readShow, selectCases } from '../core/select-cases.ts';
import type { CaseList as Cases } from '../core/use-cases.ts';
import { useKeys } from '../core/use-keys.ts';
import { useMedia } from '../core/use-media.ts';
import { CaseDetails } from './case-details.tsx';
import { CaseFilterBar } from './case-filter.tsx';
import { CaseRow } from './case-row.tsx';
import { Notice } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';
import { VirtualList } from './virtual-list.tsx';

/** Heights of a row in styles/cases.css. */
const rowHeight = 44;
const narrowRowHeight = 66;

/** The cases of a run: filtered, searched, opened, picked. */
export function CaseList({
  run,
  list,
  picked,
  onPick,
}: {
  readonly run: Run;
  readonly list: Cases;
  /** Ids of results. */
  readonly picked: ReadonlySet<number>;
  readonly onPick: (resultId: number) => void;
}) {
  const { query } = usePlace();
  const [search, setSearch] = useState(query.get('q') ?? '');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const field = useRef<HTMLInputElement>(null);
  const isNarrow = useMedia('(max-width: 720px)');
  const filter: CaseFilter = { show: readShow(query.get('show')), search, machine: query.get('machine') };
  const { show, machine } = filter;
  const { cases, isWhole, problem } = list;
  const found = useMemo(() => selectCases(cases, { show, search, machine }), [cases, show, search, machine]);
  const machines = useMemo(() => [...new Set(cases.flatMap((each) => each.machine ?? []))].sort(), [cases]);

  const change = ({ show: nextShow, machine: nextMachine, search: nextSearch }: Partial<CaseFilter>) => {
    if (nextSearch !== undefined) setSearch(nextSearch);
    if (nextShow !== undefined) setQuery({ show: nextShow === 'all' ? null : nextShow });
    if (nextMachine !== undefined) setQuery({ machine: nextMachine });
  };
  const toggle = (key: string) =>
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  useEffect(() => {
    // Browsers refuse an address that changes with every letter.
    const timer = setTimeout(() => setQuery({ q: search }), 400);
    return () => clearTimeout(timer);
  }, [search]);
  useKeys({
    '/': () => field.current?.focus(),
    f: () => change({ show: show === 'failures' ? 'all' : 'failures' }),
  });
  useOpenFirst(run, list, setOpen);

  if (cases.length === 0 && !isWhole) return problem ? <Notice problem={problem} /> : <Skeleton rows={6} />;
  return (
    <>
      {run.counts && run.counts.total > 0 ? (
        <CaseFilterBar counts={run.counts} filter={filter} machines={machines} search={field} onChange={change} />
      ) : null}
      <Notice problem={problem} />
      {found.length === 0 ? (
        <p class="empty dim">{cases.length === 0 ? 'No case has been reported yet.' : 'No case fits the filter.'}</p>
      ) : (
        <VirtualList
          label={`Cases, ${count(found.length, 'row')}`}
          items={found}
          keyOf={keyOf}
          rowHeight={isNarrow ? narrowRowHeight : rowHeight}
          open={open}
          row={(testCase, isActive) => (
            <CaseRow
              testCase={testCase}
              isActive={isActive}
              isOpen={open.has(keyOf(testCase))}
              isPicked={picked.has(testCase.resultId)}
              canPick={!isLive(run)}
              onToggle={() => toggle(keyOf(testCase))}
              onPick={() => onPick(testCase.resultId)}
            />
          )}
          details={(testCase) => <CaseDetails testCase={testCase} runId={run.id} />}
          onKey={(testCase, key) => {
            if (key === 'x' && !isLive(run)) onPick(testCase.resultId);
          }}
        />
      )}
      {isWhole ? null : <p class="dim loading">{count(cases.length, 'case')} loaded, more on their way…</p>}
    </>
  );
}

/** Who opens a run that failed wants to know why: the first case that did not pass is open, unless the reader opened another. */
function useOpenFirst(
  run: Run,
  { cases, isWhole }: Cases,
  setOpen: (change: (old: ReadonlySet<string>) => ReadonlySet<string>) => void,
): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current || !isWhole || isLive(run) || !isOfTheEnd(run, cases)) return;
    isDone.current = true;
    const first = selectCases(cases, { show: 'failures', search: '', machine: null })[0];
    if (first) setOpen((old) => (old.size > 0 ? old : new Set([keyOf(first)])));
  }, [run, cases, isWhole, setOpen]);
}

/** Whether the list is of the run as it ended: a reading from while it lived lacks what came last. */
function isOfTheEnd({ counts }: Run, cases: Cases['cases']): boolean {
  if (counts === null) return true;
  return (
    cases.length === counts.total && cases.filter(({ result }) => failures.has(result)).length === failuresOf(counts)
  );
}
