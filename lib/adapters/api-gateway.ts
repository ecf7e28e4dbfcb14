import type { Entry } from '../http/entry.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { compressAnswer } from './compress-answer.ts';

/** What is read of an HTTP API event, payload format 2.0. */
export interface ApiGatewayEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly domainName: string;
    readonly requestId: string;
    readonly stage: string;
    readonly http: { readonly method: string; readonly sourceIp: string };
  };
}

export interface ApiGatewayResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** A Lambda handler around the entry. `baseUrl` is set for a custom domain; otherwise it is the API's own address. */
export function createApiGatewayHandler(options: {
  readonly entry: Entry;
  readonly baseUrl?: string;
}): (event: ApiGatewayEvent) => Promise<ApiGatewayResult> {
  return async (event) => {
    const request = toRequest(event, options.baseUrl);
    return toResult(await compressAnswer(await options.entry(request), request.headers['accept-encoding']));
  };
}

function toRequest(event: ApiGatewayEvent, baseUrl: string | undefined): HttpRequest {
  const { domainName, requestId, stage, http } = event.requestContext;
  const prefix = stage === '$default' ? '' : `/${stage}`;
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(event.headers ?? {})) headers[name.toLowerCase()] = value;
  if (event.cookies) headers.cookie = event.cookies.join('; ');
  return {
    method: http.method,
    path: encodePath(withoutPrefix(event.rawPath, prefix)),
    params: {},
    query: new URLSearchParams(event.rawQueryString),
    headers,
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    sourceIp: http.sourceIp,
    requestId,
    baseUrl: baseUrl ?? `https://${domainName}${prefix}`,
  };
}

/** The path holds the stage when the API is called by its own address, and does not behind a custom domain. */
function withoutPrefix(path: string, prefix: string): string {
  return prefix !== '' && `${path}/`.startsWith(`${prefix}/`) ? path.slice(prefix.length) || '/' : path;
}

/** HTTP APIs hand over the path percent-decoded, whatever the name says; the entry decodes it once more. */
function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(Buffer.from(segment).toString());
}

function toResult({ status, headers, body }: HttpResponse): ApiGatewayResult {
  if (typeof body === 'string') return { statusCode: status, headers, body, isBase64Encoded: false };
  return { statusCode: status, headers, body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
}
