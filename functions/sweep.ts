import { createBus } from '../lib/adapters/event-bridge.ts';
import { createSecretReader } from '../lib/adapters/secrets-manager.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { sweep } from '../lib/workflow/sweep.ts';

const { services } = createAwsSystem(process.env, { bus: createBus, readSecret: createSecretReader });

/** Every minute: the safety net under every effect that may have failed. */
export const handler = async (): Promise<{ readonly seen: number }> => ({ seen: await sweep(services) });
