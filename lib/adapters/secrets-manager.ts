import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';

/** Reads secrets of AWS Secrets Manager by name or ARN; undefined when there is none. */
export function createSecretReader(config: SecretsManagerClientConfig): (id: string) => Promise<string | undefined> {
  const client = new SecretsManagerClient(config);
  return async (id) => {
    try {
      return (await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString;
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  };
}
