import { appendFile } from 'node:fs/promises';
import { type BusMessage, ownSource, resourceOf } from '../core/bus-message.ts';
import type { Bus, PutEvent } from '../core/ports.ts';

/** An event as it stands in the file and reaches listeners: the envelope EventBridge would put around it. */
export interface LocalEvent extends BusMessage {
  readonly time: string;
}

export interface LocalBus extends Bus {
  readonly put: PutEvent;
  subscribe(listener: (event: LocalEvent) => void): () => void;
}

/**
 * The bus of the embedded system: each event is a line of `file`, then every listener gets it, and `deliver` takes it as the
 * functions behind EventBridge's rules do. At least once, like EventBridge: what `deliver` could not take was not published,
 * and comes again under the same id, as it does after a crash in between.
 */
export function createLocalBus(options: {
  readonly file: string;
  readonly deliver: (event: LocalEvent) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
}): LocalBus {
  const { file, deliver, now, newId } = options;
  const listeners = new Set<(event: LocalEvent) => void>();
  const send = async (events: readonly LocalEvent[]): Promise<void> => {
    await appendFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    for (const event of events) for (const listener of listeners) listener(event);
    for (const event of events) await deliver(event);
  };
  return {
    async publish(events) {
      await send(
        events.map(({ id, detailType, time, detail }) => {
          return { id, source: ownSource, 'detail-type': detailType, time: new Date(time).toISOString(), detail };
        }),
      );
    },
    async put({ id = newId(), source, detailType, detail, time = now() }) {
      const envelope = { id, source, 'detail-type': detailType, time: new Date(time).toISOString(), detail };
      await send([{ ...envelope, resources: [resourceOf(id)] }]);
      return { id };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
