import { createEgress } from '../../../lib/adapters/egress.ts';
import { createEntry } from '../../../lib/http/entry.ts';
import { readTestiniumSettings, type TestiniumSettings } from '../../../lib/http/testinium/settings.ts';
import { aRequest } from '../../support/http.ts';
import { type Answer, openFacade } from '../testsigma/facade.ts';
import { createHandlers } from './handlers.ts';

export interface CallOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Empty sends none. */
  readonly token?: string;
}

/** The API behind the shared entry, on a table of its own, with an executor that waits to be told what it reports. */
export type Testinium = Awaited<ReturnType<typeof openTestinium>>;

export const base = '/Testinium.RestApi/api';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

export async function openTestinium(change: Partial<TestiniumSettings> = {}) {
  const facade = await openFacade();
  const { services } = facade;
  const { checkUrl } = createEgress({ allowHttp: false, allowPrivate: [], ports: 'any' });
  const entryWith = (given: Partial<TestiniumSettings>) => {
    const settings = readTestiniumSettings(JSON.stringify({ coalesceSeconds: 0, ...change, ...given }));
    return createEntry({
      keys: services.keys,
      tokens: services.tokens,
      now: services.now,
      log: services.log,
      handlers: createHandlers(services, settings, checkUrl),
      variant: settings.variant,
    });
  };
  let entry = entryWith({});
  const everything = await facade.addKey();

  /** Paths begin after the base path, unless they name it. */
  const call = async (method: string, target: string, options: CallOptions = {}): Promise<Answer> => {
    const [path = '', search = ''] = target.split('?');
    const { token = everything } = options;
    const answer = await entry(
      aRequest(method, path.startsWith('/Testinium') || path.startsWith('/uaa') ? path : `${base}${path}`, {
        query: new URLSearchParams(search),
        headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
        body: Buffer.from(options.body ?? ''),
        baseUrl: 'https://proctor.example.com',
      }),
    );
    const text = String(answer.body);
    return { status: answer.status, headers: answer.headers, text, body: text === '' ? undefined : JSON.parse(text) };
  };

  return {
    ...facade,
    call,
    get: (target: string, options?: CallOptions) => call('GET', target, options),
    post: (target: string, body: string, options: CallOptions = {}) =>
      call('POST', target, { body, ...options, headers: { ...form, ...options.headers } }),
    /** The same deployment with other settings. */
    configure(given: Partial<TestiniumSettings>) {
      entry = entryWith(given);
    },
    /** Starts the plan; answers its execution's id. */
    async start(planId: number): Promise<number> {
      const { body } = await call('GET', `/plans/${planId}/run/true`);
      if (body.successful !== true) throw new Error(JSON.stringify(body));
      return body.execution_id;
    },
  };
}
