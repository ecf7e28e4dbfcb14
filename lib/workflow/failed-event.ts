import type { Delivery } from '../core/delivery.ts';
import type { BusEvent, Services } from '../core/ports.ts';
import { schemaVersion } from './run-events.ts';

/** The event of a delivery that nobody took. A replay that fails again is another event. */
export function failedEvent(services: Services, delivery: Delivery): BusEvent {
  const { id, to, attempts } = delivery;
  const time = delivery.endedAt ?? delivery.createdAt;
  const last = attempts.at(-1);
  const eventId = `evt_${id}_${time}`;
  return {
    id: eventId,
    detailType: 'Delivery Failed',
    time,
    detail: {
      schemaVersion,
      id: eventId,
      time: new Date(time).toISOString(),
      deliveryId: id,
      type: delivery.type,
      state: delivery.state,
      planId: delivery.planId,
      project: delivery.project,
      runId: delivery.runId ?? null,
      host: to.host,
      tries: delivery.tries,
      lastStatus: last?.status ?? null,
      lastCode: last?.code ?? null,
      deliveryUrl: `${services.publicUrl}/v1/deliveries/${id}`,
    },
  };
}
