import * as z from 'zod/mini';
import { planSchema } from '../core/plan.ts';

/** What a plan may hold at one place. */
export interface Allowed {
  readonly keys: readonly string[];
  /** Words that are values. */
  readonly words: readonly string[];
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** What may be at a path of a plan file, whatever the alternative: for saying what a typo was meant to be. */
export function allowedAt(path: readonly (string | number)[]): Allowed {
  const root = z.toJSONSchema(planSchema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;
  let here = alternatives(root);
  for (const part of path) {
    here = here.flatMap(({ properties = {}, items }) => {
      const next = typeof part === 'number' ? items : Object.hasOwn(properties, part) ? properties[part] : undefined;
      return next === undefined ? [] : alternatives(next);
    });
  }
  const values = here.flatMap((schema) => schema.enum ?? (schema.const === undefined ? [] : [schema.const]));
  return {
    keys: [...new Set(here.flatMap(({ properties = {} }) => Object.keys(properties)))],
    words: [...new Set(values.filter((value) => typeof value === 'string'))],
  };
}

function alternatives(schema: Schema): Schema[] {
  const within = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...within.flatMap(alternatives)];
}
