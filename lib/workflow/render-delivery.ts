import type { Delivery, DeliveryBody, DeliveryFormat, NotifyType } from '../core/delivery.ts';
import type { Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import { runEvent } from './run-events.ts';

/** Keeps a body below 20 kB whatever a run has to tell (reliability.md 5.6). */
const maxExplanation = 2000;

/** The message for subscribers: the fields of the bus event, and links instead of results. */
export function renderEvent(services: Services, run: Run, type: NotifyType): DeliveryBody {
  const { detail, time } = runEvent(services, run, type);
  const { explanation } = run;
  return {
    type,
    timestamp: new Date(time).toISOString(),
    data: {
      ...detail,
      ...(type === 'run.started' || explanation === undefined
        ? {}
        : { explanation: explanation.slice(0, maxExplanation) }),
      planUrl: `${services.publicUrl}/v1/plans/${run.planId}`,
    },
  };
}

/** The callback of a run, in our own words. */
export async function renderNative(services: Services, run: Run): Promise<DeliveryBody> {
  return renderEvent(services, run, 'run.completed');
}

/** The message that only tests whether an endpoint answers. */
export function renderPing(
  services: Services,
  plan: { readonly id: number; readonly name: string; readonly project: string },
): DeliveryBody {
  const data = { planId: plan.id, planName: plan.name, project: plan.project };
  const planUrl = `${services.publicUrl}/v1/plans/${plan.id}`;
  return { type: 'endpoint.ping', timestamp: new Date(services.now()).toISOString(), data: { ...data, planUrl } };
}

/**
 * The message as its receiver wants it. In CloudEvents 1.0, structured mode: the id of an event is that of the bus, its source
 * the plan, and its subject the run; the envelope is signed with the rest.
 */
export function writeBody(
  { type, timestamp, data }: DeliveryBody,
  deliveryId: string,
  format: DeliveryFormat = 'standard',
): Pick<Delivery, 'body' | 'contentType'> {
  if (format === 'standard') return { body: JSON.stringify({ type, timestamp, data }) };
  const { id, planUrl, runId } = data;
  const event = {
    specversion: '1.0',
    id: typeof id === 'string' ? id : deliveryId,
    source: planUrl,
    type: `proctor.${type}`,
    ...(runId === undefined ? {} : { subject: `runs/${runId}` }),
    time: timestamp,
    datacontenttype: 'application/json',
    data,
  };
  return { body: JSON.stringify(event), contentType: 'application/cloudevents+json; charset=utf-8' };
}
