import { createApiKey } from '../core/api-key.ts';
import { ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';

/** Longer than an index takes to show a key that was just made. */
const claimMs = 5 * 60_000;

/**
 * The token of an administrator's key, only while there is no key at all; NAME_TAKEN otherwise. Of
 * several calls at once one wins: the claim is a conditional write, and it outlives the moment in which a list of keys does
 * not show the new one yet.
 */
export async function createFirstKey(services: Services, scopes: readonly string[]): Promise<{ token: string }> {
  const now = services.now();
  const { key, token } = createApiKey({
    random: services.random,
    name: 'administrator',
    ownerId: await services.keys.nextOwnerId(),
    scopes,
    projects: null,
    planIds: null,
    now,
  });
  const claim = { key: 'first-key', runId: 1, fingerprint: key.id, now, expiresAt: now + claimMs };
  const { won } = await services.runs.claimIdempotency(claim);
  if (!won || (await services.keys.listKeys()).length > 0) {
    throw new ServiceError('NAME_TAKEN', 'there is a key already; make others with it');
  }
  await services.keys.putKey(key);
  return { token };
}
