import { useState } from 'preact/hooks';
import { api, asProblem, need, type Problem } from '../api.ts';
import { describeTime } from '../core/calendar.ts';
import { dayName } from '../core/days.ts';
import { recurrenceOf } from '../core/recurrence.ts';
import type { Tone } from '../core/results.ts';
import { href } from '../core/router.ts';
import type { Occurrence, ScheduleLine } from '../core/use-schedules.ts';
import { ToneIcon } from './icon.tsx';
import { Notice } from './notice.tsx';
import { When } from './when.tsx';

const nextShown = 3;

/** A schedule: what it runs and when, what comes next and what became of the last; and a button that pauses it. */
export function ScheduleCard({
  line,
  planName,
  onChange,
}: {
  readonly line: ScheduleLine;
  readonly planName: string;
  readonly onChange: () => void;
}) {
  const { schedule, next, past } = line;
  const { id, name, planId, cron, timezone, status, source, comments } = schedule;
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const isPaused = status === 'paused';
  const isOver = next.length === 0;
  const mark = isOver ? 'over' : isPaused ? 'paused' : '';
  const toggle = async () => {
    setBusy(true);
    try {
      const params = { path: { scheduleId: id } };
      await need(
        isPaused
          ? api.POST('/v1/schedules/{scheduleId}/resume', { params })
          : api.POST('/v1/schedules/{scheduleId}/pause', { params }),
      );
      setProblem(undefined);
      onChange();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li class="schedule" id={`schedule-${id}`} tabIndex={-1}>
      <div class="section-row">
        <h3>
          {name} <span role="status">{mark ? <span class="mark">{mark}</span> : null}</span>
        </h3>
        {isOver ? null : (
          <button type="button" class="button" aria-disabled={busy} onClick={busy ? undefined : toggle}>
            {isPaused ? 'Resume' : 'Pause'} <span class="visually-hidden">{name}</span>
          </button>
        )}
      </div>
      <p>
        {recurrenceOf(schedule)} <span class="dim">in {timezone}</span>{' '}
        {cron === undefined ? null : <code>{cron}</code>}
      </p>
      <p class="dim">
        Runs <a href={href(`/plans/${planId}`)}>{planName}</a>
        {source === 'plan' ? ', as its document says' : ''}
        {comments ? ` · ${comments}` : ''}
      </p>
      <Notice problem={problem} />
      <div class="halves">
        <div>
          <h4>{isPaused && !isOver ? 'Would come next' : 'Next'}</h4>
          {isOver ? <p class="dim">Nothing any more.</p> : null}
          <ul>
            {next.slice(0, nextShown).map((time) => (
              <li key={time.at}>
                {dayName(Date.parse(time.at))}, {describeTime(line, time)}
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h4>Last</h4>
          {past.length === 0 ? <p class="dim">It has not come to its first time.</p> : null}
          <ul>
            {past.map((occurrence) => (
              <Past key={occurrence.scheduledAt} occurrence={occurrence} />
            ))}
          </ul>
        </div>
      </div>
    </li>
  );
}

/** What became of the run it started is the run's to tell, so a start alone is quiet. */
const ends: Readonly<Record<Occurrence['state'], { readonly word: string; readonly tone: Tone }>> = {
  fired: { word: 'Started', tone: 'quiet' },
  late: { word: 'Started late', tone: 'waiting' },
  errored: { word: 'Errored', tone: 'broken' },
  skipped: { word: 'Skipped', tone: 'quiet' },
  missed: { word: 'Missed', tone: 'broken' },
};

function Past({ occurrence: { state, scheduledAt, runId, explanation, count } }: { readonly occurrence: Occurrence }) {
  const { word, tone } = ends[state] ?? { word: state, tone: 'quiet' };
  return (
    <li class={`past ${tone}`}>
      <ToneIcon tone={tone} />
      <span>
        <b>{word}</b>
        {count > 1 ? ` ${count} times` : ''} <When at={scheduledAt} />
        {runId === null ? null : (
          <>
            {' · '}
            <a href={href(`/runs/${runId}`)}>run #{runId}</a>
          </>
        )}
        {state === 'fired' ? null : <span class="dim"> {explanation}</span>}
      </span>
    </li>
  );
}
