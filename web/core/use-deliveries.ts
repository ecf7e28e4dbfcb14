import { api, need } from '../api.ts';
import type { Tone } from './results.ts';
import { useLive } from './use-live.ts';

export type Delivery = Awaited<ReturnType<ReturnType<typeof loadDeliveries>>>['deliveries'][number];
export type DeliveryAttempt = Delivery['attempts'][number];

const livePauseMs = 5_000;
const quietPauseMs = 20_000;

interface DeliveryStanding {
  readonly word: string;
  readonly tone: Tone;
}

export const deliveryStates: Readonly<Record<Delivery['state'], DeliveryStanding>> = {
  pending: { word: 'Pending', tone: 'waiting' },
  delivered: { word: 'Delivered', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  disabled: { word: 'Disabled', tone: 'quiet' },
};

/** How a delivery stands, in words; a newer server may know states that this page does not. */
export function deliveryStandingOf({ state }: Pick<Delivery, 'state'>): DeliveryStanding {
  return deliveryStates[state] ?? { word: state, tone: 'quiet' };
}

/** The deliveries the address asks for, newest first. */
export function useDeliveries(query: URLSearchParams) {
  return useLive(`deliveries ${query}`, loadDeliveries(query), ({ deliveries }) =>
    deliveries.some(({ state }) => state === 'pending') ? livePauseMs : quietPauseMs,
  );
}

/** What an attempt came to, in words. */
export function answerOf({ status, code }: DeliveryAttempt): string {
  if (status !== null) return `answered ${status}`;
  return reasons[code ?? ''] ?? code ?? 'no answer yet';
}

const reasons: Readonly<Record<string, string>> = {
  TARGET_REFUSED: 'its address may not be connected to',
  NO_ANSWER: 'no answer',
  SECRET_UNUSABLE: 'its signing secret cannot be used',
  SENDER_LOST: 'whoever sent it died before the answer',
  OVERTAKEN: 'not sent: a later status made it untrue',
  SUBSCRIPTION_GONE: 'not sent: the plan has that subscription no more',
  SUBSCRIPTION_DISABLED: 'not sent: the subscription is disabled',
};

function loadDeliveries(address: URLSearchParams) {
  return (signal: AbortSignal) => {
    const text = (name: string) => address.get(name) || undefined;
    const [plan, run, state, cursor] = [text('plan'), text('run'), text('state'), text('cursor')];
    const query = {
      limit: 50,
      ...(plan === undefined ? {} : { plan: Number(plan) }),
      ...(run === undefined ? {} : { run: Number(run) }),
      // What the address says wrongly, the API is to refuse.
      ...(state === undefined ? {} : { state: state as 'pending' | 'delivered' | 'failed' | 'disabled' }),
      ...(cursor === undefined ? {} : { cursor }),
    };
    return need(api.GET('/v1/deliveries', { params: { query }, signal }));
  };
}
