import type { ComponentChildren } from 'preact';
import type { Counts, Run } from '../api.ts';
import { count } from '../core/format.ts';
import { failuresOf, isLive, standingOf, tellStanding } from '../core/results.ts';
import { href } from '../core/router.ts';
import { Bar } from './bar.tsx';
import { ChainStrip } from './chain-strip.tsx';
import { RunFacts } from './run-facts.tsx';
import { Elapsed, tookOf } from './run-row.tsx';
import { Verdict } from './verdict.tsx';

/** What a run is, how it stands and why, at a glance. */
export function RunHeader({ run, children }: { readonly run: Run; readonly children: ComponentChildren }) {
  const { tone } = tellStanding(standingOf(run));
  return (
    <div class={`run-header ${tone}`}>
      <nav class="crumbs" aria-label="Where this is">
        <a href={href('/')}>Runs</a> <span aria-hidden="true">/</span>{' '}
        <a href={href(`/?plan=${run.planId}`)}>{run.planName}</a>
      </nav>
      <div class="title-row">
        <h1>
          {run.planName} <span class="number">#{run.id}</span>
        </h1>
        <div class="run-actions">{children}</div>
      </div>
      <p class="standing">
        <Verdict run={run} large />
        <span class="took">{isLive(run) ? <Elapsed run={run} /> : tookOf(run)}</span>
      </p>
      <p class="reason">{sentenceOf(run)}</p>
      {run.overridden ? (
        <p class="reason dim">
          Overridden in {count(run.overridden.cases, 'case')} by key {run.overridden.by.keyId}; the run itself ended{' '}
          {run.overridden.original.result ?? 'otherwise'}.
        </p>
      ) : null}
      {run.counts && run.counts.total > 0 ? <Bar counts={run.counts} /> : null}
      <ChainStrip run={run} />
      <RunFacts run={run} />
      <p class="visually-hidden" role="status">
        {announcementOf(run)}
      </p>
    </div>
  );
}

function sentenceOf(run: Run): string {
  if (run.explanation !== null) return run.explanation;
  if (run.status === 'queued') return waitOf(run);
  if (run.status === 'stopping') return 'It is being stopped; the executor has not confirmed it yet.';
  return run.counts ? progressOf(run.counts) : '';
}

function waitOf({ waitsFor, position, waitsForSlots }: Run): string {
  if (waitsFor.length > 0) {
    const place = position === null || position === 1 ? '' : `, as number ${position}`;
    return `It waits for run ${waitsFor.map((id) => `#${id}`).join(', ')} of the same plan${place}.`;
  }
  if (waitsForSlots.length > 0) {
    return `It waits for a slot of ${waitsForSlots.map(({ kind, id }) => `${kind} ${id}`).join(' and ')}.`;
  }
  return 'It waits for its executor to take it.';
}

function progressOf(counts: Counts): string {
  if (counts.total === 0) return 'No case has been reported yet.';
  const done = counts.total - counts.queued - counts.running;
  const bad = failuresOf(counts);
  return `${done} of ${count(counts.total, 'case')} reported${bad > 0 ? `, ${bad} of them not passed so far` : ''}.`;
}

/** Read aloud when it changes: at each quarter, and how it ended. */
function announcementOf(run: Run): string {
  const { word } = tellStanding(standingOf(run));
  if (!isLive(run) || !run.counts || run.counts.total === 0) return `Run ${run.id}: ${word}. ${run.explanation ?? ''}`;
  const { total, queued, running } = run.counts;
  const quarter = Math.floor(((total - queued - running) / total) * 4) * 25;
  return `Run ${run.id}: ${word}, ${quarter} % reported.`;
}
