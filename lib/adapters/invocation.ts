import { isServiceError } from '../core/errors.ts';
import type { LogEntry } from '../core/ports.ts';

/** What is read of Lambda's second argument. */
export interface LambdaContext {
  readonly awsRequestId: string;
}

/** What every line of the log says of the invocation it was written in. */
export interface About {
  readonly function: string;
  readonly requestId?: string;
  readonly runId?: number;
}

/** A process of Lambda has one invocation at a time: what is written meanwhile belongs to it. */
export interface Invocation {
  readonly about: () => About;
  /** The handler of a function. What it throws is in the log, with what it was about, before Lambda hears of it. */
  readonly handle: <Event, Answer>(
    log: (entry: LogEntry) => void,
    work: (event: Event) => Promise<Answer>,
  ) => (event: Event, context?: LambdaContext) => Promise<Answer>;
}

export function createInvocation(functionName: string): Invocation {
  let about: About = { function: functionName };
  return {
    about: () => about,
    handle: (log, work) => async (event, context) => {
      about = { function: functionName, ...requestOf(event, context), ...runOf(event) };
      try {
        return await work(event);
      } catch (error) {
        // A refusal is how a step tells the state machine what comes next.
        log({ level: isServiceError(error) ? 'warn' : 'error', event: 'function failed', error });
        throw error;
      }
    },
  };
}

/** Of the API its own id, which clients get in `x-request-id`; else Lambda's. */
function requestOf(event: unknown, context: LambdaContext | undefined): Pick<About, 'requestId'> {
  const { requestContext } = (event ?? {}) as { requestContext?: { requestId?: string } };
  const requestId = requestContext?.requestId ?? context?.awsRequestId;
  return requestId === undefined ? {} : { requestId };
}

/** From the state machine, an event on the bus, or an execution's end: `run-<id>-<n>`. */
function runOf(event: unknown): Pick<About, 'runId'> {
  const { runId, detail } = (event ?? {}) as { runId?: unknown; detail?: { runId?: unknown; name?: unknown } };
  const named = /^run-(\d+)-\d+$/.exec(String(detail?.name ?? ''))?.[1];
  const found = Number(runId ?? detail?.runId ?? named);
  return Number.isSafeInteger(found) && found > 0 ? { runId: found } : {};
}
