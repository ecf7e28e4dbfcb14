import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { createApiClient } from '../client/api-client.ts';
import { ServiceError } from '../core/errors.ts';
import { readUrl } from './connect.ts';
import { readVariable } from './options.ts';
import { findProfile, isKey, profilesFile, readProfileKey, readProfiles, writeProfile } from './profiles.ts';
import { toTable } from './table.ts';
import { createTerminal, plain } from './terminal.ts';

interface SetFlags {
  readonly url: string;
  readonly keyFrom?: string;
  readonly keyCommand?: string;
}

/** `profiles list`, `set` and `delete`. */
export function addProfileCommands(program: Command): void {
  const profiles = program.command('profiles').description('names for the Proctors you talk to, chosen by --profile');

  profiles
    .command('list')
    .description('list profiles, without their keys')
    .option('--json', 'as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const found = Object.entries(await readProfiles(profilesFile())).map(([name, { url, key, keyCommand }]) => {
        return { name, url, key: key !== undefined ? 'file' : keyCommand !== undefined ? 'command' : null };
      });
      const rows = found.map(({ name, url, key }) => [name, url, key]);
      createTerminal().print(json ? JSON.stringify(found) : toTable(['NAME', 'URL', 'KEY'], rows));
    });

  profiles
    .command('set')
    .description('make or change a profile; its key comes from stdin unless an option says otherwise')
    .argument('<name>')
    .requiredOption('--url <url>', 'where that Proctor is')
    .option('--key-from <variable>', 'environment variable with the API key')
    .option('--key-command <command>', 'prints the API key each time, as a password manager does; then none is kept')
    .action(async (name: string, flags: SetFlags) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
        throw new ServiceError('VALIDATION_FAILED', `${name}: a profile is named by letters, digits and . _ -`);
      const file = profilesFile();
      const { url, keyCommand } = flags;
      const address = readUrl(url, '--url');
      const profile = keyCommand === undefined ? { url, key: await readKey(flags) } : { url, keyCommand };
      const key = profile.key ?? (await readProfileKey(file, name, profile)) ?? '';
      // A key that does not work is better heard of now.
      const { data: own } = await createApiClient(address, key, 'the profile').GET('/v1/keys/self');
      await writeProfile(file, name, profile);
      createTerminal().say(
        `profile ${name} is in ${file}; its key ${plain(own.name)} may ${own.scopes.join(', ') || 'nothing'}`,
      );
    });

  profiles
    .command('delete')
    .description('delete a profile')
    .argument('<name>')
    .action(async (name: string) => {
      const file = profilesFile();
      await findProfile(file, name);
      await writeProfile(file, name, undefined);
      createTerminal().say(`deleted profile ${name}`);
    });
}

async function readKey({ keyFrom }: SetFlags): Promise<string> {
  const refuse = (message: string) => new ServiceError('VALIDATION_FAILED', message);
  if (keyFrom !== undefined) {
    const key = readVariable('--key-from', keyFrom);
    if (isKey(key)) return key;
    throw refuse(`--key-from: what the environment variable ${keyFrom} holds is no key, which is one word`);
  }
  const key = process.stdin.isTTY ? '' : (await text(process.stdin)).trim();
  if (key === '') throw refuse('there is no key: pipe it in, or give --key-from or --key-command');
  if (isKey(key)) return key;
  throw refuse('what came by stdin is no key, which is one word');
}
