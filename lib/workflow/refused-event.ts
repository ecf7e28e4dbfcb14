import { type BusMessage, identityOf } from '../core/bus-message.ts';
import { shortDigest } from '../core/delivery.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { BusEvent, Services } from '../core/ports.ts';
import { schemaVersion } from './run-events.ts';

/** Why an event started no run. What is not there was not known, or does not apply. */
export interface Refusal {
  readonly plan?: Pick<Plan, 'id' | 'name' | 'project'>;
  /** Name of the plan's trigger the event fits. */
  readonly trigger?: string;
  readonly requestId?: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** The event that tells it. Its id is made of what was refused, so that the same refusal is told once. */
export function refusedEvent(services: Services, event: BusMessage, refusal: Refusal): BusEvent {
  const { plan, trigger, requestId, code, message } = refusal;
  const time = services.now();
  const eventId = identityOf(event);
  const id = `evt_refused_${shortDigest(JSON.stringify([eventId, plan?.id, trigger]))}`;
  return {
    id,
    detailType: 'Run Refused',
    time,
    detail: {
      schemaVersion,
      id,
      time: new Date(time).toISOString(),
      code,
      message,
      planId: plan?.id ?? null,
      planName: plan?.name ?? null,
      project: plan?.project ?? null,
      trigger: trigger ?? null,
      requestId: requestId ?? null,
      refusedEvent: { id: eventId, source: event.source, detailType: event['detail-type'] },
    },
  };
}
