import type { Stores } from '../../lib/adapters/dynamodb/client.ts';
import type { Egress, EgressRequest, EgressResponse } from '../../lib/adapters/egress.ts';
import { createPostWebhook } from '../../lib/adapters/webhook-post.ts';
import { type Delivery, type Subscription, subscriptionKey } from '../../lib/core/delivery.ts';
import type { Plan, PlanDocument } from '../../lib/core/plan.ts';
import type { BusEvent, LogEntry, PostWebhook, RunCallback, Services } from '../../lib/core/ports.ts';
import type { Run } from '../../lib/core/run.ts';
import { publishOutbox } from '../../lib/workflow/publish-outbox.ts';
import { renderNative } from '../../lib/workflow/render-delivery.ts';
import { sendDelivery } from '../../lib/workflow/send-delivery.ts';
import { createFakeSecrets } from './fake-secrets.ts';
import { seededBytes } from './http.ts';
import { aCompletion, aDocument, aRun } from './runs.ts';
import { openTestTable } from './table.ts';

export const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
export const oldSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const secrets = createFakeSecrets({ 'env:NEW': secret, 'env:OLD': oldSecret, 'env:WRONG': 'hunter2' });

/** One message as it left, and when. */
export interface Sent {
  readonly at: number;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export type Receiver = (sent: Sent, nth: number) => Partial<EgressResponse> | Error | Promise<Partial<EgressResponse>>;

export type DeliveryWorld = Awaited<ReturnType<typeof openDeliveryWorld>>;

/** Deliveries on a table in memory, with the real sender up to the network, and time that a test moves. */
export async function openDeliveryWorld() {
  const { stores, otherStores, table, close } = await openTestTable();
  const clock = { now: Date.UTC(2027, 0, 4, 9) };
  const sent: Sent[] = [];
  const published: BusEvent[] = [];
  const logs: LogEntry[] = [];
  const noticed: string[] = [];
  const world: { receive: Receiver; busDown: boolean } = { receive: () => ({ status: 204 }), busDown: false };
  /** Of deliveries that need no plan of their own. */
  const plans = new Map<string, Plan>();
  let made = 0;

  const egress: Egress = {
    checkUrl: () => {},
    async send({ url, headers = {}, body }: EgressRequest) {
      const message = { at: clock.now, url, headers, body: Buffer.from(body ?? []).toString() };
      sent.push(message);
      const answer = await world.receive(message, sent.length);
      if (answer instanceof Error) throw answer;
      return { status: 200, headers: {}, body: new Uint8Array(), truncated: false, ...answer };
    },
  };
  const post = createPostWebhook({ egress, secrets, now: () => clock.now });
  const createServices = (over: Stores): Services => ({
    ...over,
    scheduler: { arm: async () => {}, disarm: async () => {} },
    workflow: { start: async () => 'open', wake: async () => {} },
    sender: {
      notice(ids) {
        noticed.push(...ids);
      },
      send: async () => {},
    },
    bus: {
      async publish(events) {
        if (world.busDown) throw new Error('the bus is down');
        published.push(...events);
      },
    },
    executors: () => {
      throw new Error('nothing is executed here');
    },
    secrets,
    renderDelivery: (_kind, run) => renderNative(services, run),
    now: () => clock.now,
    random: seededBytes('deliveries'),
    publicUrl: 'https://proctor.example',
    masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32).fill(7) }],
    log: (entry) => logs.push(entry),
  });
  const services = createServices(stores);

  const getDelivery = async (id: string): Promise<Delivery> => {
    const delivery = await stores.deliveries.getDelivery(id);
    if (delivery === undefined) throw new Error(`no delivery ${id}`);
    return delivery;
  };

  return {
    world,
    clock,
    stores,
    services,
    /** Those of another process. */
    otherServices: () => createServices(otherStores()),
    table,
    post,
    sent,
    published,
    logs,
    noticed,
    close,
    getDelivery,
    async makePlan(notify: readonly Partial<Subscription>[], change: Partial<PlanDocument> = {}): Promise<Plan> {
      const document = aDocument({
        name: `plan ${++made}`,
        notify: notify.map((one) => aSubscription(one)),
        ...change,
      });
      return stores.plans.createPlan(document, 1, clock.now);
    },
    async changePlan(plan: Plan, notify: readonly Partial<Subscription>[]): Promise<Plan> {
      const document = aDocument({ name: plan.name, notify: notify.map((one) => aSubscription(one)) });
      return stores.plans.updatePlan(plan, document, 1, clock.now);
    },
    /** A completed run whose last effects were not done yet. */
    async completeRun(plan: Plan, change: Partial<Run> = {}, callback?: RunCallback): Promise<Run> {
      const input = callback === undefined ? null : { runtimeData: {}, uploadVersions: {}, picked: null, callback };
      const { runId } = await stores.runs.allocateRun(1, plan.projectId);
      const run = aRun(runId, {
        planId: plan.id,
        planVersion: plan.version,
        planName: plan.name,
        project: plan.project,
        createdAt: clock.now,
        hasInput: input !== null,
        ...(callback === undefined ? {} : { callbackHost: callback.host }),
        ...change,
      });
      await stores.runs.createRun(run, input);
      const admitted = await stores.runs.admit(run, { deadlineAt: clock.now, nextActionAt: clock.now });
      if (admitted === undefined) throw new Error('not admitted');
      await stores.runs.markSent(runId, ['queued']);
      const completion = aCompletion({ endedAt: clock.now, eventId: `evt_${runId}_2`, nextActionAt: clock.now });
      const completed = await stores.runs.complete(admitted, {
        ...completion,
        ...(change.turn === undefined ? {} : { turn: change.turn }),
      });
      if (completed === undefined) throw new Error('not completed');
      return completed;
    },
    /** A pending delivery of a run that has ended just now. */
    async deliver(notify: Partial<Subscription> = {}): Promise<Delivery> {
      const name = JSON.stringify(notify);
      const plan = plans.get(name) ?? (await this.makePlan([notify]));
      plans.set(name, plan);
      await stores.deliveries.clearSubscription(plan.id, subscriptionKey(aSubscription(notify)));
      const run = await this.completeRun(plan);
      await publishOutbox(services, run);
      const [delivery] = await stores.deliveries.listDeliveriesByRun(run.id);
      if (delivery === undefined) throw new Error('nothing to deliver');
      return delivery;
    },
    /** Moves time from one due moment to the next until nothing is left to do; answers how it ended. */
    async finish(id: string, sender: PostWebhook = post): Promise<Delivery> {
      for (let round = 0; round < 100; round++) {
        const { nextActionAt } = await getDelivery(id);
        if (nextActionAt === undefined) return getDelivery(id);
        clock.now = Math.max(clock.now, nextActionAt);
        await sendDelivery(services, sender, id).catch(() => {});
      }
      throw new Error('the delivery does not end');
    },
  };
}

export function aSubscription(change: Partial<Subscription> = {}): Subscription {
  return { url: 'https://hooks.example/proctor', on: ['run.completed'], secret: 'env:NEW', ...change };
}
