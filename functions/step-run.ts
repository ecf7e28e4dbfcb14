import { createBuilds } from '../lib/adapters/codebuild.ts';
import { createEgress } from '../lib/adapters/late/egress.ts';
import { createBus } from '../lib/adapters/late/event-bridge.ts';
import { createParameterReader } from '../lib/adapters/late/parameter-store.ts';
import { createSecretReader } from '../lib/adapters/late/secrets-manager.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createLateExecutor } from '../lib/executors/late-executor.ts';
import { createRemoteExecutors } from '../lib/executors/remote-executors.ts';
import { driveStep } from '../lib/workflow/drive-step.ts';
import { groupCapabilities } from '../lib/workflow/group-capabilities.ts';

const { services, tasks, handle } = createAwsSystem(process.env, {
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

/** State `Attempt`: moves the run on, then ends the task or leaves it open until someone wakes it. */
export const handler = handle((event: { readonly runId: number; readonly taskToken: string }) =>
  driveStep(services, tasks, event.runId, event.taskToken),
);
