import type { Delivery } from '../../core/delivery.ts';
import type { HttpRequest } from '../message.ts';
import { toTime } from './run-object.ts';

/** A delivery as the native API shows it: the receiver by host only, because its URL may hold a secret. */
export function toDeliveryObject(delivery: Delivery, { baseUrl }: Pick<HttpRequest, 'baseUrl'>) {
  const { id, type, state, planId, runId, to, createdAt, nextActionAt, endedAt, attempts, tries } = delivery;
  const self = `${baseUrl}/v1/deliveries/${id}`;
  return {
    id,
    type,
    state,
    planId,
    runId: runId ?? null,
    to: to.kind,
    host: to.host,
    tries,
    attempts: attempts.map(({ at, durationMs, status, code }) => ({
      at: toTime(at),
      durationMs,
      status: status ?? null,
      code: code ?? null,
    })),
    createdAt: toTime(createdAt),
    nextAttemptAt: state === 'pending' && nextActionAt !== undefined ? toTime(nextActionAt) : null,
    endedAt: endedAt === undefined ? null : toTime(endedAt),
    links: {
      self,
      plan: `${baseUrl}/v1/plans/${planId}`,
      run: runId === undefined ? null : `${baseUrl}/v1/runs/${runId}`,
      replay: `${self}/replay`,
    },
  };
}
