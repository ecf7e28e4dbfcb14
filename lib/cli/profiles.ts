import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import * as z from 'zod/mini';
import { isServiceError, ServiceError } from '../core/errors.ts';
import { parse } from '../core/schema.ts';
import { nearest } from './nearest.ts';

const text = z.string().check(z.minLength(1), z.maxLength(4096));
const profile = z
  .strictObject({
    url: text,
    /** The token itself: then nobody else may read the file. */
    key: z.optional(text),
    /** Prints the token: of a password manager, say. */
    keyCommand: z.optional(text),
  })
  .check(
    z.refine(({ key, keyCommand }) => key === undefined || keyCommand === undefined, {
      path: ['keyCommand'],
      error: 'cannot go with key; leave one of them out',
    }),
  );
const config = z.strictObject({ profiles: z._default(z.record(z.string(), profile), {}) });

export type Profile = z.output<typeof profile>;

/** Whether the text may be a key: what else there is goes into no header. */
export function isKey(text: string): boolean {
  return /^[!-~]{1,512}$/.test(text);
}

/** Where profiles are kept (XDG Base Directory Specification). */
export function profilesFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'proctor', 'config.yaml');
}

/** All profiles by name; none if there is no file. VALIDATION_FAILED names the file. */
export async function readProfiles(file: string): Promise<Readonly<Record<string, Profile>>> {
  const document = parseDocument(await readText(file), { schema: 'core', logLevel: 'silent' });
  const [broken] = document.errors;
  if (broken !== undefined) throw new ServiceError('VALIDATION_FAILED', `${file}: ${broken.message.split('\n')[0]}`);
  try {
    return parse(config, document.toJS({ maxAliasCount: 20 }) ?? {}, ['profiles']).profiles;
  } catch (error) {
    if (!isServiceError(error)) throw error;
    throw new ServiceError('VALIDATION_FAILED', `${file}: ${error.message}`, { cause: error });
  }
}

export async function findProfile(file: string, name: string): Promise<Profile> {
  const profiles = await readProfiles(file);
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found !== undefined) return found;
  const close = nearest(name, Object.keys(profiles));
  const hint = close === undefined ? `proctor profiles set ${name} makes it` : `did you mean ${close}?`;
  throw new ServiceError('NOT_FOUND', `there is no profile ${name} in ${file}: ${hint}`);
}

/** The profile's key; undefined if it has none. UNAUTHORIZED if others may read the file, or its command prints nothing. */
export async function readProfileKey(
  file: string,
  name: string,
  { key, keyCommand }: Profile,
): Promise<string | undefined> {
  if (keyCommand !== undefined) return runKeyCommand(`profile ${name} of ${file}`, keyCommand);
  if (key === undefined) return undefined;
  // Windows has no such modes; there the profile's folder is the user's own.
  const { mode } = await stat(file);
  if (process.platform === 'win32' || (mode & 0o077) === 0) return key;
  throw new ServiceError('UNAUTHORIZED', `${file} holds an API key and others may read it: chmod 600 ${file}`);
}

/** Adds, replaces or, without a profile, removes one; comments of the file stay. */
export async function writeProfile(file: string, name: string, profile: Profile | undefined): Promise<void> {
  await readProfiles(file);
  const document = parseDocument(await readText(file), { schema: 'core' });
  if (profile === undefined) document.deleteIn(['profiles', name]);
  else if (document.contents === null)
    document.contents = document.createNode({ profiles: { [name]: profile } }) as never;
  else document.setIn(['profiles', name], document.createNode(profile));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  await writeFile(next, document.toString(), { mode: 0o600 });
  await chmod(next, 0o600);
  await rename(next, file);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new ServiceError('VALIDATION_FAILED', `${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function runKeyCommand(source: string, command: string): Promise<string> {
  const refuse = (why: string, cause?: unknown) =>
    new ServiceError('UNAUTHORIZED', `no API key from the keyCommand of ${source}: it ${why}`, { cause });
  try {
    // What it printed may be half a secret, so no message shows it.
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 30_000, maxBuffer: 65_536 });
    const key = stdout.trim();
    if (isKey(key)) return key;
    throw refuse(key === '' ? 'printed nothing' : 'printed more than one word');
  } catch (error) {
    if (isServiceError(error)) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw refuse(typeof code === 'number' ? `exited with ${code}` : 'did not end within 30 s', error);
  }
}
