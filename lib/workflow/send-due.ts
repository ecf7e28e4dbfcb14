import type { PostWebhook, Services } from '../core/ports.ts';
import { sendDelivery } from './send-delivery.ts';

/** Deliveries in one passage, and messages on their way at once: a slow receiver takes one place of these, not all. */
const passageSize = 500;
const atOnce = 50;
/** How far a passage looks ahead: until the next one begins. */
const aheadMs = 60_000;

export type Sleep = (ms: number) => Promise<unknown>;

/**
 * Sends what is due, and what falls due within the next minute when it does, so that tries are on time although passages are
 * a minute apart. Answers how many deliveries it saw.
 */
export async function sendDue(services: Services, post: PostWebhook, sleep: Sleep): Promise<number> {
  const until = services.now() + aheadMs;
  const due = await services.deliveries.listDueDeliveries(until, passageSize);
  await sendAll(services, post, due, until, sleep);
  return due.length;
}

/** Sends what is due of a run now; further tries within the next minute included. */
export async function sendOfRun(services: Services, post: PostWebhook, runId: number, sleep: Sleep): Promise<void> {
  const deliveries = await services.deliveries.listDeliveriesByRun(runId);
  const due = deliveries.flatMap(({ id, nextActionAt }) =>
    nextActionAt === undefined ? [] : { id, at: nextActionAt },
  );
  await sendAll(services, post, due, services.now() + aheadMs, sleep);
}

/** Tries each once. */
export async function sendNow(services: Services, post: PostWebhook, deliveryIds: readonly string[]): Promise<void> {
  const due = deliveryIds.map((id) => ({ id, at: services.now() }));
  await sendAll(services, post, due, Number.NEGATIVE_INFINITY, async () => {});
}

/** Each when it is due, and again as long as its next try is before `until`. One's trouble never keeps another. */
async function sendAll(
  services: Services,
  post: PostWebhook,
  due: readonly { readonly id: string; readonly at: number }[],
  until: number,
  sleep: Sleep,
): Promise<void> {
  const place = createPlaces(atOnce);
  const sendOne = async ({ id, at }: { readonly id: string; readonly at: number }): Promise<void> => {
    let next: number | undefined = at;
    do {
      if (next > services.now()) await sleep(next - services.now());
      next = await place(() => trySending(services, post, id));
    } while (next !== undefined && next <= until);
  };
  await Promise.all(due.filter(({ at }) => at <= Math.max(until, services.now())).map(sendOne));
}

/** What fails here is a bug or the table's trouble: the claim ends, and the delivery is due again. */
async function trySending(services: Services, post: PostWebhook, id: string): Promise<number | undefined> {
  try {
    return await sendDelivery(services, post, id);
  } catch (error) {
    services.log({ level: 'error', event: 'sending failed', deliveryId: id, error });
    return undefined;
  }
}

/** Lets so many pieces of work run at once; the others wait in order. */
function createPlaces(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
