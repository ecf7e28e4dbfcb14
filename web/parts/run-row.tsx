import type { Run } from '../api.ts';
import { duration } from '../core/format.ts';
import { failuresOf, isLive } from '../core/results.ts';
import { href } from '../core/router.ts';
import { Bar } from './bar.tsx';
import { Verdict } from './verdict.tsx';
import { useNow, When } from './when.tsx';

/** A run in a list: how it stands, of what, how far, who started it and when. */
export function RunRow({ run }: { readonly run: Run }) {
  return (
    <li class="run-row">
      <Verdict run={run} />
      <a class="name" href={href(`/runs/${run.id}`)}>
        {run.planName} <span class="number">#{run.id}</span>
      </a>
      <span class="about dim">
        {[
          run.project,
          run.rerunOf === null ? null : `rerun of #${run.rerunOf}`,
          run.buildNo === null ? null : `build ${run.buildNo}`,
          triggerWord(run),
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
      <span class="progress">
        {run.counts ? <Bar counts={run.counts} small /> : null}
        <span class="figure">{run.counts ? progressOf(run) : ''}</span>
      </span>
      <span class="took">{isLive(run) ? <Elapsed run={run} /> : tookOf(run)}</span>
      <span class="when dim">
        <When at={run.createdAt} />
      </span>
    </li>
  );
}

/** `by a schedule`, `through the API`. */
export function triggerWord({ trigger }: Pick<Run, 'trigger'>): string {
  return (
    { api: 'API', manual: 'by hand', schedule: 'schedule', webhook: 'webhook', event: 'event' }[trigger.type] ??
    trigger.type
  );
}

/** How long a live run has been going on. */
export function Elapsed({ run }: { readonly run: Run }) {
  const now = useNow(1_000);
  return <>{duration(Math.max(0, Math.floor((now - Date.parse(run.startedAt ?? run.createdAt)) / 1_000) * 1_000))}</>;
}

/** How long a run took that is over. */
export function tookOf({ startedAt, createdAt, endedAt }: Run): string {
  return endedAt === null ? '' : duration(Date.parse(endedAt) - Date.parse(startedAt ?? createdAt));
}

function progressOf({ counts, status }: Run): string {
  if (!counts) return '';
  if (status === 'completed') {
    const failed = failuresOf(counts);
    return failed > 0 ? `${failed} of ${counts.total} not passed` : `${counts.passed} passed`;
  }
  return `${counts.total - counts.queued - counts.running} of ${counts.total}`;
}
