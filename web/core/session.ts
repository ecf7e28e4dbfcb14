import { useEffect, useState } from 'preact/hooks';
import { dropKept, readKept, writeKept } from './storage.ts';

/** Who is signed in on this tab, or why nobody is. */
export interface Session {
  readonly key: string | null;
  /** Why the key was dropped, to show with the form. */
  readonly reason: string | null;
}

const name = 'proctor.key';
const listeners = new Set<() => void>();
let session: Session = { key: readKept('tab', name) ?? readKept('device', name), reason: null };

export function readSession(): Session {
  return session;
}

/** Keeps the key for this tab, or on this device until somebody signs out. */
export function signIn(key: string, { remember }: { readonly remember: boolean }): void {
  writeKept(remember ? 'device' : 'tab', name, key);
  change({ key, reason: null });
}

export function signOut(): void {
  dropKept('tab', name);
  dropKept('device', name);
  change({ key: null, reason: null });
}

/** The service refused the key. What this tab uses by now, or this device remembers, may be another one. */
export function dropRefused(key: string | null, reason: string): void {
  if (readKept('tab', name) === key) dropKept('tab', name);
  if (readKept('device', name) === key) dropKept('device', name);
  if (session.key === key) change({ key: null, reason });
}

/** Who signs out in one tab has signed out of all that used the key this device remembered. */
addEventListener('storage', ({ key, oldValue, newValue }) => {
  if (key === name && newValue === null && oldValue === session.key) change({ key: null, reason: null });
});

export function useSession(): Session {
  const [, redraw] = useState({});
  useEffect(() => {
    const onChange = () => redraw({});
    listeners.add(onChange);
    return () => void listeners.delete(onChange);
  }, []);
  return session;
}

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}
