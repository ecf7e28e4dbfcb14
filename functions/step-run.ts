import { createBuilds } from '../lib/adapters/codebuild.ts';
import { createEgress } from '../lib/adapters/egress.ts';
import { createBus } from '../lib/adapters/event-bridge.ts';
import { createParameterReader } from '../lib/adapters/parameter-store.ts';
import { createSecretReader } from '../lib/adapters/secrets-manager.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createRemoteExecutors } from '../lib/executors/remote-executors.ts';
import { driveStep } from '../lib/workflow/drive-step.ts';
import { createGroupExecutor } from '../lib/workflow/group-executor.ts';

const { services, tasks, handle } = createAwsSystem(process.env, {
  machine: createMachine,
  bus: createBus,
  readSecret: createSecretReader,
  readParameter: createParameterReader,
  egress: createEgress,
  builds: createBuilds,
  executors: createRemoteExecutors,
  group: createGroupExecutor,
});

/** State `Attempt`: moves the run on, then ends the task or leaves it open until someone wakes it. */
export const handler = handle((event: { readonly runId: number; readonly taskToken: string }) =>
  driveStep(services, tasks, event.runId, event.taskToken),
);
