import type { Middleware } from 'openapi-fetch';
import { type ErrorCode, ServiceError } from '../core/errors.ts';
import { statusOf } from '../http/problem.ts';
import type { components } from './api-types.ts';

/** Throws what the server refuses, with its own code and message; the rest of the client sees answers only. */
export function throwRefusals(keySource: string): Middleware {
  return {
    async onResponse({ request, response }) {
      if (!response.ok) throw await toError(request, response, keySource);
    },
  };
}

type Problem = Partial<components['schemas']['Problem']>;

async function toError({ url }: Request, response: Response, keySource: string): Promise<ServiceError> {
  const { detail, code, runId, errors = [] } = readProblem(await response.text());
  const message = detail ?? `${new URL(url).origin} answered ${response.status}: is that a Proctor? Check PROCTOR_URL`;
  const hint = response.status === 401 ? `; the key is from ${keySource}: set PROCTOR_KEY to a valid one` : '';
  return new ServiceError(codeOf(response.status, code), `${message}${hint}`, {
    fields: errors,
    ...(runId === undefined ? {} : { runId }),
  });
}

function readProblem(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** A newer server may know codes this client does not; what kind of refusal it is, the status says. */
function codeOf(status: number, code: string | undefined): ErrorCode {
  if (code !== undefined && Object.hasOwn(statusOf, code)) return code as ErrorCode;
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 429) return 'RATE_LIMITED';
  return status >= 500 ? 'UNAVAILABLE' : 'VALIDATION_FAILED';
}
