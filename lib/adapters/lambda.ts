import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';

/** Calls Lambda functions synchronously; throws if the function failed. */
export function createInvoke(config: LambdaClientConfig): (functionName: string, payload: string) => Promise<string> {
  const client = new LambdaClient(config);
  return async (functionName, payload) => {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(payload) });
    const { FunctionError, Payload } = await client.send(command);
    if (FunctionError !== undefined) throw new Error(`the function ${functionName} failed: ${FunctionError}`);
    return new TextDecoder().decode(Payload);
  };
}
