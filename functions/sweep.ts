import { createBuilds } from '../lib/adapters/codebuild.ts';
import { createEgress } from '../lib/adapters/egress.ts';
import { createBus } from '../lib/adapters/event-bridge.ts';
import { createParameterReader } from '../lib/adapters/parameter-store.ts';
import { createSecretReader } from '../lib/adapters/secrets-manager.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createRemoteExecutors } from '../lib/executors/remote-executors.ts';
import { createGroupExecutor } from '../lib/workflow/group-executor.ts';
import { readOldestDue, sweep } from '../lib/workflow/sweep.ts';

const { services, handle } = createAwsSystem(process.env, {
  machine: createMachine,
  bus: createBus,
  readSecret: createSecretReader,
  readParameter: createParameterReader,
  egress: createEgress,
  builds: createBuilds,
  executors: createRemoteExecutors,
  group: createGroupExecutor,
});

/** Every minute: the safety net under every effect that may have failed. Its line in the log is what the alarms watch. */
export const handler = handle(async () => {
  const { seen, stuck } = await sweep(services);
  const oldestDueSeconds = await readOldestDue(services);
  services.log({ level: 'info', event: 'swept', seen, stuckRuns: stuck, oldestDueSeconds });
});
