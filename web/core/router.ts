import { useLayoutEffect, useState } from 'preact/hooks';

/** The path clients reach the service under, without a final slash. */
export const base = document.documentElement.dataset.base ?? '';

export interface Place {
  /** Below the base, without a final slash: `/runs/12`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A link to a place of the page, or to the API: `href('/runs/12')`. */
export function href(to: string): string {
  return `${base}${to}`;
}

/** Goes to a place of the page; `replace` leaves no way back to this one. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', href(to));
  else {
    history.pushState(null, '', href(to));
    window.scrollTo(0, 0);
  }
  for (const listener of listeners) listener();
}

/** Where the page is, now and after every move. */
export function usePlace(): Place {
  const [place, setPlace] = useState(readPlace);
  // Before anything else can happen: a move between the first look and a later effect would be missed.
  useLayoutEffect(() => {
    const onMove = () => setPlace(readPlace());
    listeners.add(onMove);
    return () => void listeners.delete(onMove);
  }, []);
  return place;
}

/** Changes members of the query; null takes one out. Filters leave no trail of history behind. */
export function setQuery(change: Readonly<Record<string, string | null>>, options = { replace: true }): void {
  const { path, query } = readPlace();
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(text === '' ? path : `${path}?${text}`, options);
}

/** The values of a pattern's `{names}` if the path fits it, else null. */
export function fitPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const text = given[i] ?? '';
    if (part.startsWith('{') && text !== '') params[part.slice(1, -1)] = decode(text);
    else if (part !== text) return null;
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const listeners = new Set<() => void>();
window.addEventListener('popstate', () => {
  for (const listener of listeners) listener();
});
// Links of the page move within it; what opens elsewhere is left to the browser.
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
  const path = link.pathname.slice(base.length);
  if (link.hash !== '' || !link.pathname.startsWith(`${base}/`) || /^\/(v1|api|assets)\//.test(path)) return;
  event.preventDefault();
  go(`${path}${link.search}`);
});

function readPlace(): Place {
  const path = location.pathname.slice(base.length).replace(/\/+/g, '/').replace(/\/$/, '');
  return { path: path === '' ? '/' : path, query: new URLSearchParams(location.search) };
}
