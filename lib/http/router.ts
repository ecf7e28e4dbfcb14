import { invalidField } from '../core/errors.ts';
import type { Surface } from './routes.ts';

export type RouteMatch<R> =
  /** `params` are as sent: `decodeParams` makes them readable. */
  | { readonly route: R; readonly params: Readonly<Record<string, string>> }
  | { readonly methodNotAllowed: readonly string[] }
  | null;

/**
 * The route of a path as sent, or the methods the path has, or null. Slashes at the end and repeated ones do not count
 * (contracts/testsigma.md T13).
 */
export function matchRoute<R extends { readonly method: string; readonly path: string }>(
  routes: readonly R[],
  method: string,
  path: string,
): RouteMatch<R> {
  const segments = segmentsOf(path);
  const candidates = compiled(routes).filter((candidate) => fits(candidate.segments, segments));
  // Sorted by how literal they are: only the first one's path is served.
  const [best] = candidates;
  if (!best) return null;
  const served = candidates.filter((candidate) => candidate.shape === best.shape).map((candidate) => candidate.route);
  const route = served.find((candidate) => candidate.method === method) as R | undefined;
  if (!route) return { methodNotAllowed: served.map((candidate) => candidate.method).sort() };
  const params: Record<string, string> = {};
  best.segments.forEach((segment, i) => {
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = segments[i] as string;
  });
  return { route, params };
}

/** Percent-decoded; VALIDATION_FAILED names the parameter whose encoding is broken. */
export function decodeParams(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decode(name, value)]));
}

/** Whose error shape a path gets, whether or not there is such a route. */
export function surfaceOf(path: string): Surface {
  const [first] = segmentsOf(path);
  if (first === 'api') return 'testsigma';
  if (first === 'v1') return 'native';
  return first === 'callbacks' ? 'callbacks' : 'system';
}

interface Compiled {
  readonly segments: readonly string[];
  /** Equal for routes that differ in method only. */
  readonly shape: string;
  readonly route: { readonly method: string };
}

const cache = new WeakMap<object, readonly Compiled[]>();

function compiled(routes: readonly { readonly method: string; readonly path: string }[]): readonly Compiled[] {
  let table = cache.get(routes);
  if (!table) {
    table = routes
      .map((route) => ({ segments: segmentsOf(route.path), shape: route.path.replace(/\{[^{}/]*\}/g, '{}'), route }))
      // A literal comes before `{`, segment by segment.
      .sort((a, b) => specificity(a.shape).localeCompare(specificity(b.shape)));
    cache.set(routes, table);
  }
  return table;
}

function specificity(shape: string): string {
  return shape.replace(/[^/{}]+/g, '0').replaceAll('{}', '1');
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((segment, i) => segment.startsWith('{') || segment === segments[i])
  );
}

function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalidField(name, 'must be valid percent-encoding');
  }
}
