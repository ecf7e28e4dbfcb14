import type { Example } from './examples.ts';

/** What was answered to the calls of the tour, by operation id. */
export type Answered = Readonly<Record<string, { readonly status: number; readonly body?: unknown } | undefined>>;

/** The example with what earlier answers said in place of each `{operation.member}`. */
export function resolveExample(example: Example, answered: Answered): Example {
  return resolve(example, answered) as Example;
}

function resolve(value: unknown, answered: Answered): unknown {
  if (typeof value === 'string') {
    const [, operation = '', path = ''] = /^\{(\w+)\.([\w.]+)\}$/.exec(value) ?? [];
    return operation === '' ? value : (memberOf(answered[operation]?.body, path.split('.')) ?? value);
  }
  if (Array.isArray(value)) return value.map((one) => resolve(one, answered));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, answered)]));
}

function memberOf(value: unknown, path: readonly string[]): unknown {
  return path.reduce((within, key) => (within as Record<string, unknown> | undefined)?.[key], value);
}
