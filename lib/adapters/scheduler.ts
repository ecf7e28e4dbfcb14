import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  SchedulerClient,
  type SchedulerClientConfig,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { Armed, Scheduler } from '../core/ports.ts';
import { toSchedulerExpression } from '../core/schedule/scheduler-expression.ts';

/** What the service is told of every schedule. */
export interface SchedulerTarget {
  /** The stack's group: nothing else is in it, and it goes with the stack. */
  readonly group: string;
  /** The function `fire-schedule`, the role that may invoke it, and where what could not be delivered waits. */
  readonly functionArn: string;
  readonly roleArn: string;
  readonly deadLettersArn: string;
}

/** What the function `fire-schedule` is called with. */
export type FireRequest = Pick<Armed, 'scheduleId' | 'scheduledAt'>;

/** reliability.md F20. What is older is the sweeper's, and a missed occurrence. */
const retryPolicy = { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600 };
/** A time that is over is refused, or never fires: it is armed for this much from now, in milliseconds. */
const soonMs = 5000;

/** The scheduler of EventBridge, with a client of its own. */
export function createScheduler(
  config: SchedulerClientConfig,
  target: SchedulerTarget,
  now: () => number = Date.now,
): Scheduler {
  return createEventBridgeScheduler(new SchedulerClient(config), target, now);
}

/**
 * One-time schedules, one of each schedule of ours, in UTC: recurrence is the core's, which knows the gaps of the clock that the
 * service skips (reliability.md F22). It is kept when it has fired, because a deletion after completion could take what was
 * armed in its place meanwhile; the procedure that fires either arms it again or deletes it.
 */
export function createEventBridgeScheduler(
  client: SchedulerClient,
  { group, functionArn, roleArn, deadLettersArn }: SchedulerTarget,
  now: () => number,
): Scheduler {
  const nameOf = (scheduleId: number) => ({ GroupName: group, Name: `schedule-${scheduleId}` });

  return {
    async arm({ scheduleId, scheduledAt, at }) {
      const request: FireRequest = { scheduleId, scheduledAt };
      const input: CreateScheduleCommandInput = {
        ...nameOf(scheduleId),
        ScheduleExpression: toSchedulerExpression(Math.max(at, now() + soonMs)),
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'NONE',
        State: 'ENABLED',
        Target: {
          Arn: functionArn,
          RoleArn: roleArn,
          Input: JSON.stringify(request),
          RetryPolicy: retryPolicy,
          DeadLetterConfig: { Arn: deadLettersArn },
        },
      };
      // Most are armed again, after they have fired.
      if (await unlessNamed('ResourceNotFoundException', client.send(new UpdateScheduleCommand(input)))) return;
      if (await unlessNamed('ConflictException', client.send(new CreateScheduleCommand(input)))) return;
      await client.send(new UpdateScheduleCommand(input));
    },

    async disarm(scheduleId) {
      await unlessNamed('ResourceNotFoundException', client.send(new DeleteScheduleCommand(nameOf(scheduleId))));
    },
  };
}

/** False if the call was refused with that name. */
async function unlessNamed(name: string, sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === name) return false;
    throw error;
  }
}
