import { useRef } from 'preact/hooks';

/**
 * The idempotency key of a request somebody asks for: the same as long as the same is asked for and nobody knows whether it
 * was done, so that a second click after a lost answer starts nothing twice.
 */
export function useRepeatKey() {
  const last = useRef<{ readonly request: string; readonly key: string }>(undefined);
  return {
    keyOf(request: string): string {
      if (last.current?.request !== request) last.current = { request, key: randomKey() };
      return last.current.key;
    },
    /** The answer is known: the next click means another run. */
    settle(): void {
      last.current = undefined;
    },
  };
}

/** `crypto.randomUUID` is not there on plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
