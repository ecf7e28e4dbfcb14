import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../client/api-client.ts';
import { toBaseUrl } from '../core/base-url.ts';
import { ServiceError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import { findProfile, profilesFile, readProfileKey } from './profiles.ts';

/** Which Proctor, by which key; the sources are for the person whom either is refused. */
export interface Connection {
  readonly url: string;
  readonly urlSource: string;
  readonly key: string;
  readonly keySource: string;
}

export interface ConnectOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Of the command line; it outranks the environment. */
  readonly profile?: string | undefined;
  /** False: a profile's key command is not run. */
  readonly mayAsk?: boolean;
}

let chosen: string | undefined;

/** What `--profile` says, for every `connect()` of this process. */
export function chooseProfile(name: string | undefined): void {
  chosen = name;
}

/** The Proctor of `resolveConnection`. */
export async function connect(options: ConnectOptions = {}): Promise<ApiClient> {
  const { url, key, keySource } = await resolveConnection(options);
  return createApiClient(url, key, keySource);
}

/**
 * `--profile`, then `PROCTOR_URL` and `PROCTOR_KEY`, then the profile of `PROCTOR_PROFILE`, then the embedded one of this
 * machine, whose key is in its data directory. A key goes to nobody but who it was kept for: a profile's to its own URL, the
 * data directory's to this machine, `PROCTOR_KEY` to `PROCTOR_URL` where that is set.
 */
export async function resolveConnection(options: ConnectOptions = {}): Promise<Connection> {
  const { env = process.env, profile: flag = chosen } = options;
  if (flag !== undefined) return ofProfile(flag, options, flag);
  if (!env.PROCTOR_URL && env.PROCTOR_PROFILE) return ofProfile(env.PROCTOR_PROFILE, options);
  const urlSource = env.PROCTOR_URL ? 'PROCTOR_URL' : 'PROCTOR_PORT';
  const url = readUrl(env.PROCTOR_URL || `http://127.0.0.1:${env.PROCTOR_PORT || 4010}`, urlSource);
  if (env.PROCTOR_KEY) return { url, urlSource, key: env.PROCTOR_KEY, keySource: 'PROCTOR_KEY' };
  return { url, urlSource, ...(await readEmbeddedKey(url, env)) };
}

/** True if whatever listens there sees the files of this machine. */
export function isHere(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

/** The URL of a Proctor, without slashes at its end. VALIDATION_FAILED names the source. */
export function readUrl(text: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return toBaseUrl(text);
  throw new ServiceError('VALIDATION_FAILED', `${source}: must be as in https://proctor.example.com, not ${text}`);
}

/** Where the embedded system of this machine keeps everything. */
export function dataDirectoryOf(env: NodeJS.ProcessEnv = process.env): string {
  return env.PROCTOR_DATA || '.proctor';
}

async function ofProfile(name: string, { env = process.env, mayAsk = true }: ConnectOptions, flag?: string) {
  const file = profilesFile(env);
  const profile = await findProfile(file, name);
  const urlSource = `profile ${name} of ${file}`;
  const url = readUrl(profile.url, urlSource);
  if (flag === undefined && env.PROCTOR_KEY) return { url, urlSource, key: env.PROCTOR_KEY, keySource: 'PROCTOR_KEY' };
  if (profile.keyCommand !== undefined && !mayAsk)
    throw new ServiceError('UNAUTHORIZED', `${urlSource} asks for its key`);
  const key = await readProfileKey(file, name, profile);
  if (key !== undefined) return { url, urlSource, key, keySource: urlSource };
  const isForAnother = Boolean(env.PROCTOR_URL) && !isSame(env.PROCTOR_URL ?? '', url);
  if (env.PROCTOR_KEY && !isForAnother) return { url, urlSource, key: env.PROCTOR_KEY, keySource: 'PROCTOR_KEY' };
  if (isHere(url)) return { url, urlSource, ...(await readEmbeddedKey(url, env)) };
  const why = env.PROCTOR_KEY ? 'and PROCTOR_KEY is for PROCTOR_URL' : 'nor is PROCTOR_KEY set';
  throw new ServiceError('UNAUTHORIZED', `no API key for ${url}: ${urlSource} has none, ${why}`);
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => URL.canParse(url) && toBaseUrl(new URL(url).href));
  return a === b;
}

async function readEmbeddedKey(url: string, env: NodeJS.ProcessEnv): Promise<Pick<Connection, 'key' | 'keySource'>> {
  if (!isHere(url)) throw new ServiceError('UNAUTHORIZED', `no API key for ${url}: set PROCTOR_KEY`);
  const file = join(dataDirectoryOf(env), 'admin.key');
  try {
    return { key: (await readFile(file, 'utf8')).trim(), keySource: file };
  } catch (cause) {
    const message = `no API key: set PROCTOR_KEY, or PROCTOR_DATA to the data directory of a Proctor on this machine (${file} cannot be read). npm start makes both`;
    throw new ServiceError('UNAUTHORIZED', message, { cause });
  }
}
