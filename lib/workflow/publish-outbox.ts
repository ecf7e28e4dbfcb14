import type { Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import { putDeliveries } from './put-deliveries.ts';
import { happeningsOf, runEvent } from './run-events.ts';

/**
 * Sends what a commit left in the run's outbox, then takes it out: the deliveries to subscribers, then the events on the bus,
 * whose rule has the former sent. A failure is no error of the commit: all of it stays, and the sweeper does it again under
 * the same ids. Neither the bus nor a delivery keeps the other back.
 */
export async function publishOutbox(services: Services, run: Run): Promise<void> {
  const pending = (['queued', 'started', 'completed'] as const).filter((event) => run.outbox?.has(event));
  if (pending.length === 0) return;
  const put = await settle(putDeliveries(services, run, pending));
  const events = happeningsOf(run, pending).map((type) => runEvent(services, run, type));
  const published = await settle(services.bus.publish(events));
  const failed = put ?? published ?? (await settle(services.runs.markSent(run.id, pending)));
  if (failed) services.log({ level: 'warn', event: 'publishing failed', runId: run.id, error: failed.error });
}

async function settle(work: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return { error };
  }
}
