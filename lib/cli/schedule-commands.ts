import { type Command, Option } from 'commander';
import type { ApiClient } from '../client/api-client.ts';
import { ServiceError } from '../core/errors.ts';
import { overlaps } from '../core/overlap.ts';
import { missedWords } from '../core/schedule/schedule.ts';
import type { ScheduleAnswer } from './answers.ts';
import { connect } from './connect.ts';
import { findEnvironmentId, findPlan, findSchedule, readPages, readSchedules, take } from './find.ts';
import { toCount, toVariable } from './options.ts';
import { describePreview } from './schedule-preview.ts';
import { toList, toTable } from './table.ts';
import { createTerminal, plain } from './terminal.ts';
import { describeTiming, type TimingFlags, timingOf, withTiming } from './timing-options.ts';

interface Flags {
  readonly json?: boolean;
}

interface CreateFlags extends Flags, TimingFlags {
  readonly plan: string;
  readonly config?: string;
  readonly environment?: string;
  readonly var: Readonly<Record<string, string>>;
  readonly build?: string;
  readonly overlap?: (typeof overlaps)[number];
  readonly missed?: (typeof missedWords)[number];
  readonly jitter?: number;
  readonly comment?: string;
  readonly paused?: boolean;
}

/** `schedules list`, `show`, `create`, `pause`, `resume`, `delete`, `preview` and `occurrences`. */
export function addScheduleCommands(program: Command): void {
  const schedules = program.command('schedules').description('when plans run by themselves');
  addReading(schedules);

  withTiming(
    schedules
      .command('create')
      .description('make a schedule; its id goes to stdout')
      .argument('<name>')
      .requiredOption('--plan <plan>', 'id, name, or project/name'),
  )
    .option('--config <name>', 'run a saved selection of the plan')
    .option('--environment <id or name>', 'run with the variables of an environment')
    .option('--var <name=value>', 'a variable of the tests; may be repeated; shown, so no secrets', toVariable, {})
    .option('--build <number>', 'what is tested, as the runs show it')
    .addOption(new Option('--overlap <what>', 'while another run of the plan goes on').choices(overlaps))
    .addOption(new Option('--missed <what>', 'of an occurrence nobody could start in time').choices(missedWords))
    .option('--jitter <seconds>', 'start at an own moment within so many seconds', toCount)
    .option('--comment <text>', 'what it is for')
    .option('--paused', 'it fires nothing until it is resumed')
    .option('--json', 'as JSON')
    .action(async (name: string, flags: CreateFlags) => {
      const api = await connect();
      const { id: planId, project } = await findPlan(api, flags.plan);
      const { config, environment, build, overlap, missed, jitter, comment, paused } = flags;
      const body = {
        planId,
        name,
        ...timingOf(flags),
        ...(config === undefined ? {} : { config: { name: config } }),
        ...(environment === undefined ? {} : { environmentId: await findEnvironmentId(api, project, environment) }),
        ...(Object.keys(flags.var).length === 0 ? {} : { variables: flags.var }),
        ...(build === undefined ? {} : { buildNo: build }),
        ...(overlap === undefined ? {} : { overlap }),
        ...(missed === undefined ? {} : { missed }),
        ...(jitter === undefined ? {} : { jitterSeconds: jitter }),
        ...(comment === undefined ? {} : { comments: comment }),
        ...(paused ? { enabled: false } : {}),
      };
      const { data: schedule } = await api.POST('/v1/schedules', { body });
      tell(schedule, flags.json, String(schedule.id));
    });

  for (const verb of ['pause', 'resume'] as const) {
    schedules
      .command(verb)
      .description(verb === 'pause' ? 'nothing is fired until it is resumed' : 'go on with the first time after now')
      .argument('<schedule>', 'id, or name')
      .option('--json', 'as JSON')
      .action(async (wanted: string, { json }: Flags) => {
        const api = await connect();
        const { id: scheduleId } = await findSchedule(api, wanted);
        const init = { params: { path: { scheduleId } }, repeat: true };
        tell((await api.POST(`/v1/schedules/{scheduleId}/${verb}`, init)).data, json);
      });
  }

  schedules
    .command('delete')
    .description('delete a schedule; runs it has started go on')
    .argument('<schedule>', 'id, or name')
    .action(async (wanted: string) => {
      const api = await connect();
      const { id: scheduleId, name } = await findSchedule(api, wanted);
      await api.DELETE('/v1/schedules/{scheduleId}', { params: { path: { scheduleId } } });
      createTerminal().say(`deleted schedule ${scheduleId} (${plain(name)})`);
    });
}

function addReading(schedules: Command): void {
  schedules
    .command('list')
    .description('list schedules')
    .option('--plan <plan>', 'of one plan: id, name, or project/name')
    .option('--project <name>', 'of one project')
    .option('--json', 'as JSON')
    .action(async ({ plan, project, json }: Flags & { readonly plan?: string; readonly project?: string }) => {
      const api = await connect();
      const filter = {
        ...(plan === undefined ? {} : { plan: (await findPlan(api, plan)).id }),
        ...(project === undefined ? {} : { project }),
      };
      const found = await take(readSchedules(api, filter));
      const rows = found.map((one) => [one.id, one.planId, one.name, describeTiming(one), one.status, one.nextAt]);
      const table = toTable(['ID', 'PLAN', 'NAME', 'WHEN', 'STATUS', 'NEXT'], rows);
      createTerminal().print(json ? JSON.stringify(found) : table);
    });

  schedules
    .command('show')
    .description('print a schedule')
    .argument('<schedule>', 'id, or name')
    .option('--json', 'as JSON')
    .action(async (wanted: string, { json }: Flags) => {
      const schedule = await findSchedule(await connect(), wanted);
      createTerminal().print(json ? JSON.stringify(schedule) : describeSchedule(schedule));
    });

  withTiming(
    schedules
      .command('preview')
      .description('say when a schedule, or a timing that is none yet, fires next, and what clock changes do to it')
      .argument('[schedule]', 'id, or name; without it, give a timing'),
  )
    .option('--plan <plan>', 'with a timing: whose runs and schedules it would meet')
    .option('--count <number>', 'how many, up to 100', toCount, 10)
    .option('--json', 'as JSON')
    .action(
      async (
        wanted: string | undefined,
        flags: Flags & TimingFlags & { readonly plan?: string; readonly count: number },
      ) => {
        const timing = timingOf(flags);
        if (wanted !== undefined && Object.keys(timing).length > 0)
          throw new ServiceError('VALIDATION_FAILED', 'give a schedule or a timing, not both');
        const api = await connect();
        const { plan, count, json } = flags;
        const preview =
          wanted === undefined
            ? await previewTiming(api, timing, count, plan)
            : await previewSchedule(api, (await findSchedule(api, wanted)).id, count);
        createTerminal().print(json ? JSON.stringify(preview) : describePreview(preview));
      },
    );

  schedules
    .command('occurrences')
    .description('what became of the newest occurrences')
    .argument('<schedule>', 'id, or name')
    .option('--limit <number>', 'how many at most', toCount, 50)
    .option('--json', 'as JSON')
    .action(async (wanted: string, { limit, json }: Flags & { readonly limit: number }) => {
      const api = await connect();
      const path = { scheduleId: (await findSchedule(api, wanted)).id };
      const occurrences = readPages(async (cursor) => {
        const query = { limit: Math.min(limit, 200), ...cursor };
        const { data } = await api.GET('/v1/schedules/{scheduleId}/occurrences', { params: { path, query } });
        return [data.occurrences, data.nextCursor];
      });
      const found = await take(occurrences, limit);
      const rows = found.map(({ scheduledAt, count, state, runId, explanation }) => {
        return [scheduledAt, count === 1 ? state : `${state} (${count})`, runId, explanation];
      });
      createTerminal().print(json ? JSON.stringify(found) : toTable(['SCHEDULED', 'STATE', 'RUN', 'WHY'], rows));
    });
}

async function previewTiming(api: ApiClient, timing: ReturnType<typeof timingOf>, count: number, plan?: string) {
  const planId = plan === undefined ? null : (await findPlan(api, plan)).id;
  return (await api.POST('/v1/schedules/preview', { body: { ...timing, count, planId }, repeat: true })).data;
}

async function previewSchedule(api: ApiClient, scheduleId: number, limit: number) {
  const params = { path: { scheduleId }, query: { limit } };
  return (await api.GET('/v1/schedules/{scheduleId}/preview', { params })).data;
}

/** `shown` is what of it goes to stdout without `--json`. */
function tell(schedule: ScheduleAnswer, json: boolean | undefined, shown?: string): void {
  const { print, say } = createTerminal();
  if (json) print(JSON.stringify(schedule));
  else if (shown !== undefined) print(shown);
  const { id, name, status, nextAt } = schedule;
  say(`schedule ${id} (${plain(name)}) ${nextAt === null ? `is ${status}` : `fires next at ${nextAt}`}`);
}

function describeSchedule(schedule: ScheduleAnswer): string {
  const { id, name, planId, project, comments, status, nextAt, config, environmentId, buildNo, overlap } = schedule;
  const { variables, missed, jitterSeconds, source } = schedule;
  return toList({
    id,
    name,
    plan: `${planId} of ${project}`,
    when: describeTiming(schedule),
    status,
    next: nextAt,
    config: config?.name ?? config?.id,
    environment: environmentId,
    variables: Object.keys(variables).length === 0 ? null : JSON.stringify(variables),
    build: buildNo,
    overlap,
    missed,
    jitter: `${jitterSeconds} s`,
    from: source === 'plan' ? "the plan's document" : 'a request',
    comment: comments,
  });
}
