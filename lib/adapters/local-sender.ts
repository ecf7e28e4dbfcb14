import type { LogEntry, Sender } from '../core/ports.ts';
import type { Timers } from './local-workflow.ts';

export interface LocalSender extends Sender {
  /** Sends nothing more; resolves when what is on its way has been recorded. */
  close(): Promise<void>;
}

/**
 * The embedded sender: one timer a delivery. Timers are gone when the process is; the sweeper notices whatever is due. `send`
 * does what is due about a delivery and answers when there is something to do again.
 */
export function createLocalSender(options: {
  readonly send: (deliveryId: string) => Promise<number | undefined>;
  readonly timers: Timers;
  readonly log: (entry: LogEntry) => void;
}): LocalSender {
  const { send, timers, log } = options;
  const waiting = new Map<string, () => void>();
  const busy = new Map<string, Promise<void>>();
  let closed = false;

  const schedule = (id: string, at: number): void => {
    if (closed || busy.has(id)) return;
    waiting.get(id)?.();
    waiting.set(
      id,
      timers.after(Math.max(0, at - timers.now()), () => start(id)),
    );
  };

  const start = (id: string): Promise<void> => {
    waiting.get(id)?.();
    waiting.delete(id);
    const known = busy.get(id);
    if (known) return known;
    const work = sendOnce(id).then((next) => {
      busy.delete(id);
      if (next !== undefined) schedule(id, next);
    });
    busy.set(id, work);
    return work;
  };

  const sendOnce = async (id: string): Promise<number | undefined> => {
    try {
      return await send(id);
    } catch (error) {
      log({ level: 'error', event: 'sending failed', deliveryId: id, error });
      return undefined;
    }
  };

  return {
    notice(ids) {
      for (const id of ids) schedule(id, timers.now());
    },
    async send(ids) {
      if (!closed) await Promise.all(ids.map(start));
    },
    async close() {
      closed = true;
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
      await Promise.all(busy.values());
    },
  };
}
