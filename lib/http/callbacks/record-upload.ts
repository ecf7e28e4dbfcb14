import { isServiceError, type ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { recordResults } from '../../workflow/record-results.ts';
import { json } from '../json.ts';
import type { HttpRequest, HttpResponse } from '../message.ts';
import { toErrorResponse } from '../problem.ts';
import type { Upload } from './read-upload.ts';

/** Whose results they are: of this attempt of this run. */
export interface Target {
  readonly runId: number;
  readonly attempt: number;
}

/**
 * Records the upload: 202, or 200 if it is part of the final result already. Too late is 409 with `late: true`. Of a report
 * that cannot be read nothing is kept; if it was to end its attempt, the attempt ends with that problem, so that the run is
 * errored and never green.
 */
export async function recordUpload(
  services: Services,
  request: HttpRequest,
  target: Target,
  upload: Upload,
): Promise<HttpResponse> {
  try {
    const { folded } = await recordResults(services, { ...target, ...upload, wake: true });
    return json(folded ? 200 : 202, { ...target, folded });
  } catch (error) {
    if (isServiceError(error, 'RUN_COMPLETED')) return answerLate(error, request);
    if (isServiceError(error, 'REPORT_UNREADABLE') && upload.end) await endUnreadable(services, target, error);
    throw error;
  }
}

async function endUnreadable(services: Services, target: Target, { message }: ServiceError): Promise<void> {
  const end = { problem: { reason: 'reportUnreadable' as const, message: message.slice(0, 1000) } };
  try {
    await recordResults(services, { ...target, cases: [], end, wake: true });
  } catch (error) {
    if (!isServiceError(error, 'RUN_COMPLETED')) throw error;
  }
}

/** A problem document with one member more (RFC 9457 3.2). */
function answerLate(error: ServiceError, request: HttpRequest): HttpResponse {
  const answer = toErrorResponse('callbacks', error, request.requestId);
  return { ...answer, body: JSON.stringify({ ...JSON.parse(String(answer.body)), late: true }) };
}
