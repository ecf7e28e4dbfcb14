import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { resourceOf } from '../core/bus-message.ts';
import { invalidField } from '../core/errors.ts';
import type { Bus, PutEvent } from '../core/ports.ts';

/** Entries in one call at most, says PutEvents. */
const maxEntries = 10;

/** The bus of that name, with a client of its own. */
export function createBus(config: EventBridgeClientConfig, busName: string): Bus {
  return createEventBridgeBus(new EventBridgeClient(config), busName);
}

/** Puts events of others on the bus of that name. Sources that begin with `aws.` are the services' own, and refused there. */
export function createPutEvent(config: EventBridgeClientConfig, busName: string): PutEvent {
  const client = new EventBridgeClient(config);
  return async ({ id, source, detailType, detail, time }) => {
    const entry = {
      EventBusName: busName,
      Source: source,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
      ...(time === undefined ? {} : { Time: new Date(time) }),
      ...(id === undefined ? {} : { Resources: [resourceOf(id)] }),
    };
    const { Entries: [answer] = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    if (answer?.ErrorCode === 'NotAuthorizedForSourceException') {
      throw invalidField('source', 'is not open to others; sources of AWS services come on the default bus', source);
    }
    if (answer?.EventId === undefined) throw new Error(`the bus refused the event: ${answer?.ErrorCode ?? 'unknown'}`);
    return { id: id ?? answer.EventId };
  };
}

/** The bus on EventBridge. Every entry's answer is checked, because a call succeeds with entries that failed (F19). */
export function createEventBridgeBus(client: EventBridgeClient, busName: string): Bus {
  return {
    async publish(events) {
      for (let from = 0; from < events.length; from += maxEntries) {
        const entries = events.slice(from, from + maxEntries).map(({ detailType, time, detail }) => ({
          EventBusName: busName,
          Source: 'proctor',
          DetailType: detailType,
          Time: new Date(time),
          Detail: JSON.stringify(detail),
        }));
        const answer = await client.send(new PutEventsCommand({ Entries: entries }));
        const failed = (answer.Entries ?? []).find(({ ErrorCode }) => ErrorCode !== undefined);
        if (failed || (answer.FailedEntryCount ?? 0) > 0) {
          throw new Error(`the bus refused ${answer.FailedEntryCount} events: ${failed?.ErrorCode ?? 'unknown'}`);
        }
      }
    },
  };
}
