import { GetParameterCommand, SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';

/** Reads parameters of Systems Manager by name, SecureStrings decrypted; undefined when there is none. */
export function createParameterReader(config: SSMClientConfig): (name: string) => Promise<string | undefined> {
  const client = new SSMClient(config);
  return async (name) => {
    try {
      return (await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }))).Parameter?.Value;
    } catch (error) {
      // By name: the error's class is not in the bundle (lib/infra/lean-sdk).
      if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
      throw error;
    }
  };
}
