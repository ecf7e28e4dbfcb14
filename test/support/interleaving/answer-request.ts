import type { BusMessage } from '../../../lib/core/bus-message.ts';
import type { PutEvent, Services } from '../../../lib/core/ports.ts';
import { createEntry } from '../../../lib/http/entry.ts';
import { readTestiniumSettings } from '../../../lib/http/testinium/settings.ts';
import { createHandlers } from '../../../lib/local.ts';
import { aRequest } from '../http.ts';
import type { TourRequest } from './tour.ts';

const testinium = readTestiniumSettings(undefined);

/** What a function that was just started answers, behind the entry as it is. `putEvent` puts an event on the bus. */
export async function answerRequest(
  services: Services,
  { method, target, headers, body }: TourRequest,
  putEvent: (event: BusMessage) => void,
): Promise<{ readonly status: number; readonly body?: unknown }> {
  const put: PutEvent = async ({ source, detailType, detail, id = 'event' }) => {
    putEvent({ id, source, 'detail-type': detailType, detail: { ...detail } });
    return { id };
  };
  const handlers = createHandlers(services, () => {}, '/nowhere', testinium, put);
  const { keys, tokens, now, log } = services;
  const entry = createEntry({ keys, tokens, now, handlers, log });
  const { pathname, searchParams } = new URL(target, services.publicUrl);
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const answer = await entry(
    aRequest(method, pathname, {
      query: searchParams,
      headers: Object.fromEntries(lower),
      body: new TextEncoder().encode(body ?? ''),
    }),
  );
  const text = typeof answer.body === 'string' ? answer.body : '';
  const isJson = /json/.test(answer.headers['content-type'] ?? '') && text !== '';
  return { status: answer.status, ...(isJson ? { body: JSON.parse(text) } : {}) };
}
