import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type CalendarCell, describeBand, describeTime, toCells } from '../core/calendar.ts';
import { type Day, dayName, ownZone, shareOf } from '../core/days.ts';
import { href } from '../core/router.ts';
import type { ScheduleLine } from '../core/use-schedules.ts';

/** The days to come: a row a schedule, a column a day of the reader's clock, a dot a time. */
export function ScheduleCalendar({
  lines,
  days,
  planName,
}: {
  readonly lines: readonly ScheduleLine[];
  readonly days: readonly Day[];
  readonly planName: (planId: number) => string;
}) {
  const [reading, read] = useState<string>();
  return (
    <>
      <table class="calendar">
        <caption class="visually-hidden">
          When schedules fire in the next {days.length} days. In a row, the arrow keys go from one time to the next.
        </caption>
        <thead>
          <tr>
            <th scope="col">Schedule</th>
            {days.map(({ from }, i) => (
              <th key={from} scope="col" class={isWeekend(from) ? 'weekend' : ''}>
                <span>{i === 0 ? 'Today' : weekday(from)}</span>
                <b>{new Date(from).getDate()}</b>
                <span class="visually-hidden">{dayName(from)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Row
              key={line.schedule.id}
              line={line}
              days={days}
              planName={planName(line.schedule.planId)}
              onRead={read}
            />
          ))}
        </tbody>
      </table>
      <p class="reading" role="status">
        {reading ?? (
          <span class="dim">Days and times are those of your clock ({ownZone}). Point at a dot to read it.</span>
        )}
      </p>
    </>
  );
}

function Row({
  line,
  days,
  planName,
  onRead,
}: {
  readonly line: ScheduleLine;
  readonly days: readonly Day[];
  readonly planName: string;
  readonly onRead: (text: string | undefined) => void;
}) {
  const { schedule } = line;
  const cells = toCells(line, days);
  // The tab key reaches one of the row; the arrows go on from there.
  const [active, setActive] = useState(0);
  const length = cells.reduce((sum, cell) => sum + (cell.isDense ? 1 : cell.times.length), 0);
  let index = 0;
  const dot = (text: string, share?: number) => {
    const own = index++;
    return (
      <button
        key={text}
        type="button"
        class={share === undefined ? 'band' : 'dot'}
        style={share === undefined ? {} : { left: `${share * 100}%` }}
        tabIndex={own === Math.min(active, length - 1) ? 0 : -1}
        title={text}
        aria-label={text}
        onFocus={() => {
          setActive(own);
          onRead(text);
        }}
        onClick={() => onRead(text)}
        onPointerEnter={() => onRead(text)}
        onPointerLeave={() => onRead(undefined)}
      />
    );
  };
  return (
    <tr class={schedule.status} onKeyDown={moveInRow}>
      <th scope="row">
        <a href={`#schedule-${schedule.id}`}>{schedule.name}</a>
        <a class="of" href={href(`/plans/${schedule.planId}`)}>
          {planName}
        </a>
      </th>
      {cells.map((cell) => (
        <td key={cell.day.from} class={isWeekend(cell.day.from) ? 'weekend' : ''}>
          <div>{contentOf(cell, line, dot)}</div>
        </td>
      ))}
    </tr>
  );
}

function contentOf(cell: CalendarCell, line: ScheduleLine, dot: (text: string, share?: number) => ComponentChildren) {
  const { times, isDense, isUnknown, day } = cell;
  const say = (text: string) => `${dayName(day.from)}, ${text} · ${line.schedule.name}`;
  if (isDense) return dot(say(describeBand(cell)));
  return (
    <>
      {times.map((time) => dot(say(describeTime(line, time)), shareOf(day, Date.parse(time.at))))}
      {isUnknown ? (
        <span
          class={times.length === 0 ? 'more' : 'more after'}
          title="It fires too often for all its times to be shown"
        >
          <span aria-hidden="true">…</span>
          <span class="visually-hidden">not shown</span>
        </span>
      ) : null}
    </>
  );
}

function moveInRow(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  const dots = [...event.currentTarget.querySelectorAll('button')];
  const at = dots.indexOf(document.activeElement as HTMLButtonElement);
  if (at < 0) return;
  event.preventDefault();
  dots[Math.min(dots.length - 1, Math.max(0, at + by))]?.focus();
}

function isWeekend(at: number): boolean {
  return [0, 6].includes(new Date(at).getDay());
}

function weekday(at: number): string {
  return new Date(at).toLocaleDateString(undefined, { weekday: 'short' });
}
