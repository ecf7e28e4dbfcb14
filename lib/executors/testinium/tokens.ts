import * as z from 'zod/mini';
import type { EgressResponse } from '../../adapters/egress.ts';
import { toBaseUrl } from '../../core/base-url.ts';
import { ServiceError } from '../../core/errors.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import type { HttpTools } from '../remote-tools.ts';
import { codeOf, jsonOf, refuseWhatPasses, timeoutMs } from './answer.ts';

type Settings = SettingsOf<'testinium'>;

/** Bearer tokens of tenants, kept in memory only. `until` is when the caller gives up, in epoch milliseconds. */
export interface Tokens {
  get(settings: Settings, until: number): Promise<string>;
  /** Another one than `refused`, which the tenant took no longer. */
  renew(settings: Settings, refused: string, until: number): Promise<string>;
}

interface Login {
  readonly access: string;
  readonly refresh?: string;
  readonly endsAt: number;
}

/** A token is renewed that long before its end, or a tenth of its life before, whichever is shorter. */
const earlyMs = 60_000;
/** Life of a token whose tenant does not say, in seconds. */
const usualSeconds = 300;

/**
 * Logs in at the token endpoint (contracts/testinium.md 3.11): once for all who ask at the same time, again shortly before
 * the token ends, by the refresh token if that still works. No token and no secret is in any message.
 */
export function createTokens({ egress, secrets, now }: HttpTools): Tokens {
  const logins = new Map<string, Login>();
  const underWay = new Map<string, Promise<Login>>();

  const request = async (settings: Settings, form: Record<string, string>, until: number): Promise<EgressResponse> => {
    const authorization = await clientOf(settings);
    return egress.send({
      method: 'POST',
      url: tokenUrlOf(settings),
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: new TextEncoder().encode(new URLSearchParams(form).toString()),
      timeoutMs: timeoutMs(until - now(), 10_000),
    });
  };

  const clientOf = async ({ clientId, clientSecret }: Settings): Promise<string | undefined> => {
    if (clientId === undefined) return undefined;
    const secret = clientSecret === undefined ? '' : await secrets.get(clientSecret);
    return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
  };

  const logIn = async (settings: Settings, until: number): Promise<Login> => {
    const { username, password, accessKey = '' } = settings;
    const form =
      password === undefined
        ? { grant_type: 'testinium_access_key', username, access_key: (await secrets.get(accessKey)).trim() }
        : { grant_type: 'password', username, password: (await secrets.get(password)).trim() };
    return readLogin(await request(settings, { ...form, scope: 'api' }, until), now());
  };

  /** Undefined if the refresh token is worth nothing any more: then there is still the login. */
  const refresh = async (settings: Settings, token: string, until: number): Promise<Login | undefined> => {
    const response = await request(settings, { grant_type: 'refresh_token', refresh_token: token }, until);
    return response.status >= 400 && response.status < 500 ? undefined : readLogin(response, now());
  };

  const fresh = (settings: Settings, old: Login | undefined, until: number): Promise<Login> => {
    const key = keyOf(settings);
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const started = (async () => {
      const refreshed = old?.refresh === undefined ? undefined : await refresh(settings, old.refresh, until);
      const login = refreshed ?? (await logIn(settings, until));
      logins.set(key, login);
      return login;
    })().finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  };

  return {
    async get(settings, until) {
      const login = logins.get(keyOf(settings));
      if (login !== undefined && now() < login.endsAt) return login.access;
      return (await fresh(settings, login, until)).access;
    },
    async renew(settings, refused, until) {
      const login = logins.get(keyOf(settings));
      // Someone else renewed it since.
      if (login !== undefined && login.access !== refused) return login.access;
      return (await fresh(settings, login, until)).access;
    },
  };
}

/** The enterprise variant has the token endpoint beside its API, the cloud one on an account service. */
function tokenUrlOf({ tokenUrl, url, variant }: Settings): string {
  if (tokenUrl !== undefined) return tokenUrl;
  const base = toBaseUrl(url);
  return variant === 'cloud' ? `${base}/uaa/oauth/token` : `${base}/Testinium.RestApi/oauth/token`;
}

/** Who logs in where, by which secret: plans that agree in that share the token. */
function keyOf(settings: Settings): string {
  const { username, password, accessKey, clientId, clientSecret } = settings;
  return JSON.stringify([tokenUrlOf(settings), username, password, accessKey, clientId, clientSecret]);
}

/** What can stand in a header, and nothing that would end it. */
const token = z.string().check(z.regex(/^[!-~]{1,8192}$/));
const loginAnswer = z.object({
  access_token: token,
  refresh_token: z.catch(z.optional(token), undefined),
  expires_in: z.catch(z.optional(z.number()), undefined),
});

function readLogin(response: EgressResponse, now: number): Login {
  refuseWhatPasses(response, 'log in', now);
  if (response.status >= 400 && response.status < 500) {
    const code = codeOf(response);
    const message = `The tenant refused the login of the plan's user: status ${response.status}${code ? ` ${code}` : ''}.`;
    throw new ServiceError('EXECUTOR_REFUSED', message);
  }
  const outcome = z.safeParse(loginAnswer, jsonOf(response));
  if (response.status !== 200 || !outcome.success) {
    const message = `The tenant's token endpoint answered what is no token: status ${response.status}.`;
    throw new ServiceError('EXECUTOR_PROTOCOL', message);
  }
  const { access_token: access, refresh_token: refresh, expires_in: seconds = usualSeconds } = outcome.data;
  const lifeMs = Math.max(0, seconds) * 1000;
  const endsAt = now + lifeMs - Math.min(earlyMs, lifeMs / 10);
  return { access, endsAt, ...(refresh === undefined ? {} : { refresh }) };
}
