import { createHash } from 'node:crypto';
import { invalidField } from '../../core/errors.ts';
import type { TriggerRequest } from '../../workflow/trigger-run.ts';
import type { HttpRequest } from '../message.ts';
import { type CheckUrl, checkCallbackUrl } from './callback-url.ts';
import { readFlag, readParameters } from './parameters.ts';
import type { TestiniumSettings } from './settings.ts';

export interface RunRequest {
  /** Without this, an environment that is unavailable refuses the run. */
  readonly isForced: boolean;
  readonly isGroup: boolean;
  readonly callbackUrl?: string;
  /** `/run/{forceRun}` answers 409 to a plan that is running already, the other two 200 (D4). */
  readonly isForceRoute: boolean;
  readonly idempotency?: NonNullable<TriggerRequest['idempotency']>;
}

/** What a run route is asked (contracts/testinium.md 3.1). VALIDATION_FAILED names what is wrong. */
export function readRunRequest(request: HttpRequest, settings: TestiniumSettings, checkUrl: CheckUrl): RunRequest {
  const { params } = request;
  const isForceRoute = params.forceRun !== undefined;
  const isForced = isForceRoute && readFlag('forceRun', params.forceRun ?? '');
  const { callbackUrl, isGroupRun } = readParameters(request, ['callbackUrl', 'isGroupRun']);
  const isGroup = isGroupRun !== undefined && readFlag('isGroupRun', isGroupRun);
  if (callbackUrl !== undefined) checkCallbackUrl(callbackUrl, settings, checkUrl);
  const route = isForceRoute ? '/run/{forceRun}' : params.cid === undefined ? '/run' : '/run/company/{cid}';
  const idempotency = readIdempotency(request, settings, route, [isForced, isGroup, callbackUrl ?? null]);
  return {
    isForced,
    isGroup,
    isForceRoute,
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/** The caller's `Idempotency-Key` for this route, as the trigger wants it; undefined without one. */
export function readIdempotencyKey(
  { headers }: HttpRequest,
  route: string,
  parameters: unknown,
): TriggerRequest['idempotency'] {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  const key = given.trim();
  if (!/^[ -~]{1,255}$/.test(key)) throw invalidField('Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
  return { key, route: `testinium ${route}`, fingerprint: digest(parameters) };
}

/**
 * The caller's key, or one made of everything the request says: clients whose connection drops send the same GET up to ten
 * times, and mean one run (reliability.md F2).
 */
function readIdempotency(
  request: HttpRequest,
  { coalesceSeconds }: TestiniumSettings,
  route: string,
  parameters: unknown,
): TriggerRequest['idempotency'] {
  const given = readIdempotencyKey(request, route, parameters);
  if (given !== undefined || coalesceSeconds === 0) return given;
  const same = digest(parameters);
  return { key: same, route: `testinium coalesced ${route}`, fingerprint: same, withinSeconds: coalesceSeconds };
}

function digest(parameters: unknown): string {
  return createHash('sha256').update(JSON.stringify(parameters)).digest('hex');
}
