import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Handler, HttpRequest } from '../message.ts';
import type { TestiniumSettings } from './settings.ts';

/** The handler behind what every route but the token's checks: `current-company-id` (contracts/testinium.md 2.1). */
export function reading(settings: TestiniumSettings, handler: Handler): Handler {
  return async (request, principal) => {
    checkCompanyHeader(request, settings);
    return handler(request, principal);
  };
}

/** Likewise, for a handler that starts, stops or changes something: a browser that fetches ahead does not (T22). */
export function changing(settings: TestiniumSettings, handler: Handler): Handler {
  return reading(settings, async (request, principal) => {
    for (const name of ['sec-purpose', 'purpose']) {
      if (/prefetch/i.test(request.headers[name] ?? '')) throw invalidField(name, 'must not be prefetch on this route');
    }
    return handler(request, principal);
  });
}

function checkCompanyHeader({ headers }: HttpRequest, { company }: TestiniumSettings): void {
  const given = headers['current-company-id']?.trim() ?? '';
  if (given === '') return;
  if (!/^-?[0-9]{1,19}$/.test(given))
    throw invalidField('current-company-id', 'must be an integer', given.slice(0, 100));
  if (Number(given) !== company.id) {
    throw new ServiceError('FORBIDDEN', `This token cannot act for company ${Number(given)}.`);
  }
}
