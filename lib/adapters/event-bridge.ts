import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Bus } from '../core/ports.ts';

/** Entries in one call at most, says PutEvents. */
const maxEntries = 10;

/** The bus of that name, with a client of its own. */
export function createBus(config: EventBridgeClientConfig, busName: string): Bus {
  return createEventBridgeBus(new EventBridgeClient(config), busName);
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
