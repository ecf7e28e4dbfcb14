import { ServiceError } from '../../lib/core/errors.ts';
import type { Secrets } from '../../lib/core/ports.ts';

/** Secrets that hold what they are told, and remember what was asked for. */
export function createFakeSecrets(values: Record<string, string> = {}) {
  const asked: string[] = [];
  const secrets: Secrets = {
    async get(ref) {
      asked.push(ref);
      const value = values[ref];
      if (value === undefined) throw new ServiceError('EXECUTOR_REFUSED', `There is no secret ${ref}.`);
      return value;
    },
  };
  return { ...secrets, values, asked };
}
