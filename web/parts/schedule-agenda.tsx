import { type CalendarCell, describeBand, describeTime, toCells } from '../core/calendar.ts';
import { type Day, dayName, ownZone } from '../core/days.ts';
import type { ScheduleLine } from '../core/use-schedules.ts';

/** The days to come as a list: what the calendar shows, in the order of time. */
export function ScheduleAgenda({
  lines,
  days,
  planName,
}: {
  readonly lines: readonly ScheduleLine[];
  readonly days: readonly Day[];
  readonly planName: (planId: number) => string;
}) {
  const cells = lines.map((line) => ({ line, cells: toCells(line, days) }));
  const filled = days.flatMap((day, i) => {
    const entries = cells.flatMap(({ line, cells: own }) => entriesOf(line, own[i]));
    return entries.length === 0 ? [] : [{ day, entries: entries.sort((a, b) => a.at - b.at) }];
  });
  return (
    <section class="agenda" aria-label={`The next ${days.length} days`}>
      <p class="dim">On your clock ({ownZone}).</p>
      {filled.map(({ day, entries }) => (
        <section key={day.from}>
          <h3>{dayName(day.from)}</h3>
          <ul>
            {entries.map(({ line, at, text }) => (
              <li key={`${line.schedule.id} ${at}`} class={line.schedule.status}>
                {text} <b>{line.schedule.name}</b>{' '}
                <span class="dim">
                  {planName(line.schedule.planId)}
                  {line.schedule.status === 'paused' ? ', paused' : ''}
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

function entriesOf(line: ScheduleLine, cell: CalendarCell | undefined) {
  const at = (time: string | undefined) => Date.parse(time ?? '');
  if (cell === undefined) return [];
  if (cell.isDense) return [{ line, at: at(cell.times[0]?.at), text: describeBand(cell) }];
  const known = cell.times.map((time) => ({ line, at: at(time.at), text: describeTime(line, time) }));
  return cell.isUnknown ? [...known, { line, at: cell.day.to, text: 'and further times' }] : known;
}
