import { createBuilds } from '../lib/adapters/codebuild.ts';
import { createEgress } from '../lib/adapters/late/egress.ts';
import { createBus } from '../lib/adapters/late/event-bridge.ts';
import { createParameterReader } from '../lib/adapters/late/parameter-store.ts';
import { createSecretReader } from '../lib/adapters/late/secrets-manager.ts';
import { createMachine } from '../lib/adapters/late/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createLateExecutor } from '../lib/executors/late-executor.ts';
import { createRemoteExecutors } from '../lib/executors/remote-executors.ts';
import { groupCapabilities } from '../lib/workflow/group-capabilities.ts';
import { readOldestDue, sweep } from '../lib/workflow/sweep.ts';

const { services, handle } = createAwsSystem(process.env, {
  machine: createMachine,
  bus: createBus,
  readSecret: createSecretReader,
  readParameter: createParameterReader,
  egress: createEgress,
  builds: createBuilds,
  executors: createRemoteExecutors,
  group: (getServices) =>
    createLateExecutor(groupCapabilities, async () =>
      (await import('../lib/workflow/group-executor.ts')).createGroupExecutor(getServices),
    ),
});

/** Every minute: the safety net under every effect that may have failed. Its line in the log is what the alarms watch. */
export const handler = handle(async () => {
  const { seen, stuck } = await sweep(services);
  const oldestDueSeconds = await readOldestDue(services);
  services.log({ level: 'info', event: 'swept', seen, stuckRuns: stuck, oldestDueSeconds });
});
