import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalSender } from '../../lib/adapters/local-sender.ts';
import { type Delivery, schedules } from '../../lib/core/delivery.ts';
import { ServiceError } from '../../lib/core/errors.ts';
import type { PostWebhook } from '../../lib/core/ports.ts';
import { callbackSecrets } from '../../lib/core/sealed.ts';
import { publishOutbox } from '../../lib/workflow/publish-outbox.ts';
import { sealCallback } from '../../lib/workflow/seal-callback.ts';
import { sendDelivery } from '../../lib/workflow/send-delivery.ts';
import { sendDue, sendNow, sendOfRun } from '../../lib/workflow/send-due.ts';
import { type DeliveryWorld, oldSecret, openDeliveryWorld, type Sent, secret } from '../support/delivery-world.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

let d: DeliveryWorld;
beforeAll(async () => {
  d = await openDeliveryWorld();
});
afterAll(() => d.close());
beforeEach(() => {
  d.world.receive = () => ({ status: 204 });
  d.world.busDown = false;
  for (const list of [d.sent, d.published, d.logs, d.noticed]) list.length = 0;
});

/** With the receivers' own library, at the time the message arrived; throws if the signature does not hold. */
const verify = ({ body, headers, at }: Sent, key = secret): unknown => {
  vi.useFakeTimers({ toFake: ['Date'], now: at });
  try {
    return new Webhook(key).verify(body, headers);
  } finally {
    vi.useRealTimers();
  }
};
const codes = ({ attempts }: Delivery) => attempts.map(({ status, code }) => status ?? code);
const waits = ({ attempts }: Delivery) => attempts.slice(1).map(({ at }, i) => at - (attempts[i]?.at ?? 0));

/** The drivers of both modes: timers of the embedded system, passages once a minute on AWS. */
const drivers = [
  {
    name: 'embedded timers',
    async drive(forMs: number, id: string) {
      const clock = createVirtualClock(d.clock.now);
      const services = { ...d.services, now: clock.now };
      const post: PostWebhook = (message) => {
        d.clock.now = clock.now();
        return d.post(message);
      };
      const send = (deliveryId: string) => sendDelivery(services, post, deliveryId);
      const sender = createLocalSender({ send, timers: clock, log: d.services.log });
      sender.notice([id]);
      await clock.runFor(forMs);
      await sender.close();
      d.clock.now = clock.now();
    },
  },
  {
    name: 'a passage a minute',
    async drive(forMs: number, id: string) {
      const startedAt = d.clock.now;
      const until = startedAt + forMs;
      const sleep = async (ms: number): Promise<void> => {
        d.clock.now += ms;
      };
      for (;;) {
        const { nextActionAt } = await d.getDelivery(id);
        if (nextActionAt === undefined || nextActionAt >= until) break;
        // The last passage that begins before the try is due: the thousands that find nothing are left out.
        const passages = Math.floor((Math.max(nextActionAt, d.clock.now) - startedAt) / minute);
        d.clock.now = Math.max(d.clock.now, startedAt + passages * minute);
        await sendDue(d.services, d.post, sleep);
      }
      d.clock.now = until;
    },
  },
];

describe.each(drivers)('a subscriber that is down for twelve hours, with $name', ({ drive }) => {
  it('gets the message once when it is back: one id, a fresh timestamp and a valid signature in every try', async () => {
    const delivery = await d.deliver();
    const backAt = d.clock.now + 12 * hour;
    d.world.receive = ({ at }) => (at < backAt ? new ServiceError('EXECUTOR_UNAVAILABLE', 'down') : { status: 202 });
    await drive(76 * hour, delivery.id);
    const ended = await d.getDelivery(delivery.id);
    expect(ended).toMatchObject({ state: 'delivered', tries: 7 });
    expect(codes(ended)).toEqual([...Array(6).fill('NO_ANSWER'), 202]);
    expect(d.sent).toHaveLength(7);
    expect(d.sent.filter(({ at }) => at >= backAt)).toHaveLength(1);
    expect(new Set(d.sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.id]));
    expect(new Set(d.sent.map(({ body }) => body)).size).toBe(1);
    for (const sent of d.sent) {
      expect(sent.headers['webhook-timestamp']).toBe(String(Math.floor(sent.at / 1000)));
      expect(verify(sent)).toMatchObject({ type: 'run.completed', data: { runId: delivery.runId } });
    }
    waits(ended).forEach((ms, i) => {
      const planned = (schedules.subscription.waits[i + 1] ?? 0) * 1000;
      expect(ms).toBeGreaterThanOrEqual(planned * 0.8);
      expect(ms).toBeLessThanOrEqual(planned * 1.2 + second);
    });
    expect(d.published.map(({ detailType }) => detailType)).toEqual(['Run Completed']);
  });
});

describe('what is delivered', () => {
  it('is one message an event and subscription, however often the effects are repeated', async () => {
    const plan = await d.makePlan([
      { name: 'chat', on: ['run.completed', 'plan.recovered'] },
      { name: 'pager', on: ['plan.became_failed'] },
      { name: 'all', on: ['run.started', 'run.completed', 'plan.became_failed', 'plan.recovered'] },
    ]);
    const run = await d.completeRun(plan, { turn: 'plan.became_failed' });
    d.world.busDown = true;
    await publishOutbox(d.services, run);
    await Promise.all([publishOutbox(d.services, run), publishOutbox(d.otherServices(), run)]);
    d.world.busDown = false;
    await publishOutbox(d.services, run);
    const deliveries = await d.stores.deliveries.listDeliveriesByRun(run.id);
    const told = deliveries.map(({ to, type }) => `${to.kind === 'subscription' ? to.key : ''} ${type}`);
    expect(told.sort()).toEqual([
      'all plan.became_failed',
      'all run.completed',
      'chat run.completed',
      'pager plan.became_failed',
    ]);
    expect(new Set(d.noticed)).toEqual(new Set(deliveries.map(({ id }) => id)));
    await sendOfRun(d.services, d.post, run.id, async () => {});
    expect(d.sent).toHaveLength(4);
    expect((await d.stores.runs.getRun(run.id))?.outbox).toBeUndefined();
  });

  it('is thin, with links, and the same event has the same id on the bus', async () => {
    const plan = await d.makePlan([{ on: ['plan.recovered', 'run.completed'] }], { name: 'n'.repeat(255) });
    const run = await d.completeRun(plan, { turn: 'plan.recovered', buildNo: 'b'.repeat(255) });
    await publishOutbox(d.services, { ...run, explanation: '…'.repeat(50_000) });
    await sendOfRun(d.services, d.post, run.id, async () => {});
    const messages = d.sent.map(({ body }) => JSON.parse(body));
    for (const { body } of d.sent) expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    const links = {
      runUrl: `https://proctor.example/v1/runs/${run.id}`,
      planUrl: expect.stringMatching(/\/v1\/plans\//),
    };
    expect(messages.sort((a, b) => (a.type < b.type ? -1 : 1))).toMatchObject([
      { type: 'plan.recovered', data: { id: `evt_${run.id}_4`, ...links } },
      { type: 'run.completed', timestamp: expect.stringMatching(/Z$/), data: { id: d.published[0]?.id, ...links } },
    ]);
  });

  it('is a CloudEvent where the subscription says so, signed like any other', async () => {
    const plan = await d.makePlan([{ format: 'cloudevents' }]);
    const run = await d.completeRun(plan);
    await publishOutbox(d.services, run);
    await sendOfRun(d.services, d.post, run.id, async () => {});
    const [{ headers, body }] = d.sent as [Sent];
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(headers['webhook-signature']).toMatch(/^v1,/);
    const event = JSON.parse(body);
    expect(event).toEqual({
      specversion: '1.0',
      id: d.published[0]?.id,
      source: `https://proctor.example/v1/plans/${plan.id}`,
      type: 'proctor.run.completed',
      subject: `runs/${run.id}`,
      time: expect.stringMatching(/Z$/),
      datacontenttype: 'application/json',
      data: expect.objectContaining({ runId: run.id, result: 'passed' }),
    });
  });

  it('does not keep the event from the bus when it cannot be put, and is put by the next repeat', async () => {
    const plan = await d.makePlan([{}]);
    const run = await d.completeRun(plan);
    const deliveries = {
      ...d.services.deliveries,
      putDelivery: async () => {
        throw new Error('throttled');
      },
    };
    await publishOutbox({ ...d.services, deliveries }, run);
    expect(d.published).toHaveLength(1);
    expect((await d.stores.runs.getRun(run.id))?.outbox).toEqual(new Set(['completed']));
    await publishOutbox(d.services, run);
    expect(await d.stores.deliveries.listDeliveriesByRun(run.id)).toHaveLength(1);
  });
});

describe('answers', () => {
  it.each([200, 201, 204, 299])('%i is delivered', async (status) => {
    d.world.receive = () => ({ status });
    expect(await d.finish((await d.deliver()).id)).toMatchObject({ state: 'delivered', tries: 1 });
  });

  it.each([301, 302, 303, 307, 308, 400, 401, 404, 500, 503])('%i is a failure, and tried again', async (status) => {
    const delivery = await d.deliver();
    d.world.receive = () => ({ status, headers: { location: 'https://elsewhere.example/' } });
    await sendDelivery(d.services, d.post, delivery.id);
    expect(await d.getDelivery(delivery.id)).toMatchObject({ state: 'pending', tries: 1, attempts: [{ status }] });
    expect(d.sent.map(({ url }) => url)).toEqual(['https://hooks.example/proctor']);
  });

  it('ends failed after the tenth try, and tells bus and log; the bus hears it later if it is down', async () => {
    const { id, runId } = await d.deliver();
    d.world.receive = () => ({ status: 500 });
    d.world.busDown = true;
    while ((await d.getDelivery(id)).state === 'pending') {
      d.clock.now = (await d.getDelivery(id)).nextActionAt ?? 0;
      await sendDelivery(d.services, d.post, id);
    }
    expect(d.published.filter(({ detailType }) => detailType === 'Delivery Failed')).toEqual([]);
    d.world.busDown = false;
    const ended = await d.finish(id);
    expect(ended).toMatchObject({ state: 'failed', tries: 10 });
    expect(ended.attempts).toHaveLength(10);
    const events = d.published.filter(({ detailType }) => detailType === 'Delivery Failed');
    expect(events.map(({ detail }) => detail)).toMatchObject([{ deliveryId: id, runId, lastStatus: 500, tries: 10 }]);
    expect(d.logs).toContainEqual(expect.objectContaining({ event: 'delivery failed', deliveryId: id, status: 500 }));
  });

  it('410 disables the subscription, until its URL changes', async () => {
    const plan = await d.makePlan([{ name: 'chat', url: 'https://old.example/' }]);
    const deliverNext = async (of = plan) => {
      const run = await d.completeRun(of);
      await publishOutbox(d.services, run);
      const [delivery] = await d.stores.deliveries.listDeliveriesByRun(run.id);
      return d.finish(delivery?.id ?? '');
    };
    d.world.receive = ({ url }) => ({ status: url.includes('old') ? 410 : 204 });
    expect(await deliverNext()).toMatchObject({ state: 'disabled', attempts: [{ status: 410 }] });
    expect(await deliverNext()).toMatchObject({ state: 'disabled', attempts: [{ code: 'SUBSCRIPTION_DISABLED' }] });
    expect(d.sent).toHaveLength(1);
    const moved = await d.changePlan(plan, [{ name: 'chat', url: 'https://new.example/' }]);
    expect(await deliverNext(moved)).toMatchObject({ state: 'delivered' });
    expect(d.published.filter(({ detailType }) => detailType === 'Delivery Failed')).toHaveLength(2);
  });

  it('a subscription that fails for 120 hours is disabled, one success in between starts the count anew', async () => {
    const plan = await d.makePlan([{ name: 'chat' }]);
    const start = async (): Promise<string> => {
      const run = await d.completeRun(plan);
      await publishOutbox(d.services, run);
      return (await d.stores.deliveries.listDeliveriesByRun(run.id))[0]?.id ?? '';
    };
    const failOnce = async (): Promise<Delivery> => {
      const id = await start();
      d.world.receive = () => ({ status: 500 });
      await sendDelivery(d.services, d.post, id);
      return d.getDelivery(id);
    };
    await failOnce();
    d.clock.now += 100 * hour;
    d.world.receive = () => ({ status: 204 });
    await sendDelivery(d.services, d.post, await start());
    expect((await failOnce()).state).toBe('pending');
    d.clock.now += 119 * hour;
    expect((await failOnce()).state).toBe('pending');
    d.clock.now += 2 * hour;
    expect((await failOnce()).state).toBe('disabled');
    expect((await failOnce()).attempts).toMatchObject([{ code: 'SUBSCRIPTION_DISABLED' }]);
  });

  it('a subscription that is gone from the plan gets nothing more', async () => {
    const plan = await d.makePlan([{ name: 'chat' }]);
    const run = await d.completeRun(plan);
    await publishOutbox(d.services, run);
    await d.changePlan(plan, []);
    const [delivery] = await d.stores.deliveries.listDeliveriesByRun(run.id);
    expect(await d.finish(delivery?.id ?? '')).toMatchObject({
      state: 'disabled',
      attempts: [{ code: 'SUBSCRIPTION_GONE' }],
    });
    expect(d.sent).toEqual([]);
  });

  it.each(['env:MISSING', 'env:WRONG'])(
    'without a usable secret (%s) nothing leaves, and the log says why',
    async (ref) => {
      const { id } = await d.deliver({ secret: ref });
      await sendDelivery(d.services, d.post, id);
      expect((await d.getDelivery(id)).attempts).toMatchObject([{ code: 'SECRET_UNUSABLE' }]);
      expect(d.sent).toEqual([]);
      expect(JSON.stringify([await d.getDelivery(id), d.logs])).not.toContain('hunter2');
    },
  );
});

describe('Retry-After', () => {
  it.each([
    ['subscription', 1, '1', 4, 6],
    ['subscription', 1, '8', 8, 8],
    ['subscription', 1, '99999', 10, 10],
    ['callback', 1, '60', 60, 60],
    ['callback', 1, '99999', 3600, 3600],
    ['callback', 9, '99999', 14_400 * 0.9, 14_400 * 1.1],
  ] as const)('of a %s after try %i: %s s becomes a wait of %d to %d s', async (kind, tries, value, least, most) => {
    const { id } = kind === 'subscription' ? await d.deliver() : await deliverCallback();
    for (const status of [429, 503]) {
      await d.stores.deliveries.replayDelivery(id, d.clock.now);
      d.world.receive = (_, nth) => ({ status: nth === tries ? status : 500, headers: { 'retry-after': value } });
      d.sent.length = 0;
      while (d.sent.length < tries) {
        d.clock.now = (await d.getDelivery(id)).nextActionAt ?? 0;
        await sendDelivery(d.services, d.post, id);
      }
      const seconds = ((await d.getDelivery(id)).nextActionAt ?? 0) / 1000 - d.clock.now / 1000;
      expect(seconds).toBeGreaterThanOrEqual(least - 0.01);
      expect(seconds).toBeLessThanOrEqual(most + 0.01);
    }
  });

  it('may be a date, and counts for no other status', async () => {
    const { id } = await d.deliver();
    const date = new Date(d.clock.now + 9 * second).toUTCString();
    d.world.receive = () => ({ status: 503, headers: { 'retry-after': date } });
    const first = await sendDelivery(d.services, d.post, id);
    expect((first ?? 0) - d.clock.now).toBe(9 * second);
    d.clock.now = first ?? 0;
    d.world.receive = () => ({ status: 500, headers: { 'retry-after': '600' } });
    const next = await sendDelivery(d.services, d.post, id);
    expect((next ?? 0) - d.clock.now).toBeLessThanOrEqual(360 * second);
  });
});

const deliverCallback = async (url = 'https://ci.example/hook?token=canary'): Promise<Delivery> => {
  const plan = await d.makePlan([]);
  const run = await d.completeRun(plan, {}, await sealCallback(d.services, 'native', url));
  await publishOutbox(d.services, run);
  const [delivery] = await d.stores.deliveries.listDeliveriesByRun(run.id);
  if (delivery === undefined) throw new Error('no callback');
  return delivery;
};

describe('the callback of a run', () => {
  it('is sent twelve times within a day under the id of its run, signed with the key of the deployment', async () => {
    d.world.receive = () => ({ status: 500 });
    const startedAt = d.clock.now;
    const delivery = await deliverCallback();
    const ended = await d.finish(delivery.id);
    expect(delivery.id).toBe(`msg_${String(delivery.runId).padStart(12, '0')}`);
    expect(ended).toMatchObject({ state: 'failed', tries: 12, schedule: 'callback' });
    const planned = schedules.callback.waits.reduce<number>((sum, wait) => sum + wait, 0);
    expect(planned).toBe(23 * 3600 + 52 * 60 + 35);
    expect(ended.endedAt ?? 0).toBeGreaterThan(startedAt + planned * 900);
    expect(ended.endedAt ?? 0).toBeLessThan(startedAt + planned * 1100);
    const [key = ''] = callbackSecrets(await d.services.masterKeys());
    for (const sent of d.sent) {
      expect(sent.url).toBe('https://ci.example/hook?token=canary');
      expect(verify(sent, key)).toMatchObject({ type: 'run.completed', data: { runId: delivery.runId } });
    }
  });

  it('is signed with the keys that are known where they cannot be read anew, and costs no try', async () => {
    const { masterKeys } = d.services;
    const services: { masterKeys: typeof masterKeys } = d.services;
    services.masterKeys = (fresh) => (fresh === undefined ? masterKeys() : Promise.reject(new Error('not now')));
    const { id } = await deliverCallback();
    expect(await d.finish(id)).toMatchObject({ state: 'delivered', tries: 1 });
  });

  it('keeps its URL sealed: neither table nor log nor event holds it', async () => {
    const { id, runId } = await deliverCallback();
    d.world.receive = () => ({ status: 410 });
    expect(await d.finish(id)).toMatchObject({ state: 'failed', tries: 1, to: { host: 'ci.example' } });
    const items = await d.table.query({ where: '#pk = :pk', values: { pk: `RUN#${runId}` } });
    const input = await d.stores.runs.getInput(runId ?? 0, true);
    expect(JSON.stringify([items, input, d.logs, d.published])).not.toContain('canary');
    expect(input.callback?.host).toBe('ci.example');
  });
});

describe('rotation', () => {
  it('signs with both secrets while the previous one is named, each of which verifies alone', async () => {
    const { id } = await d.deliver({ secret: 'env:NEW', previousSecret: 'env:OLD' });
    await d.finish(id);
    const [sent] = d.sent as [Sent];
    expect(sent.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const key of [secret, oldSecret]) expect(verify(sent, key)).toBeDefined();
    expect(() => verify(sent, `whsec_${Buffer.alloc(32, 3).toString('base64')}`)).toThrow();
  });

  it('takes the secret the plan names now, for deliveries made before', async () => {
    const plan = await d.makePlan([{ secret: 'env:OLD' }]);
    const run = await d.completeRun(plan);
    await publishOutbox(d.services, run);
    await d.changePlan(plan, [{ secret: 'env:NEW' }]);
    await sendOfRun(d.services, d.post, run.id, async () => {});
    expect(verify(d.sent[0] as Sent, secret)).toBeDefined();
  });
});

describe('senders', () => {
  it('two at once send a try once', async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await d.deliver();
      const others = Array.from({ length: 4 }, () => sendDelivery(d.otherServices(), d.post, id));
      await Promise.all([sendDelivery(d.services, d.post, id), ...others]);
      expect(d.sent.filter(({ headers }) => headers['webhook-id'] === id)).toHaveLength(1);
    }
  });

  it('one that is killed between sending and recording means one more send under the same id', async () => {
    const { id } = await d.deliver();
    const killed: PostWebhook = async (message) => {
      await d.post(message);
      throw new Error('killed');
    };
    await expect(sendDelivery(d.services, killed, id)).rejects.toThrow('killed');
    d.clock.now += 59 * second;
    await sendDelivery(d.services, d.post, id);
    expect(d.sent).toHaveLength(1);
    const ended = await d.finish(id);
    expect(d.sent.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    expect(codes(ended)).toEqual(['SENDER_LOST', 204]);
  });

  it('one that comes back after its claim was given up records nothing', async () => {
    const { id } = await d.deliver();
    const slow: PostWebhook = async () => {
      d.clock.now += 61 * second;
      await sendDelivery(d.services, d.post, id);
      return { status: 500 };
    };
    expect(await sendDelivery(d.services, slow, id)).toBeUndefined();
    expect(await d.getDelivery(id)).toMatchObject({ state: 'delivered', tries: 2 });
  });

  it('a delivery whose sending breaks, or an id that is none, keeps nobody else back', async () => {
    const plan = await d.makePlan([{ name: 'a' }, { name: 'b' }]);
    const run = await d.completeRun(plan);
    await publishOutbox(d.services, run);
    const ids = (await d.stores.deliveries.listDeliveriesByRun(run.id)).map(({ id }) => id);
    const post: PostWebhook = async (message) => {
      if (message.id === ids[0]) throw new Error('a bug');
      return d.post(message);
    };
    await sendNow(d.services, post, [...ids, 'msg_000999999999', 'no id at all']);
    expect(d.sent).toHaveLength(1);
    expect(d.logs).toContainEqual(expect.objectContaining({ event: 'sending failed', deliveryId: ids[0] }));
  });
});

describe('replay', () => {
  it('sends again under the same id, from the first try on, to the URL the plan has now', async () => {
    const plan = await d.makePlan([{ name: 'chat', url: 'https://old.example/' }]);
    const run = await d.completeRun(plan);
    await publishOutbox(d.services, run);
    const [delivery] = await d.stores.deliveries.listDeliveriesByRun(run.id);
    const id = delivery?.id ?? '';
    d.world.receive = () => ({ status: 500 });
    expect(await d.finish(id)).toMatchObject({ state: 'failed', tries: 10 });
    await d.changePlan(plan, [{ name: 'chat', url: 'https://new.example/' }]);
    d.world.receive = () => ({ status: 204 });
    expect(await d.stores.deliveries.replayDelivery(id, d.clock.now)).toMatchObject({ state: 'pending', tries: 0 });
    expect(await d.finish(id)).toMatchObject({ state: 'delivered', tries: 1 });
    expect(new Set(d.sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
    expect(d.sent.at(-1)?.url).toBe('https://new.example/');
  });

  it('is refused while someone is sending, and possible once the claim is given up', async () => {
    const { id } = await d.deliver();
    const killed: PostWebhook = async () => {
      expect(await d.stores.deliveries.replayDelivery(id, d.clock.now)).toBeUndefined();
      throw new Error('killed');
    };
    await expect(sendDelivery(d.services, killed, id)).rejects.toThrow('killed');
    expect(await d.stores.deliveries.replayDelivery(id, d.clock.now + 61 * second)).toMatchObject({ tries: 0 });
  });

  it('makes a second failure a second event', async () => {
    const { id } = await d.deliver();
    d.world.receive = () => ({ status: 500 });
    const { planId, to } = await d.finish(id);
    // As the replay does: it starts the subscription's count anew.
    await d.stores.deliveries.clearSubscription(planId, to.kind === 'subscription' ? to.key : '');
    await d.stores.deliveries.replayDelivery(id, d.clock.now);
    await d.finish(id);
    const failed = d.published.filter(({ detailType }) => detailType === 'Delivery Failed');
    expect(new Set(failed.map((event) => event.id)).size).toBe(2);
    expect((await d.getDelivery(id)).attempts).toHaveLength(20);
  });
});

describe('whatever the answers', () => {
  const anyAnswer = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(302, 400, 404, 429, 500, 503) },
    { weight: 1, arbitrary: fc.constantFrom(200, 410) },
    { weight: 2, arbitrary: fc.constantFrom('refused', 'unreachable', 'killed') },
  );
  const anyRetryAfter = fc.constantFrom('', '0', '7', '3600', '999999999', '-1', 'soon');

  it('a delivery ends within its schedule, and never has two ids', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyAnswer, anyRetryAfter), { minLength: 12, maxLength: 12 }),
        fc.boolean(),
        async (answers, isCallback) => {
          const startedAt = d.clock.now;
          d.sent.length = 0;
          const delivery = isCallback ? await deliverCallback() : await d.deliver();
          d.world.receive = (_, nth) => {
            const [answer, retryAfter] = answers[nth - 1] ?? [500, ''];
            if (answer === 'refused') throw new ServiceError('EXECUTOR_REFUSED', 'private');
            if (answer === 'unreachable') throw new ServiceError('EXECUTOR_UNAVAILABLE', 'down');
            return { status: typeof answer === 'number' ? answer : 204, headers: { 'retry-after': retryAfter } };
          };
          const sender: PostWebhook = async (message) => {
            const [answer] = answers[d.sent.length] ?? [];
            const told = await d.post(message);
            if (answer === 'killed') throw new Error('killed');
            return told;
          };
          const ended = await d.finish(delivery.id, sender);
          expect(ended.state).toMatch(isCallback ? /^(delivered|failed)$/ : /^(delivered|failed|disabled)$/);
          expect(ended.state === 'delivered').toBe(ended.attempts.at(-1)?.status === 200);
          const { waits: planned } = schedules[delivery.schedule];
          const most = planned.reduce<number>((sum, wait) => sum + Math.max(2 * wait, isCallback ? 3600 : 0), 0);
          expect(ended.endedAt ?? 0).toBeLessThanOrEqual(startedAt + most * 1000 + planned.length * minute);
          expect(d.sent.length).toBeLessThanOrEqual(planned.length);
          expect(new Set(d.sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.id]));
        },
      ),
      { numRuns: 20 },
    );
  });
});
