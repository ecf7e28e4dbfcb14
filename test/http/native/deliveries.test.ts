import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  callbackSecretsAnswer,
  deliveriesAnswer,
  deliveryAnswer,
  pingsAnswer,
} from '../../../lib/http/native/answer-schemas.ts';
import { sendDelivery } from '../../../lib/workflow/send-delivery.ts';
import { type Api, openApi, passedCases } from './api.ts';

const chat = {
  name: 'chat',
  url: 'https://chat.example/T0/canary',
  on: ['run.completed'],
  secret: 'secretsmanager:proctor/chat',
};

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.receiver.answer = { status: 204 };
  api.posted.length = 0;
});

/** A completed run of a plan with the subscriptions, and the id of its first delivery. */
const complete = async (notify: readonly object[] = [chat], trigger: object = {}) => {
  const { planId, runId } = await api.startRun({ notify }, trigger);
  await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases: passedCases, final: true } });
  await api.step(runId);
  const { deliveries } = (await api.call('GET', `/v1/deliveries?run=${runId}`)).body;
  return { planId, runId, id: deliveries[0]?.id as string };
};
const send = (id: string) => sendDelivery(api.services, api.post, id);

describe('reading deliveries', () => {
  test('shows tries, host and links, and never the URL', async () => {
    const { planId, runId, id } = await complete();
    await send(id);
    const answer = await api.call('GET', `/v1/deliveries/${id}`);
    expect(deliveryAnswer.safeParse(answer.body).error).toBeUndefined();
    expect(answer.body).toMatchObject({
      state: 'delivered',
      planId,
      runId,
      to: 'subscription',
      host: 'chat.example',
      attempts: [{ status: 204, code: null }],
      nextAttemptAt: null,
    });
    expect(answer.text).not.toContain('canary');
  });

  test('lists them by plan, run and state, newest first, page by page', async () => {
    api.clock.now += 1000;
    const notify = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...chat, name }));
    const { planId, runId, id } = await complete(notify);
    await send(id);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await api.call('GET', `/v1/deliveries?plan=${planId}&limit=2${cursor}`);
      expect(deliveriesAnswer.safeParse(body).error).toBeUndefined();
      seen.push(...body.deliveries.map((delivery: { id: string }) => delivery.id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect([seen.length, new Set(seen).size]).toEqual([5, 5]);
    const pending = await api.call('GET', `/v1/deliveries?run=${runId}&state=pending`);
    expect(pending.body.deliveries).toHaveLength(4);
    const delivered = await api.call('GET', `/v1/deliveries?run=${runId}&plan=${planId}&state=delivered`);
    expect(delivered.body.deliveries).toMatchObject([{ id }]);
    const all = await api.call('GET', '/v1/deliveries?limit=5');
    expect(new Set(all.body.deliveries.map(({ planId }: { planId: number }) => planId))).toEqual(new Set([planId]));
  });

  test('is for those who see the plan, and changing them for WEBHOOK_ADMIN', async () => {
    const { id, planId, runId } = await complete();
    const elsewhere = await api.addKey({ projects: ['other'] });
    const reader = await api.addKey({ scopes: ['PLAN_VIEW'] });
    const ofPlan = await api.addKey({ planIds: [planId] });
    for (const path of [`/v1/deliveries/${id}`, '/v1/deliveries/msg_000000999999']) {
      const { status, body } = await api.call('GET', path, { token: elsewhere });
      expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
    }
    for (const query of ['', `?plan=${planId}`, `?run=${runId}`]) {
      expect((await api.call('GET', `/v1/deliveries${query}`, { token: elsewhere })).body.deliveries).toEqual([]);
      expect((await api.call('GET', `/v1/deliveries${query}`, { token: ofPlan })).body.deliveries).toMatchObject([
        { id },
      ]);
    }
    for (const path of [`/v1/deliveries/${id}/replay`, `/v1/plans/${planId}/notify/test`]) {
      expect((await api.call('POST', path, { token: reader })).status).toBe(403);
      expect((await api.call('POST', path, { token: elsewhere })).status).toBe(404);
    }
    expect((await api.call('GET', '/v1/callback-secrets', { token: reader })).status).toBe(403);
    const ofOneProject = await api.addKey({ projects: ['shop'] });
    expect((await api.call('GET', '/v1/callback-secrets', { token: ofOneProject })).status).toBe(403);
    expect(api.posted).toEqual([]);
  });

  test.each(['state=x', 'run=x', 'plan=0', 'cursor=x', 'limit=0'])('refuses ?%s', async (query) => {
    const { status, body } = await api.call('GET', `/v1/deliveries?${query}`);
    expect([status, body.errors[0].field]).toEqual([400, query.split('=')[0]]);
  });
});

describe('replay', () => {
  test('sends again under the same id, waits for the try, and enables the subscription', async () => {
    const { id, planId } = await complete();
    api.receiver.answer = { status: 410 };
    await send(id);
    expect((await api.call('GET', `/v1/deliveries/${id}`)).body.state).toBe('disabled');
    api.receiver.answer = { status: 200 };
    const answer = await api.call('POST', `/v1/deliveries/${id}/replay`);
    expect([answer.status, answer.body.state]).toEqual([200, 'delivered']);
    expect(api.posted.map((message) => message.id)).toEqual([id, id]);
    expect(await api.stores.deliveries.getSubscription(planId, 'chat')).toEqual({});
  });

  test('that cannot be sent at once is left to the sender', async () => {
    const { id } = await complete();
    await send(id);
    const { send: sendNow } = api.services.sender;
    api.services.sender.send = async () => {
      throw new Error('throttled');
    };
    const answer = await api.call('POST', `/v1/deliveries/${id}/replay`);
    api.services.sender.send = sendNow;
    expect([answer.status, answer.body.state, answer.body.tries]).toEqual([200, 'pending', 0]);
    const due = await api.stores.deliveries.listDueDeliveries(api.clock.now, 100);
    expect(due.map((one) => one.id)).toContain(id);
  });
});

describe('a ping', () => {
  test('says what came back, is tried once and changes nothing', async () => {
    const { planId } = await complete([chat, { ...chat, name: 'pager', url: 'https://pager.example/' }]);
    api.receiver.answer = { code: 'NO_ANSWER' };
    api.published.length = 0;
    const answer = await api.call('POST', `/v1/plans/${planId}/notify/test`);
    expect(pingsAnswer.safeParse(answer.body).error).toBeUndefined();
    expect(answer.body.deliveries).toMatchObject([
      { type: 'endpoint.ping', state: 'failed', host: 'chat.example', attempts: [{ code: 'NO_ANSWER' }] },
      { type: 'endpoint.ping', state: 'failed', host: 'pager.example' },
    ]);
    expect(JSON.parse(api.posted[0]?.body ?? '')).toMatchObject({ type: 'endpoint.ping', data: { planId } });
    expect(api.published).toEqual([]);
    expect(await api.stores.deliveries.getSubscription(planId, 'chat')).toEqual({});
    const one = await api.call('POST', `/v1/plans/${planId}/notify/test`, { body: { name: 'pager' } });
    expect(one.body.deliveries).toMatchObject([{ host: 'pager.example' }]);
  });

  test('needs a subscription', async () => {
    const { planId } = await complete([]);
    const none = await api.call('POST', `/v1/plans/${planId}/notify/test`);
    expect([none.status, none.body.errors[0].field]).toEqual([400, 'notify']);
    const wrong = await api.call('POST', `/v1/plans/${planId}/notify/test`, { body: { name: 'x' } });
    expect([wrong.status, wrong.body.errors[0].field]).toEqual([400, 'name']);
  });
});

describe('what a plan may subscribe', () => {
  test.each([
    [{ ...chat, url: 'https://169.254.169.254/' }, 'notify[0].url'],
    [{ ...chat, url: 'http://chat.example/' }, 'notify[0].url'],
    [{ ...chat, on: [] }, 'notify[0].on'],
    [{ ...chat, on: ['run.exploded'] }, 'notify[0].on[0]'],
    [{ ...chat, secret: undefined }, 'notify[0].secret'],
    [{ ...chat, header: 'x' }, 'notify[0].header'],
  ])('%j is refused naming %s', async (subscription, field) => {
    const body = {
      name: 'n',
      project: 'shop',
      executor: { type: 'http', url: 'https://r.example/' },
      notify: [subscription],
    };
    const answer = await api.call('POST', '/v1/plans', { body });
    expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
  });

  test('each under a name of its own', async () => {
    const body = { name: 'n', executor: { type: 'http', url: 'https://r.example/' }, notify: [chat, chat] };
    const answer = await api.call('POST', '/v1/plans', { body });
    expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'notify[1].name']);
  });
});

describe('the callback URL of a run', () => {
  test('is told the end once, signed with the secret the API shows, and appears by host only', async () => {
    const { runId, id } = await complete([], { callbackUrl: 'https://ci.example/hook?token=canary' });
    const shown = await api.call('GET', '/v1/callback-secrets');
    expect(callbackSecretsAnswer.safeParse(shown.body).error).toBeUndefined();
    await send(id);
    expect(api.posted).toMatchObject([
      { id: `msg_${String(runId).padStart(12, '0')}`, url: 'https://ci.example/hook?token=canary' },
    ]);
    const secrets = shown.body.secrets.map((secret: string) => ({ secret }));
    expect(api.posted[0]).toMatchObject({ secrets });
    const texts = [`/v1/deliveries/${id}`, `/v1/runs/${runId}`, `/v1/runs/${runId}/explain`].map((path) =>
      api.call('GET', path),
    );
    for (const { text } of await Promise.all(texts)) expect(text).not.toContain('canary');
    expect(JSON.stringify(api.logs)).not.toContain('canary');
  });

  test.each(['https://10.0.0.1/', 'http://ci.example/', 'x', `https://ci.example/${'a'.repeat(2048)}`])(
    '%j is refused and not repeated',
    async (callbackUrl) => {
      const { planId } = await complete([]);
      const answer = await api.call('POST', `/v1/plans/${planId}/runs`, { body: { callbackUrl } });
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'callbackUrl']);
    },
  );
});

describe('the turns of a plan', () => {
  test('are told by the runs that make them, and by no others', async () => {
    const notify = [{ ...chat, on: ['plan.became_failed', 'plan.recovered'] }];
    const { planId } = await complete(notify);
    const told: string[][] = [];
    for (const result of ['failed', 'failed', 'passed', 'passed']) {
      const runId = (await api.call('POST', `/v1/plans/${planId}/runs`)).body.id;
      await api.step(runId);
      const cases = passedCases.map((one) => ({ ...one, result }));
      await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases, final: true } });
      await api.step(runId);
      const { deliveries } = (await api.call('GET', `/v1/deliveries?run=${runId}`)).body;
      told.push(deliveries.map(({ type }: { type: string }) => type));
    }
    expect(told).toEqual([['plan.became_failed'], [], ['plan.recovered'], []]);
  });
});

test('the event of a delivery that failed is as its schema says', async () => {
  const { id } = await complete();
  api.receiver.answer = { status: 410 };
  api.published.length = 0;
  await send(id);
  const [event] = api.published;
  const text = await readFile(new URL('../../../docs/events/delivery-failed.schema.json', import.meta.url), 'utf8');
  const schema = JSON.parse(text);
  const detail = JSON.parse(JSON.stringify(event?.detail));
  expect(z.fromJSONSchema(schema).safeParse(detail).error).toBeUndefined();
  expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(detail).sort());
  expect(detail).toMatchObject({ id: event?.id, deliveryId: id, state: 'disabled', lastStatus: 410 });
});
