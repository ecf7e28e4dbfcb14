/** `$.a.b[0]["c d"]` as its steps; undefined if it is no such path. */
export function parsePath(path: string): (string | number)[] | undefined {
  if (!/^\$(?:\.[\w-]+|\[\d{1,5}\]|\["[^"\\]+"\])+$/.test(path)) return undefined;
  return [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\["([^"]+)"\]/g)].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
}

/** The text, number or truth the path leads to, as text; empty if there is none. */
export function readPath(payload: unknown, path: readonly (string | number)[]): string {
  return toText(path.reduce(step, payload));
}

function step(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

/** What can stand in a text, as text; empty for what cannot. */
export function toText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
