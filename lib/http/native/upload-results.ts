import type { Services } from '../../core/ports.ts';
import { type ReadReport, readUpload } from '../callbacks/read-upload.ts';
import { recordUpload } from '../callbacks/record-upload.ts';
import { findRun, readParam } from '../find.ts';
import type { Handler } from '../message.ts';
import { readIdParameter } from './paging.ts';

/** `POST /v1/runs/{runId}/results?attempt=`: results by API key, for the current attempt unless another is named. */
export function createUploadResults(services: Services, readReport: ReadReport): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const attempt = readIdParameter(request.query, 'attempt') ?? run.attempt;
    return recordUpload(services, request, { runId: run.id, attempt }, await readUpload(request, readReport));
  };
}
