import { toLookToken } from '../../../lib/core/callback-token.ts';
import { examples } from '../../../lib/http/native/examples.ts';
import { resolveExample } from '../../../lib/http/native/resolve-example.ts';
import { toRequest } from '../example-request.ts';

export interface TourRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** What came back; undefined if nothing did, however often it was asked. */
export type Answer = { readonly status: number; readonly body?: unknown } | undefined;

interface Guide {
  /** The administrator's. */
  readonly key: string;
  /** Of the newest attempt the executor was given. */
  readonly callbackToken: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly send: (name: string, request: TourRequest) => Promise<Answer>;
}

/** What the page of the API leaves out: other surfaces, and ways of asking that read something else. Each before an example. */
const besides: Readonly<Record<string, readonly ((guide: Guide, said: Record<string, Answer>) => Promise<unknown>)[]>> =
  {
    explainRun: [
      get('/v1/runs?project=shop'),
      get('/api/v1/execution_results?executionId=1'),
      get('/Testinium.RestApi/api/results/1'),
    ],
    getDelivery: [
      async (guide, said) => {
        said.listDeliveries = await get('/v1/deliveries?plan=1')(guide);
        return get('/v1/deliveries?project=shop')(guide);
      },
    ],
    listSchedules: [
      // At the same moment, so that one finds the other's run in its way.
      (guide) => once(guide, 'one'),
      (guide) => once(guide, 'other'),
      get('/v1/schedules?project=shop'),
    ],
    getOwnKey: [
      async ({ send, key }) => {
        const login = (given: Record<string, string>): Promise<Answer> =>
          send('login', { method: 'POST', target: `/uaa/oauth/token?${new URLSearchParams(given)}`, headers: {} });
        await login({ grant_type: 'password', username: 'administrator', password: 'wrong' });
        const answer = await login({ grant_type: 'password', username: 'administrator', password: key });
        const { access_token = '', refresh_token = '' } = (answer?.body ?? {}) as Record<string, string>;
        await get('/Testinium.RestApi/api/plans')({ send, key: access_token });
        return login({ grant_type: 'refresh_token', refresh_token });
      },
    ],
  };

/** It reads a file. */
const leftOut: ReadonlySet<string> = new Set(['getOutput']);

/** Someone calls every operation of the API, one after the other, whatever came of those before. */
export async function walkThroughApi(guide: Guide): Promise<void> {
  const said: Record<string, Answer> = {};
  for (const [operationId, given] of Object.entries(examples)) {
    for (const other of besides[operationId] ?? []) await other(guide, said);
    if (leftOut.has(operationId)) continue;
    const token = guide.callbackToken();
    const example = resolveExample(given, said);
    const isLook = operationId.startsWith('look');
    const { method, target, headers, body, isCallback } = toRequest(
      operationId,
      example,
      isLook && token !== '' ? toLookToken(token) : token,
    );
    const authorization = `Bearer ${isCallback ? token : guide.key}`;
    said[operationId] = await guide.send(operationId, { method, target, headers: { authorization, ...headers }, body });
  }
}

function once({ send, key, now }: Guide, name: string): Promise<Answer> {
  const minute = Math.ceil((now() + 20_000) / 60_000) * 60_000;
  return send(name, {
    method: 'POST',
    target: '/v1/schedules',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ planId: 1, name, once: new Date(minute).toISOString(), overlap: 'reject' }),
  });
}

function get(target: string) {
  return ({ send, key }: Pick<Guide, 'send' | 'key'>): Promise<Answer> =>
    send(target, { method: 'GET', target, headers: { authorization: `Bearer ${key}` } });
}
