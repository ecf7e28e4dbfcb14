import type { LambdaClientConfig } from '@aws-sdk/client-lambda';
import type { Sender } from '../core/ports.ts';
import { createInvoke } from './lambda.ts';

/** What the function `deliver` is asked by those who want something sent at once. */
export interface DeliverRequest {
  readonly deliveryIds: readonly string[];
}

/** Has deliveries sent by the function that may: who serves the API reaches neither their secrets nor their receivers. */
export function createLambdaSender(config: LambdaClientConfig, functionName: string): Sender {
  const invoke = createInvoke(config);
  return {
    notice() {},
    async send(deliveryIds) {
      const request: DeliverRequest = { deliveryIds };
      await invoke(functionName, JSON.stringify(request));
    },
  };
}
