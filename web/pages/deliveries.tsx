import { useEffect } from 'preact/hooks';
import { setQuery, usePlace } from '../core/router.ts';
import { deliveryStates, useDeliveries } from '../core/use-deliveries.ts';
import { useMay } from '../core/use-own-key.ts';
import { usePlans } from '../core/use-plans.ts';
import { CopyLine } from '../parts/copy-line.tsx';
import { DeliveryRow } from '../parts/delivery-row.tsx';
import { Notice } from '../parts/notice.tsx';
import { Pager } from '../parts/pager.tsx';
import { Select } from '../parts/select.tsx';
import { Skeleton } from '../parts/skeleton.tsx';

const filters = ['plan', 'run', 'state'] as const;
const states = Object.entries(deliveryStates).map(([state, { word }]) => [state, word] as const);

/** What was sent to subscribers, callbacks and commits, newest first, and what came of it. */
export function DeliveriesPage() {
  const { query } = usePlace();
  const { data, problem, reload } = useDeliveries(query);
  const plans = usePlans().data ?? [];
  const mayReplay = useMay('WEBHOOK_ADMIN');
  useEffect(() => {
    document.title = 'Deliveries · Proctor';
  }, []);
  const planName = (planId: number) => plans.find(({ id }) => id === planId)?.name ?? `plan ${planId}`;
  const set = (name: string) => (value: string) => setQuery({ [name]: value, cursor: null });
  return (
    <>
      <div class="title-row">
        <h1>Deliveries</h1>
      </div>
      <search class="filters">
        <Select label="State" value={query.get('state')} all="Any state" options={states} onChange={set('state')} />
        <Select
          label="Plan"
          value={query.get('plan')}
          all="All plans"
          options={plans.map(({ id, name }) => [String(id), name])}
          onChange={set('plan')}
        />
        <input
          type="number"
          min={1}
          aria-label="Run"
          placeholder="Any run"
          value={query.get('run') ?? ''}
          onChange={({ currentTarget }) => set('run')(currentTarget.value)}
        />
      </search>
      <Notice problem={problem} />
      {mayReplay ? null : (
        <p class="dim hint">
          To send one again, sign in with a key that has the scope WEBHOOK_ADMIN; this one may only read.
        </p>
      )}
      {data === undefined && problem === undefined ? <Skeleton rows={6} /> : null}
      {data && data.deliveries.length === 0 ? (
        <NoDeliveries isFiltered={filters.some((name) => query.has(name))} />
      ) : null}
      <ul class="deliveries" aria-label="Deliveries, newest first">
        {data?.deliveries.map((delivery) => (
          <DeliveryRow
            key={delivery.id}
            delivery={delivery}
            planName={planName(delivery.planId)}
            mayReplay={mayReplay}
            onChange={reload}
          />
        ))}
      </ul>
      <Pager path="/deliveries" query={query} nextCursor={data?.nextCursor} words={['Newest', 'Older']} />
    </>
  );
}

function NoDeliveries({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <div class="empty">
        <h2>No delivery fits these filters</h2>
        <button
          type="button"
          class="button"
          onClick={() => setQuery({ plan: null, run: null, state: null, cursor: null })}
        >
          Clear the filters
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>Nothing has been sent yet</h2>
      <p>A plan tells others how its runs end. Say whom in its document, and apply it:</p>
      <CopyLine
        text={
          'notify:\n  - { url: "https://chat.example.com/hooks/ci", on: [run.completed], secret: "env:CHAT_SECRET" }'
        }
        what="the lines"
      />
    </div>
  );
}
