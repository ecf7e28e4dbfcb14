import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient } from '../client/api-client.ts';
import { ServiceError } from '../core/errors.ts';
import { parseId } from '../core/schema.ts';
import type { ExplainAnswer, RunAnswer } from './answers.ts';
import { connect } from './connect.ts';
import { describeDuration, parseDuration } from './duration.ts';
import { findEnvironmentId, findPlan } from './find.ts';
import { describeCounts, describeStop, followRun, readRun, stopRun } from './follow-run.ts';
import { toVariable } from './options.ts';
import { createTerminal, plain } from './terminal.ts';

interface WaitFlags {
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly junit?: string;
  readonly json?: boolean;
  readonly githubSummary?: boolean;
  readonly detachOnInterrupt?: boolean;
}

interface RunFlags extends WaitFlags {
  readonly config?: string;
  readonly environment?: string;
  readonly var: Readonly<Record<string, string>>;
  readonly build?: string;
  readonly case: readonly NamedCase[];
}

interface RerunFlags extends WaitFlags {
  readonly failed?: boolean;
  readonly all?: boolean;
  readonly case: readonly NamedCase[];
}

interface NamedCase {
  readonly suite: string;
  readonly name: string;
}

/** `run`, `rerun`, `watch`, `status`, `explain` and `stop`. */
export function addRunCommands(program: Command): void {
  withWaiting(
    program
      .command('run')
      .description('start a run of a plan; its id goes to stdout')
      .argument('<plan>', 'id, name, or project/name')
      .option('--config <name>', 'run a saved selection of the plan')
      .option('--case <suite::name>', 'run just this case; may be repeated', toCase, [])
      .option('--environment <id or name>', 'run with the variables of an environment')
      .option('--var <name=value>', 'a variable of the tests; may be repeated', toVariable, {})
      .option('--build <number>', 'what is tested, as the run shows it'),
  ).action(async (plan: string, flags: RunFlags) => {
    await start(flags, (api) => triggerRun(api, plan, flags));
  });

  withWaiting(
    program
      .command('rerun')
      .description('start a new run of what did not pass in a run')
      .argument('<run>', 'its id', toRunId)
      .option('--failed', 'the cases that did not pass (default)')
      .option('--all', 'everything the run was asked for')
      .option('--case <suite::name>', 'just this case; may be repeated', toCase, []),
  ).action(async (run: number, flags: RerunFlags) => {
    await start(flags, (api) => rerunRun(api, run, flags));
  });

  program
    .command('watch')
    .description('wait for a run and exit as it ends; Ctrl-C leaves it going')
    .argument('<run>', 'its id', toRunId)
    .option('--timeout <duration>', 'give up waiting, as in 45m', parseDuration)
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--github-summary', 'add the results to the summary of the job')
    .option('--json', 'the run as JSON on stdout')
    .action(async (run: number, flags: WaitFlags) => {
      const api = await connect();
      process.exitCode = await followRun(api, createTerminal(), () => readRun(api, run), {
        ...flags,
        stopOnInterrupt: false,
      });
    });

  program
    .command('status')
    .description('say where a run stands')
    .argument('<run>', 'its id', toRunId)
    .option('--json', 'the run as JSON')
    .action(async (id: number, { json }: WaitFlags) => {
      const run = await readRun(await connect(), id);
      createTerminal().print(json ? JSON.stringify(run) : describeRun(run));
    });

  program
    .command('explain')
    .description('say what happened in a run, and why it ended as it did')
    .argument('<run>', 'its id', toRunId)
    .option('--json', 'as JSON')
    .action(async (id: number, { json }: WaitFlags) => {
      const params = { path: { runId: id } };
      const { data: answer } = await (await connect()).GET('/v1/runs/{runId}/explain', { params });
      createTerminal().print(json ? JSON.stringify(answer) : describeExplanation(answer));
    });

  program
    .command('stop')
    .description('stop a run')
    .argument('<run>', 'its id', toRunId)
    .option('--json', 'the run as JSON on stdout')
    .action(async (id: number, { json }: WaitFlags) => {
      const terminal = createTerminal();
      const run = await stopRun(await connect(), id);
      terminal.say(describeStop(run));
      if (json) terminal.print(JSON.stringify(run));
    });
}

function withWaiting(command: Command): Command {
  return command
    .option('--wait', 'wait until the run has ended and exit as it did; so do --timeout, --junit and --github-summary')
    .option('--timeout <duration>', 'give up waiting, as in 45m; the run goes on', parseDuration)
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--github-summary', 'add the results to the summary of the job')
    .option('--detach-on-interrupt', 'Ctrl-C leaves the run going; without it, Ctrl-C stops it')
    .option('--json', 'the run as JSON on stdout');
}

async function start(flags: WaitFlags, trigger: (api: ApiClient) => Promise<RunAnswer>): Promise<void> {
  const terminal = createTerminal();
  const api = await connect();
  const started = async () => {
    const run = await trigger(api);
    terminal.say(`run ${run.id} of ${plain(run.planName)} (${run.requested})`);
    if (!flags.json) terminal.print(String(run.id));
    return run;
  };
  const { wait, timeout, junit, githubSummary, detachOnInterrupt } = flags;
  if (wait || timeout !== undefined || junit !== undefined || githubSummary) {
    process.exitCode = await followRun(api, terminal, started, { ...flags, stopOnInterrupt: !detachOnInterrupt });
    return;
  }
  const run = await started();
  if (flags.json) terminal.print(JSON.stringify(run));
}

async function triggerRun(api: ApiClient, wanted: string, flags: RunFlags): Promise<RunAnswer> {
  const { id, project } = await findPlan(api, wanted);
  const { config, environment, build } = flags;
  const body = {
    ...(config === undefined ? {} : { config: { name: config } }),
    ...(flags.case.length === 0 ? {} : { cases: [...flags.case] }),
    ...(environment === undefined ? {} : { environmentId: await findEnvironmentId(api, project, environment) }),
    ...(Object.keys(flags.var).length === 0 ? {} : { runtimeData: flags.var }),
    ...(build === undefined ? {} : { buildNo: build }),
  };
  return (await api.POST('/v1/plans/{planId}/runs', { params: { path: { planId: id } }, body })).data;
}

async function rerunRun(api: ApiClient, runId: number, flags: RerunFlags): Promise<RunAnswer> {
  const ways = [flags.failed === true, flags.all === true, flags.case.length > 0].filter(Boolean);
  if (ways.length > 1) throw new ServiceError('VALIDATION_FAILED', 'give one of --failed, --all and --case');
  const which = flags.all === true ? ('all' as const) : ('failed' as const);
  const body = flags.case.length > 0 ? { which: 'picked' as const, cases: [...flags.case] } : { which };
  return (await api.POST('/v1/runs/{runId}/rerun', { params: { path: { runId } }, body })).data;
}

function describeRun(run: RunAnswer): string {
  const { id, planName, status, result, explanation, attempt, counts, createdAt, endedAt } = run;
  const until = endedAt === null ? Date.now() : Date.parse(endedAt);
  const took = describeDuration(Math.max(0, until - Date.parse(createdAt)));
  const lines = [
    `run ${id} of ${plain(planName)}: ${result ?? status}`,
    ...(explanation === null ? [] : [`  ${plain(explanation, 1000)}`]),
    ...(counts === null ? [] : [`  ${describeCounts(counts)}`]),
    `  attempt ${attempt}, ${endedAt === null ? 'for' : 'took'} ${took}`,
  ];
  return lines.join('\n');
}

function describeExplanation({ sentence, steps }: ExplainAnswer): string {
  const lines = steps.map(({ at, sentence }) => `  ${at ?? ' '.repeat(24)}  ${plain(sentence, 1000)}`);
  return [plain(sentence, 1000), ...lines].join('\n');
}

function toRunId(text: string): number {
  const id = parseId(text);
  if (id !== undefined) return id;
  throw new InvalidArgumentError('must be the id of a run');
}

function toCase(text: string, earlier: readonly NamedCase[]): NamedCase[] {
  const separator = /::| › /.exec(text.slice(1));
  const suite = text.slice(0, (separator?.index ?? -1) + 1);
  const name = text.slice(suite.length + (separator?.[0].length ?? 0));
  if (suite === '' || name === '')
    throw new InvalidArgumentError('must be suite::name, as in "Cart::applies a coupon"');
  return [...earlier, { suite, name }];
}
