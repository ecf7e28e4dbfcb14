import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLocalScheduler } from '../../lib/adapters/local-scheduler.ts';
import { createScheduler } from '../../lib/adapters/scheduler.ts';
import type { Armed, LogEntry, Scheduler } from '../../lib/core/ports.ts';
import { dueAt } from '../../lib/core/schedule/decide-fire.ts';
import { nextOccurrence } from '../../lib/core/schedule/next-occurrence.ts';
import type { AnchoredType, Timing } from '../../lib/core/schedule/timing.ts';
import { startFakeScheduler } from '../support/fake-scheduler.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const start = Date.UTC(2026, 9, 1);
const target = {
  group: 'Proctor',
  functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:Proctor-fire-schedule',
  roleArn: 'arn:aws:iam::123456789012:role/Proctor-Schedules',
  deadLettersArn: 'arn:aws:sqs:eu-central-1:123456789012:Proctor-Schedules',
};
const config = { region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 3 };

let service: Awaited<ReturnType<typeof startFakeScheduler>>;
let scheduler: Scheduler;
beforeAll(async () => {
  service = await startFakeScheduler(target.group, () => start);
  process.env.AWS_ENDPOINT_URL_SCHEDULER = service.url;
  scheduler = createScheduler(config, target, () => start);
});
beforeEach(() => {
  service.kept.clear();
  service.calls.length = 0;
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_SCHEDULER;
  await service.close();
});

const armed = (at: number, scheduleId = 41): Armed => ({ scheduleId, scheduledAt: at, at });

describe('EventBridge Scheduler', () => {
  test('gets one schedule, for one time in UTC, that calls the function with the occurrence', async () => {
    const at = Date.UTC(2027, 0, 18, 17, 30);
    await scheduler.arm({ scheduleId: 41, scheduledAt: at, at: at + 20_000 });
    const [[name, kept] = []] = service.kept;
    expect([service.kept.size, name]).toEqual([1, 'schedule-41']);
    expect(kept).toMatchObject({
      GroupName: 'Proctor',
      ScheduleExpression: 'at(2027-01-18T17:30:20)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'NONE',
      State: 'ENABLED',
    });
    expect(kept?.Target).toEqual({
      Arn: target.functionArn,
      RoleArn: target.roleArn,
      Input: `{"scheduleId":41,"scheduledAt":${at}}`,
      RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600 },
      DeadLetterConfig: { Arn: target.deadLettersArn },
    });
  });

  test('is told the next time in the place of the last', async () => {
    for (const at of [start + 60_000, start + 120_000, start + 180_000]) await scheduler.arm(armed(at));
    expect(service.kept.size).toBe(1);
    expect(service.timeOf('schedule-41')).toBe(start + 180_000);
    expect(service.calls).toEqual(['PUT', 'POST', 'PUT', 'PUT'].map((method) => `${method} schedule-41`));
  });

  test('gets a time that is over, or has fractions, as the next whole second it takes', async () => {
    await scheduler.arm(armed(start - 3_600_000, 1));
    await scheduler.arm(armed(start + 60_001, 2));
    expect([service.timeOf('schedule-1'), service.timeOf('schedule-2')]).toEqual([start + 5000, start + 61_000]);
  });

  test('forgets what is disarmed; what is not armed is no error', async () => {
    await scheduler.arm(armed(start + 60_000));
    await scheduler.disarm(41);
    await scheduler.disarm(41);
    expect(service.kept.size).toBe(0);
  });

  test('that throttles is asked again; that refuses is an error', async () => {
    service.state.throttles = 1;
    await scheduler.arm(armed(start + 60_000));
    expect(service.kept.size).toBe(1);
    const elsewhere = createScheduler(config, { ...target, group: 'Other' }, () => start);
    await expect(elsewhere.arm(armed(start + 60_000))).rejects.toThrow('ResourceNotFoundException');
  });
});

const anchored = (type: AnchoredType, anchor: string, timezone: string): Timing => ({
  recurrence: { type, anchor },
  timezone,
});
const cron = (expression: string, timezone: string): Timing => ({ recurrence: { type: 'cron', expression }, timezone });

describe('the same embedded and as armed in EventBridge Scheduler', () => {
  test.each<[string, Timing]>([
    ['once in a gap', anchored('once', '2027-03-28T02:30', 'Europe/Berlin')],
    ['daily through a fold', anchored('daily', '2026-10-23T02:30', 'Europe/Berlin')],
    ['daily through a gap', anchored('daily', '2027-03-26T02:30', 'Europe/Berlin')],
    ['daily through a gap of half an hour', anchored('daily', '2026-10-02T02:15', 'Australia/Lord_Howe')],
    ['weekly in New York', anchored('weekly', '2027-02-28T02:30', 'America/New_York')],
    ['monthly on the 31st', anchored('monthly', '2026-10-31T09:00', 'EST')],
    ['yearly on 29 February', anchored('yearly', '2024-02-29T09:00', 'IST')],
    ['hourly', anchored('hourly', '2027-03-28T00:30:00Z', 'Europe/Berlin')],
    ['cron on weekdays', cron('30 2 ? * MON-FRI *', 'Europe/Istanbul')],
    ['cron on the last day', cron('0 2 L * ? *', 'GMT+05:30')],
    ['rate', { recurrence: { type: 'rate', every: 7, unit: 'hours', from: start }, timezone: 'UTC' }],
  ])('%s', async (_, timing) => {
    const clock = createVirtualClock(start);
    const fired: number[] = [];
    const local = createLocalScheduler({
      fire: async () => void fired.push(clock.now()),
      timers: clock,
      log: () => {},
    });
    const expected: number[] = [];
    const jittered = { id: 41, jitterSeconds: 90 };
    for (let at = nextOccurrence(timing, start); at !== undefined && expected.length < 4; ) {
      const occurrence = { scheduleId: 41, scheduledAt: at, at: dueAt(jittered, at) };
      await scheduler.arm(occurrence);
      expected.push(service.timeOf('schedule-41'));
      await local.arm(occurrence);
      await clock.runUntil(() => fired.length === expected.length, 10 * 366 * 86_400_000);
      at = nextOccurrence(timing, at);
    }
    expect(expected.length).toBeGreaterThan(0);
    expect(fired).toEqual(expected);
  });
});

describe('embedded', () => {
  const open = () => {
    const clock = createVirtualClock(start);
    const fired: string[] = [];
    const logs: LogEntry[] = [];
    let longest = 0;
    const timers = {
      now: clock.now,
      after(ms: number, fn: () => void | Promise<void>) {
        longest = Math.max(longest, ms);
        return clock.after(ms, fn);
      },
    };
    const fire = async (scheduleId: number, scheduledAt: number): Promise<void> => {
      fired.push(`${scheduleId} at ${(clock.now() - start) / 1000} for ${(scheduledAt - start) / 1000}`);
      if (scheduleId === 13) throw new Error('the table is away');
    };
    const local = createLocalScheduler({ fire, timers, log: (entry) => logs.push(entry) });
    return { clock, fired, logs, local, longest: () => longest };
  };

  test('a time further away than a timer reaches is waited for in parts', async () => {
    const { clock, fired, local, longest } = open();
    await local.arm(armed(start + 90 * 86_400_000));
    await clock.runFor(89 * 86_400_000);
    expect(fired).toEqual([]);
    await clock.runFor(2 * 86_400_000);
    expect(fired).toEqual(['41 at 7776000 for 7776000']);
    expect(longest()).toBe(2 ** 31 - 1);
  });

  test('arming again replaces, disarming forgets, what is over fires at once, and a failure is logged', async () => {
    const { clock, fired, logs, local } = open();
    await local.arm(armed(start + 60_000, 1));
    await local.arm(armed(start + 120_000, 1));
    await local.arm(armed(start + 60_000, 2));
    await local.disarm(2);
    await local.arm(armed(start - 1000, 13));
    await clock.runFor(300_000);
    expect(fired).toEqual(['13 at 0 for -1', '1 at 120 for 120']);
    expect(logs).toMatchObject([{ event: 'firing failed', scheduleId: 13 }]);
  });

  test('closed, it fires nothing more', async () => {
    const { clock, fired, local } = open();
    await local.arm(armed(start + 60_000));
    await local.close();
    await local.arm(armed(start + 60_000));
    await clock.runFor(300_000);
    expect(fired).toEqual([]);
  });
});
