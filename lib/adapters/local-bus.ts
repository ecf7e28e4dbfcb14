import { appendFile } from 'node:fs/promises';
import type { Bus, BusEvent } from '../core/ports.ts';

/** An event as it stands in the file and reaches listeners: the envelope EventBridge would put around it. */
export interface LocalEvent {
  readonly id: string;
  readonly source: 'proctor';
  readonly 'detail-type': BusEvent['detailType'];
  readonly time: string;
  readonly detail: BusEvent['detail'];
}

/**
 * The bus of the embedded system: each event is a line of `file`, then every listener gets it. At least once, like
 * EventBridge: after a crash in between the same id comes again.
 */
export function createLocalBus(file: string): Bus & { subscribe(listener: (event: LocalEvent) => void): () => void } {
  const listeners = new Set<(event: LocalEvent) => void>();
  return {
    async publish(events) {
      const envelopes = events.map(({ id, detailType, time, detail }): LocalEvent => {
        return { id, source: 'proctor', 'detail-type': detailType, time: new Date(time).toISOString(), detail };
      });
      await appendFile(file, envelopes.map((event) => `${JSON.stringify(event)}\n`).join(''));
      for (const event of envelopes) for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
