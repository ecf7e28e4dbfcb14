import { toLookToken } from '../../../lib/core/callback-token.ts';
import { type Example, examples } from '../../../lib/http/native/examples.ts';
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
  readonly sleep: (ms: number) => Promise<void>;
  readonly send: (name: string, request: TourRequest) => Promise<Answer>;
}

/** What the page of the API leaves out: other surfaces, and ways of asking that read something else. Each before an example. */
const besides: Readonly<Record<string, readonly ((guide: Guide, said: Record<string, Answer>) => Promise<unknown>)[]>> =
  {
    addProgress: [(guide) => untilDispatched(guide, '')],
    getRun: [(guide) => untilCompleted(guide, 1)],
    explainRun: [
      get('/v1/runs?project=shop'),
      get('/api/v1/execution_results?executionId=1'),
      get('/Testinium.RestApi/api/results/1'),
    ],
    uploadResults: [
      async (guide, said) => {
        const { id } = (said.rerunRun?.body ?? {}) as { id?: number };
        if (id !== undefined) await untilDispatched(guide, id);
      },
    ],
    getDelivery: [
      async (guide, said) => {
        said.listDeliveries = await get('/v1/deliveries?plan=1')(guide);
        return get('/v1/deliveries?project=shop')(guide);
      },
    ],
    listSchedules: [
      // At the same moment, so that one finds the other's run in its way.
      (guide, said) => once(guide, said, 'one'),
      (guide, said) => once(guide, said, 'other'),
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
    const example = withNumbers(resolveExample(given, said), said) as Example;
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

/** The executor was given the run; not for ever, because it may never be. */
async function untilDispatched({ callbackToken, sleep }: Guide, runId: number | ''): Promise<void> {
  const isThere = (): boolean => callbackToken() !== '' && callbackToken().includes(`.${runId}`);
  for (let round = 0; round < 40 && !isThere(); round++) await sleep(3000);
}

async function untilCompleted(guide: Guide, runId: number): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const answer = await get(`/v1/runs/${runId}`)(guide);
    if ((answer?.body as { status?: string } | undefined)?.status === 'completed') return;
    await guide.sleep(20_000);
  }
}

/**
 * Takes away everything there is by what the lists say, once nothing goes wrong any more, and makes again what has a name: it
 * must be free.
 */
export async function tidyUp({ send, key }: Guide): Promise<void> {
  const authorization = `Bearer ${key}`;
  const ask = async (method: string, target: string, body?: unknown): Promise<Record<string, unknown>> => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await send(`tidy: ${method} ${target}`, { method, target, headers, body: JSON.stringify(body) });
    return (answer?.body ?? {}) as Record<string, unknown>;
  };
  const removeAll = async (kind: string): Promise<void> => {
    const listed = ((await ask('GET', `/v1/${kind}`))[kind] ?? []) as {
      id: string | number;
      revokedAt?: string | null;
    }[];
    for (const { id, revokedAt } of listed) {
      if (revokedAt == null && !(kind === 'keys' && key.includes(String(id)))) await ask('DELETE', `/v1/${kind}/${id}`);
    }
  };
  for (const kind of ['schedules', 'hooks', 'plans', 'environments', 'keys']) await removeAll(kind);
  await ask('POST', '/v1/environments', examples.createEnvironment?.body);
  await ask('POST', '/v1/plans', examples.applyPlan?.body);
  for (const kind of ['plans', 'environments']) await removeAll(kind);
}

/** The example with the numbers its things turned out to have: tries whose answers were lost may have taken the first ones. */
function withNumbers(value: unknown, said: Readonly<Record<string, Answer>>, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => withNumbers(one, said, name));
  // Two may have its name.
  if (name === 'config') return { id: numberOf('configId', 1, said) };
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withNumbers(one, said, key)]));
  return typeof value === 'number' ? (numberOf(name, value, said) ?? value) : value;
}

function numberOf(name: string, nth: number, said: Readonly<Record<string, Answer>>): unknown {
  const idIn = (operation: string): unknown => (said[operation]?.body as { id?: unknown } | undefined)?.id;
  switch (name) {
    case 'plan':
    case 'plans':
    case 'planId':
      return idIn('applyPlan');
    case 'configId':
      return idIn('createConfig') ?? firstOf(said.listConfigs, 'configs');
    case 'environmentId':
      return idIn('createEnvironment') ?? firstOf(said.listEnvironments, 'environments');
    case 'scheduleId':
      return idIn(nth === 1 ? 'createSchedule' : 'one');
    default:
      return undefined;
  }
}

function firstOf(answer: Answer, kind: string): unknown {
  return ((answer?.body ?? {}) as Record<string, { id: unknown }[] | undefined>)[kind]?.[0]?.id;
}

async function once({ send, key, now, ...guide }: Guide, said: Record<string, Answer>, name: string): Promise<Answer> {
  const minute = Math.ceil((now() + 20_000) / 60_000) * 60_000;
  const answer = await send(name, {
    method: 'POST',
    target: '/v1/schedules',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(
      withNumbers({ planId: 1, name, once: new Date(minute).toISOString(), overlap: 'reject' }, said),
    ),
  });
  // By then it was too late for that minute.
  if (answer?.status === 400) return once({ send, key, now, ...guide }, said, name);
  said[name] = answer;
  return answer;
}

function get(target: string) {
  return ({ send, key }: Pick<Guide, 'send' | 'key'>): Promise<Answer> =>
    send(target, { method: 'GET', target, headers: { authorization: `Bearer ${key}` } });
}
