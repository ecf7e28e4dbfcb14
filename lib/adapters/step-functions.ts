import {
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  type SFNClientConfig,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Workflow } from '../core/ports.ts';
import { tokenOver } from '../core/run.ts';
import type { Tasks } from '../workflow/drive-step.ts';

/** The state machine of that ARN, with a client of its own. */
export function createMachine(config: SFNClientConfig, stateMachineArn: string): { workflow: Workflow; tasks: Tasks } {
  const client = new SFNClient(config);
  return { workflow: createStepFunctionsWorkflow(client, stateMachineArn), tasks: createTasks(client) };
}

/**
 * The workflow as executions of the state machine. The name and the input's bytes follow from run and number, so that AWS
 * answers a repeated start of an open execution like the first one (reliability.md F6).
 */
export function createStepFunctionsWorkflow(client: SFNClient, stateMachineArn: string): Workflow {
  const tasks = createTasks(client);
  return {
    async start(runId, executionN) {
      const command = new StartExecutionCommand({
        stateMachineArn,
        name: `run-${runId}-${executionN}`,
        input: JSON.stringify({ runId }),
      });
      try {
        await client.send(command);
        return 'open';
      } catch (error) {
        if (isNamed(error, ['ExecutionAlreadyExists'])) return 'closed';
        throw error;
      }
    },

    async wake(run, why) {
      if (run.taskToken === undefined) return undefined;
      // It is no token: AWS could not tell whose it is, nor whether we may send it.
      if (run.taskToken === tokenOver) return tokenOver;
      if (why === 'complete') return tasks.succeed(run.taskToken);
      return tasks.fail(run.taskToken, why === 'rerun' ? 'Rerun' : 'Look');
    },
  };
}

/** Ends tasks the state machine waits for. */
export function createTasks(client: SFNClient): Tasks {
  return {
    succeed: (taskToken) => unlessOver(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))),
    fail: (taskToken, error) => unlessOver(client.send(new SendTaskFailureCommand({ taskToken, error }))),
  };
}

/** A task that ended meanwhile needs no answer (reliability.md 3.4). */
async function unlessOver(sent: Promise<unknown>): Promise<'over' | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    if (isNamed(error, ['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])) return 'over';
    throw error;
  }
}

function isNamed(error: unknown, names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
