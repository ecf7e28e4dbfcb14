import { useEffect, useMemo } from 'preact/hooks';
import { daysFrom } from '../core/days.ts';
import { href, setQuery, usePlace } from '../core/router.ts';
import { useMedia } from '../core/use-media.ts';
import { usePlans } from '../core/use-plans.ts';
import { useSchedules } from '../core/use-schedules.ts';
import { CopyLine } from '../parts/copy-line.tsx';
import { Notice } from '../parts/notice.tsx';
import { Pager } from '../parts/pager.tsx';
import { ScheduleAgenda } from '../parts/schedule-agenda.tsx';
import { ScheduleCalendar } from '../parts/schedule-calendar.tsx';
import { ScheduleCard } from '../parts/schedule-card.tsx';
import { Select } from '../parts/select.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useNow } from '../parts/when.tsx';

const daysShown = 14;

/** When plans run by themselves: the next two weeks, then each schedule with what became of it. */
export function SchedulesPage() {
  const { query } = usePlace();
  const plan = query.get('plan');
  const { data, problem, reload } = useSchedules(plan, query.get('cursor'));
  const plans = usePlans().data ?? [];
  const isNarrow = useMedia('(max-width: 820px)');
  const isList = query.get('view') === 'list' || isNarrow;
  const midnight = new Date(useNow(60_000)).setHours(0, 0, 0, 0);
  const days = useMemo(() => daysFrom(midnight, daysShown), [midnight]);
  useEffect(() => {
    document.title = 'Schedules · Proctor';
  }, []);

  const planName = (planId: number) => plans.find(({ id }) => id === planId)?.name ?? `plan ${planId}`;
  const shown = { lines: data?.lines ?? [], days, planName };
  return (
    <>
      <div class="title-row">
        <h1>Schedules</h1>
      </div>
      <search class="filters">
        <Select
          label="Plan"
          value={plan}
          all="All plans"
          options={plans.map(({ id, name }) => [String(id), name])}
          onChange={(value) => setQuery({ plan: value, cursor: null })}
        />
        {isNarrow || !data?.lines.length ? null : (
          <button
            type="button"
            class="chip"
            aria-pressed={isList}
            onClick={() => setQuery({ view: isList ? null : 'list' })}
          >
            As a list
          </button>
        )}
      </search>
      <Notice problem={problem} />
      {data === undefined && problem === undefined ? <Skeleton rows={6} /> : null}
      {data && data.lines.length === 0 ? <NoSchedules plan={plan} first={plans[0]?.id} /> : null}
      {data && data.lines.length > 0 ? (
        <>
          {isList ? <ScheduleAgenda {...shown} /> : <ScheduleCalendar {...shown} />}
          <ul class="schedules" aria-label="Schedules">
            {data.lines.map((line) => (
              <ScheduleCard
                key={line.schedule.id}
                line={line}
                planName={planName(line.schedule.planId)}
                onChange={reload}
              />
            ))}
          </ul>
        </>
      ) : null}
      <Pager path="/schedules" query={query} nextCursor={data?.nextCursor} words={['First', 'More']} />
    </>
  );
}

function NoSchedules({ plan, first }: { readonly plan: string | null; readonly first: number | undefined }) {
  const id = plan ?? first ?? 1;
  return (
    <div class="empty">
      <h2>{plan === null ? 'No schedules yet' : 'This plan has no schedules'}</h2>
      <p>A schedule runs a plan by itself. Say when in the plan’s document, and apply it:</p>
      <CopyLine
        text={'schedules:\n  - { name: nightly, cron: "0 2 * * MON-FRI", timezone: Europe/Istanbul }'}
        what="the lines"
      />
      <p>or through the API:</p>
      <CopyLine
        text={`curl -sX POST ${location.origin}${href('/v1/schedules')} -H "Authorization: Bearer $KEY" \\\n  -d '{"planId":${id},"name":"nightly","cron":"0 2 * * MON-FRI","timezone":"Europe/Istanbul"}'`}
        what="the command"
      />
    </div>
  );
}
