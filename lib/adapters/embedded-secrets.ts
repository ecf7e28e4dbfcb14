import { ServiceError } from '../core/errors.ts';
import type { Secrets } from '../core/ports.ts';
import { createSecrets, type SecretReader } from './secrets.ts';

/**
 * Secrets of the embedded system: variables of the process, and the stores of AWS where the process has a region and
 * credentials, as the SDK looks for them. The clients are loaded when the first reference asks for one.
 */
export function createEmbeddedSecrets(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Secrets {
  return createSecrets({
    now: options.now,
    readers: {
      env: async (name) => options.env[name],
      ssm: lazily(async () => (await import('./parameter-store.ts')).createParameterReader({})),
      secretsmanager: lazily(async () => (await import('./secrets-manager.ts')).createSecretReader({})),
    },
  });
}

function lazily(load: () => Promise<SecretReader>): SecretReader {
  let reader: Promise<SecretReader> | undefined;
  return async (name) => {
    reader ??= load();
    try {
      return await (await reader)(name);
    } catch (error) {
      if (!isUnconfigured(error)) throw error;
      reader = undefined;
      const message =
        'Secrets of AWS need a region and credentials in the environment of the server: AWS_REGION, and keys or AWS_PROFILE';
      throw new ServiceError('EXECUTOR_REFUSED', message, { cause: error });
    }
  };
}

/** The SDK has a name for credentials it does not find, and none for the region. */
function isUnconfigured(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'CredentialsProviderError' || error.message === 'Region is missing';
}
