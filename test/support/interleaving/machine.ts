import type { Workflow } from '../../../lib/core/ports.ts';
import type { Run } from '../../../lib/core/run.ts';
import { runDefinition } from '../../../lib/infra/run-definition.ts';
import type { Tasks } from '../../../lib/workflow/drive-step.ts';
import { createExecution, type Execution } from '../asl.ts';

const definition = runDefinition({ stepRun: 'step-run', completeRun: 'complete-run' });
/** From the end of an execution to the call of the function behind the rule on those that failed. */
const ruleDelayMs = 1000;

interface Clock {
  now(): number;
  after(ms: number, fn: () => void | Promise<void>): () => void;
}

/** Executions of the state machine as it is deployed; they outlive every process. `invoke` calls the functions behind its tasks. */
export function createMachine(options: {
  readonly clock: Clock;
  readonly invoke: (functionName: string, payload: Record<string, unknown>) => Promise<void>;
  readonly failed: (executionName: string) => void;
}): { readonly workflow: Workflow; readonly tasks: Tasks } {
  const { clock, invoke, failed } = options;
  const executions = new Map<string, Execution>();
  const tell = (token: string, how: (execution: Execution) => void): 'over' | undefined => {
    const execution = executions.get(token.slice(0, token.indexOf('/')));
    if (execution === undefined) return 'over';
    try {
      how(execution);
      return undefined;
    } catch (error) {
      // A task that is over needs no answer (reliability.md 3.4).
      if (error instanceof Error && error.name === 'TaskTimedOut') return 'over';
      throw error;
    }
  };
  const tasks: Tasks = {
    succeed: async (token) => tell(token, (execution) => execution.sendTaskSuccess(token)),
    fail: async (token, error) => tell(token, (execution) => execution.sendTaskFailure(token, error)),
  };
  return {
    tasks,
    workflow: {
      async start(runId, executionN) {
        const name = `run-${runId}-${executionN}`;
        const known = executions.get(name);
        if (known) return known.status() === 'RUNNING' ? 'open' : 'closed';
        const execution = createExecution(definition, { name, input: { runId }, invoke, clock });
        executions.set(name, execution);
        execution.done.then(() => {
          if (execution.status() !== 'SUCCEEDED') clock.after(ruleDelayMs, () => failed(name));
        });
        return 'open';
      },
      async wake(run: Run, why) {
        if (run.taskToken === undefined) return undefined;
        if (why === 'complete') return tasks.succeed(run.taskToken);
        return tasks.fail(run.taskToken, why === 'rerun' ? 'Rerun' : 'Look');
      },
    },
  };
}
