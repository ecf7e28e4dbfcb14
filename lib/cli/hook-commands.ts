import { type Command, Option } from 'commander';
import { hookSchemes } from '../core/hook.ts';
import type { HookAnswer, HookCall } from './answers.ts';
import { connect } from './connect.ts';
import { findPlan } from './find.ts';
import { readVariable } from './options.ts';
import { toList, toTable } from './table.ts';
import { createTerminal } from './terminal.ts';

interface Flags {
  readonly json?: boolean;
  readonly secretFrom?: string;
}

interface CreateFlags extends Flags {
  readonly scheme: HookAnswer['scheme'];
  readonly plan: readonly string[];
}

/** `hooks list`, `create`, `rotate`, `delete` and `calls`. */
export function addHookCommands(program: Command): void {
  const hooks = program.command('hooks').description('addresses that CI systems and forges call to start runs');

  hooks
    .command('list')
    .description('list hooks')
    .option('--json', 'as JSON')
    .action(async ({ json }: Flags) => {
      const { hooks } = (await (await connect()).GET('/v1/hooks')).data;
      const rows = hooks.map(({ id, name, scheme, project, plans, enabled }) => {
        return [id, name, scheme, project, plans.join(','), enabled ? 'yes' : 'no'];
      });
      const table = toTable(['ID', 'NAME', 'SCHEME', 'PROJECT', 'PLANS', 'ENABLED'], rows);
      createTerminal().print(json ? JSON.stringify(hooks) : table);
    });

  withSecret(
    hooks
      .command('create')
      .description('make a hook; its secret is shown this once')
      .argument('<name>')
      .addOption(new Option('--scheme <scheme>', 'how the sender signs').choices(hookSchemes).makeOptionMandatory())
      .requiredOption('--plan <plan...>', 'plans whose rules are asked: id, name, or project/name'),
  ).action(async (name: string, { scheme, plan, secretFrom, json }: CreateFlags) => {
    const secret = readSecret(secretFrom);
    const api = await connect();
    const plans: number[] = [];
    for (const wanted of plan) plans.push((await findPlan(api, wanted)).id);
    tell((await api.POST('/v1/hooks', { body: { name, scheme, plans, ...secret } })).data, json);
  });

  withSecret(
    hooks
      .command('rotate')
      .description('give a hook a new secret; the old one opens it for another day')
      .argument('<hook>', 'its id'),
  ).action(async (hookId: string, { secretFrom, json }: Flags) => {
    const body = readSecret(secretFrom);
    const api = await connect();
    tell((await api.POST('/v1/hooks/{hookId}/rotate', { params: { path: { hookId } }, body })).data, json);
  });

  hooks
    .command('delete')
    .description('delete a hook; its address is gone at once')
    .argument('<hook>', 'its id')
    .action(async (hookId: string) => {
      await (await connect()).DELETE('/v1/hooks/{hookId}', { params: { path: { hookId } } });
      createTerminal().say(`deleted hook ${hookId}`);
    });

  hooks
    .command('calls')
    .description('the newest calls of a hook, and what became of them')
    .argument('<hook>', 'its id')
    .option('--json', 'as JSON')
    .action(async (hookId: string, { json }: Flags) => {
      const api = await connect();
      const { calls } = (await api.GET('/v1/hooks/{hookId}/calls', { params: { path: { hookId } } })).data;
      const rows = calls.map(({ receivedAt, event, about, outcomes }) => {
        return [receivedAt, event, about, outcomes.map(describeOutcome).join('; ')];
      });
      createTerminal().print(json ? JSON.stringify(calls) : toTable(['RECEIVED', 'EVENT', 'ABOUT', 'OUTCOME'], rows));
    });
}

function withSecret(command: Command): Command {
  return command
    .option('--secret-from <variable>', "environment variable with the sender's own secret, if it makes one")
    .option('--json', 'as JSON');
}

function readSecret(variable: string | undefined): { secret?: string } {
  return variable === undefined ? {} : { secret: readVariable('--secret-from', variable) };
}

function tell(hook: HookAnswer, json: boolean | undefined): void {
  const { print, say } = createTerminal();
  const { id, url, secret } = hook;
  print(json ? JSON.stringify(hook) : toList({ id, url, ...(secret === undefined ? {} : { secret }) }));
  if (secret !== undefined) say('the secret is not shown again');
}

function describeOutcome({ planId, outcome, runId, reason }: HookCall['outcomes'][number]): string {
  return `plan ${planId} ${outcome}${runId === undefined ? '' : ` run ${runId}`}${reason === undefined ? '' : `: ${reason}`}`;
}
