import type { ApiClient } from '../../client/api-client.ts';
import { isServiceError } from '../../core/errors.ts';
import { describeDuration } from '../duration.ts';
import { type Check, ok, problem, warn } from './check.ts';

const secondMs = 1000;
const dayMs = 86_400_000;
/** A key that ends so soon is worth a word. */
const soonMs = 14 * dayMs;
/** Signatures of webhooks are refused beyond five minutes. */
const skewProblemMs = 300_000;
const skewWarnMs = 30_000;

/** Whether it answers, and by whose clock. */
export async function checkReachable(url: string, urlSource: string): Promise<readonly Check[]> {
  const startedAt = Date.now();
  let response: Response;
  try {
    response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000), redirect: 'manual' });
    await response.arrayBuffer();
  } catch (error) {
    const { cause } = error as { cause?: { code?: string; message?: string } };
    const why = cause?.code ?? cause?.message ?? (error as Error).message;
    return [
      problem('reachable', `no answer from ${url}: ${why}`, `is Proctor running there? The URL is from ${urlSource}`),
    ];
  }
  if (response.status !== 200) {
    const fix = `is that a Proctor? The URL is from ${urlSource}`;
    return [problem('reachable', `${url} answers ${response.status} to /healthz`, fix)];
  }
  const tookMs = Date.now() - startedAt;
  const reachable = ok('reachable', `${url} answers in ${describeDuration(tookMs)}; the URL is from ${urlSource}`);
  return [reachable, checkClock(response.headers.get('date'), startedAt, tookMs)];
}

/** The header tells whole seconds. */
function checkClock(date: string | null, startedAt: number, tookMs: number): Check {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return { name: 'clock', state: 'unknown', message: 'the server does not tell its time' };
  const skew = theirs + secondMs / 2 - (startedAt + tookMs / 2);
  const size = Math.max(0, Math.abs(skew) - secondMs - tookMs / 2);
  if (size < skewWarnMs) return ok('clock', 'this clock and the server’s agree');
  const message = `this clock is ${describeDuration(size)} ${skew > 0 ? 'behind' : 'ahead of'} the server’s`;
  const fix = 'let both follow NTP: schedules and signatures go by them';
  return size < skewProblemMs ? warn('clock', message, fix) : problem('clock', message, fix);
}

export async function checkVersion(api: ApiClient, own: string): Promise<readonly Check[]> {
  const { data } = await api.GET('/v1/openapi.json');
  const { info } = data as { info?: { version?: unknown } };
  const theirs = String(info?.version ?? 'unknown');
  if (theirs === own) return [ok('version', `both are ${own}`)];
  const fix = 'use the same one on both sides; what one does not know, it refuses';
  return [warn('version', `the command line is ${own}, the server ${theirs}`, fix)];
}

/** The key, what it may and when it ends. */
export async function checkKey(api: ApiClient, keySource: string, now: number): Promise<readonly Check[]> {
  try {
    const { data: key } = await api.GET('/v1/keys/self');
    const { name, id, scopes, projects, planIds, expiresAt } = key;
    const reach =
      planIds !== null
        ? `plans ${planIds.join(', ')}`
        : projects !== null
          ? `projects ${projects.join(', ')}`
          : 'everything';
    const rights = `key ${name} (${id}) from ${keySource}: ${scopes.join(', ') || 'no scope'}, for ${reach}`;
    if (expiresAt === null) return [ok('key', `${rights}, without an end`)];
    const left = Date.parse(expiresAt) - now;
    const message = `${rights}, until ${expiresAt}`;
    return [left > soonMs ? ok('key', message) : warn('key', message, `proctor keys rotate ${id}`)];
  } catch (error) {
    if (!isServiceError(error, 'UNAUTHORIZED')) throw error;
    const fix = 'set PROCTOR_KEY, or the profile, to a key that is valid';
    return [{ ...problem('key', `the server refuses the key from ${keySource}`, fix), auth: true }];
  }
}
