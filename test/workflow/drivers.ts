import {
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { createLocalWorkflow } from '../../lib/adapters/local-workflow.ts';
import { createStepFunctionsWorkflow, createTasks } from '../../lib/adapters/step-functions.ts';
import type { Services } from '../../lib/core/ports.ts';
import { runDefinition } from '../../lib/infra/run-definition.ts';
import { completeRun } from '../../lib/workflow/complete-run.ts';
import { concludeRun } from '../../lib/workflow/conclude-run.ts';
import { continueRun } from '../../lib/workflow/continue-run.ts';
import { driveStep } from '../../lib/workflow/drive-step.ts';
import { stepRun } from '../../lib/workflow/step-run.ts';
import { createExecution, type Execution } from '../support/asl.ts';
import type { Driver } from '../support/scenario-world.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';

/** The embedded loop. */
export const loop: Driver = {
  name: 'loop',
  sweepEveryMs: 30_000,
  create: (services, clock) => ({
    workflow: createLocalWorkflow({
      step: (runId) => stepRun(services, runId),
      complete: (runId, live) => completeRun(services, runId, undefined, live),
      timers: clock,
      log: services.log,
    }),
    transitions: () => undefined,
  }),
};

/** The state machine as it is deployed, with the functions' own logic behind its tasks and the rule on failed executions. */
export const machine: Driver = {
  name: 'machine',
  sweepEveryMs: 60_000,
  create(driven, clock, services) {
    const { client, executions } = createStepFunctionsDouble(driven, clock, services);
    return {
      workflow: createStepFunctionsWorkflow(client, 'machine'),
      transitions: (runId) =>
        [...executions.values()]
          .filter(({ name }) => name.startsWith(`run-${runId}-`))
          .reduce((sum, { transitions }) => sum + transitions, 0),
    };
  },
};

const definition = runDefinition({ stepRun: 'step-run', completeRun: 'complete-run' });
/** From the end of an execution to the call of the function behind the rule. */
const ruleDelayMs = 1000;

function createStepFunctionsDouble(
  driven: Services,
  clock: VirtualClock,
  services: Services,
): { client: SFNClient; executions: ReadonlyMap<string, Execution> } {
  const executions = new Map<string, Execution>();
  const client = { send: async (command: unknown) => answer(command) } as SFNClient;
  const tasks = createTasks(client);

  const invoke = async (name: string, payload: Record<string, unknown>): Promise<void> => {
    const runId = Number(payload.runId);
    if (name === 'step-run') return driveStep(driven, tasks, runId, String(payload.taskToken));
    return concludeRun(driven, runId);
  };

  const start = (name: string, input: unknown): void => {
    const execution = createExecution(definition, { name, input, invoke, clock });
    executions.set(name, execution);
    execution.done.then(() => {
      if (execution.status() !== 'SUCCEEDED') clock.after(ruleDelayMs, () => continueRun(services, name));
    });
  };

  const answer = (command: unknown): Record<string, never> => {
    if (command instanceof StartExecutionCommand) {
      const { name = '', input = '' } = command.input;
      const known = executions.get(name);
      if (known && known.status() !== 'RUNNING') throw named('ExecutionAlreadyExists');
      if (!known) start(name, JSON.parse(input));
    } else if (command instanceof SendTaskSuccessCommand) {
      executionOf(command.input.taskToken).sendTaskSuccess(command.input.taskToken ?? '');
    } else if (command instanceof SendTaskFailureCommand) {
      executionOf(command.input.taskToken).sendTaskFailure(command.input.taskToken ?? '', command.input.error ?? '');
    } else throw new Error('a command the double does not know');
    return {};
  };

  const executionOf = (token = ''): Execution => {
    const execution = executions.get(token.slice(0, token.indexOf('/')));
    if (!execution) throw named('InvalidToken');
    return execution;
  };

  return { client, executions };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
