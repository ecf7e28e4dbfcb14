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
export function matchRoute<R extends Routed>(routes: readonly R[], method: string, path: string): RouteMatch<R> {
  const segments = segmentsOf(path);
  const candidates = compiled(routes).filter((candidate) => fits(candidate.segments, segments));
  // Sorted by how literal they are: only the first one's path is served.
  const [best] = candidates;
  if (!best) return null;
  const served = candidates.filter((candidate) => candidate.shape === best.shape).map((candidate) => candidate.route);
  const route = (served.find((candidate) => candidate.method === method) ??
    (method === 'HEAD' ? served.find(({ servesHead }) => servesHead) : undefined)) as R | undefined;
  if (!route) return { methodNotAllowed: served.flatMap(methodsOf).sort() };
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
  if (first === 'Testinium.RestApi' || first === 'uaa') return 'testinium';
  if (first === 'callbacks' || first === 'hooks') return first;
  return first === undefined || pageWords.has(first) ? 'page' : 'system';
}

/** First segments of the paths of the page. */
const pageWords: ReadonlySet<string> = new Set(['runs', 'plans', 'schedules', 'deliveries', 'assets']);

interface Routed {
  readonly method: string;
  readonly path: string;
  readonly servesHead?: boolean;
}

interface Compiled {
  readonly segments: readonly string[];
  /** Equal for routes that differ in method only. */
  readonly shape: string;
  readonly route: Routed;
}

const cache = new WeakMap<object, readonly Compiled[]>();

function compiled(routes: readonly Routed[]): readonly Compiled[] {
  let table = cache.get(routes);
  if (!table) {
    table = routes
      .map((route) => ({ segments: segmentsOf(route.path), shape: route.path.replace(/\{[^{}/]*\}/g, '{}'), route }))
      // A literal comes before `{`, segment by segment. By code units: to compare as people do loads tables for 10 ms of a cold start.
      .sort((a, b) => compare(specificity(a.shape), specificity(b.shape)));
    cache.set(routes, table);
  }
  return table;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
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
    pattern.every((segment, i) => segment.startsWith('{') || isWord(segment, segments[i] ?? ''))
  );
}

/** Clients disagree on how to write the systems in these two words (contracts/testinium.md 3.10). */
const anyCase = new Set(['setAndroidMobileApp', 'setIosMobileApp']);

function isWord(word: string, segment: string): boolean {
  return word === segment || (anyCase.has(word) && word.toLowerCase() === segment.toLowerCase());
}

function methodsOf({ method, servesHead }: Routed): string[] {
  return servesHead ? [method, 'HEAD'] : [method];
}

function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalidField(name, 'must be valid percent-encoding');
  }
}
