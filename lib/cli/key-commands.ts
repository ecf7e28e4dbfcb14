import { type Command, Option } from 'commander';
import { type Scope, scopes } from '../http/message.ts';
import type { KeyAnswer } from './answers.ts';
import { connect } from './connect.ts';
import { parseDuration } from './duration.ts';
import { findPlan } from './find.ts';
import { toTable } from './table.ts';
import { createTerminal } from './terminal.ts';

interface Flags {
  readonly json?: boolean;
}

interface CreateFlags extends Flags {
  readonly scope: readonly Scope[];
  readonly project?: readonly string[];
  readonly plan?: readonly string[];
  readonly parallelLimit?: string;
  readonly expiresIn?: number;
}

/** `keys list`, `create`, `revoke` and `rotate`. */
export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('API keys');

  keys
    .command('list')
    .description('list API keys')
    .option('--json', 'as JSON')
    .action(async ({ json }: Flags) => {
      const { keys } = (await (await connect()).GET('/v1/keys')).data;
      const rows = keys.map((key) => {
        const { id, name, scopes, projects, planIds, expiresAt, revokedAt } = key;
        const state = revokedAt === null ? expiresAt : `revoked ${revokedAt}`;
        return [id, name, scopes.join(','), projects?.join(',') ?? 'all', planIds?.join(',') ?? 'all', state];
      });
      const table = toTable(['ID', 'NAME', 'SCOPES', 'PROJECTS', 'PLANS', 'ENDS'], rows);
      createTerminal().print(json ? JSON.stringify(keys) : table);
    });

  keys
    .command('create')
    .description('make an API key; its token goes to stdout this once')
    .argument('<name>')
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(scopes).makeOptionMandatory())
    .option('--project <name...>', 'for these projects; without it, for those of its plans, else of your key')
    .option('--plan <plan...>', 'for these plans: id, name, or project/name')
    .option('--parallel-limit <runs>', 'how many of its runs may go on at once')
    .option('--expires-in <duration>', 'ends by itself, as in 168h', parseDuration)
    .option('--json', 'as JSON')
    .action(async (name: string, { scope, project, plan, parallelLimit, expiresIn, json }: CreateFlags) => {
      const api = await connect();
      const planIds: number[] = [];
      for (const wanted of plan ?? []) planIds.push((await findPlan(api, wanted)).id);
      const body = {
        name,
        scopes: [...scope],
        ...(project === undefined ? {} : { projects: [...project] }),
        ...(plan === undefined ? {} : { planIds }),
        ...(parallelLimit === undefined ? {} : { parallelLimit: Number(parallelLimit) }),
        ...(expiresIn === undefined ? {} : { expiresAt: new Date(Date.now() + expiresIn).toISOString() }),
      };
      tell((await api.POST('/v1/keys', { body })).data, json);
    });

  keys
    .command('rotate')
    .description('replace an API key by one with the same rights; its token goes to stdout this once')
    .argument('<key>', 'its id')
    .option('--expire-old-after <duration>', 'the old key ends then; without it, when it is revoked', parseDuration)
    .option('--json', 'as JSON')
    .action(async (keyId: string, { expireOldAfter, json }: Flags & { readonly expireOldAfter?: number }) => {
      const query = expireOldAfter === undefined ? {} : { expireOldAfterSeconds: Math.round(expireOldAfter / 1000) };
      const api = await connect();
      tell((await api.POST('/v1/keys/{keyId}/rotate', { params: { path: { keyId }, query } })).data, json);
    });

  keys
    .command('revoke')
    .description('revoke an API key')
    .argument('<key>', 'its id')
    .action(async (keyId: string) => {
      await (await connect()).DELETE('/v1/keys/{keyId}', { params: { path: { keyId } } });
      createTerminal().say(`revoked key ${keyId}; it is dead everywhere within 30 s`);
    });
}

function tell(key: KeyAnswer, json: boolean | undefined): void {
  const { print, say } = createTerminal();
  print(json ? JSON.stringify(key) : key.token);
  say(`key ${key.id} (${key.scopes.join(', ')}); its token is not shown again`);
}
