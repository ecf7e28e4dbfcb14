import { verifyCallbackToken } from '../../core/callback-token.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { withMasterKeys } from '../../workflow/with-master-keys.ts';
import type { Handler, HttpRequest } from '../message.ts';
import { type ReadReport, readUpload } from './read-upload.ts';
import { recordUpload, type Target } from './record-upload.ts';

/** `POST /callbacks/{runId}/{attempt}/results`, and `/callbacks/t/{token}/results` for tools that set no headers. */
export function createAddResults(services: Services, readReport: ReadReport): Handler {
  return async (request) => {
    const target = await verify(services, request);
    return recordUpload(services, request, target, await readUpload(request, readReport));
  };
}

/** The same without an end: results so far, or an empty body as a sign of life. */
export function createAddProgress(services: Services, readReport: ReadReport): Handler {
  return async (request) => {
    const target = await verify(services, request);
    if (request.body.length === 0) return recordUpload(services, request, target, { cases: [] });
    const { end: _, ...upload } = await readUpload(request, readReport);
    return recordUpload(services, request, target, upload);
  };
}

/** What the token is for, before anything is read. Every refusal reads alike (reliability.md F46). */
async function verify(services: Services, { params, headers }: HttpRequest): Promise<Target> {
  const token = params.token ?? /^bearer\s+(\S{1,512})$/i.exec(headers.authorization?.trim() ?? '')?.[1] ?? '';
  const target = await withMasterKeys(services, (masterKeys) =>
    verifyCallbackToken({ masterKeys, token, now: services.now() }),
  );
  const named =
    params.token !== undefined ||
    (params.runId === String(target?.runId) && params.attempt === String(target?.attempt));
  if (target !== undefined && named) return target;
  throw new ServiceError('UNAUTHORIZED', 'The callback token is missing, wrong or expired');
}
