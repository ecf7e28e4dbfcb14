import { exitCodes } from './exit-code.ts';

/** A terminal and a wrapper around this process may both pass on the same Ctrl-C. */
const sameMs = 1000;

export interface Interruption {
  /** Aborts on the first Ctrl-C or SIGTERM. A second one, a second later, ends the process at once. */
  readonly signal: AbortSignal;
  release(): void;
}

export function onInterruption(): Interruption {
  const controller = new AbortController();
  let at = 0;
  const hear = () => {
    if (controller.signal.aborted && Date.now() - at > sameMs) process.exit(exitCodes.interrupted);
    if (controller.signal.aborted) return;
    at = Date.now();
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, hear);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, hear);
    },
  };
}
