import { useEffect, useState } from 'preact/hooks';

/** Who is signed in on this tab, or why nobody is. */
export interface Session {
  readonly key: string | null;
  /** Why the key was dropped, to show with the form. */
  readonly reason: string | null;
}

const name = 'proctor.key';
const listeners = new Set<() => void>();
let session: Session = { key: sessionStorage.getItem(name) ?? localStorage.getItem(name), reason: null };

export function readSession(): Session {
  return session;
}

/** Keeps the key for this tab, or on this device until somebody signs out. */
export function signIn(key: string, { remember }: { readonly remember: boolean }): void {
  (remember ? localStorage : sessionStorage).setItem(name, key);
  change({ key, reason: null });
}

export function signOut(reason: string | null = null): void {
  sessionStorage.removeItem(name);
  localStorage.removeItem(name);
  change({ key: null, reason });
}

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
