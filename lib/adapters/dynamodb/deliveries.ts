import { type Delivery, ownerOf, positionOf, type SubscriptionState, shortDigest } from '../../core/delivery.ts';
import type { DeliveryStore } from '../../core/ports.ts';
import { dueShards } from './definition.ts';
import type { Item, Key, Table } from './table.ts';

/**
 * HOOK: a delivery, in the partition of its run, or of its plan when it is a ping. Its claim is a step of its own, so two who
 * send at once do not send the same try, and one who dies leaves a claim that ends.
 *
 *   pending ──E22 claim──► pending, claimed ──E23 record──► pending | delivered | failed | disabled ──E24 replay──► pending
 */
export function createDeliveryStore(table: Table): DeliveryStore {
  const change = async (id: string, update: string, values: Item, condition: string): Promise<Delivery | undefined> => {
    const key = keyOf(id);
    const item = key && (await table.update(key, update, values, condition));
    return item && toDelivery(item);
  };

  const listPage = async (index: 'list' | 'feed', partition: string, before: number, limit: number) => {
    const where = `#${index} = :partition AND #id < :before`;
    const found = await table.query({ index, where, values: { partition, before }, limit, descending: true });
    const items = await table.getMany(found.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })));
    return items.map(toDelivery).sort((a, b) => positionOf(b) - positionOf(a));
  };

  return {
    putDelivery: (delivery) => table.put(toItem(delivery), 'attribute_not_exists(#pk)'),

    async getDelivery(id) {
      const key = keyOf(id);
      const item = key && (await table.get(key));
      return item && toDelivery(item);
    },

    // E22
    claimDelivery(delivery, { at, until, attempts }) {
      const update = 'SET #claimedAt = :at, #nextActionAt = :until, #attempts = :attempts, #tries = :tries';
      const condition = '#state = :pending AND #tries = :before AND #nextActionAt = :seen';
      const { tries, nextActionAt } = delivery;
      const values = { at, until, attempts, tries: tries + 1, pending: 'pending', before: tries, seen: nextActionAt };
      return change(delivery.id, update, values, condition);
    },

    // E23
    recordDelivery(delivery, { state, attempts, nextActionAt, at, eventPending }) {
      const ended = state === 'pending' ? '' : ', #endedAt = :at';
      const tell = eventPending ? ', #eventPending = :yes' : '';
      const due = nextActionAt === undefined ? ', #due, #nextActionAt' : '';
      const next = nextActionAt === undefined ? '' : ', #nextActionAt = :nextActionAt';
      const update = `SET #state = :state, #attempts = :attempts${ended}${tell}${next} REMOVE #claimedAt${due}`;
      const condition = '#state = :pending AND #claimedAt = :claimedAt AND #tries = :tries';
      const { claimedAt, tries } = delivery;
      const values = { state, attempts, at, nextActionAt, yes: true, pending: 'pending', claimedAt, tries };
      return change(delivery.id, update, values, condition);
    },

    async deliveryEventSent({ id, endedAt }) {
      const condition = 'attribute_exists(#eventPending) AND #endedAt = :endedAt';
      await change(id, 'REMOVE #eventPending, #due, #nextActionAt', { endedAt }, condition);
    },

    // E24
    replayDelivery(id, at) {
      const update =
        'SET #state = :pending, #tries = :none, #nextActionAt = :at, #due = :due REMOVE #claimedAt, #endedAt, #eventPending';
      const condition = 'attribute_exists(#pk) AND (attribute_not_exists(#claimedAt) OR #nextActionAt <= :at)';
      return change(id, update, { pending: 'pending', none: 0, at, due: dueShard(id) }, condition);
    },

    async listDueDeliveries(until, limit) {
      const shards = Array.from({ length: dueShards }, (_, shard) =>
        table.query({
          index: 'due',
          where: '#due = :due AND #nextActionAt <= :until',
          values: { due: `HOOK#${shard}`, until },
          limit,
        }),
      );
      return (await Promise.all(shards))
        .flat()
        .map(({ sk, nextActionAt }) => ({ id: String(sk).slice('HOOK#'.length), at: Number(nextActionAt) }))
        .sort((a, b) => a.at - b.at)
        .slice(0, limit);
    },

    async listDeliveriesByRun(runId) {
      const where = '#pk = :pk AND #sk BETWEEN :from AND :to';
      const items = await table.query({ where, values: { pk: `RUN#${runId}`, from: 'HOOK#', to: 'HOOK#~' } });
      return items.map(toDelivery);
    },

    listDeliveriesByPlan: (planId, before, limit) => listPage('list', `HOOKS#PLAN#${planId}`, before, limit),
    listDeliveriesByProject: (project, before, limit) => listPage('feed', `HOOKS#PROJECT#${project}`, before, limit),

    async getSubscription(planId, key) {
      const item = await table.get(subscriptionKeyOf(planId, key));
      return item === undefined ? {} : toState(item);
    },

    async markFailing(planId, key, since) {
      const update = 'SET #failingSince = if_not_exists(#failingSince, :since)';
      await table.update(subscriptionKeyOf(planId, key), update, { since });
    },

    async disableSubscription(planId, key, urlDigest) {
      await table.update(subscriptionKeyOf(planId, key), 'SET #disabledUrl = :urlDigest', { urlDigest });
    },

    async clearSubscription(planId, key) {
      const update = 'REMOVE #failingSince, #disabledUrl';
      await table.update(subscriptionKeyOf(planId, key), update, {}, 'attribute_exists(#pk)');
    },
  };
}

function keyOf(id: string): Key | undefined {
  const owner = ownerOf(id);
  if (owner === undefined) return undefined;
  return { pk: 'runId' in owner ? `RUN#${owner.runId}` : `PLAN#${owner.planId}`, sk: `HOOK#${id}` };
}

const subscriptionKeyOf = (planId: number, key: string): Key => ({
  pk: `PLAN#${planId}`,
  sk: `SUBSCRIPTION#${shortDigest(key)}`,
});

/** A partition of its own in the index, so that who looks after runs never meets a delivery. */
const dueShard = (id: string): string => `HOOK#${Number.parseInt(shortDigest(id), 16) % dueShards}`;

function toItem(delivery: Delivery): Item & Key {
  const key = keyOf(delivery.id);
  if (key === undefined) throw new Error('a delivery needs an id that tells whose it is');
  const { id: deliveryId, planId, project } = delivery;
  const lists = { list: `HOOKS#PLAN#${planId}`, feed: `HOOKS#PROJECT#${project}`, id: positionOf(delivery) };
  return { ...delivery, ...key, ...lists, deliveryId, due: dueShard(deliveryId) };
}

function toDelivery(item: Item): Delivery {
  const { pk: _pk, sk: _sk, due: _due, list: _list, feed: _feed, deliveryId, ...delivery } = item;
  return { ...delivery, id: String(deliveryId) } as unknown as Delivery;
}

function toState({ failingSince, disabledUrl }: Item): SubscriptionState {
  return {
    ...(failingSince === undefined ? {} : { failingSince: Number(failingSince) }),
    ...(disabledUrl === undefined ? {} : { disabledUrl: String(disabledUrl) }),
  };
}
