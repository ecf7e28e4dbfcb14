import * as z from 'zod/mini';
import { maxId, parse } from '../../core/schema.ts';

/** The published API there are two of: they differ in status and text of errors, and in plan names as ids. */
export type Variant = 'cloud' | 'enterprise';

export type TestiniumSettings = z.output<typeof schema>;

const schema = z.strictObject({
  variant: z._default(z.enum(['cloud', 'enterprise']), 'cloud'),
  /** The one company of this deployment. */
  company: z._default(
    z.strictObject({
      id: z.int().check(z.gte(1), z.lte(maxId)),
      name: z.string().check(z.minLength(1)),
      short_name: z.string().check(z.minLength(1)),
    }),
    { id: 1, name: 'Proctor', short_name: 'proctor' },
  ),
  /** How long an identical repeat of a start is answered with the start; 0 is off. */
  coalesceSeconds: z._default(z.int().check(z.gte(0), z.lte(3600)), 10),
  /** A run that ended without passing always counts a failure, for clients that look at nothing else (D10). */
  errorsAlsoAsFailure: z._default(z.boolean(), true),
  tokenTtlSeconds: z._default(z.int().check(z.gte(60), z.lte(30 * 86_400)), 86_400),
  /** Values of `Authorization` the token paths take; empty takes any. */
  oauthClients: z._default(z.array(z.string()), []),
  /** Hosts a `callbackUrl` may name; empty is any public one. */
  callbackHosts: z._default(z.array(z.string()), []),
});

/**
 * The settings as JSON, with the variant alone beside them for those who set nothing else. VALIDATION_FAILED names what is
 * wrong: a deployment must not start with settings it does not understand.
 */
export function readTestiniumSettings(text: string | undefined, variant?: string): TestiniumSettings {
  const given: unknown = text === undefined || text.trim() === '' ? {} : JSON.parse(text);
  const isVariant = variant !== undefined && variant !== '';
  return parse(schema, isVariant ? { ...(given as object), variant } : given);
}
