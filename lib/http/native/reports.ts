import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { isLive, type Run } from '../../core/run.ts';
import { readRunItems, readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import type { Handler, HttpRequest, HttpResponse, Principal } from '../message.ts';
import { etagOf, notModified } from './etag.ts';
import { answerFile } from './large-answer.ts';
import { writeCsvReport } from './report-csv.ts';
import { writeHtmlReport } from './report-html.ts';

/** `GET /v1/runs/{runId}/report.csv`: a row for each case and each iteration, for spreadsheets. */
export function createGetReportCsv(services: Services): Handler {
  return (request, principal) =>
    answerReport(services, request, principal, async (run, headers) => {
      const csv = writeCsvReport(await readRunView(services, run));
      return answerFile(request, csv, {
        ...headers,
        'content-type': 'text/csv;charset=UTF-8',
        'content-disposition': `attachment; filename="run-${run.id}.csv"`,
      });
    });
}

/** `GET /v1/runs/{runId}/report.html`: the run as one file to read, keep or print. */
export function createGetReportHtml(services: Services): Handler {
  return (request, principal) =>
    answerReport(services, request, principal, async (run, headers) => {
      const [view, { items }] = await Promise.all([readRunView(services, run), readRunItems(services, run)]);
      return answerFile(request, writeHtmlReport(view, items, request.baseUrl), {
        ...headers,
        'content-type': 'text/html;charset=UTF-8',
        'content-disposition': `inline; filename="run-${run.id}.html"`,
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups",
      });
    });
}

/** RUN_ACTIVE while it lives: half a report could be green. */
async function answerReport(
  services: Services,
  request: HttpRequest,
  principal: Principal,
  write: (run: Run, headers: Record<string, string>) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const run = await findRun(services, principal, readParam(request, 'runId'));
  if (isLive(run)) {
    throw new ServiceError('RUN_ACTIVE', `run ${run.id} is ${run.status}; its report follows when it is completed`, {
      runId: run.id,
      retryAfterSeconds: 5,
    });
  }
  const etag = etagOf(run.version);
  return notModified(request, etag) ?? write(run, { etag });
}
