import type { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { createApiClient } from '../client/api-client.ts';
import { isServiceError } from '../core/errors.ts';
import { type Connection, dataDirectoryOf, isHere, resolveConnection } from './connect.ts';
import { type Check, look, problem } from './doctor/check.ts';
import { checkDataDirectory, checkNode } from './doctor/check-machine.ts';
import { checkDue, checkExecutors } from './doctor/check-runs.ts';
import { checkKey, checkReachable, checkVersion } from './doctor/check-server.ts';
import { checkDeliveries, checkHooks } from './doctor/check-webhooks.ts';
import { exitCodes } from './exit-code.ts';
import { colorsOf, createTerminal, plain } from './terminal.ts';

/** `doctor`: what is fine, what is not, and what to do about it. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check the connection, the key and what should run by itself; says what to do')
    .option('--json', 'as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const checks = await examine(Date.now());
      const { print } = createTerminal();
      if (json) print(JSON.stringify({ checks: checks.map(({ auth: _, ...check }) => check) }));
      else for (const check of checks) print(describe(check));
      process.exitCode = exitCodeOf(checks);
    });
}

/** In an order in which each check may rely on those before it. */
async function examine(now: number): Promise<readonly Check[]> {
  const node = checkNode();
  let connection: Connection;
  try {
    connection = await resolveConnection();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return [node, { ...problem('connection', error.message, 'proctor --help says where it looks'), auth: true }];
  }
  const { url, urlSource, key, keySource } = connection;
  const data = isHere(url) ? await checkDataDirectory(dataDirectoryOf()) : [];
  const reachable = await checkReachable(url, urlSource);
  if (reachable.some(({ name, state }) => name === 'reachable' && state === 'problem'))
    return [node, ...data, ...reachable];
  const api = createApiClient(url, key, keySource);
  const first = [
    ...(await look('version', () => checkVersion(api, manifest.version))),
    ...(await look('key', () => checkKey(api, keySource, now))),
  ];
  const all = [node, ...data, ...reachable, ...first];
  if (first.some(({ auth }) => auth)) return all;
  const rest = await Promise.all([
    look('executors', () => checkExecutors(api)),
    look('due work', () => checkDue(api, now)),
    look('hooks', () => checkHooks(api, now)),
    look('deliveries', () => checkDeliveries(api, now)),
  ]);
  return [...all, ...rest.flat()];
}

function exitCodeOf(checks: readonly Check[]): number {
  if (checks.some(({ auth }) => auth)) return exitCodes.usage;
  return checks.some(({ state }) => state === 'problem') ? exitCodes.infrastructure : 0;
}

function describe({ name, state, message, fix }: Check): string {
  const colors = colorsOf(process.stdout);
  const paint = { ok: colors.green, unknown: colors.dim, warn: colors.yellow, problem: colors.red }[state];
  const advice = fix === undefined ? '' : `\n${' '.repeat(9)}-> ${plain(fix, 500)}`;
  return `${paint(state.padEnd(7))}  ${name}: ${plain(message, 500)}${advice}`;
}
