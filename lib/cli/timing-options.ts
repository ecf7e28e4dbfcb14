import { type Command, InvalidArgumentError, Option } from 'commander';
import { everyWords } from '../core/schedule/schedule-form.ts';

/** When a schedule fires, as options say it. */
export interface TimingFlags {
  readonly cron?: string | undefined;
  readonly rate?: string | undefined;
  readonly every?: (typeof everyWords)[number] | undefined;
  readonly at?: string | undefined;
  readonly once?: string | undefined;
  readonly daily?: string | undefined;
  readonly timezone?: string | undefined;
  readonly startsAt?: string | undefined;
  readonly endsAt?: string | undefined;
}

export function withTiming(command: Command): Command {
  return command
    .option('--cron <expression>', 'six fields as of EventBridge Scheduler, or the five of crontab')
    .option('--rate <interval>', 'elapsed time, as in "15 minutes"')
    .option('--daily <time>', 'every day at that wall time, as in 02:30', toDaily)
    .addOption(new Option('--every <unit>', 'counted from --at').choices(everyWords))
    .option('--at <time>', 'the first one, with --every: wall time as in 2027-01-31T09:00, or with an offset')
    .option('--once <time>', 'a single time')
    .option('--timezone <zone>', 'as in Europe/Istanbul; without it, UTC')
    .option('--starts-at <time>', 'nothing before, as in 2027-01-31T12:00:00Z')
    .option('--ends-at <time>', 'nothing at or after');
}

/** The members of a schedule that were given; the server says what is wrong with them, by the same names. */
export function timingOf({ daily, cron = daily, ...flags }: TimingFlags) {
  const { rate, every, at, once, timezone, startsAt, endsAt } = flags;
  return {
    ...(cron === undefined ? {} : { cron }),
    ...(rate === undefined ? {} : { rate }),
    ...(every === undefined ? {} : { every }),
    ...(at === undefined ? {} : { at }),
    ...(once === undefined ? {} : { once }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(startsAt === undefined ? {} : { startsAt }),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
}

/** The timing of an answer in one line, as `cron 0 2 ? * MON-FRI *  Europe/Istanbul`. */
export function describeTiming(timing: TimingFlags): string {
  const { cron, rate, every, at, once, timezone } = timing;
  const when =
    cron !== undefined
      ? `cron ${cron}`
      : rate !== undefined
        ? `rate ${rate}`
        : once !== undefined
          ? `once ${once}`
          : `every ${every} from ${at}`;
  return `${when}  ${timezone ?? 'UTC'}`;
}

/** A daily time is a cron expression of two numbers. */
function toDaily(text: string): string {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59)
    throw new InvalidArgumentError('must be a wall time as in 02:30');
  return `${Number(minutes)} ${Number(hours)} * * *`;
}
