import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../client/api-client.ts';
import { ServiceError } from '../core/errors.ts';

/**
 * The Proctor that `PROCTOR_URL` and `PROCTOR_KEY` name; without them the embedded one of this machine, whose key is in its
 * data directory. That key never goes to another machine.
 */
export async function connect(env: NodeJS.ProcessEnv = process.env): Promise<ApiClient> {
  const url = readUrl(env.PROCTOR_URL || `http://127.0.0.1:${env.PROCTOR_PORT || 4010}`);
  if (env.PROCTOR_KEY) return createApiClient(url, env.PROCTOR_KEY);
  if (!isLoopback(url)) throw new ServiceError('UNAUTHORIZED', `no API key for ${url}: set PROCTOR_KEY`);
  const file = join(env.PROCTOR_DATA || '.proctor', 'admin.key');
  try {
    return createApiClient(url, (await readFile(file, 'utf8')).trim(), file);
  } catch (cause) {
    const message = `no API key: set PROCTOR_KEY, or PROCTOR_DATA to the data directory of a Proctor on this machine (${file} cannot be read). npm start makes both`;
    throw new ServiceError('UNAUTHORIZED', message, { cause });
  }
}

/** True if whatever listens there sees the files of this machine. */
export function isLoopback(url: string): boolean {
  return ['localhost', '[::1]'].includes(new URL(url).hostname) || /^127\./.test(new URL(url).hostname);
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text.replace(/\/+$/, '');
  throw new ServiceError('VALIDATION_FAILED', `PROCTOR_URL: must be as in https://proctor.example.com, not ${text}`);
}
